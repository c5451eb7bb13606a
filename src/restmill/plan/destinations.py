"""Destinations: which merges, replacements and table formats each of dlt's can do, as dlt 1.31 declares it.

The table is frozen here so that `check` need not import dlt; `tests/load/prepare/test_dispositions.py`
compares it with the capabilities that dlt's own factories state, and a run judges by those. A destination
that is not in it, an object or a name of the user's own, is judged when a run begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.path import Json

_NO_FORMAT: Mapping[str, tuple[str, ...]] = MappingProxyType({"": ()})


@dataclass(frozen=True, slots=True)
class Abilities:
    """What one destination can do. Strategies stand by table format, "" where none is asked for.

    The first strategy is dlt's default.
    """

    name: str
    """As a message calls it."""
    merges: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_FORMAT)
    replaces: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NO_FORMAT)
    formats: tuple[str, ...] = ()
    """The table formats it has."""
    refuses_formats: bool = False
    """Whether another format is an error; elsewhere dlt leaves it aside."""
    appends: bool = False
    """Whether dlt appends where it cannot merge, and logs it; elsewhere it fails after the read."""
    decides: bool = False
    """Whether it is a function of the user's that gets the rows, and does with them what it does."""
    no_hard_delete: frozenset[str] = frozenset()
    """The table formats in which rows marked by `hard_delete` stay."""
    lacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Options of a merge that dlt refuses after the read, by table format."""

    def merging(self, table_format: str) -> tuple[str, ...]:
        """The strategies of `merge` in tables of a format; () where it cannot merge."""
        return self.merges.get(table_format, self.merges[""])

    def replacing(self, table_format: str) -> tuple[str, ...]:
        """The strategies of `replace` in tables of a format."""
        return self.replaces.get(table_format, self.replaces[""])

    @property
    def merging_formats(self) -> tuple[str, ...]:
        """The table formats in which it merges, where it does not in plain tables."""
        return () if self.merges[""] else tuple(one for one in self.formats if self.merging(one))


_ALL = ("delete-insert", "upsert", "scd2", "insert-only", "cdc")
_TWO = ("delete-insert", "scd2")
_STAGED = ("truncate-and-insert", "insert-from-staging")
_SWAPPED = (*_STAGED, "staging-optimized")
_IN_PLACE = ("truncate-and-insert",)
_UNFILTERED = ("source_filter", "skip_unchanged_rows")


def _sql(name: str, merges: tuple[str, ...], replaces: tuple[str, ...], *formats: str) -> Abilities:
    return Abilities(name, {"": merges}, {"": replaces}, formats)


def _vectors(name: str, *merges: str) -> Abilities:
    return Abilities(
        name, {"": merges}, {"": _IN_PLACE}, no_hard_delete=frozenset({""}), lacks={"": _UNFILTERED}
    )


DESTINATIONS: Mapping[str, Abilities] = {
    one.name: one
    for one in (
        Abilities(
            "athena",
            {"": (), "iceberg": _ALL},
            {"": _IN_PLACE, "iceberg": ("insert-from-staging",)},
            ("iceberg", "hive"),
            appends=True,
        ),
        _sql("bigquery", _ALL, _SWAPPED),
        _sql("clickhouse", _TWO, _SWAPPED),
        _sql("databricks", _ALL, _SWAPPED, "delta", "iceberg"),
        Abilities("destination", decides=True),
        _sql("dremio", _TWO, _STAGED),
        _sql("duckdb", _ALL, _STAGED),
        _sql("ducklake", _ALL, _STAGED),
        _sql("dummy", ("delete-insert", "upsert"), ()),
        _sql("fabric", ("delete-insert", "scd2", "upsert", "insert-only", "cdc"), _STAGED),
        Abilities(
            "filesystem",
            {"": (), "delta": ("upsert", "insert-only", "cdc"), "iceberg": ("upsert", "insert-only")},
            {"": _IN_PLACE, "delta": ("insert-from-staging",), "iceberg": ("insert-from-staging",)},
            ("delta", "iceberg"),
            refuses_formats=True,
            appends=True,
            no_hard_delete=frozenset({"iceberg"}),
            lacks={"iceberg": _UNFILTERED},
        ),
        _vectors("lance", "upsert"),
        _vectors("lancedb", "upsert", "insert-only"),
        _sql("motherduck", _ALL, _STAGED),
        _sql("mssql", _ALL, _SWAPPED),
        _sql("postgres", _ALL, _SWAPPED),
        _vectors("qdrant", "upsert"),
        _sql("redshift", _TWO, _STAGED),
        _sql("snowflake", _ALL, _SWAPPED),
        _sql("sqlalchemy", _TWO, _STAGED),
        _sql("synapse", _TWO, _STAGED),
        _vectors("weaviate", "upsert"),
    )
}
"""Every destination that dlt lists. `dummy` loads nothing; `destination` is dlt's name for a function."""


def abilities_named(destination: Json) -> Abilities | None:
    """What the destination of a config can do; None where only a run can know.

    `destination` is a name of dlt's (`filesystem`, `dlt.destinations.filesystem`) or an object.
    """
    if not isinstance(destination, str):
        return None
    return DESTINATIONS.get(destination.removeprefix("dlt.destinations."))
