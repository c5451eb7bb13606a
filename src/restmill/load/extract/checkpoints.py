"""Held cursors: an incremental cursor moves only past rows that were read.

dlt moves a cursor with every page. Four cases would lose rows in silence:

- A read ended early. Pages that came newest first have moved the cursor past rows that never came; so does a
  child whose siblings failed. Such a cursor is put back: the next run asks for everything again.
- A read came to its end and rows may be missing, as where a claim is not met. Its cursor is put back as
  well, unless its family appends. A cursor that moves all the same keeps the doubt in its state: what it has
  passed by never comes again, so no later run is complete until the state goes (dlt's `refresh`).
- A child, or a child's child, fell short. The next run reads children of those parents only that it asks for
  itself, so the parent's cursor is put back as well.
- A child is read for the second page of its parents. dlt binds its cursor anew, to where the children of the
  first page have moved it, and would drop older children of later parents. So a child's cursor stands still
  until the run is over.
"""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from restmill.events import CursorHeld, Doubted, LeftOut, Noted, PageRead, ReadDone, ReadFailed
from restmill.load.extract.watermark import Watermark, watermark
from restmill.plan.notes import LAGGING, appends, shared
from restmill.plan.spec import Resource
from restmill.run.observers import tell
from restmill.shape.collation import Collation

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from dlt.extract import Incremental

    from restmill.events import Event
    from restmill.path import Json
    from restmill.plan.spec import Plan

    State = MutableMapping[str, Any]

_DOUBTS = "restmill_doubts"
"""Beside dlt's keys in a cursor's state: by resource, why rows that the cursor has passed may be missing."""
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
    told: bool = False

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
        elif self._later(best["last_value"], now):
            self.reached = deepcopy(self.state)

    def _later(self, best: Json, now: Json) -> bool:
        choose = self.incremental.last_value_func or max
        if choose in (max, min):  # as `Watermark` compares
            collation = Collation()
            collation.learn([best, now])
            best, now = collation.reading(best), collation.reading(now)
        return bool(choose((best, now)) == now)

    def put(self, state: State) -> None:
        """Make dlt's state equal to `state`; the mapping itself is shared with dlt's objects."""
        self.state.clear()
        self.state.update(deepcopy(state))


