"""The second look: rows that seem to have vanished are looked for in a fresh read before any of them goes.

A list of several pages is read at several moments. A row may move from a page that is still to come to one
that was read, and another may come meanwhile, so that the server's total is met without it. A second read
would have to lose the same row again; and where it finds one, the first read is known to be no proof.

It goes through the run's own session, so through its budget, breaker and logins, and the records through the
config's own steps. Nothing is loaded and no cursor moves: of the records only the keys are looked at. Of a
child only the lists of those parents are read whose rows are looked for.

No function among the response actions is called for it. So where one has made something else of an answer,
there is no such read: without the function the records are others, and rows that live would seem to be gone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from restmill.errors import is_interruption
from restmill.events import HostHalted, StageBegan, Waiting
from restmill.load.delete_missing.keys import Incomparable, columns_of, finder
from restmill.load.prepare.custom_objects import hooks_of, silenced
from restmill.load.receipt.open_receipt import failure_of
from restmill.plan.spec import Resource
from restmill.run.observers import tell, watching_alone
from restmill.run.receipt.receipt import Ledger
from restmill.run.receipt.scope import AllBut, Lineage, Only, Whole, ancestors
from restmill.run.receipt.with_parents import seen_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dlt.common.normalizers.naming import NamingConvention
    from dlt.extract import DltSource

    from restmill.events import Event, Observer
    from restmill.load.delete_missing.keys import Columns, Key
    from restmill.load.destination.rows import Condition, Rows
    from restmill.path import Json
    from restmill.plan.spec import Parent, Plan
    from restmill.run.receipt.receipt import Evidence
    from restmill.run.receipt.scope import Scope

_REWORDED = "a response action changes the answers, and is called for the run's own reads only"


@dataclass(frozen=True, slots=True)
class Sought:
    """The rows of one resource that seem to have vanished."""

    resource: Resource
    key: Columns
    rows: frozenset[Key]
    parent: Columns | None = None
    """A child's columns with the values of its parent, in the order of `Deletion.parent_fields`.

    None: rows are not told apart by parent.
    """
    parents: frozenset[Key] = frozenset()
    """Whose rows they are."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the second look saw of one resource's rows."""

    alive: int = 0
    """How many of them the API has all the same."""
    why: str = ""
    """Why the look proves nothing of the others; "" when they are not in the API."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The outcome, by resource."""

    sights: Mapping[str, Sight]
    requests: Mapping[str, int]
    """Sent for each resource that was read again, parents of the children among them, too."""


def sought_in(table: Rows, resource: Resource, parts: Sequence[Condition]) -> Sought:
    """The keys of rows that meet any of the conditions, and of their parents where the rows tell them.

    Raises:
        Incomparable: a key is of a type that cannot be compared for sure.
    """
    assert resource.deletion is not None
    key = columns_of(table, table.key)
    named = [table.named(one) for one in resource.deletion.parent_fields.values()]
    found = [values for part in parts for values in table.values((*key.names, *named), *part)]
    own = len(key.names)
    rows = frozenset(key.key(values[:own]) for values in found)
    try:
        parent = columns_of(table, named) if named else None
        parents = frozenset(parent.key(values[own:]) for values in found) if parent else frozenset()
    except Incomparable:
        parent, parents = None, frozenset()
    return Sought(resource, key, rows, parent, parents)


def look(source: DltSource, plan: Plan, sought: Sequence[Sought], observer: Observer) -> Looked:
    """Read the resources of `sought` again and look for their rows. `observer` is told of waits only."""
    unseen = {one.resource.name: Sight(why=_REWORDED) for one in sought if _reworded(plan, one.resource)}
    sought = [one for one in sought if one.resource.name not in unseen]
    if not sought:
        return Looked(unseen, {})
    tell(StageBegan("", time.monotonic(), "look"))
    ledger, lineage = Ledger(), Lineage(plan)
    again = source.with_resources(*(one.resource.name for one in sought))
    eyes = {one.resource.name: _Eye(one, source.schema.naming) for one in sought}
    for name, eye in eyes.items():
        again.resources[name].add_map(eye)
    for parent, wanted in _narrowed(plan, sought):  # after the eyes, which see every record
        again.resources[parent].add_filter(wanted)
    failed = ""
    with watching_alone(ledger, lineage, _waits_only(observer)), silenced(plan):
        try:
            for _ in again:
                pass
        except Exception as error:  # whatever it is, the load has gone well and the rows stay
            if is_interruption(error):
                raise
            failed = failure_of(error).what
    seen = seen_of(ledger, plan)
    sights = {name: _sight(eye, lineage, seen, failed) for name, eye in eyes.items()}
    return Looked(sights | unseen, {name: one.requests for name, one in seen.items() if one.requests})


