"""The shipped connectors: vendor-neutral configs, one a category, YAML and nothing else.

Each reads one kind of API by its usual shape (key in the query, offset pages of 100, merge on `id`).
`config.base_url` and `secrets.api_key` come from dlt's own providers, so a connector runs as soon as those
two are set.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_HERE = Path(str(files(__name__)))


def names() -> tuple[str, ...]:
    """The shipped connectors, in alphabetical order."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.yaml")))


def path(name: str) -> Path:
    """The config file of a shipped connector.

    Raises:
        KeyError: there is no such connector.
    """
    if name not in names():
        raise KeyError(name)
    return _HERE / f"{name}.yaml"
