"""A case: a name, a config, and what happens around it; plus the shortest ways to write configs down.

A config is a function of the API's address, called anew for each engine: configs hold objects that an engine
may change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

    from dlt.extract import DltResource, DltSource

    from tests.parity.generated import Served

Config: TypeAlias = dict[str, Any]
KEY = "parity-key"
PAGED: Config = {"type": "offset", "limit": 3}


def _nothing() -> Config:
    return {}


def _as_built(source: DltSource) -> DltSource | None:
    return None


@dataclass(frozen=True, slots=True)
class Case:
    """One feature by name: both engines must make the same of it.

    `runs` counts pipeline runs, `between` holds switches set before the second; `then` is what a user does
    to the source (None: it was changed in place); `build` replaces config and source altogether.
    """

    name: str
    config: Callable[[str], Config] = field(repr=False, default=lambda _: {})
    switches: Mapping[str, object] = field(default_factory=dict)
    documents: Mapping[str, Any] = field(default_factory=dict)
    lists: Sequence[Served] = ()
    runs: int = 1
    between: Mapping[str, object] = field(default_factory=dict)
    source: Callable[[], Config] = _nothing
    then: Callable[[DltSource], DltSource | list[DltResource] | None] = _as_built
    build: Callable[[ModuleType, str], DltSource | list[DltResource]] | None = None
    run: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments for `pipeline.run`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables; `{api}` in them is the API's address."""
    needs: tuple[str, ...] = ()
    """Packages without which the case is skipped."""
    may_ask_past_end: bool = True
    """A list without a total: restmill may look ahead past its end."""
    any_order: bool = False
    """Rows of several lists meet in one table: their order, and so the columns', is nobody's promise."""
    settings: str = ""
    """dlt's `config.toml`; `{api}` in it is the API's address."""
    empty: bool = False
    """No rows are expected."""
    fails: bool = False
    """Both engines must refuse it."""


def one(api: str, path: str, *, client: Config | None = None, **keys: Any) -> Config:
    """A config with one resource called `things`; keys that are no hints go into its endpoint."""
    return {"client": {"base_url": api, **(client or {})}, "resources": [resource("things", path, **keys)]}


def many(api: str, *resources: Any, **client: Any) -> Config:
    """A config with several resources."""
    return {"client": {"base_url": api, **client}, "resources": list(resources)}


_OF_THE_ENDPOINT = {
    "method",
    "params",
    "json",
    "data",
    "headers",
    "auth",
    "paginator",
    "data_selector",
    "response_actions",
    "incremental",
}


def resource(name: str, path: str, **keys: Any) -> Config:
    """One resource; each key goes where dlt's format wants it, the endpoint or the resource."""
    endpoint = {key: value for key, value in keys.items() if key in _OF_THE_ENDPOINT}
    hints = {key: value for key, value in keys.items() if key not in _OF_THE_ENDPOINT}
    return {"name": name, **hints, "endpoint": {"path": path, **endpoint}}
