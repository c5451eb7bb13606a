"""The channel: pages go from the loop to the caller's thread, in order, within a bound of bytes.

The loop waits for room before it puts a page; the caller never waits for long, it polls. When the caller
stops taking, the loop stops fetching: back-pressure reaches the API. A lazy read goes on only when the caller
has done with its last page and asks for another, as under dlt. Calls of the user's own functions take the
same way as pages.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from restmill.events import Basis
    from restmill.run.caller import Call
    from restmill.shape.records import Records

BOUND = 2 * 1024 * 1024  # bytes of bodies; as Python objects they take about five times that


@dataclass(frozen=True, slots=True)
class Ended:
    """No page will follow; `error` is what ended the read, if anything did."""

    error: BaseException | None = None
    basis: Basis = ""
    """What its completeness rests on; "" when it is not proven."""


Item: TypeAlias = "Records | Ended | Call"


class Bell:
    """Rung whenever any channel has something new, so that a caller of many channels waits on one thing."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rung = 0

    def ring(self) -> None:
        """Wake whoever waits."""
        with self._condition:
            self._rung += 1
            self._condition.notify_all()

    def count(self) -> int:
        """How often it has rung: read this before looking, then `wait` for more."""
        return self._rung

    def wait(self, seen: int, seconds: float) -> None:
        """Return once it has rung more than `seen` times, or after `seconds`."""
        with self._condition:
            self._condition.wait_for(lambda: self._rung > seen, timeout=seconds)


class Channel:
    """Pages of one read. `put` and `end` belong to the loop's thread, `take` and `close` to the caller's."""

    def __init__(self, loop: asyncio.AbstractEventLoop, bell: Bell, bound: int = BOUND) -> None:
        self._loop = loop
        self._bell = bell
        self._bound = bound
        self._items: deque[tuple[Records | Call, int]] = deque()
        self._held = 0
        self._watched = False
        """Whether the loop wants to know when the caller comes back for more."""
        self._back = asyncio.Event()
        self._ended: Ended | None = None
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, records: Records, size: int) -> None:
        """Hand over one page of `size` bytes; waits while the bound is exceeded (one page always fits)."""
        while self._held and self._held + size > self._bound:
            self._room.clear()
            if self._held and self._held + size > self._bound:  # the caller may have taken in between
                await self._room.wait()
        self._held += size
        self._items.append((records, size))
        self._bell.ring()

    async def put_and_wait(self, records: Records, size: int) -> None:
        """Hand over one page, and wait until the caller comes back for another."""
        self._back.clear()
        await self.put(records, size)
        self._watched = True  # set after the page is there: who then finds nothing has taken it
        await self._back.wait()

    def limited(self, most: int, *, rows: bool) -> Callable[[Records, int], Coroutine[Any, Any, None]]:
        """`put` for so many pages, or rows; from there on `put_and_wait`: the caller may take no more."""
        given = 0

        async def put(records: Records, size: int) -> None:
            nonlocal given
            given += len(records) if rows else 1
            await (self.put if given < most else self.put_and_wait)(records, size)

        return put

    def ask(self, call: Call) -> None:
        """Let the caller run a function of the user's, after the pages before it."""
        self._items.append((call, 0))
        self._bell.ring()

    def end(self, error: BaseException | None = None, basis: Basis = "") -> None:
        """Say that no page follows."""
        self._ended = Ended(error, basis)
        self._bell.ring()

    def take(self) -> Item | None:
        """The next page or call, the end once all are taken, or None when there is nothing yet."""
        try:
            records, size = self._items.popleft()
        except IndexError:
            if self._watched and not self._loop.is_closed():
                self._watched = False
                self._loop.call_soon_threadsafe(self._back.set)
            # The end is set after the last page is put: look again, or a page put in between is lost.
            return self._ended if self._ended is not None and not self._items else None
        self._held -= size
        if not self._room.is_set() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._room.set)
        return records
