"""JSON paths: compiled once, read many times.

dlt selects with jsonpath-ng, so a path means here what it means there. Most paths are plain dotted names
(`data.items`); those are walked directly, everything else goes through a compiled jsonpath-ng expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonpath_ng import JSONPath

# A JSON document as Python's parsers make it. `Any` because its shape is the API's own business.
Json: TypeAlias = Any


_NAME = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
_OPERATORS = frozenset(("parent", "where", "wherenot", "true", "false", "null"))


@dataclass(frozen=True, slots=True)
class Path:
    """One compiled JSON path; equality and pickling go by its text."""

    text: str
    _keys: tuple[str, ...] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_keys", _plain_keys(self.text))
        if self._keys is None:
            _compile(self.text)

    @property
    def plain(self) -> bool:
        """Whether it is made of names only, so that it leads to one place at most."""
        return self._keys is not None

    @property
    def keys(self) -> tuple[str, ...]:
        """The names that a plain path is made of; () for `$`, and for a path that is not plain."""
        return self._keys or ()

    @property
    def to_field(self) -> bool:
        """Whether it is no plain path and ends with a name: a field of whatever it finds before that."""
        if self.plain:
            return False
        step = _compile(self.text)
        while hasattr(step, "right"):
            step = step.right
        return bool(getattr(step, "fields", ())) and getattr(step, "fields", ()) != ("*",)

    @property
    def by_place(self) -> bool:
        """Whether it takes some elements of a list by where they stand: `a[1:]`, `a[:-1]`, `a[0]`, `a[0,1]`.

        An index that more follows, or that stands at the top of a document, rather leads to a list: `a[1].b`.
        """
        return not self.plain and _takes_by_place(_compile(self.text))

    @property
    def expression(self) -> JSONPath:
        """The compiled expression, for who looks at its steps."""
        return _compile(self.text)

    def find(self, document: Json) -> list[Json]:
        """All values the path matches in `document`, in document order; empty when nothing matches."""
        if self._keys is None:
            return [match.value for match in _compile(self.text).find(document)]
        for key in self._keys:
            if not isinstance(document, dict) or key not in document:
                return []
            document = document[key]
        return [document]

    def first(self, document: Json) -> Json:
        """The first match, or None."""
        found = self.find(document)
        return found[0] if found else None

    def __str__(self) -> str:
        return self.text


def path_of(keys: tuple[str, ...]) -> Path:
    """The path of nested keys; keys that are no plain names are quoted. No keys: `$`."""
    quoted = (key if _NAME.fullmatch(key) and key not in _OPERATORS else _quote(key) for key in keys)
    return Path(".".join(quoted) or "$")


def _quote(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def set_at(document: Mapping[str, Json], dotted: str, value: Json) -> dict[str, Json]:
    """A copy of `document` with `value` at the dotted key path; missing objects on the way are made.

    dlt's `set_value_at_path`, without changing its argument.
    """
    head, _, rest = dotted.partition(".")
    copy = dict(document)
    if rest:
        inner = copy.get(head)
        copy[head] = set_at(inner if isinstance(inner, dict) else {}, rest, value)
    else:
        copy[head] = value
    return copy


def parses(text: str) -> bool:
    """Whether `text` is a JSON path at all."""
    from jsonpath_ng.exceptions import JSONPathError  # noqa: PLC0415  # 30 ms, and only odd paths need it

    try:
        Path(text)
    except (
        JSONPathError,
        ValueError,
        AttributeError,
        TypeError,
    ):  # jsonpath-ng raises all of these on bad text
        return False
    return True


def _plain_keys(text: str) -> tuple[str, ...] | None:
    keys = text.removeprefix("$.").split(".")
    if text == "$":
        return ()
    plain = all(
        key and key.replace("_", "a").isalnum() and key.isascii() and not key[0].isdigit() for key in keys
    )
    return tuple(keys) if plain and not _RESERVED & set(keys) else None


_RESERVED = {"parent", "where", "wherenot"}  # jsonpath-ng reads these as operators


def _takes_by_place(expression: Any) -> bool:
    """Whether a step of an expression, or one inside of it, does. It may be deeper than Python calls go."""
    steps: list[tuple[Any, bool]] = [(expression, True)]
    while steps:
        step, last = steps.pop()  # `last`: nothing follows it
        kind, left, right = type(step).__name__, getattr(step, "left", None), getattr(step, "right", None)
        if _is_by_place(kind, step, left, right, last=last):
            return True
        if kind in ("Slice", "Index"):
            continue
        if kind.startswith("Where"):
            steps.append((left, last))
        else:
            sides = [(left, last and kind not in ("Child", "Descendants")), (right, last)]
            steps += [(side, ends) for side, ends in sides if side is not None]
    return False


def _is_by_place(kind: str, step: Any, left: Any, right: Any, *, last: bool) -> bool:
    if kind == "Slice":
        whole = step.start in (None, 0) and step.end is None and step.step in (None, 1, -1)
        return not whole
    if kind == "Index":
        return len(step.indices) > 1
    return kind == "Child" and type(right).__name__ == "Index" and last and type(left).__name__ != "Root"


@lru_cache(maxsize=1024)
def _compile(text: str) -> JSONPath:
    from jsonpath_ng.ext import parse  # noqa: PLC0415  # 30 ms, and only odd paths need it

    return parse(text)
