"""Paging: what to ask for next and when a list has ended, decided from one answer and its own request."""
