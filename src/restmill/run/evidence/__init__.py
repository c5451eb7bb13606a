"""Evidence: what the answers of one read prove of it, and what speaks against it."""
