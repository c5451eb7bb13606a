"""The receipt: what a run can prove, per resource, from the events alone.

A ledger listens to a run and keeps the evidence; a verdict is drawn from it afterwards and never from a
feeling: `complete` needs every read of the resource to have ended for a reason that proves its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never, get_args

from restmill import events
from restmill.errors import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from restmill.events import Basis, Event

Verdict: TypeAlias = Literal["complete", "suspect", "partial"]
_BASES: tuple[events.Basis, ...] = get_args(events.Basis)  # weakest first
VERDICTS: tuple[Verdict, ...] = ("complete", "suspect", "partial")
"""From the best to the worst."""
_NOTES = (
    events.Noted | events.RowsNoted | events.Doubted | events.CursorHeld | events.Quarantined | events.LeftOut
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of one resource. Times in seconds, sizes in bytes of decoded bodies."""

    resource: str
    verdict: Verdict
    reason: str
    rows: int = 0
    pages: int = 0
    reads: int = 0
    """1 for a top-level resource, one for each parent row for a child."""
    retries: int = 0
    waited: float = 0.0
    size: int = 0
    total: int | None = None
    """Rows the server claims, when it says so and there was one read."""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    distinct: int | None = None
    """Rows that differ, counted in each read for itself; None when some read was not counted."""
    requests: int = 0
    """Sent, with retries, redirects and requests past the end."""
    withheld: bool = False
    """Nothing of it was loaded: it would have replaced its table in part, or be appended twice."""
    basis: Basis = ""
    """What `complete` rests on: of several reads, the weakest; "" for any other verdict."""
    deleted: int = 0
    """Rows deleted or marked because the API no longer has them."""
    second_look: int = 0
    """Requests of the second look at rows that seemed to have vanished; they are not among `requests`."""
    quarantined: int = 0
    """Records that could not become rows; they are in `<table>__quarantine`, with the reasons."""

    @property
    def once(self) -> int:
        """The rows without those that came twice, where a total shows that this is all there are."""
        met = self.verdict == "complete" and self.distinct == self.total
        return self.distinct if met and self.distinct is not None else self.rows


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed as a whole; the fields of the error without its traceback, and without secrets."""

    kind: str
    """The error's class."""
    where: str
    what: str
    got: str = ""
    hint: str = ""
    exit_code: int = 1


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier run had read and not loaded, and this one loaded first."""

    load_id: str
    """dlt's own: the value of `_dlt_load_id` in its rows."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """By root table; empty where the destination cannot be asked."""

    def __str__(self) -> str:
        tables = ", ".join(f"{rows:,} of {table}" for table, rows in self.rows.items())
        return f"loaded first, left by an earlier run: {tables or 'package ' + self.load_id}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The evidence of one run, whether it went well or not."""

    pipeline: str
    destination: str
    dataset: str
    started: str
    """ISO 8601, UTC."""
    seconds: float
    resources: tuple[Evidence, ...]
    location: str = ""
    """Where the destination is, when that can be said (the DuckDB file)."""
    tables: tuple[str, ...] = ()
    """The root tables that hold rows, by the names dlt gave them."""
    run_id: str = ""
    """When it began and a few letters of chance: `20261125T093358.120Z-3f9a1c`."""
    error: Failure | None = None
    """Why nothing was loaded, or not everything; None for a run that came to its end."""
    load_ids: tuple[str, ...] = ()
    """dlt's own: the values of `_dlt_load_id` in rows of this run."""
    earlier: tuple[Earlier, ...] = ()
    """Packages of earlier runs that this one loaded first; their rows are in no evidence here."""
    config_digest: str = ""
    """Equal for runs whose plans are described in the same words; made without any secret."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of restmill, dlt, Python and the destination's driver."""

    @property
    def verdict(self) -> Verdict:
        """The worst of the resources' verdicts; `partial` for a run that failed as a whole."""
        if self.error is not None:
            return VERDICTS[-1]
        return max((one.verdict for one in self.resources), key=VERDICTS.index, default="complete")

    @property
    def exit_code(self) -> int:
        """0: all complete. 3: loaded, but incomplete or doubtful. 4: the API failed and nothing came.

        Of a run that failed as a whole it is the error's.
        """
        if self.error is not None:
            return self.error.exit_code
        if self.verdict == "complete":
            return 0
        failed = all(evidence.errors for evidence in self.resources)
        return 4 if failed and not any(evidence.rows for evidence in self.resources) else 3


