"""Failures: what dlt, a database or its own files say that went wrong, in our words, with stage and place."""
