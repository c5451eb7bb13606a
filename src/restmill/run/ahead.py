"""Predictions: pages fetched before their turn, and thrown away as soon as the truth differs.

A few at first, and twice as many with every page that proves them right. A wrong prediction (a capped page, a
drifting list) costs speed, never rows. See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from restmill.run.fetch import Answer
    from restmill.wire.message import Request
    from restmill.wire.paging import Series

_FIRST_AHEAD = 2
_MOST_BYTES_AHEAD = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Light:
    """An answer and the size of its body. The body itself is let go, unless somebody's own pager reads it."""

    answer: Answer
    size: int


class Ahead:
    """The requests of one pass: each is fetched when it is asked for, or was predicted and is on its way."""

    def __init__(
        self,
        fetch: Callable[[Request], Coroutine[None, None, Light]],
        most: int,
        note: Callable[[str], None],
    ) -> None:
        self._fetch = fetch
        self._most = most
        self._note = note
        self._tasks: deque[tuple[Request, asyncio.Task[Light]]] = deque()
        self._reach = _FIRST_AHEAD
        self._pages = self._bytes = 0

    async def answer(self, request: Request) -> Light:
        """The answer to the true next request."""
        if self._tasks and self._tasks[0][0] == request:
            light = await self._tasks.popleft()[1]
        else:
            if self._tasks:
                count = len(self._tasks)
                self._note(f"pages came shorter or longer than predicted ({count} fetched again)")
                self.forget()
            light = await self._fetch(request)
        self._pages += 1
        self._bytes += light.size
        return light

    def predict(self, series: Series, room: int | None) -> None:
        """Keep predicted requests on their way, starting where the present ones end; at most `room`."""
        if self._tasks and self._tasks[0][0] != series.at(0):
            return  # the truth has moved; `answer` notices and starts anew
        mean = max(1, self._bytes // max(1, self._pages))
        reach = max(1, min(self._reach, self._most, _MOST_BYTES_AHEAD // mean))
        for bound in (series.count, room):
            reach = reach if bound is None else min(reach, bound)
        for i in range(len(self._tasks), reach):
            request = series.at(i)
            self._tasks.append((request, asyncio.ensure_future(self._fetch(request))))
        self._reach *= 2

    def forget(self) -> None:
        """Throw away what was predicted."""
        for _, task in self._tasks:
            task.cancel()
            task.add_done_callback(_observe)
        self._tasks.clear()
        self._reach = _FIRST_AHEAD


def _observe(task: asyncio.Task[Light]) -> None:
    """Look at the error of a discarded prediction, or asyncio reports it as lost."""
    if not task.cancelled():
        task.exception()
