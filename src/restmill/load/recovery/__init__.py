"""Recovery: what a killed, refused or interrupted run has left, put right or let go."""
