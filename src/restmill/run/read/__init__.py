"""Read: a list from its first page to its end, as often as it takes to be sure of it."""