class Cursors:
    """The cursors of one source; also the observer that learns which reads fell short."""

    def __init__(self, plan: Plan) -> None:
        planned = [one for one in plan.resources if isinstance(one, Resource)]
        self._parents = {one.name: one.parent.resource for one in planned if one.parent is not None}
        self._appending = {one.name for one in planned if appends(one.hints)}
        self._isolating = {one.name for one in planned if one.on_error == "isolate"}
        self._bound: dict[str, Incremental[Any]] = {}
        self._held: dict[str, _Held] = {}
        self._short: set[str] = set()
        self._lost: set[str] = set()
        """Those of which records were left out, wherever these stand in their order."""
        self._doubts: dict[str, str] = {}
        """Why rows of those may be missing that were read to their end."""
        self._enough: set[str] = set()
        self._over: set[str] = set()

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
            case ReadDone(resource, doubt=doubt) if doubt:
                self._doubts.setdefault(resource, doubt)
                if not self._appends_near(resource):
                    self._short.add(resource)
            case _:
                pass
        tell(event)

    def leave_out(self, name: str, rows: int, why: str) -> None:
        """Records of `name` do not reach their table; its cursor stays, even where it has moved already."""
        self._short.add(name)
        self._lost.add(name)
        tell(LeftOut(name, time.monotonic(), rows, why))
        if name in self._over:
            self.settle(name)

    def begin(self, name: str) -> None:
        """A top-level read begins: forget what an earlier run of the same source has left."""
        for one in (name, *self._below(name)):
            self._held.pop(one, None)
            self._short.discard(one)
            self._lost.discard(one)
            self._doubts.pop(one, None)
            self._enough.discard(one)
            self._over.discard(one)

    def hold(self, name: str, incremental: Incremental[Any] | None) -> None:
        """Know the cursor of a read that begins; the first time in a run is its start."""
        if incremental is None:
            return
        self._bound[name] = watermark(incremental)
        if isinstance(incremental, Watermark) and name in self._isolating:
            incremental.isolate_records()
        if incremental.end_value is not None:  # then dlt keeps no state
            return
        state = incremental.get_state()
        if isinstance(incremental, Watermark):
            incremental.call_when_written(partial(self._again, name))
        if name not in self._held:
            self._held[name] = _Held(incremental, state, deepcopy(state))  # type: ignore[arg-type]  # a TypedDict
            self._note(name, incremental, state["last_value"])
            for one, why in self._held[name].start.get(_DOUBTS, {}).items():
                tell(Doubted(one, time.monotonic(), f"the cursor has passed rows that may be missing: {why}"))
        elif name in self._parents:
            self._from_start(self._held[name], incremental)

    @staticmethod
    def _from_start(held: _Held, incremental: Incremental[Any]) -> None:
        """Bind a child's cursor once more where its other parents have moved it since it was put back.

        dlt may resume, and end, the parent's read before it binds the children of the last page.
        """
        if held.state["last_value"] != held.start["last_value"]:
            held.fold()
            held.put(held.start)
            incremental.bind(incremental._bound_pipe)  # noqa: SLF001  # dlt does so itself for each parent

    def _note(self, name: str, incremental: Incremental[Any], last: Json) -> None:
        """Say what this run will not read, or will read twice, because of how the cursor is used."""
        if last is None or last == incremental.initial_value:
            return
        if name in self._parents:
            text = f"{shared(self._parents[name])}: they are read from {last} on"
            tell(Noted(name, time.monotonic(), text))
        if incremental.lag and name in self._appending:
            tell(Noted(name, time.monotonic(), LAGGING))

    def rewind(self, name: str) -> None:
        """A page of `name` is about to be handed on: dlt will bind the cursors of its children."""
        for held in self._known(self._below(name)):
            held.fold()
            held.put(held.start)

    def closed(self, name: str) -> None:
        """Dlt closes a read of `name`: is it because rows in `row_order` have left the cursor's range?

        The page that it was closed for is still on its way; the cursor is written once more.
        """
        self._over.add(name)
        if name in self._bound and self._bound[name].can_close():
            self._enough.add(name)

    def _may_end_early(self, name: str) -> bool:
        return name in self._bound and self._bound[name].row_order is not None

    def settle(self, name: str) -> None:
        """A read of `name` is over: its cursor, and those below, move or are put back.

        So are those above it that are over: dlt may end a parent's read before its last children are read.
        """
        self._over.add(name)
        above = [one for one in self._line(name)[1:] if one in self._over]
        for one in (name, *self._below(name), *above):
            self._move(one)

    def _again(self, name: str) -> None:
        """The cursor of `name` was written: perhaps after its read, or by one of several bindings."""
        if name in self._parents:
            self._held[name].fold()
        near = {name, *self._below(name)}
        if name in self._over and (
            name in self._lost or self._below_short(name) or near & self._doubts.keys()
        ):
            self._move(name)

    def _move(self, name: str) -> None:
        held = self._held.get(name)
        if held is None:
            return
        held.fold()
        assert held.reached is not None
        why = self._why_not(name, held)
        if not why:
            held.put(held.reached)
            if held.reached["last_value"] != held.start["last_value"]:
                self._remember_doubts(name, held.state)
        elif held.reached != held.start:
            held.put(held.start)
            if not held.told:
                tell(CursorHeld(name, time.monotonic(), why))
            held.told = True

    def _remember_doubts(self, name: str, state: State) -> None:
        """The cursor has moved: let the next runs know what it may have passed by."""
        found = {one: self._doubts[one] for one in (name, *self._below(name)) if one in self._doubts}
        if found:
            state[_DOUBTS] = {**found, **state.get(_DOUBTS, {})}

    def _why_not(self, name: str, held: _Held) -> str:
        """Why the cursor must stay; "" when it may move."""
        below = self._below_short(name)
        if below and self._is_doubted(below[0]):
            return f"rows of `{below[0]}` may be missing"
        if below:
            return f"`{below[0]}` could not be read for all rows of `{self._parents[below[0]]}`"
        if any(one in self._lost for one in self._line(name)):
            return "records were left out"
        in_order = name not in self._parents and held.incremental.row_order == "asc"
        short = any(one in self._short for one in self._line(name))
        if in_order or not short:
            return ""
        doubted = self._is_doubted(name)
        return "rows before it may be missing" if doubted else "not everything before it was read"

    def _is_doubted(self, name: str) -> bool:
        """Whether cursors are put back because rows of `name`, read to its end, may be missing."""
        return name in self._doubts and not self._appends_near(name)

    def _appends_near(self, name: str) -> bool:
        """Whether the resource, or one of its family, appends: what is read again would double there.

        A claim that is never met would keep such rows out of their table for good, so their cursor moves on.
        """
        root = self._line(name)[-1]
        return not self._appending.isdisjoint((root, *self._below(root)))

    def _below_short(self, name: str) -> list[str]:
        return [one for one in self._below(name) if one in self._short]

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
