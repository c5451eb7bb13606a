"""What a pager decides: the vocabulary that all pagers share.

A pager is a frozen value without a state. `after(page)` looks at one page and its own request and says what
comes next; it is always the truth. `Fan` adds a prediction to that truth: a `Series` of requests which will
be asked for if nothing changes. An engine may fetch them early, and drops them as soon as the truth differs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from restmill.errors import NotData, Place, Problem, did_you_mean

if TYPE_CHECKING:
    from restmill.events import Basis
    from restmill.path import Json, Path
    from restmill.wire.message import Page, Request

_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a pager writes its number or cursor: a parameter, a dotted path of a JSON body, a form field."""

    name: str
    in_body: bool = False

    @classmethod
    def of(cls, param: str | None, body_path: str | None, default: str) -> Slot:
        """By dlt's rule: the body path when given, else the parameter, else the parameter's default name."""
        return cls(body_path, in_body=True) if body_path else cls(param or default)

    def put(self, request: Request, value: Json) -> Request:
        """`request` with `value` in this place."""
        if self.in_body and request.data:
            return request.with_field(self.name, value)
        if self.in_body:
            return request.with_json_at(self.name, value)
        return request.with_params({self.name: value})

    def read(self, request: Request) -> Json:
        """What `request` holds in this place; None when nothing."""
        if not self.in_body:
            return request.params.get(self.name)
        if request.data:
            return request.field(self.name)
        found = request.json
        for key in self.name.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def __str__(self) -> str:
        return f"body {self.name}" if self.in_body else self.name


@dataclass(frozen=True, slots=True)
class Series:
    """Predicted requests, computed one by one: `request` with `start`, `start + step`, ... in `slot`."""

    request: Request
    slot: Slot
    start: int
    step: int
    count: int | None
    """How many are predicted; None: unbounded look-ahead, the end is not known."""
    promised: bool = field(default=True, compare=False)
    """Whether the server has said that there are `count` of them; not where that is only a maximum."""

    def at(self, index: int) -> Request:
        """The predicted request number `index`, from 0; number 0 is certain.

        Raises:
            IndexError: `index` is negative or not below `count`.
        """
        if index < 0 or (self.count is not None and index >= self.count):
            raise IndexError(index)
        return self.slot.put(self.request, self.start + index * self.step)


@dataclass(frozen=True, slots=True)
class Next:
    """One more page, and nothing is known beyond it."""

    request: Request


@dataclass(frozen=True, slots=True)
class Fan:
    """More pages whose requests can be predicted; `series.at(0)` is what `Next` would hold."""

    series: Series


@dataclass(frozen=True, slots=True)
class Done:
    """The read is over: why, and whether that reason proves that nothing is missing."""

    reason: str
    complete: bool
    detail: str = ""
    """A further observation for the verdict, or ""."""
    probe: Request | None = field(default=None, compare=False)
    """The request behind this end, for an engine that has reason to doubt it; None: nothing to ask."""
    basis: Basis = field(default="", compare=False)
    """What kind of end it is, for a read that is complete."""


Decision: TypeAlias = Next | Fan | Done


class Pager(Protocol):
    """How one list is read, page by page. Implementations are frozen and stateless."""

    def first(self, request: Request) -> Request:
        """The request for the first page, made from the declared one."""

    def after(self, page: Page) -> Decision:
        """What follows `page`.

        Raises:
            NotData: the page lacks something that the config declares to be there.
        """

    def past_end(self, request: Request, status: int) -> Done | None:
        """The end of the list, if error `status` on `request` means just that; None: it is an error."""

    def total(self, page: Page) -> int | None:
        """How many rows the server claims to hold, if `page` says so credibly. Later pages know better."""

    def describe(self) -> str:
        """One line for the plan."""


def keys_of(document: Json) -> str:
    """What a document is made of, for messages: the names of its keys, never a value."""
    if not isinstance(document, dict):
        return f"a JSON {_JSON_NAMES.get(type(document), 'value')}"
    names = [str(name) for name in document]
    more = ", ..." if len(names) > _NAMES_SHOWN else ""
    return f"the keys {', '.join(names[:_NAMES_SHOWN])}{more}" if names else "an empty object"


_JSON_NAMES = {
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def misses(page: Page, option: str, path: Path, what: str) -> NotData:
    """The error for an answer that lacks, or holds wrongly, what `option: path` declares."""
    found = path.first(page.document)
    where = f"{path}: {keys_of(found)}" if isinstance(found, dict) and found else keys_of(page.document)
    place = Place(path=page.request.target)
    return NotData(
        Problem(place, f"`{option}: {path}` {what}", got=where, hint=_near(page.document, path, found))
    )


_INNER = ("href", "url", "uri", "link", "cursor", "token", "after", "next", "value", "total", "count")


def _near(document: Json, path: Path, found: Json) -> str:
    """The hint: what stands inside of an object at `path`, else a key like it; never `path` itself."""
    if isinstance(found, dict) and found:
        inner = [key for name in _INNER for key in found if str(key).lower() == name]
        return f"Did you mean '{path}.{inner[0]}'?" if inner else ""
    known = [str(name) for name in document] if isinstance(document, dict) else []
    name = path.text.removeprefix("$.")
    return did_you_mean(name, [one for one in known if one != name])
