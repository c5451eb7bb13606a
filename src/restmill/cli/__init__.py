"""The command line: one short function a command, and everything that draws for it."""
