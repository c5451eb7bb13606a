"""Vanished rows: what the API no longer has is deleted or marked, and never by mistake.

A merge gives every row that was read the load id of this run. So after the load the vanished rows of a table
are those that an earlier load of this pipeline's own schema brought; rows of other pipelines are not looked
at. A crash between load and deletion costs nothing: the next complete run finds the same rows.

Nested rows go first and the row they hang on last, so that a destination without transactions can be left at
any point, too.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, assert_never

from dlt.common.normalizers.json import helpers
from dlt.destinations.job_client_impl import SqlJobClientBase

from restmill.errors import ConfigError, Place, Problem
from restmill.events import Noted, ignore
from restmill.load.delete_missing.confirm_read import Looked, Sight, Sought, look, sought_in
from restmill.load.delete_missing.keys import Incomparable
from restmill.load.destination.rows import Rows, marks
from restmill.plan.spec import Resource
from restmill.run.observers import tell
from restmill.run.receipt.scope import AllBut, Only, Whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dlt import Pipeline
    from dlt.common.schema import Schema
    from dlt.extract import DltResource, DltSource

    from restmill.events import Observer
    from restmill.load.destination.rows import Condition
    from restmill.plan.spec import Deletion, Plan
    from restmill.run.receipt.receipt import Evidence
    from restmill.run.receipt.scope import Key, Lineage, Scope

_MOST_KEYS = 500
"""Parents named in one statement."""
_ROUNDING = 1e-9
"""A fifth of fifteen rows is three of them, whatever floating point makes of it."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What became of one resource's vanished rows: how many were deleted or marked, or why they stayed."""

    rows: int = 0
    note: str = ""
    doubt: str = ""
    """Why the table and the API may not be what they seem; the verdict is `suspect` then."""
    looked: int = 0
    """Requests of the second look."""


@dataclass(frozen=True, slots=True)
class Load:
    """The load that has just been done: the run's load ids, and what was read, for every planned resource."""

    ids: Sequence[str]
    seen: Mapping[str, Evidence]
    lineage: Lineage
    whole: bool = True
    """Whether every job of the load went well; dlt can be told to go on where one did not."""


@dataclass(frozen=True, slots=True)
class _Case:
    """Rows of one resource that have vanished, as far as one read can tell."""

    resource: Resource
    scope: Scope
    rows: int
    sought: Sought | None = None
    """What a second look is to look for; None: the read proves it alone, or nobody wants a second one."""


def delete_vanished(
    pipeline: Pipeline, source: DltSource, plan: Plan, load: Load, observer: Observer = ignore
) -> dict[str, Gone]:
    """Delete or mark the vanished rows of every selected resource that asks for it; by resource.

    Where a row may have moved past the reader, none goes before a second look; see `confirm_read`.

    Raises:
        DestinationException: dlt's, when the destination refuses.
    """
    judged: dict[str, Gone | _Case] = {}
    for resource in _wanted(plan, source):
        scope = load.lineage.scope(resource, load.seen) if load.whole else "a part of the load has failed"
        if isinstance(scope, str):
            judged[resource.name] = Gone(note=f"vanished rows stay: {scope}")
            continue
        with _table(pipeline, source, resource, load) as table:
            judged[resource.name] = _judged(resource, table, scope, load)
    cases = [one for one in judged.values() if isinstance(one, _Case)]
    sought = [one.sought for one in cases if one.sought is not None]
    looked = look(source, plan, sought, observer) if sought else Looked({}, {})
    found = {name: one for name, one in judged.items() if isinstance(one, Gone)}
    for case in cases:
        sight = looked.sights.get(case.resource.name, Sight())
        with _table(pipeline, source, case.resource, load) as table:
            found[case.resource.name] = _decided(case, table, sight)
    for name, requests in looked.requests.items():
        found[name] = replace(found.get(name, Gone()), looked=requests)
    _told_of(found)
    return found


@contextmanager
def _table(pipeline: Pipeline, source: DltSource, resource: Resource, load: Load) -> Iterator[Rows]:
    """The resource's table; the connection is open for the time of the block only."""
    with pipeline.destination_client(source.schema.name) as client:
        assert isinstance(client, SqlJobClientBase)
        yield Rows(client, table_of(client.schema, source.resources[resource.name]), load.ids)


def _told_of(found: Mapping[str, Gone]) -> None:
    for name, gone in found.items():
        if gone.looked:
            requests = "1 request" if gone.looked == 1 else f"{gone.looked:,} requests"
            tell(
                Noted(name, time.monotonic(), f"read again, because rows seemed to have vanished: {requests}")
            )
        if gone.note:
            tell(Noted(name, time.monotonic(), gone.note))


