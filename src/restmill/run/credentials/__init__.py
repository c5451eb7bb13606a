"""Credentials: which request may carry them, which may not, and what a redirect must not take along."""
