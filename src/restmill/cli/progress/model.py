"""What a run looks like right now, kept from its events.

The engine's thread feeds it, the drawing thread asks for a `Picture`; a lock stands between. The model knows
no terminal and reads no clock: whoever asks says what time it is, on the clock that stamped the events.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from restmill import events
from restmill.errors import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restmill.events import Event

State: TypeAlias = Literal["queued", "reading", "done", "short", "failed"]
"""`short`: every read ended, but one for a reason that proves nothing."""

_WINDOW = 5.0
"""Seconds of the past that a rate speaks of: shorter jumps about, longer lags behind."""
_SOONEST = 0.5
"""Seconds before a rate is worth showing."""


@dataclass(frozen=True, slots=True)
class Line:
    """One resource at one moment. Times in seconds."""

    resource: str
    state: State
    rows: int = 0
    pages: int = 0
    reads: int = 0
    reads_done: int = 0
    retries: int = 0
    total: int | None = None
    """Rows the server claims, while that can still be true."""
    seconds: float = 0.0
    rate: float | None = None
    """Rows per second of late; None while nothing can be said."""
    eta: float | None = None
    """Seconds to go at that rate, when the total is known."""
    retry_in: float = 0.0
    """Seconds until the attempt that is waited for; 0 when none is."""
    why: str = ""
    """What the retry, or the bad end, is due to."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A host that is not asked for another `left` seconds; all its resources wait together."""

    host: str
    left: float
    why: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole run at one moment."""

    lines: tuple[Line, ...]
    holds: tuple[Hold, ...]
    halted: tuple[str, ...]
    """`host: why`, one for each host whose breaker is open."""
    stage: str = ""
    """`extract`, `normalize` or `load`, as dlt calls them; "" before the first."""
    stage_seconds: float = 0.0
    """Seconds in that stage."""

    @property
    def rows(self) -> int:
        """Rows of all resources together."""
        return sum(line.rows for line in self.lines)


@dataclass(slots=True)
class _Track:
    """The running state of one resource."""

    started: float | None = None
    ended: float = 0.0
    rows: int = 0
    pages: int = 0
    reads: int = 0
    reads_done: int = 0
    retries: int = 0
    total: int | None = None
    trouble: State | None = None
    why: str = ""
    retry_at: float = 0.0
    retry_why: str = ""
    samples: deque[tuple[float, int]] = field(default_factory=deque)


class Progress:
    """An observer that keeps the picture. Safe to feed and to ask from different threads."""

    def __init__(self, resources: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._tracks = {name: _Track() for name in resources}
        self._holds: dict[str, tuple[float, str]] = {}
        self._halted: dict[str, str] = {}
        self._stage = ("", 0.0)

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        with self._lock:
            match event:
                case events.HostHalted(host=host, why=why):
                    self._halted[host] = why
                case events.Waiting(at=at, host=host, wait=wait, why=why):
                    self._holds[host] = (at + wait, why)
                case events.StageBegan(at=at, stage=stage):
                    self._stage = (stage, at)
                case _ if event.resource:
                    _enter(self._tracks.setdefault(event.resource, _Track()), event)
                case _:
                    return  # a note on the run as a whole draws nothing

    def picture(self, now: float) -> Picture:
        """Everything as it stands at `now`, resources in the order they were declared or first seen."""
        with self._lock:
            lines = tuple(_line(name, track, now) for name, track in self._tracks.items())
            holds = tuple(
                Hold(host, until - now, why) for host, (until, why) in self._holds.items() if until > now
            )
            halted = tuple(f"{host}: {why}" for host, why in self._halted.items())
            stage, since = self._stage
        return Picture(lines, holds, halted, stage, now - since if stage else 0.0)


def _enter(track: _Track, event: Event) -> None:
    match event:
        case events.ReadStarted(at=at):
            track.reads += 1
            if track.started is None:
                track.started = at
                track.samples.append((at, 0))
        case events.PageRead(at=at, rows=rows, total=total):
            track.rows += rows
            track.pages += 1
            track.total = total or track.total  # some servers say 0 past the end
            track.retry_at = 0.0
            _sample(track, at)
        case events.Retrying(at=at, wait=wait, why=why):
            track.retries += 1
            track.retry_at, track.retry_why = at + wait, why
        case events.ReadDone(at=at, complete=complete, reason=reason):
            _end(track, at, None if complete else "short", reason)
        case events.ReadFailed(at=at, error=error):
            _end(track, at, "failed", sentence(error))
        case _:
            return  # notes are the receipt's business


def _end(track: _Track, at: float, trouble: State | None, why: str) -> None:
    track.reads_done += 1
    track.ended = max(track.ended, at)
    track.retry_at = 0.0
    if trouble is not None and track.trouble != "failed":
        track.trouble, track.why = trouble, why


def _sample(track: _Track, at: float) -> None:
    track.samples.append((at, track.rows))
    while len(track.samples) > 2 and track.samples[1][0] <= at - _WINDOW:
        track.samples.popleft()


def _line(name: str, track: _Track, now: float) -> Line:
    state = _state(track)
    until = now if state == "reading" else track.ended
    seconds = 0.0 if track.started is None else until - track.started
    rate = _rate(track, until, whole=state != "reading")
    total = track.total if track.reads == 1 and (track.total or 0) >= track.rows else None
    eta = None
    if state == "reading" and total is not None and rate:
        eta = (total - track.rows) / rate
    return Line(
        resource=name,
        state=state,
        rows=track.rows,
        pages=track.pages,
        reads=track.reads,
        reads_done=track.reads_done,
        retries=track.retries,
        total=total,
        seconds=seconds,
        rate=rate,
        eta=eta,
        retry_in=max(0.0, track.retry_at - now),
        why=track.retry_why if track.retry_at > now else track.why,
    )


def _state(track: _Track) -> State:
    if track.started is None:
        return "queued"
    if track.reads_done < track.reads:
        return "reading"
    return track.trouble or "done"


def _rate(track: _Track, until: float, *, whole: bool) -> float | None:
    """Rows per second: of late while reading, over the whole read when it is over."""
    if track.started is None or not track.rows:
        return None
    since, before = (track.started, 0) if whole else track.samples[0]
    if until - since < _SOONEST:
        return None
    return (track.rows - before) / (until - since)
