"""restmill syncs REST APIs into databases: dlt's `rest_api` config, fetched in parallel, provably complete.

    from restmill import rest_api_source

    source = rest_api_source({"client": {"base_url": "https://api.example.com"}, "resources": ["users"]})

Importing this package is cheap: dlt and everything heavy is imported when a name that needs it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from restmill.version import __version__

if TYPE_CHECKING:
    from restmill.load.source import rest_api, rest_api_resources, rest_api_source
    from restmill.load.sync.run import sync

__all__ = ["__version__", "rest_api", "rest_api_resources", "rest_api_source", "sync"]

_HOMES = {
    "rest_api": "restmill.load.source",
    "rest_api_resources": "restmill.load.source",
    "rest_api_source": "restmill.load.source",
    "sync": "restmill.load.sync.run",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'restmill' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
