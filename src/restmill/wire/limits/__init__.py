"""Limits: what a host bears, as its headers, its refusals and its speed teach it."""
