"""The run: one event loop in one background thread drives the machines of `wire` against a real transport."""
