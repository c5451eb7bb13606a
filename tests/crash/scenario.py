"""The scenario of the crash harness: a config that writes tables in every way, and what they must hold.

A plain `append` brings all rows with every load, so its rows are looked at load by load; what is appended by
a cursor, merged or replaced is there once. What is right is computed from the sandbox's records, not from
what any run has left.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from restmill.sandbox import Behaviour, collection, tasks_of
from tests.load.api import MERGE, api, child, resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Written = Literal["append by cursor", "append", "replace", "merge"]
SEED = Behaviour().seed
_SINCE = {"cursor_path": "updated_at", "start_param": "since", "initial_value": "2025-01-01T00:00:00Z"}


@dataclass(frozen=True, slots=True)
class Table:
    """A root table: how it is written, and the lists in its records that become tables of their own."""

    name: str
    written: Written
    lists: tuple[str, ...] = ()


TABLES = (
    Table("users", "append by cursor"),
    Table("feature_flags", "append by cursor", ("tags",)),
    Table("resource", "append", ("samples",)),
    Table("events", "replace", ("labels",)),
    Table("projects", "merge", ("members",)),
)


def config_of(base_url: str) -> dict[str, Any]:
    """The config: every table of `TABLES`, and `tasks`, read for each project and merged."""
    since: dict[str, Any] = {"endpoint": {"incremental": _SINCE}}
    merge: dict[str, Any] = {**MERGE}
    return api(
        base_url,
        resource("users", write_disposition="append", **since),
        resource("feature_flags", selector="items", write_disposition="append", **since),
        resource("resource", write_disposition="append"),
        resource("events", write_disposition="replace"),
        resource("projects", **merge),
        child(**merge),
        defaults={"primary_key": "id"},
    )


def faults(query: Any, sizes: Sequence[int], runs: int) -> Iterator[str]:
    """What is wrong with the tables after `runs`; the server had so many `sizes` of rows, in turn."""
    for table in TABLES:
        wanted = list(_expected(table, sizes))
        rows = query(f"SELECT id, _dlt_id, _dlt_load_id FROM {table.name}")  # noqa: S608  # names of this module
        loads = sorted({load for _, _, load in rows})
        if table.written == "append":
            yield from _load_by_load(table, rows, loads, sizes, runs)
        else:
            yield from _differences(table.name, (key for key, _, _ in rows), wanted)
        for name in table.lists:
            yield from _nested(table, name, rows, query)
    yield from _children(query, sizes[-1])
    yield from _bookkeeping(query)


def _record(table: str, key: str | int) -> dict[str, Any]:
    records = collection(table, 1, SEED)
    return records.record(int(str(key).rpartition("-")[2]) - 1)


def _expected(table: Table, sizes: Sequence[int]) -> Iterator[Any]:
    if table.written != "append by cursor":
        yield from collection(table.name, sizes[-1], SEED).column("id")
        return
    last, seen = "", set[Any]()
    for size in sizes:
        new = [one for one in collection(table.name, size, SEED).records() if str(one["updated_at"]) >= last]
        yield from (one["id"] for one in new if one["id"] not in seen)
        seen |= {one["id"] for one in new}
        last = max(last, *(str(one["updated_at"]) for one in new)) if new else last


def _differences(name: str, found: Any, wanted: Any) -> Iterator[str]:
    there, right = Counter(map(str, found)), Counter(map(str, wanted))
    missing, more = right - there, there - right
    if missing:
        yield f"{name}: {missing.total()} rows missing, e.g. {min(missing)}"
    if more:
        yield f"{name}: {more.total()} rows too many, e.g. {min(more)} {there[min(more)]} times"


def _load_by_load(
    table: Table, rows: Any, loads: Sequence[str], sizes: Sequence[int], runs: int
) -> Iterator[str]:
    if not len(sizes) <= len(loads) <= runs:
        yield f"{table.name}: {len(loads)} loads have rows"
    for load in loads:
        there = [key for key, _, one in rows if one == load]
        right = min(sizes, key=lambda size: abs(size - len(there)))
        yield from _differences(
            f"{table.name} of {load}", there, collection(table.name, right, SEED).column("id")
        )


def _nested(table: Table, name: str, rows: Any, query: Any) -> Iterator[str]:
    nested = f"{table.name}__{name}"
    parents = {row_id: key for key, row_id, _ in rows}
    found = query(f"SELECT _dlt_parent_id, _dlt_list_idx FROM {nested}")  # noqa: S608  # names of this module
    orphans = sum(1 for parent, _ in found if parent not in parents)
    if orphans:
        yield f"{nested}: {orphans} rows without a root row"
    right = [
        f"{row_id} {place}"
        for row_id, key in parents.items()
        for place in range(len(_record(table.name, key).get(name) or ()))
    ]
    yield from _differences(
        nested, (f"{parent} {place}" for parent, place in found if parent in parents), right
    )


def _children(query: Any, size: int) -> Iterator[str]:
    right = [place + 1 for project in range(1, size + 1) for place in tasks_of(project)]
    yield from _differences("tasks", (key for (key,) in query("SELECT id FROM tasks")), right)


_ONCE = {
    "_dlt_loads": "load_id",
    "_dlt_pipeline_state": "version, version_hash",
    "_restmill_runs": "run_id, resource",
    "_dlt_version": "version_hash",
}


def _bookkeeping(query: Any) -> Iterator[str]:
    for table, key in _ONCE.items():
        doubled = query(f"SELECT {key}, count(*) FROM {table} GROUP BY {key} HAVING count(*) > 1")  # noqa: S608  # names of this module
        if doubled:
            yield f"{table}: {doubled[0]} is there more than once"
    known = "SELECT load_id FROM _dlt_loads WHERE status = 0"
    unknown = query(f"SELECT count(*) FROM users WHERE _dlt_load_id NOT IN ({known})")  # noqa: S608  # as above
    if unknown[0][0]:
        yield f"users: {unknown[0][0]} rows of loads that _dlt_loads does not have"
