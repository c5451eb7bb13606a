"""What a parent's record gives to the requests of its children: one value for each placeholder, or several.

A value goes into a path, a parameter or a header as text, so it has to be one: null, blank text and numbers
that are none count as missing, lists and objects are refused. `tags[*]` makes one read for each element. Lone
placeholders in a JSON body keep the type of their value (dlt's rule), and may be lists and objects there.

    {id: 7, tags: ["a", "b", "a"]}      id and tags[*]  ->  {id: 7, tags[*]: "a"}, {id: 7, tags[*]: "b"}

Paths through the same list go together, element by element; different lists are combined, each element of one
with each of the other. What is the same for one record is read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

from restmill.errors import Place, Problem
from restmill.path import Path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from restmill.path import Json
    from restmill.plan.spec import Parent

_ISOLATE = "`on_error: isolate` skips and counts such rows."
_KEYS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class _Missing:
    """Nothing where the path leads; or no list where it goes through one, but something `instead`."""

    instead: str = ""


_Spots: TypeAlias = "dict[str, int]"
"""Which element of each list a value comes from: the path up to the list -> the element's number."""
_Found: TypeAlias = "list[tuple[_Spots, Json]]"


def bindings(resource: str, parent: Parent, record: Json) -> Iterator[dict[str, Json] | Problem]:
    """The values for the placeholders of each read of `resource` for one record, or why there is none.

    A list without elements gives none at all.
    """
    done: set[str] = set()
    for values in _joined(parent, record):
        problem = _refused(resource, parent, record, values)
        if repr(values) not in done:
            done.add(repr(values))
            yield problem or values


def unlikely(parent: Parent, values: Mapping[str, Json]) -> str:
    """A value that hardly names a thing: "`code` is `false`"; "" for none.

    YAML reads the country `NO` as false, and programs write a value that is missing as the text `None`.
    """
    for name, path in parent.fields.items():
        value = values.get(name)
        if isinstance(value, bool) or (isinstance(value, str) and value.strip() in _NO_NAMES):
            shown = str(value).lower() if isinstance(value, bool) else value.strip()
            return f"`{path}` is `{shown}`"
    return ""


_NO_NAMES = frozenset(("None", "null", "NULL", "nil", "NaN", "nan", "undefined", "[object Object]"))


def missing(resource: str, parent: Parent, record: Json, name: str) -> Problem:
    """What to say of a record without the field `name`."""
    have = ", ".join(str(key) for key in record) if isinstance(record, dict) else type(record).__name__
    what = f"a row of the parent resource `{parent.resource}` has no field `{name}`"
    return Problem(Place(resource), what, f"fields {have}", _ISOLATE)


def _joined(parent: Parent, record: Json) -> list[dict[str, Json]]:
    """All combinations of the values found, in which those from the same list are of the same element."""
    joined: list[tuple[_Spots, dict[str, Json]]] = [({}, {})]
    for name, path in parent.fields.items():
        found = _found(path, record)
        joined = [
            ({**spots, **more}, {**values, name: value})
            for spots, values in joined
            for more, value in found
            if all(spots.get(one, number) == number for one, number in more.items())
        ]
    return [values for _, values in joined]


def _found(path: Path, record: Json) -> _Found:
    text = str(path).replace(".[*]", "[*]").replace(".*", "[*]")
    steps = [step.removeprefix(".") for step in text.split("[*]")]
    if len(steps) > 1 and all(_is_plain(step) for step in steps):
        return _elements(steps, record, text.partition("[*]")[0].removeprefix("$."))
    found = path.find(record)
    if len(found) == 1:
        return [({}, found[0])]
    return [({text: number}, value) for number, value in enumerate(found)] or [({}, _Missing())]


def _is_plain(step: str) -> bool:
    return not step or Path(step).plain


def _elements(steps: list[str], record: Json, at: str) -> _Found:
    """The values behind the `[*]` between `steps`; `at` is the path up to the first of them."""
    found = Path(steps[0]).find(record) if steps[0] else [record]
    if not found or len(steps) == 1:
        return [({}, found[0] if found else _Missing())]
    elements = list(found[0].values()) if isinstance(found[0], dict) else found[0]
    if not isinstance(elements, list):  # null, too: it does not say that there is no element
        return [({}, _Missing("null" if elements is None else type(elements).__name__))]
    return [
        ({at: number, **spots}, value)
        for number, element in enumerate(elements)
        for spots, value in _elements(steps[1:], element, f"{at}[*].{steps[1]}")
    ]


def _refused(resource: str, parent: Parent, record: Json, values: Mapping[str, Json]) -> Problem | None:
    """Why these values make no request; None: they do."""
    for name, value in values.items():
        path = str(parent.fields[name])
        if isinstance(value, _Missing) and not value.instead:
            return missing(resource, parent, record, path)
        if isinstance(value, _Missing):
            what = f"a row of the parent resource `{parent.resource}` has no list in `{path}`"
            return Problem(Place(resource), what, value.instead, _ISOLATE)
        if kind := _nothing(value):
            what = f"a row of the parent resource `{parent.resource}` has no value in `{path}`"
            return Problem(Place(resource), what, kind, _ISOLATE)
        if isinstance(value, list | tuple | dict) and name not in parent.whole:
            return _many(resource, parent, path, value)
    return None


def _nothing(value: Json) -> str:
    if isinstance(value, str):
        return "" if value.strip() else "blank text"
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return "null" if value is None else ""


def _many(resource: str, parent: Parent, path: str, value: Json) -> Problem:
    kind = "an object" if isinstance(value, dict) else "a list"
    what = f"`{path}` of the parent resource `{parent.resource}` is {kind}, and a request takes one value"
    if kind == "a list":
        hint = f"`{path}[*]` makes one read for each element."
        return Problem(Place(resource), what, f"{len(value):,} elements", hint)
    keys = ", ".join(str(key) for key in list(value)[:_KEYS_SHOWN]) or "none"
    hint = f"Name one of its fields, such as `{path}.{next(iter(value), 'id')}`."
    return Problem(Place(resource), what, f"keys {keys}", hint)
