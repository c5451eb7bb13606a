"""A few records as columns and cells: what the table will look like, told from one page.

Objects become columns `owner__id` and lists tables of their own, as dlt makes them. Types are dlt's
words; they are told from the page at hand, so a later page may still widen them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from rich.cells import cell_len

from restmill.cli.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from restmill.path import Json

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_WIDER = {frozenset(("bigint", "double")): "double", frozenset(("timestamp", "text")): "text"}
_TELLING = re.compile(r"(^|_)(id|uuid|key|name|title|status|state|type|email)$")
_DEEPEST = 8
"""Levels of objects in objects; what lies deeper is shown as JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its name, dlt's type (or `table` for a list), and how many records have a value."""

    name: str
    kind: str
    filled: int


def fields_of(records: Iterable[Json]) -> tuple[Field, ...]:
    """The columns of `records`, in the order of their first appearance."""
    kinds: dict[str, set[str]] = {}
    filled: dict[str, int] = {}
    for record in records:
        for name, value in cells_of(record).items():
            known = kinds.setdefault(name, set())
            filled.setdefault(name, 0)
            if value is not None:
                known.add(_kind(value))
                filled[name] += 1
    return tuple(Field(name, _together(found), filled[name]) for name, found in kinds.items())


def cells_of(record: Json) -> dict[str, Json]:
    """One record flattened: objects joined by `__`; a record that is no object has the one column `value`."""
    return dict(_flat(record, "", 0)) if isinstance(record, dict) else {"value": record}


def _flat(record: dict[str, Json], prefix: str, depth: int) -> Iterator[tuple[str, Json]]:
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth < _DEEPEST:
            yield from _flat(value, f"{name}__", depth + 1)
        else:
            yield name, value


def _kind(value: Json) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "bigint"
        case float():
            return "double"
        case str():
            return "timestamp" if _TIMESTAMP.fullmatch(value) else "text"
        case list():
            return "table"
        case _:
            return "json"


def _together(kinds: set[str]) -> str:
    if len(kinds) <= 1:
        return next(iter(kinds), "unknown")
    return _WIDER.get(frozenset(kinds)) or " | ".join(sorted(kinds))


def telling(fields: Sequence[Field], cells: Sequence[dict[str, Json]], room: int) -> list[Field]:
    """The columns to show in `room` characters: keys and names first, then short ones; in their own order.

    At least one, however narrow the room.
    """
    widths = {field.name: width_of(field, cells) for field in fields}
    order = sorted(range(len(fields)), key=lambda i: (_rank(fields[i], cells), i))
    chosen: list[int] = []
    for i in order:
        needed = sum(widths[fields[j].name] + 2 for j in (*chosen, i)) - 2
        if needed <= room or not chosen:
            chosen.append(i)
    return [fields[i] for i in sorted(chosen)]


def width_of(field: Field, cells: Sequence[dict[str, Json]], most: int = 24) -> int:
    """Characters that the column's name and values need, at most `most`."""
    return min(most, max(len(field.name), *(cell_len(shown(row.get(field.name))) for row in cells), 1))


def _rank(field: Field, cells: Sequence[dict[str, Json]]) -> int:
    """0: tells rows apart; 1: other plain values; 2: the same in all rows; 3: lists and empty columns."""
    if field.kind in ("table", "unknown"):
        return 3
    if _TELLING.search(field.name):
        return 0
    values = {shown(row.get(field.name)) for row in cells}
    return 2 if len(values) == 1 and len(cells) > 1 else 1


def shown(value: Json) -> str:
    """A value in a cell: text as it is, anything else as JSON, None as nothing."""
    match value:
        case None:
            return ""
        case str():
            return one_line(value)
        case list():
            return f"[{len(value)}]"
        case _:
            return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=str).decode()
