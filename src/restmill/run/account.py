"""The account of one read: what it may still spend, what it has spent, and what was said about it.

A read is one pass over its list, or several when it is repaired. They share an account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.events import Noted, PageRead

if TYPE_CHECKING:
    from restmill.events import Observer
    from restmill.plan.spec import Bounds
    from restmill.run.clock import Clock


class Account:
    """Pages, requests and rows of one read, within its bounds; also its voice."""

    def __init__(self, resource: str, bounds: Bounds, clock: Clock, observer: Observer) -> None:
        self.resource = resource
        self.rows = self.pages = self.requests = 0
        self._bounds = bounds
        self._clock = clock
        self._tell = observer
        self._began = clock.now()
        self._notes: set[str] = set()

    @property
    def stamp(self) -> tuple[str, float]:
        """What every event begins with: the resource, and now."""
        return self.resource, self._clock.now()

    @property
    def room(self) -> int | None:
        """Pages that may still be asked for; None: no bound."""
        return None if self._bounds.pages is None else max(0, self._bounds.pages - self.pages)

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

    def note(self, text: str) -> None:
        """Say something once."""
        if text and text not in self._notes:
            self._notes.add(text)
            self._tell(Noted(*self.stamp, text))
