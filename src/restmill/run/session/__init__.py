"""Session: the engine's thread, and the channel on which pages come out of it."""
