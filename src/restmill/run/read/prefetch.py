"""Predictions: pages fetched before their turn, and thrown away as soon as the truth differs.

A few at first, and twice as many with every page that proves them right; pages that nobody has promised as
far as `extra_requests` allows. A wrong prediction (a capped page, a drifting list) costs speed, never rows.
See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from restmill.run.fetch.extra_requests import Extras
    from restmill.run.fetch.fetcher import Answer
    from restmill.wire.message import Request
    from restmill.wire.paging.pagers import Series

_FIRST_AHEAD = 2
_MOST_BYTES_AHEAD = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Light:
    """An answer and the size of its body. The body itself is let go, unless somebody's own pager reads it."""

    answer: Answer
    size: int


@dataclass(slots=True)
class _Sent:
    """A request on its way; `guess`: nobody has promised that there is such a page."""

    request: Request
    task: asyncio.Task[Light]
    guess: bool


class Ahead:
    """The requests of one pass: each is fetched when it is asked for, or was predicted and is on its way."""

    def __init__(
        self,
        fetch: Callable[[Request], Coroutine[None, None, Light]],
        most: int,
        note: Callable[[str], None],
        extras: Extras,
    ) -> None:
        self._fetch = fetch
        self._most = most
        self._note = note
        self._extras = extras
        self._sent: deque[_Sent] = deque()
        self._reach = _FIRST_AHEAD
        self._pages = self._bytes = 0

    async def answer(self, request: Request) -> Light:
        """The answer to the true next request."""
        if self._sent and self._sent[0].request == request:
            self._known(self._sent[0])
            light = await self._sent.popleft().task
        else:
            if self._sent:
                count = len(self._sent)
                self._note(f"pages came shorter or longer than predicted ({count} fetched again)")
                self.forget()
            light = await self._fetch(request)
        self._pages += 1
        self._bytes += light.size
        return light

    def predict(self, series: Series, room: int | None) -> None:
        """Keep predicted requests on their way, starting where the present ones end; at most `room`."""
        if self._sent:
            if self._sent[0].request != series.at(0):
                return  # the truth has moved; `answer` notices and starts anew
            self._known(self._sent[0])
        mean = max(1, self._bytes // max(1, self._pages))
        reach = max(1, min(self._reach, self._most, _MOST_BYTES_AHEAD // mean))
        for bound in (series.count, room):
            reach = reach if bound is None else min(reach, bound)
        for i in range(len(self._sent), reach):
            guess = i > 0 and not (series.promised and series.count is not None)
            if guess and not self._extras.guess(self._pages + i + 1, self._pages):
                break
            request = series.at(i)
            self._sent.append(_Sent(request, asyncio.ensure_future(self._fetch(request)), guess))
        self._reach *= 2

    def keep(self, request: Request) -> None:
        """Throw away what was predicted, except for this request."""
        kept = self._sent.popleft() if self._sent and self._sent[0].request == request else None
        self.forget()
        if kept is not None:
            self._sent.append(kept)

    def forget(self) -> None:
        """Throw away what was predicted: what has not left yet, never does."""
        for sent in self._sent:
            if sent.guess:
                self._extras.guessed(right=False)
            else:
                self._extras.spend()
            sent.task.cancel()
            sent.task.add_done_callback(_observe)
        self._sent.clear()
        self._reach = _FIRST_AHEAD

    def _known(self, sent: _Sent) -> None:
        """The request is the true next one, whoever guessed it."""
        if sent.guess:
            sent.guess = False
            self._extras.guessed(right=True)


def _observe(task: asyncio.Task[Light]) -> None:
    """Look at the error of a discarded prediction, or asyncio reports it as lost."""
    if not task.cancelled():
        task.exception()
