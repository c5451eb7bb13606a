"""Envelopes: what stands around the records of an answer, where it stands, and what is a record's own.

The records, and what lies inside of any list, are the API's business and are never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from restmill.wire.errors.values import plain_name
from restmill.wire.errors.words import ENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.path import Json, Path

Keys: TypeAlias = "tuple[str, ...]"
DEPTH = 3
_MOST_KEYS = 200
"""Keys of one object that are looked at: one with more is a table of something, no envelope."""


def around(document: Json, place: Path) -> Iterator[tuple[Keys, str, Json]]:
    """Place, plain name and value of what stands around the records; lists are not looked into."""
    records, depth = reach(place)
    yield from entries(document, (), records, depth)


def reach(place: Path) -> tuple[Keys, int]:
    """Where the records begin, and how deep one may look around them."""
    if place.plain:
        return place.keys, DEPTH
    text = place.text.removeprefix("$").removeprefix(".")
    named = _LEADING.match(text)
    return (tuple(named[0].split(".")), DEPTH) if named else ((), 1)


_LEADING = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?=[.\[])")


def entries(
    document: Json, above: Keys, records: Keys | None, depth: int
) -> Iterator[tuple[Keys, str, Json]]:
    """Likewise of the inside of `document`, which stands at `above`, `depth` levels of it at most."""
    if not isinstance(document, Mapping) or not depth or len(document) > _MOST_KEYS:
        return
    for key, value in document.items():
        keys = (*above, str(key))
        if keys != records:
            yield keys, plain_name(str(key)), value
            yield from entries(value, keys, records, depth - 1)


def is_entity(document: Json, place: Path) -> bool:
    """Whether the list is a part of some thing, which has a name or an id and a state of its own."""
    if not isinstance(document, dict) or not reach(place)[0] or not place.find(document):
        return False
    names = {plain_name(str(key)) for key in document}
    return bool(names & ENTITY) and "jsonrpc" not in names


def held(document: Json, place: Path) -> str:
    """What an answer has where its records are, or where they begin: "a list", "null", "nothing"."""
    for key in reach(place)[0]:
        if not isinstance(document, Mapping) or key not in document:
            return "nothing"
        document = document[key]
    if isinstance(document, bool | int | float):
        return "true or false" if isinstance(document, bool) else "a number"
    if isinstance(document, str) or document is None:
        return "null" if document is None else "a text" if document else "an empty text"
    kind = "object" if isinstance(document, Mapping) else "list"
    return f"an empty {kind}" if not document and kind == "object" else f"a{'n' * (kind == 'object')} {kind}"


def begins(place: Path) -> bool:
    """Whether a path begins with names, so that it says where its list is."""
    return bool(reach(place)[0])


def at(document: Json, keys: Keys) -> Json:
    """What stands at a place; None when nothing does."""
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document