def _reworded(plan: Plan, resource: Resource) -> bool:
    """Whether a function of the user's has made other answers of those that its rows were read from."""
    line = {resource.name, *ancestors(plan, resource)}
    planned = (one for one in plan.resources if isinstance(one, Resource) and one.name in line)
    return any(hook.changed for one in planned for hook in hooks_of(one))


class _Eye:
    """A step at the end of a resource's own: sees each record, and hands it on as it is."""

    def __init__(self, sought: Sought, naming: NamingConvention) -> None:
        self.sought = sought
        self.found: set[Key] = set()
        self.why = ""
        self._values = finder(sought.key.names, naming)

    def __call__(self, record: Json) -> Json:
        try:
            key = self.sought.key.key(self._values(record))
        except Incomparable as error:
            self.why = self.why or str(error)
        else:
            if key in self.sought.rows:
                self.found.add(key)
        return record


def _sight(eye: _Eye, lineage: Lineage, seen: Mapping[str, Evidence], failed: str) -> Sight:
    sought = eye.sought
    if eye.found:
        return Sight(alive=len(eye.found))
    own = seen[sought.resource.name]
    if failed or eye.why:
        return Sight(why=failed or eye.why)
    scope = lineage.scope(sought.resource, seen)
    if isinstance(scope, str):
        return Sight(why=scope if own.verdict == "complete" else f"{scope}: {own.reason}")
    if not _covers(scope, sought):
        return Sight(why="not every parent's list was read to its end again")
    empty = sought.resource.parent is None and not own.rows
    return Sight(why="no row came" if empty else "")


def _covers(scope: Scope, sought: Sought) -> bool:
    """Whether a scope has all parents of the rows in it, be they read again or gone."""
    match scope:
        case Whole():
            return True
        case Only(parents) | AllBut(parents):
            if sought.parent is None:
                return False
            try:
                known = {sought.parent.key(one) for one in parents}
            except Incomparable:
                return False
            return sought.parents <= known if isinstance(scope, Only) else sought.parents.isdisjoint(known)
        case _:
            assert_never(scope)


def _narrowed(plan: Plan, sought: Sequence[Sought]) -> Iterator[tuple[str, Callable[[Json], bool]]]:
    """For each parent, which of its records are to be read for: those whose rows are looked for.

    All of them, where what hangs on the parent does not tell whose it is, or is itself a parent here.
    """
    above = [(one, ancestors(plan, one.resource)) for one in sought]
    for parent in dict.fromkeys(line[0] for _, line in above if line):
        below = [(one, line) for one, line in above if parent in line]
        if all(line[0] == parent and one.parent is not None for one, line in below):
            yield parent, _wanted([one for one, _ in below])


def _wanted(children: Sequence[Sought]) -> Callable[[Json], bool]:
    def wanted(record: Json) -> bool:
        return any(_is_parent(one, record) for one in children)

    return wanted


def _is_parent(child: Sought, record: Json) -> bool:
    """Whether a record is the parent of rows that are looked for; one that cannot be compared may be."""
    parent, columns = child.resource.parent, child.parent
    assert parent is not None
    assert columns is not None
    try:
        return columns.key(_bound(child, parent, record)) in child.parents
    except Incomparable:
        return True


def _bound(child: Sought, parent: Parent, record: Json) -> list[Json]:
    """What the record binds to the placeholders, in the order of the columns."""
    assert child.resource.deletion is not None
    return [parent.fields[name].first(record) for name in child.resource.deletion.parent_fields]


def _waits_only(observer: Observer) -> Observer:
    """The run's observer, without what it would take for the run's own reads."""

    def told(event: Event, /) -> None:
        if isinstance(event, Waiting | HostHalted):
            observer(event)

    return told
