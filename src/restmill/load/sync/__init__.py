"""Sync: a whole run, from config to receipt, and what it does with rows that may not be loaded."""
