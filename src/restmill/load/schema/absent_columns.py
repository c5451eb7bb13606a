"""Absent columns: a column that the config needs and that no record has is told while the API is read.

dlt finds it out when it normalises, or the database when it loads; by then everything has been read. Names
are compared as dlt makes columns of them. Only what nobody changes on its way to dlt can be judged here:
what a processing step or a quarantine may still put right is left to dlt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.extract.items_transform import FilterItem, MapItem, YieldMapItem
from dlt.extract.source import SourceInjectableContext

from restmill.errors import ConfigError, Place, Problem, did_you_mean
from restmill.shape.records import Pressed

if TYPE_CHECKING:
    from dlt.common.normalizers.naming import NamingConvention
    from dlt.extract import DltResource

    from restmill.path import Json
    from restmill.plan.spec import Resource
    from restmill.shape.records import Records

_ENOUGH = 3
"""Pages without the column after which a database that enforces it need not be shown the others."""


@dataclass(slots=True)
class Sought:
    """The columns of one resource that no record has had so far."""

    resource: str
    missing: dict[str, tuple[str, str]]
    """Column -> its name as written, and the key that names it."""
    naming: NamingConvention
    enforced: bool
    """Whether a single record without the column is refused, too."""
    judged: bool = True
    """Whether what comes reaches dlt unchanged; else it is only remembered which columns there were."""
    fields: dict[str, str] = field(default_factory=dict)
    """What records do have: column -> as written."""
    seen: set[Json] = field(default_factory=set)
    pages: int = 0

    def see(self, page: Records | None) -> None:
        """Look at a page on its way to dlt.

        Raises:
            ConfigError: enough pages have come, and none had the column.
        """
        if not self.missing or page is None or not page:
            return
        for names in _fields(page):
            if names is None:  # a text or a number becomes a column that dlt names
                self.missing.clear()
                return
            self._learn(names)
        there = {name for name in self.missing if self._is_there(name)}
        met(self.resource).update(there)
        self.missing = {name: why for name, why in self.missing.items() if name not in there}
        self.pages += 1
        if self.missing and self.judged and self.enforced and self.pages >= _ENOUGH:
            raise self._error()

    def end(self) -> None:
        """The read is over.

        Raises:
            ConfigError: there were records, and none had the column.
        """
        if self.missing and self.judged and self.pages:
            raise self._error()

    def _learn(self, names: Iterable[Json]) -> None:
        for key in names:
            if key not in self.seen:
                self.seen.add(key)
                self.fields[self.naming.normalize_path(str(key))] = str(key)

    def _is_there(self, column: str) -> bool:
        """Whether the column is a field, or part of one that is an object."""
        separator = self.naming.PATH_SEPARATOR
        return any(column == one or column.startswith(f"{one}{separator}") for one in self.fields)

    def _error(self) -> ConfigError:
        have = ", ".join(f"`{one}`" for one in self.fields.values())
        return ConfigError(
            *(
                Problem(
                    Place(f"{self.resource}.{key}"),
                    f"no record has `{name}`, which `{key}` names",
                    hint=did_you_mean(name, self.fields.values()) or f"Records have {have}.",
                )
                for name, key in self.missing.values()
            )
        )


def _fields(page: Records) -> Iterator[Iterable[Json] | None]:
    """The names of the fields of each record, None for one that is no object; a pressed page has one set."""
    if isinstance(page, Pressed):
        yield [one.name for one in page.array.type]
        return
    for record in page:
        yield record if isinstance(record, Mapping) else None


def sought(resource: Resource) -> Sought | None:
    """The columns that the resource whose generator is starting needs; None where it needs none."""
    container = Container()
    met(resource.name).clear()
    if SourceInjectableContext not in container:
        return None
    source = container[SourceInjectableContext].source
    made = source.resources.get(resource.name)
    if made is None:
        return None
    judged = not (resource.steps or resource.departures.quarantine or _is_changed(made))
    active = container[PipelineContext]
    pipeline: Any = active.pipeline() if active.is_active() else None
    enforced = pipeline is not None and issubclass(pipeline.destination.client_class, SqlJobClientBase)
    hints = made._hints or {}  # noqa: SLF001  # dlt shows them one by one only
    naming = source.schema.naming
    needed = {naming.normalize_path(name): (name, key) for name, key in needed_by(hints, typed=enforced)}
    return Sought(resource.name, needed, naming, enforced, judged) if needed else None


def met(resource: str) -> set[str]:
    """Columns that were sought for the resource, and that records had, with whatever value."""
    known = _met.get()
    if known is None:
        known = {}
        _met.set(known)
    return known.setdefault(resource, set())


_met: ContextVar[dict[str, set[str]] | None] = ContextVar("met", default=None)


def _is_changed(made: DltResource) -> bool:
    """Whether somebody's function stands between us and dlt."""
    steps = made._pipe._steps  # noqa: SLF001  # dlt offers no public way to the steps
    return any(isinstance(step, MapItem | YieldMapItem | FilterItem) for step in steps)


def needed_by(hints: Mapping[str, Any], *, typed: bool) -> list[tuple[str, str]]:
    """Columns that must have a value, each with the hint that says so.

    `typed`: also those that have a type of their own, which only a database refuses to leave empty.
    """
    found = [(str(name), key) for key in ("primary_key", "merge_key") for name in _names(hints.get(key))]
    columns = hints.get("columns")
    for name, column in columns.items() if isinstance(columns, Mapping) else ():
        untyped = not column.get("data_type")
        if (typed or untyped) and column.get("nullable") is False and not _is_made(name, column):
            found.append((str(name), "columns"))
    return found


def _is_made(name: str, column: Mapping[str, Any]) -> bool:
    """Whether dlt makes the column itself: its own, and those of `scd2`."""
    return name.startswith("_dlt_") or any(str(word).startswith("x-") for word in column)


def _names(key: Any) -> list[str]:
    if isinstance(key, str):
        return [key]
    return list(key) if isinstance(key, list | tuple) else []
