"""Check: a plain tree against the model; every mistake in one go, each with its place."""
