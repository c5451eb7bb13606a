"""The command line: one short function a command, and everything that draws for it."""

INTERRUPTED = "interrupted: nothing was loaded; run again to start over"
"""What is said when a run was stopped before anything was written."""
