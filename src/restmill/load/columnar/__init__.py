"""Columnar: records become Arrow tables on their way into dlt's files, where nothing needs rows."""
