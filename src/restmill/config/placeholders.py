"""Expressions: the `{...}` placeholders of paths, params, headers and bodies (`str.format` syntax)."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

from restmill.config.references import parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.config.positions import Keys
    from restmill.path import Json

INCREMENTAL_VALUES = (
    "initial_value",
    "start_value",
    "last_value",
    "end_value",
    "cursor_path",
    "row_order",
    "lag",
    "range_start",
    "range_end",
    "on_cursor_value_missing",
    "primary_key",
    "resource_name",
)
"""What `{incremental.<x>}` may name: the attributes of dlt's `Incremental`."""


def names(text: str, *, references: bool) -> tuple[str, ...]:
    """The placeholders in `text`, "" for a nameless one; with `references`, `${...}` is none of them.

    Raises:
        ValueError: a brace stands alone.
    """
    if references:
        text = "".join(part for part in parts(text) if isinstance(part, str))
    return tuple(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def texts(value: Json, keys: Keys) -> Iterator[tuple[Keys, str]]:
    """All strings in `value` that may hold placeholders, keys of mappings too, with their paths."""
    match value:
        case str():
            yield keys, value
        case dict():
            for key, one in value.items():
                yield from texts(key, (*keys, str(key)))
                yield from texts(one, (*keys, str(key)))
        case list() | tuple():
            for index, one in enumerate(value):
                yield from texts(one, (*keys, index))
        case _:
            return
