"""The list that is paged, where a selector takes something else out of a page than its elements.

`orders[*].lines[*]`, `$..id` and `orders[?(@.open)]` bring more records than orders, or fewer, or none. What
an API pages are the orders, the outermost list on the selector's way: they move an offset and meet a total,
and where there are none the read ends. An outermost list of one, where more was asked for, only wraps the
paged list.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, TypeAlias

from restmill.wire.message import Paged
from restmill.wire.paging.detect import detect_selector

if TYPE_CHECKING:
    from jsonpath_ng import DatumInContext, JSONPath

    from restmill.path import Json, Path

_Level: TypeAlias = "list[list[Json]]"
"""Lists that a selector goes through side by side."""
_Place: TypeAlias = tuple[str, ...]
_FANS = ("Wildcard", "Slice", "Filter")
_CHOOSES = ("Filter", "Slice", "Index")


@dataclass(frozen=True, slots=True)
class _Way:
    """The lists that a selector goes through, outermost first; where the outermost ones stand, if known."""

    levels: tuple[_Level, ...]
    places: frozenset[_Place] = frozenset()


class Lists:
    """Finds the list that is paged in each page of one read; the first page with elements decides which."""

    def __init__(self, selector: Path, asked: int | None = None) -> None:
        """`asked`: how many elements a page was asked for; None when that is not known."""
        self._selector = selector
        self._asked = asked
        self._steps = () if selector.plain else _steps(selector.expression)
        self._depth: int | None = None
        self._places: frozenset[_Place] = frozenset()

    @property
    def chooses(self) -> bool:
        """Whether the selector leaves elements out on purpose."""
        return any(_kind(step) in _CHOOSES for step in self._steps)

    def excuses(self, paged: Paged | None, *, before: bool) -> bool:
        """Whether a page without a match is no doubt: its list is there, and empty, or left out by choice.

        `before`: an earlier page had a match, so that the selector is right.
        """
        if paged is None or paged.elements is None:
            return False
        return before or not paged.elements or self.chooses

    def paged(self, document: Json) -> Paged | None:
        """What `document` holds of the list that is paged; None where the records are its elements."""
        if all(map(_leads, self._steps)):
            return None
        known = tuple(takewhile(lambda step: _leads(step) or _kind(step) in ("Fields", *_FANS), self._steps))
        walks = known == self._steps or any(_kind(step) in _FANS for step in known)
        way = _walked(known, document) if walks else self._by_matches(document)
        if way is None:
            return Paged(None)
        level = way.levels[min(self._level(way), len(way.levels) - 1)]
        return Paged([element for one in level for element in one], tuple(map(len, level)))

    def _level(self, way: _Way) -> int:
        """How far in the paged list is."""
        if self._depth is None:
            sizes = [sum(map(len, level)) for level in way.levels]
            if not any(sizes):
                return 0
            wraps = sizes[0] == 1 and self._asked != 1
            self._depth = next((depth for depth, size in enumerate(sizes) if size > 1), 0) if wraps else 0
            self._places = way.places
        return self._depth

    def _by_matches(self, document: Json) -> _Way | None:
        """By where the matches stand; a page without one holds the list where an earlier page had it."""
        matches: DatumInContext | list[DatumInContext] = self._selector.expression.find(document)
        matches = matches if isinstance(matches, list) else [matches]  # sorting makes one of them
        if matches:
            return _around(matches)
        places = self._places or {detect_selector(document).keys}
        lists = [found for place in places if isinstance(found := _at(document, place), list)]
        return _Way((lists,)) if lists else None


def _kind(step: JSONPath) -> str:
    return type(step).__name__


def _steps(expression: JSONPath) -> tuple[JSONPath, ...]:
    """The steps of an expression, the first one first."""
    if _kind(expression) != "Child":
        return (expression,)
    return *_steps(expression.left), *_steps(expression.right)  # type: ignore[attr-defined]


def _leads(step: JSONPath) -> bool:
    """Whether a step leads to one place at most."""
    names = getattr(step, "fields", None) or getattr(step, "indices", None) or ()
    return _kind(step) in ("Root", "This") or (_kind(step) in ("Fields", "Index") and len(names) == 1)


def _walked(steps: tuple[JSONPath, ...], document: Json) -> _Way | None:
    """The lists on the way of steps that each go down by one; None when it leads to none.

    Objects that are gone through key by key count only where there is no list at all.
    """
    places: list[Json] = [document]
    levels: list[_Level] = []
    objects: list[_Level] = []
    for step in steps:
        if _kind(step) in _FANS:
            lists = [place or [] for place in places if isinstance(place, list) or place is None]
            levels += [lists] if lists else []
            objects += [[list(place.values()) for place in places if isinstance(place, dict)]]
        places = [match.value for place in places for match in step.find(place)]
    if len(places) == 1 and isinstance(places[0], list):
        levels.append([places[0]])
    found = levels or [level for level in objects if level]
    return _Way(tuple(found)) if found else None


def _around(matches: list[DatumInContext]) -> _Way | None:
    """The lists around the matches of any expression; None when there is a match outside of lists."""
    levels: list[dict[int, list[Json]]] = []
    places: set[_Place] = set()
    for match in matches:
        chain = [part for part in _chain(match) if part is not match or len(matches) == 1]
        around = [part for part in chain if isinstance(part.value, list)]
        if not around:
            return None
        places.add(tuple(getattr(part.path, "fields", ("",))[0] for part in _chain(around[0])[1:]))
        levels += [{} for _ in around[len(levels) :]]
        for level, part in zip(levels, around, strict=False):
            level[id(part.value)] = part.value
    return _Way(tuple([*level.values()] for level in levels), frozenset(places))


def _chain(match: DatumInContext) -> list[DatumInContext]:
    """What a match stands in, from the document to the match itself."""
    chain = [match]
    while chain[-1].context is not None:
        chain.append(chain[-1].context)
    return chain[::-1]


def _at(document: Json, place: _Place) -> Json:
    for key in place:
        document = document.get(key) if isinstance(document, dict) else None
    return document