def ensure_possible(pipeline: Pipeline, source: DltSource, plan: Plan) -> None:
    """Refuse by name what no config shows alone: the destination, and tables that get the same name.

    Raises:
        ConfigError: rows could not be deleted, or rows of another resource would be.
    """
    wanted = _wanted(plan, source)
    if not wanted:
        return
    problems = []
    destination: Any = pipeline.destination
    if not issubclass(destination.client_class, SqlJobClientBase):
        problems.append(
            Problem(
                Place("pipeline.destination"),
                "rows can be deleted in SQL destinations only, and a resource has `delete_missing`",
                got=destination.destination_name,
            )
        )
    tables = {
        name: table_of(source.schema, one)
        for name, one in source.resources.items()
        if isinstance(one.table_name, str)
    }
    shared = Counter(tables.values())
    problems += [
        Problem(
            Place(f"{one.name}.delete_missing"),
            f"another resource loads into the table `{tables[one.name]}`, and its rows would be deleted",
            hint="Give each resource a `table_name` of its own.",
        )
        for one in wanted
        if shared[tables[one.name]] > 1
    ]
    if problems:
        raise ConfigError(*problems)


def table_of(schema: Schema, resource: DltResource) -> str:
    """The name of the resource's root table."""
    return helpers.normalize_table_identifier(schema, schema.naming, str(resource.table_name))


def _wanted(plan: Plan, source: DltSource) -> list[Resource]:
    """The resources with `delete_missing` that are to be loaded."""
    return [
        one
        for one in plan.resources
        if isinstance(one, Resource) and one.deletion is not None and one.name in source.resources.selected
    ]


def with_gone(seen: Sequence[Evidence], gone: Mapping[str, Gone]) -> tuple[Evidence, ...]:
    """The evidence, with the rows deleted; `suspect` where they should have been and were not."""
    return tuple(_with(one, gone[one.resource]) if one.resource in gone else one for one in seen)


def _with(one: Evidence, gone: Gone) -> Evidence:
    one = replace(one, deleted=gone.rows, second_look=gone.looked)
    if not gone.doubt or one.verdict == "partial":
        return one
    return replace(one, verdict="suspect", basis="", reason=gone.doubt)


def least_rows(resource: Resource, seen: Evidence) -> int:
    """How many rows of the run the table must have, if each record with a key of its own became one."""
    columns = resource.hints.get("columns")
    marked = "hard_delete" in str(columns)  # records that ask to be deleted become no row
    return 0 if resource.parent or resource.steps or marked else seen.distinct or 0


def _judged(resource: Resource, table: Rows, scope: Scope, load: Load) -> Gone | _Case:
    """Whether anything has vanished, and whether something speaks against its going."""
    deletion = resource.deletion
    assert deletion is not None
    least = least_rows(resource, load.seen[resource.name])
    if not table.columns:
        return Gone()
    parts = list(_parts(table, deletion, scope))
    if why := _unable(table, deletion, scope) or ("" if parts else "the rows do not tell whose they are"):
        return Gone(note=f"vanished rows stay: {why}")
    live, seen = table.counted(*_live(table, deletion))
    vanished = sum(table.counted(*part)[0] for part in parts)
    if vanished == 0:
        return Gone()
    doubt = _loss(seen, least) or _doubt(deletion, live, seen, vanished)
    if doubt:
        return Gone(note=doubt, doubt=doubt)
    again = deletion.second_look and load.lineage.may_have_missed(resource, scope)
    try:
        sought = sought_in(table, resource, parts) if again else None
    except Incomparable as why:
        return Gone(note=f"vanished rows stay: {why} (`second_look: false` would let them go)")
    return _Case(resource, scope, vanished, sought)


def _decided(case: _Case, table: Rows, sight: Sight) -> Gone:
    """Delete or mark, unless the second look has found something or proves nothing."""
    deletion = case.resource.deletion
    assert deletion is not None
    if sight.alive:
        doubt = (
            f"the read has missed rows: a second look found {sight.alive:,} of {case.rows:,} "
            "that seemed to have vanished, and all stay"
        )
        return Gone(note=doubt, doubt=doubt)
    if sight.why:
        return Gone(note=f"vanished rows stay: the second look proves nothing: {sight.why}")
    with table.transaction():
        for part in _parts(table, deletion, case.scope):
            if deletion.mode == "hard":
                table.delete(*part)
            else:
                table.mark(deletion.column, *part)
    return Gone(rows=case.rows, note=_told(deletion, case.rows))