@dataclass(slots=True)
class _Tally:
    """The running sums of one resource."""

    started: float = 0.0
    ended: float = 0.0
    rows: int = 0
    pages: int = 0
    reads: int = 0
    done: int = 0
    requests: int = 0
    retries: int = 0
    waited: float = 0.0
    size: int = 0
    total: int | None = None
    distinct: int | None = 0
    open_ends: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    bases: set[Basis] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    quarantined: int = 0
    quarantine: str = ""
    counted: dict[str, tuple[int, str]] = field(default_factory=dict)
    suspicions: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    held: bool = False
    divided: list[str] = field(default_factory=list)
    """For each read without rows whose path a parent's value divides, the field of that value."""
    unlikely: list[str] = field(default_factory=list)
    """For each read without rows for a value that hardly names a thing, what that is."""
    likely: int = 0
    """Reads for other values."""
    joined: bool = False
    """Whether such a read has brought rows, so that the server understands it."""


class Ledger:
    """An observer that keeps the evidence. Fed on the engine's thread, read when the run is over."""

    def __init__(self) -> None:
        self._tallies: dict[str, _Tally] = {}
        self._sealed = False

    def seal(self) -> None:
        """Everything has been read: only notes are entered from now on.

        A second look reads again, and a read of it that is cut short may end late.
        """
        self._sealed = True

    def __call__(self, event: Event, /) -> None:
        """Enter one event."""
        if not self._sealed or isinstance(event, events.Noted | events.Quarantined):
            self._enter(event)

    def suspicion(self, resource: str) -> str:
        """What makes a resource suspect whatever its reads say, and without any; "" for nothing."""
        tally = self._tallies.get(resource)
        return "; ".join(dict.fromkeys(tally.suspicions)) if tally else ""

    def _enter(self, event: Event) -> None:
        tally = self._tallies.setdefault(event.resource, _Tally(started=event.at))
        tally.ended = max(tally.ended, _busy_until(event))
        match event:
            case events.ReadStarted():
                tally.reads += 1
            case events.PageRead() as page:
                _enter_page(tally, page)
            case events.Sent() | events.Retrying() | events.Waiting():
                _enter_effort(tally, event)
            case events.Noted() | events.RowsNoted() | events.Doubted() | events.CursorHeld():
                _enter_note(tally, event)
            case events.Quarantined() | events.LeftOut():
                _enter_refused(tally, event)
            case events.ReadDone() as done:
                _enter_end(tally, done)
            case events.ReadFailed(error=error):
                tally.done += 1
                tally.distinct = None
                tally.errors.append(error)
            case _:
                pass

    def held(self) -> frozenset[str]:
        """The resources whose cursor stays, so that the next run reads the same again."""
        return frozenset(name for name, tally in self._tallies.items() if tally.held)

    def evidence(self, resources: Iterable[str]) -> tuple[Evidence, ...]:
        """What was seen of each of `resources`, in their order, with its verdict."""
        return tuple(_evidence(name, self._tallies.get(name, _Tally())) for name in resources)


def _busy_until(event: Event) -> float:
    """When the resource was last at work; a note may come long after its reads."""
    return 0.0 if isinstance(event, _NOTES) else event.at


def _enter_refused(tally: _Tally, event: events.Quarantined | events.LeftOut) -> None:
    match event:
        case events.Quarantined(rows=rows, table=table):
            tally.quarantined += rows
            tally.quarantine = table
        case events.LeftOut(rows=rows, why=why):
            tally.left_out[why] = tally.left_out.get(why, 0) + rows


def _enter_note(
    tally: _Tally, event: events.Noted | events.RowsNoted | events.Doubted | events.CursorHeld
) -> None:
    match event:
        case events.Noted(text=text):
            tally.notes.append(text)
        case events.RowsNoted(rows=rows, text=text, example=example):
            before, first = tally.counted.get(text, (0, ""))
            tally.counted[text] = before + rows, first or example
        case events.Doubted(text=text):
            tally.suspicions.append(text)
        case events.CursorHeld(why=why):
            tally.held = True
            tally.notes.append(f"the cursor stays: {why}")
        case _:
            assert_never(event)


def _notes(tally: _Tally) -> Iterator[str]:
    yield from tally.notes
    for text, (rows, example) in tally.counted.items():
        such = f" ({example})" if example else ""
        yield f"{rows:,} {'row' if rows == 1 else 'rows'} {text}{such}"


