"""Errors in disguise: answers with status 200 that say, somewhere, that something went wrong."""
