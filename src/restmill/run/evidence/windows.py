"""Depth: whether a list ends where the server lets nobody read any further.

What says so is a number in an answer (see `wire.windows`) that the rows meet, or the error that comes where
the read would go on. A total does not help: servers with a window often state no more than that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.wire.windows import forbids_depth, window_in

if TYPE_CHECKING:
    from restmill.wire.message import Page
    from restmill.wire.windows import Window

_MANY = 1_000
"""Rows on one page that meet a window by no accident."""


class Depth:
    """How deep one pass could read."""

    def __init__(self) -> None:
        self._window: Window | None = None
        self._first = self._last = self._pages = 0
        self._forbidden = False

    def stated(self, page: Page) -> None:
        """Take what an answer says of its window."""
        found = window_in(page)
        if found is not None and (self._window is None or found.sure or not self._window.sure):
            self._window = found

    def rows(self, count: int) -> None:
        """Take a page of so many rows."""
        self._pages += 1
        self._first = self._first or count
        self._last = count

    def refused(self, text: str) -> None:
        """Take an error that came in the place of a further page."""
        self._forbidden = self._forbidden or forbids_depth(text)

    def doubt(self, rows: int, *, proven: bool) -> str:
        """Why there may be more than `rows`; "" when nothing says so. `proven`: a stated total is met."""
        window = self._window
        if window is not None and self._meets(window, rows) and (window.sure or not proven):
            allowed = f"{window.where} allows {window.rows:,}"
            return f"the list ends at {rows:,} rows, and {allowed}: there may be more"
        if self._forbidden and rows:
            return f"behind {rows:,} rows the server says that it cannot be read so far: there may be more"
        return ""

    def _meets(self, window: Window, rows: int) -> bool:
        """Whether the rows end where the window does."""
        full = self._last >= self._first
        if self._pages == 1 and rows < _MANY:
            return False
        if window.offset and full and rows - window.rows == self._first:
            return True
        return rows == window.rows and (window.sure or full)
