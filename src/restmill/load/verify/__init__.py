"""Verify: the API against the destination, in full, by sample or by counts."""
