"""Receipt: the receipt of a run under way, and the table `_restmill_runs`."""
