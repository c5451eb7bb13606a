"""Depth: how far lists and objects lie in each other. Writers of JSON go 254 levels deep and no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from restmill.path import Json

DEEPEST = 250
"""Levels of a record that can be stored: what is written around it takes up to four."""
LONGEST_TABLE = 200
"""Bytes of a table's name: dlt makes names of files with some 40 more, and a file system takes 255."""

UNNAMED = "lists nest so deeply that a table's name is too long for a file"


def is_too_long(table: str) -> bool:
    """Whether no file can be called after a table of this name."""
    return len(table.encode(errors="replace")) > LONGEST_TABLE


def shallow(records: Sequence[Json]) -> Sequence[Json]:
    """The records that are not nested too deeply: the same list where none is, which is quickly seen."""
    try:
        orjson.dumps(records, default=str, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, RecursionError):  # also for integers beyond 64 bits, and for halves of surrogate pairs
        kept = [record for record in records if not too_deep(record)]
        return records if len(kept) == len(records) else kept
    return records


def too_deep(value: Json) -> bool:
    """Whether lists and objects lie in each other for more than `DEEPEST` levels."""
    level = _nests([value])
    for _ in range(DEEPEST):
        level = _nests(one for outer in level for one in _within(outer))
        if not level:
            return False
    return True


def _within(value: Json) -> Iterable[Json]:
    return value.values() if isinstance(value, dict) else value


def _nests(values: Iterable[Json]) -> list[Json]:
    return [one for one in values if isinstance(one, dict | list | tuple)]
