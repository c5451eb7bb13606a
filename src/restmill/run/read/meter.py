"""The account of one read: what it may still spend, what it has spent, and what was said about it.

A read is one pass over its list, or several when it is repaired. They share an account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.events import Doubted, Noted, PageRead, RowsNoted

if TYPE_CHECKING:
    from restmill.events import Observer
    from restmill.run.clock import Clock
    from restmill.run.read.spec import Order
    from restmill.shape.encoding import Recoded


class Account:
    """Pages, requests and rows of one read, within its bounds; also its voice."""

    def __init__(self, order: Order, clock: Clock, observer: Observer) -> None:
        self.resource = order.terms.resource
        self.rows = self.pages = self.requests = 0
        self._bounds = order.bounds
        self._taken = order.taken
        self._clock = clock
        self._tell = observer
        self._began = clock.now()
        self._notes: set[str] = set()
        self._mended = self._replaced = self._lost = 0

    @property
    def stamp(self) -> tuple[str, float]:
        """What every event begins with: the resource, and now."""
        return self.resource, self._clock.now()

    @property
    def room(self) -> int | None:
        """Pages that may still be asked for; None: no bound."""
        return None if self._bounds.pages is None else max(0, self._bounds.pages - self.pages)

    @property
    def ahead(self) -> int | None:
        """Pages that may be asked for at once; None: no bound."""
        taken = None if self._taken is None else self._taken.ahead(self.pages, self.rows)
        bounds = [bound for bound in (self.room, taken) if bound is not None]
        return min(bounds, default=None)

    @property
    def left(self) -> float | None:
        """Seconds that the read may still take; None: no bound."""
        seconds = self._bounds.seconds
        return None if seconds is None else max(0.0, self._began + seconds - self._clock.now())

    def over(self) -> str:
        """Which bound is reached, with numbers; "" when none is."""
        if self.room == 0:
            bound = f"`max_pages: {self._bounds.pages}` is reached"
        elif self.left == 0:
            bound = f"`max_duration: {self._bounds.seconds:g}` seconds are over"
        else:
            return ""
        return f"{bound}: {self.pages:,} pages and {self.rows:,} rows were read"

    def page(self, rows: int, size: int, seconds: float, total: int | None) -> None:
        """Enter a page of which `rows` records are handed on."""
        self.pages += 1
        self.rows += rows
        self._tell(PageRead(*self.stamp, self.pages, rows, size, seconds, total))

    def spelt(self, text: Recoded | None) -> None:
        """Enter how a page's text was read from its bytes."""
        if text is None:
            return
        if text.encoding:
            self.note(f"text is read as {text.encoding}; `encoding` reads it otherwise")
        if text.denied:
            read = "text is read as the UTF-8 that it is; `encoding` reads it otherwise"
            self.note(f"{text.denied} is declared, but {read}")
        self._mended += bool(text.replaced)
        self._replaced += text.replaced
        self._lost += text.lost

    def close(self) -> None:
        """Say at the end what was counted."""
        if self._replaced:
            characters = f"{self._replaced:,} character{'s' if self._replaced > 1 else ''}"
            pages = f"{self._mended:,} page{'s' if self._mended > 1 else ''}"
            told = f"{characters} in {pages} could not be read and became U+FFFD"
            self.note(f"{told}; `encoding` says what the bytes are, if they are not UTF-8")
        if self._lost:
            texts = f"{self._lost:,} text{'s' if self._lost > 1 else ''}"
            self._tell(Doubted(*self.stamp, f"of {texts} not one character could be read"))

    def left_out(self, rows: int, text: str) -> None:
        """Count rows that are left out; `text` goes on after "3 rows "."""
        self._tell(RowsNoted(*self.stamp, rows, text))

    def note(self, text: str) -> None:
        """Say something once."""
        if text and text not in self._notes:
            self._notes.add(text)
            self._tell(Noted(*self.stamp, text))
