"""Files: YAML, TOML, JSON or Python text -> a plain tree, and the position of every key in it."""
