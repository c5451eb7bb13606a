"""The config: what a user declares, read, checked and frozen.

    files -> a plain tree and where each key stands   (yaml, toml, json, py)
    references -> `${secrets.x}` found and resolved
    check -> the tree as `model.Config`, or every problem at once

`model` is the rest_api format of dlt 1.31 key by key, plus the keys restmill adds. Only `files` touches the
disk, in one function; everything else is a function of its arguments.
"""
