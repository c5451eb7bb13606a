"""Held cursors: an incremental cursor moves only past rows that were read.

dlt moves a cursor with every page. Two cases would lose rows in silence:

- A read ended early. Pages that came newest first have moved the cursor past rows that never came; so does a
  child whose siblings failed. Such a cursor is put back: the next run asks for everything again.
- A child is read for the second page of its parents. dlt binds its cursor anew, to where the children of the
  first page have moved it, and would drop older children of later parents. So a child's cursor stands still
  until the run is over.
"""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from restmill.events import Noted, PageRead, ReadDone, ReadFailed
from restmill.load.watch import tell
from restmill.plan.spec import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from dlt.extract import Incremental

    from restmill.events import Event
    from restmill.plan.spec import Plan

    State = MutableMapping[str, Any]

_PAST = "the rows, in the declared `row_order`, have left the cursor's range"
_STOPPED = (
    "stopped by the caller"  # an early close is dlt's own doing (`add_limit`): its cursor is dlt's, too
)


@dataclass(slots=True)
class _Held:
    """One cursor in one run: dlt's live state of it, how it was at the start, and how far it got."""

    incremental: Incremental[Any]
    state: State
    start: State
    reached: State | None = None

    def fold(self) -> None:
        """Remember how far the cursor is; several bindings of a child each know only their own rows."""
        best = self.reached
        if best is None or best["last_value"] is None:
            self.reached = deepcopy(self.state)
            return
        now = self.state["last_value"]
        if now is None or now == self.start["last_value"] != best["last_value"]:
            return
        if now == best["last_value"]:
            best["unique_hashes"] = [*{*best["unique_hashes"], *self.state["unique_hashes"]}]
        elif (self.incremental.last_value_func or max)((best["last_value"], now)) == now:
            self.reached = deepcopy(self.state)

    def put(self, state: State) -> None:
        """Make dlt's state equal to `state`; the mapping itself is shared with dlt's objects."""
        self.state.clear()
        self.state.update(deepcopy(state))


class Cursors:
    """The cursors of one source; also the observer that learns which reads fell short."""

    def __init__(self, plan: Plan) -> None:
        self._parents = {
            one.name: one.parent.resource
            for one in plan.resources
            if isinstance(one, Resource) and one.parent is not None
        }
        self._bound: dict[str, Incremental[Any]] = {}
        self._held: dict[str, _Held] = {}
        self._short: set[str] = set()
        self._enough: set[str] = set()

    def __call__(self, event: Event, /) -> None:
        """Take one event and pass it on."""
        match event:
            case PageRead(resource) if self._may_end_early(resource):
                event = replace(event, total=None)  # not all that the server has will be asked for
            case ReadDone(resource, reason=reason) if reason.startswith(_STOPPED):
                if resource in self._enough:
                    event = replace(event, complete=True, reason=_PAST)
            case ReadFailed(resource) | ReadDone(resource, complete=False):
                self._short.add(resource)
            case _:
                pass
        tell(event)

    def begin(self, name: str) -> None:
        """A top-level read begins: forget what an earlier run of the same source has left."""
        for one in (name, *self._below(name)):
            self._held.pop(one, None)
            self._short.discard(one)
            self._enough.discard(one)

    def hold(self, name: str, incremental: Incremental[Any] | None) -> None:
        """Know the cursor of a read that begins; the first time in a run is its start."""
        if incremental is None:
            return
        self._bound[name] = incremental
        if incremental.end_value is not None:  # then dlt keeps no state
            return
        state = incremental.get_state()
        if name not in self._held:
            self._held[name] = _Held(incremental, state, deepcopy(state))  # type: ignore[arg-type]  # a TypedDict

    def rewind(self, name: str) -> None:
        """A page of `name` is about to be handed on: dlt will bind the cursors of its children."""
        for held in self._known(self._below(name)):
            held.fold()
            held.put(held.start)

    def closed(self, name: str) -> None:
        """Dlt closes a read of `name`: is it because rows in `row_order` have left the cursor's range?"""
        if name in self._bound and self._bound[name].can_close():
            self._enough.add(name)

    def _may_end_early(self, name: str) -> bool:
        return name in self._bound and self._bound[name].row_order is not None

    def settle(self, name: str) -> None:
        """A read of `name` is over: its cursor, and those below, move or are put back."""
        for one in (name, *self._below(name)):
            held = self._held.get(one)
            if held is None:
                continue
            held.fold()
            assert held.reached is not None
            if self._may_move(one, held):
                held.put(held.reached)
            elif held.reached != held.start:
                held.put(held.start)
                tell(Noted(one, time.monotonic(), "the cursor stays: not everything before it was read"))

    def _may_move(self, name: str, held: _Held) -> bool:
        short = [one for one in self._line(name) if one in self._short]
        in_order = name not in self._parents and held.incremental.row_order == "asc"
        return not short or in_order

    def _known(self, names: Iterable[str]) -> list[_Held]:
        return [self._held[name] for name in names if name in self._held]

    def _line(self, name: str) -> list[str]:
        """The resource and its ancestors."""
        line = [name]
        while line[-1] in self._parents:
            line.append(self._parents[line[-1]])
        return line

    def _below(self, name: str) -> list[str]:
        return [one for one in self._parents if one != name and name in self._line(one)]
