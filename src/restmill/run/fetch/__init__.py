"""Fetch: one request brought home, within the host's limits, signed, redirected, tried again."""
