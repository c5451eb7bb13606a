"""Prepare: a config becomes a plan that can run, with credentials and the user's own objects in it."""
