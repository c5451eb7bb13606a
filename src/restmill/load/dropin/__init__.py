"""Drop-in: scripts that know nothing of restmill, served by its engine."""