def _unable(table: Rows, deletion: Deletion, scope: Scope) -> str:
    if not table.has("_dlt_load_id"):
        return "the table has no column `_dlt_load_id`, which tells when a row was loaded"
    if deletion.mode == "soft" and not table.has(deletion.column):
        return f"the table has no column `{deletion.column}` yet"
    if isinstance(scope, AllBut) and len(scope.parents) > _MOST_KEYS:
        return f"{len(scope.parents):,} parents were not read, too many to name"
    return ""


def _told(deletion: Deletion, vanished: int) -> str:
    gone = "deleted" if deletion.mode == "hard" else f"marked in `{deletion.column}`"
    rows = "1 row" if vanished == 1 else f"{vanished:,} rows"
    return f"{gone}: {rows} that the API no longer has"


def _loss(seen: int, least: int) -> str:
    """Why fewer rows are in the table than were read; "" when none is lost."""
    if seen >= least:
        return ""
    return f"{least:,} records were read, and {seen:,} rows of this run are in the table: vanished rows stay"


def _doubt(deletion: Deletion, live: int, seen: int, vanished: int) -> str:
    """Why the vanished rows stay although the read is proven; "" when they go."""
    if seen == 0:
        if deletion.allow_empty:
            return ""
        return (
            f"no row was read, and the table has {live:,}: they stay (`allow_empty: true` would let them go)"
        )
    if vanished <= deletion.max_fraction * live + _ROUNDING:
        return ""
    return (
        f"{vanished:,} of {live:,} rows have vanished from the API, more than "
        f"`max_fraction: {deletion.max_fraction:.4g}` allows: they stay "
        f"(`max_fraction: {_rounded_up(vanished / live)}` would let them go)"
    )


def _rounded_up(fraction: float) -> str:
    return f"{min(1.0, int(fraction * 100 + 1) / 100):.2f}".rstrip("0").rstrip(".")


def _live(table: Rows, deletion: Deletion) -> Condition:
    """The rows that count: this pipeline's, without those that are marked already."""
    text, values = table.ours()
    return (
        f"{text} AND {table.column(deletion.column)} IS NULL" if deletion.mode == "soft" else text
    ), values


def _parts(table: Rows, deletion: Deletion, scope: Scope) -> Iterator[Condition]:
    """The vanished rows, in as many conditions as their parents need."""
    live, values = _live(table, deletion)
    unread, ids = table.unread()
    base, given = f"{live} AND {unread}", (*values, *ids)
    match scope:
        case Whole():
            yield base, given
        case Only(parents):
            keys = sorted(_comparable(table, deletion, parents) or (), key=str)
            for start in range(0, len(keys), _MOST_KEYS):
                text, named = _named(table, deletion, keys[start : start + _MOST_KEYS])
                yield f"{base} AND ({text})", (*given, *named)
        case AllBut(parents):
            keys = sorted(_comparable(table, deletion, parents) or (), key=str)
            if keys:
                text, named = _named(table, deletion, keys)
                yield f"{base} AND NOT ({text})", (*given, *named)
        case _:
            assert_never(scope)


def _named(table: Rows, deletion: Deletion, keys: Sequence[Key]) -> Condition:
    """A condition for the rows of these parents. A row without a value meets neither it nor its NOT."""
    columns = [table.column(one) for one in deletion.parent_fields.values()]
    if len(columns) == 1:
        return f"{columns[0]} IN ({marks(keys)})", tuple(key[0] for key in keys)
    each = " AND ".join(f"{one} = %s" for one in columns)
    return " OR ".join([f"({each})"] * len(keys)), tuple(value for key in keys for value in key)


def _comparable(table: Rows, deletion: Deletion, parents: frozenset[Key]) -> list[Key] | None:
    """The parents' values as their columns hold them; None when one cannot be compared for sure."""
    fields = deletion.parent_fields.values()
    if not all(table.has(one) for one in fields):
        return None
    kinds = [table.kind(one) for one in fields]
    keys = [tuple(_as(kind, one) for kind, one in zip(kinds, key, strict=True)) for key in parents]
    return None if any(None in key for key in keys) else keys


def _as(kind: str, value: object) -> object:
    """A parent's value as a column of this type holds it; None when that is not sure."""
    match kind, value:
        case "bigint", int() if not isinstance(value, bool):
            return value
        case "text", str():
            return value
        case _:
            return None
