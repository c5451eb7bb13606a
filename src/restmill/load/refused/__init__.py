"""Refused: what a destination refuses for good costs its own records, or its own table, and no more."""
