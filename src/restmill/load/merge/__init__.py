"""Merge: when rows may go straight into a table, and when no key comes twice."""
