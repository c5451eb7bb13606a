"""The plan: what a config means once parents are ordered and every guess is written down."""
