"""What may be compared: how much of a table the reads of a run have proven, row by row of the parent.

A read proves what has vanished when it is complete and rests on a total or on a real end. One page alone does
so only where the config says that there is one. A child's rows are judged within their parent, when the rows
say whose they are and their key does, too: rows of a parent whose read failed stay, rows of a parent that is
gone go with it. With a key that is the same under any parent, a row that one parent no longer has may have
moved to one that was not read; then all reads are proven or no row goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from restmill.events import ParentDone, ReadDone
from restmill.plan.spec import Resource
from restmill.run.evidence.list_end import REFERRING
from restmill.wire.paging.pagers import SinglePage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.events import Basis, Event
    from restmill.plan.spec import Plan
    from restmill.run.receipt.receipt import Evidence

Key: TypeAlias = tuple[object, ...]
"""The parent's values for the placeholders, in the order of `Deletion.parent_fields`."""

_PROVEN = frozenset({"total", "end", "count"})


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole table."""


@dataclass(frozen=True, slots=True)
class Only:
    """The rows of these parents."""

    parents: frozenset[Key]


@dataclass(frozen=True, slots=True)
class AllBut:
    """The rows of all parents but these, whether the parent is still there or not."""

    parents: frozenset[Key]


Scope: TypeAlias = Whole | Only | AllBut


def ancestors(plan: Plan, resource: Resource) -> list[str]:
    """The resource's parent, that one's parent, and so on; a ready-made dlt resource is the last."""
    planned = {one.name: one for one in plan.resources if isinstance(one, Resource)}
    found: list[str] = []
    above: Resource | None = resource
    while above is not None and above.parent is not None:
        found.append(above.parent.resource)
        above = planned.get(found[-1])
    return found


def _tells_its_end(resource: Resource) -> bool:
    """Whether the only page of a list says itself that nothing follows, and nobody has to ask behind it."""
    return isinstance(resource.pager, (*REFERRING, SinglePage))


def proves(resource: Resource, basis: Basis) -> bool:
    """Whether a read that ended like this had everything."""
    return basis in _PROVEN or (basis == "page" and isinstance(resource.pager, SinglePage))


class Lineage:
    """An observer that knows the child reads of each parent record, where rows say whose they are."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._fields = {
            one.name: tuple(one.deletion.parent_fields)
            for one in plan.resources
            if isinstance(one, Resource) and one.deletion is not None
        }
        self._proven: dict[str, set[Key]] = {}
        self._open: dict[str, set[Key]] = {}
        self._told: dict[str, int] = {}
        self._unnamed: set[str] = set()
        self._long: set[str] = set()

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        match event:
            case ReadDone(resource, rows=rows, pages=pages, basis=basis) if rows:  # an empty list cannot move
                if pages > 1 or (basis == "end" and not _tells_its_end(self._plan.resource(resource))):
                    self._long.add(resource)
            case ParentDone(resource) if self._fields.get(resource):
                self._enter(event)
            case _:
                pass

    def _enter(self, event: ParentDone) -> None:
        name = event.resource
        self._told[name] = self._told.get(name, 0) + 1
        key = tuple(event.values.get(one) for one in self._fields[name])
        if not all(isinstance(value, int | str) for value in key):
            self._unnamed.add(name)
            return
        held = self._proven if proves(self._plan.resource(name), event.basis) else self._open
        held.setdefault(name, set()).add(key)

    def scope(self, resource: Resource, seen: Mapping[str, Evidence]) -> Scope | str:
        """What of the resource's table may be compared; a sentence when nothing may."""
        name, own = resource.name, seen[resource.name]
        if own.quarantined:
            return "records that could not become rows may be in the table from before"
        if resource.parent is None:
            return self._weakness(name, seen) or Whole()
        above = self._weakness(resource.parent.resource, seen)
        if not self._fields[name] or (resource.deletion and resource.deletion.movable):
            why = above or (self._weakness(name, seen) if own.reads else "")
            return f"{why}, and they may have moved to a parent that was not read" if why else Whole()
        left = frozenset(self._open.get(name, ()))
        if not above and self._told.get(name, 0) == own.reads and name not in self._unnamed:
            return AllBut(left) if left else Whole()
        proven = frozenset(self._proven.get(name, ())) - left
        return Only(proven) if proven else above or "no read of it is proven complete"

    def may_have_missed(self, resource: Resource, scope: Scope) -> bool:
        """Whether a row within the scope may have moved past the reader.

        One answer is one moment. Of a list that took several the rows may move from a page that is still to
        come to one that was read, whatever names the pages: a token may be a place, too, and an order may
        change. Where only the rows of parents that were read are judged, the list of parents has no say.
        """
        lists = (
            {resource.name} if isinstance(scope, Only) else {resource.name, *ancestors(self._plan, resource)}
        )
        return not self._long.isdisjoint(lists)

    def _weakness(self, name: str, seen: Mapping[str, Evidence]) -> str:
        """Why a resource may not have been read whole; "" when it was."""
        own = seen.get(name)
        if own is None:
            return f"`{name}` is read by a dlt resource of your own"
        if own.verdict != "complete":
            return f"`{name}` is {own.verdict}"
        resource = self._plan.resource(name)
        if resource.cursor is not None:
            return f"`{name}` is asked only for what is new"
        if own.reads and not proves(resource, own.basis):
            return _TOO_WEAK[own.basis].format(name)
        return self._weakness(resource.parent.resource, seen) if resource.parent else ""


_TOO_WEAK: dict[Basis, str] = {
    "": "nothing shows that `{}` came to its end",
    "page": "`{}` had one page, and nothing shows that it was the only one",
    "declared": "`{}` was ended by a rule or a paginator of the config, not by the API",
}
