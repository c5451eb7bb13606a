"""The plan: what a config means once defaults are merged, parents are ordered and every guess is written down."""