def _enter_effort(tally: _Tally, event: events.Sent | events.Retrying | events.Waiting) -> None:
    match event:
        case events.Sent():
            tally.requests += 1
        case events.Retrying():
            tally.retries += 1
        case events.Waiting(wait=wait):
            tally.waited += wait
        case _:
            assert_never(event)


def _enter_page(tally: _Tally, page: events.PageRead) -> None:
    tally.rows += page.rows
    tally.pages += 1
    tally.size += page.size
    if page.total or page.rows:  # some servers say 0 past the end; a page with rows can take a claim back
        tally.total = page.total or None


def _enter_end(tally: _Tally, done: events.ReadDone) -> None:
    tally.done += 1
    counted = tally.distinct is not None and done.distinct is not None
    tally.distinct = (tally.distinct or 0) + (done.distinct or 0) if counted else None
    (tally.reasons if done.complete else tally.open_ends).append(done.reason)
    tally.bases.add(done.basis)
    tally.joined = tally.joined or bool(done.divided and done.rows)
    tally.divided += [done.divided] if done.divided and not done.rows else []
    tally.likely += not done.unlikely
    tally.unlikely += [done.unlikely] if done.unlikely and not done.rows else []
    if done.complete and done.doubt:
        tally.doubts.append(done.doubt)


def _evidence(name: str, tally: _Tally) -> Evidence:
    verdict, reason = _verdict(tally)
    return Evidence(
        resource=name,
        verdict=verdict,
        reason=reason,
        rows=tally.rows,
        pages=tally.pages,
        reads=tally.reads,
        retries=tally.retries,
        waited=tally.waited,
        size=tally.size,
        total=tally.total if tally.reads == 1 else None,
        seconds=tally.ended - tally.started,
        notes=tuple(dict.fromkeys(_notes(tally))),
        errors=tuple(dict.fromkeys(tally.errors)),
        distinct=tally.distinct if tally.done else None,
        basis=min(tally.bases, key=_BASES.index, default="") if verdict == "complete" else "",
        requests=tally.requests,
        quarantined=tally.quarantined,
    )


def _verdict(tally: _Tally) -> tuple[Verdict, str]:
    lacking = _lacking(tally)
    if lacking:
        return "partial", lacking
    if tally.reads == 0:
        return "partial", "never read"
    if tally.done < tally.reads:
        return "partial", "stopped before the end"
    doubts = list(_doubts(tally))
    if doubts:
        return "suspect", "; ".join(doubts)
    reasons = list(dict.fromkeys(tally.reasons))
    return "complete", reasons[0] if len(reasons) == 1 else f"{tally.reads} reads, each to its end"


def _lacking(tally: _Tally) -> str:
    """Why some of it is not there; "" when nothing says so."""
    several = f" of {tally.reads} reads" if tally.reads > 1 else ""
    if tally.errors:
        which = f"{len(tally.errors)}{several} failed: " if several else ""
        return which + sentence(tally.errors[0])
    if tally.open_ends:
        which = f"{len(tally.open_ends)}{several}: " if several else ""
        return which + tally.open_ends[0]
    return "; ".join(
        f"{rows:,} record{'' if rows == 1 else 's'} left out: {why}" for why, rows in tally.left_out.items()
    )


def _doubts(tally: _Tally) -> Iterator[str]:
    if tally.doubts:
        which = f"{len(tally.doubts)} of {tally.reads} reads: " if tally.reads > 1 else ""
        yield which + tally.doubts[0]
    yield from dict.fromkeys(tally.suspicions)
    if tally.divided and not tally.joined:
        which = f"{len(tally.divided):,} of {tally.reads:,} reads" if tally.reads > 1 else "the read"
        yield (
            f"{which} found nothing, and there the value of `{tally.divided[0]}` holds a `/`, which divides "
            "the path: the server may look elsewhere, and rows may be missing (`{..!u}` is one segment)"
        )
    if tally.unlikely and tally.likely:
        yield (
            f"{len(tally.unlikely):,} of {tally.reads:,} reads found nothing, and there {tally.unlikely[0]}, "
            "which hardly names a thing: rows of what it stands for may be missing"
        )
    if tally.quarantined:
        are = "is" if tally.quarantined == 1 else "are"
        those = (
            f"of {tally.rows:,} " if tally.quarantined <= tally.rows else ""
        )  # else of an earlier run, too
        yield f"{tally.quarantined:,} {those}rows {are} in `{tally.quarantine}`"
