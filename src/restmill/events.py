"""What happens in a run, as frozen values. Progress, logs, receipts and tests all read the same events.

An event says what happened, never what to do. It holds no secret, no header and no body, so any observer may
print it. Times are seconds; `at` is the run clock's monotonic reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Basis: TypeAlias = Literal["", "page", "declared", "count", "end", "total"]
"""What a complete read rests on, weakest first; "" when it is not complete.

`total`: distinct records meet a total that the server states. `end`: the server said that nothing follows, or
was asked behind the last page and had nothing. `count`: as many pages, or as many records that nothing tells
apart, as the server counts. `declared`: a rule or a paginator of the config's own ended it. `page`: one page,
and nothing in it pointed to another.
"""


@dataclass(frozen=True, slots=True)
class Event:
    """Anything that happens to one resource; `resource` is "" for the run as a whole."""

    resource: str
    at: float


@dataclass(frozen=True, slots=True)
class StageBegan(Event):
    """The run enters a stage: `extract` (reading the API), `normalize` or `load` (dlt's own work), `look`.

    `look` is the second look at rows that seem to have vanished; its reads are told to nobody.
    """

    stage: str


@dataclass(frozen=True, slots=True)
class ReadStarted(Event):
    """A read of the resource begins; a child resource has one for every parent row."""

    target: str
    """METHOD and URL, without the query string."""


@dataclass(frozen=True, slots=True)
class Sent(Event):
    """A request leaves for its host; retries, redirects and requests past the end do, too."""


@dataclass(frozen=True, slots=True)
class PageRead(Event):
    """A page was received, decoded and accepted, in request order."""

    number: int
    """1 for the first page of its read."""
    rows: int
    size: int
    """Bytes of the body as decoded."""
    seconds: float
    """From sending to the last byte of the successful attempt."""
    total: int | None
    """Rows the server claims to hold, when it says so."""


@dataclass(frozen=True, slots=True)
class Retrying(Event):
    """An attempt failed and will be made again after `wait` seconds."""

    attempt: int
    """The attempt that failed, from 1."""
    wait: float
    why: str


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """A request is held back: the host's budget is spent until `at + wait`."""

    host: str
    wait: float
    why: str


@dataclass(frozen=True, slots=True)
class Noted(Event):
    """Something was inferred or observed that the user should know: a capped page, a detected selector."""

    text: str


@dataclass(frozen=True, slots=True)
class RowsNoted(Event):
    """A note on some rows; those of one text are counted together."""

    rows: int
    text: str
    """What goes on after "3 rows ": `left out by the cursor: before its value`."""
    example: str = ""
    """What the first of them showed."""


@dataclass(frozen=True, slots=True)
class Doubted(Event):
    """Rows may be missing or double for a reason that shows only after the read: it is suspect at best."""

    text: str


@dataclass(frozen=True, slots=True)
class CursorHeld(Event):
    """The cursor of incremental loading stays where it was: the next run reads the same again."""

    why: str


@dataclass(frozen=True, slots=True)
class Quarantined(Event):
    """Records could not become rows and are kept in a table of their own, with the reasons."""

    rows: int
    table: str
    """The table they are kept in."""


@dataclass(frozen=True, slots=True)
class LeftOut(Event):
    """Records that cannot be used did not reach the table: the resource is partial."""

    rows: int
    why: str
    """What goes on after "3 records left out: "."""


@dataclass(frozen=True, slots=True)
class HostHalted(Event):
    """The breaker opened: no further request leaves for this host."""

    host: str
    why: str


@dataclass(frozen=True, slots=True)
class ReadDone(Event):
    """A read ended; `reason` is the pager's own, `complete` what that reason proves."""

    rows: int
    pages: int
    complete: bool
    reason: str
    distinct: int | None = None
    """Rows that differ, by the primary key where the resource has one; None: not counted."""
    doubt: str = ""
    """Why rows may be missing or double though the end was reached; "" when nothing says so."""
    basis: Basis = ""
    """What `complete` rests on; "" with a doubt, or when it is not complete."""
    divided: str = ""
    """The parent's field whose value holds a `/` and so divides the path; "" when none does."""
    unlikely: str = ""
    """A value of the parent that hardly names a thing: "`code` is `false`"; "" when none is."""


@dataclass(frozen=True, slots=True)
class ReadFailed(Event):
    """A read ended in an error; the text is the error's own."""

    rows: int
    pages: int
    error: str


@dataclass(frozen=True, slots=True)
class ParentDone(Event):
    """The child read for one parent record was handed on whole, or has ended early."""

    values: Mapping[str, object]
    """Placeholder -> the parent's value for it; empty where its record lacks one."""
    basis: Basis = ""
    """What its completeness rests on; "" when it failed, or is not proven."""


class Observer(Protocol):
    """Anything that wants to know. Called on the engine's thread: return quickly, never raise."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""


def ignore(event: Event, /) -> None:
    """The observer that does nothing."""
