"""Destination: rows that are there already, counted, deleted, told apart."""
