"""Elements that give no record: whether one of them says that something went wrong in its place.

    data_selector: hits[*].document
    hits: [{key: 1, document: {..}}, {key: 2, fetch_error: {..}}]     the second document could not be fetched

    data_selector: entry[?(@.search.mode=='match')].resource
    entry: [{resource: {issue: [{severity: error, ..}]}}]             FHIR says that the search broke off

What a filter leaves out on purpose may well have failed in its own way. Of that only messages count, and only
of what is no thing with an id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from restmill.wire.errors.messages import graded
from restmill.wire.errors.usual_names import words
from restmill.wire.errors.values import is_loud, plain_name
from restmill.wire.errors.words import ENTITY, ERROR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.path import Json

_DEPTH = 3
_FAULTS = frozenset(("error", "errors", "err", "fault", "exception", "failure"))


def error_of_element(elements: Sequence[Json], records: Sequence[Json], *, chosen: bool) -> str:
    """The key of an error in an element without a record; "" for none. `chosen`: left out by a filter."""
    taken = {id(record) for record in records}
    for element in elements:
        if isinstance(element, Mapping) and not _gives(element, taken, _DEPTH):
            found = _error(element, _DEPTH, chosen=chosen)
            if found:
                return found
    return ""


def _gives(value: Json, taken: set[int], depth: int) -> bool:
    """Whether the value, or something in it, is one of the records."""
    if id(value) in taken:
        return True
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return depth > 0 and any(_gives(one, taken, depth - 1) for one in inside)


def _error(element: Mapping[str, Json], depth: int, *, chosen: bool) -> str:
    if chosen and any(plain_name(str(key)) in ENTITY for key in element):
        return ""
    for key, value in element.items():
        named = ERROR.fullmatch(plain_name(str(key))) is not None or bool(words(str(key)) & _FAULTS)
        if graded(value) or (named and not chosen and is_loud(value)):
            return str(key)
        inner = _error(value, depth - 1, chosen=chosen) if isinstance(value, Mapping) and depth > 1 else ""
        if inner:
            return f"{key}.{inner}"
    return ""
