"""Extras: the requests of a resource that a reader without doubts would not send, and how few will do.

A prediction behind the end, a request behind an end that is stated, the first page once more: where a server
behaves, none of them brings a row. All reads of a resource share one account of them. Predictions of pages
that nobody has promised grow with the pages that came, and stop where the other lists ended. What a request
finds out about the server is asked by the first reads only; the others believe it, every twentieth asks
again, and what was contradicted once is asked each time.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from typing import Literal, TypeAlias

Check: TypeAlias = Literal["first", "end", "count", "moved"]
"""What a request is to find out: whether the total of a short first page, an empty page, or a count that is
met is the end of a list; and whether a list moved while it was read."""

_ASKING: dict[Check, int] = {"first": 1, "end": 3, "count": 3, "moved": 3}
"""Reads of a resource that find it out before the others believe it."""
_AGAIN = 20
"""Of so many reads that believe it, one asks."""
_REMEMBERED = 5
"""Lists whose lengths tell how long the others may be, in pages."""
_LONE = (1.5, 0.25)
_SHARED = (-2.0, 0.1)
"""Requests that may be wasted on predictions: so many, and this share of the pages. A list by itself has to
grow into the concurrency of its host; many lists side by side fill that without looking ahead."""


class Question:
    """What one read is finding out for all; to be settled, whatever comes."""

    def __init__(self, lesson: _Lesson) -> None:
        self._lesson = lesson
        self._found = asyncio.get_running_loop().create_future()
        lesson.asked += 1
        lesson.open.add(self._found)

    def settle(self, *, holds: bool | None) -> int:
        """Say what was found, None: nothing. Returns how many reads had believed what proved wrong now.

        The first answer stays.
        """
        if self._found.done():
            return 0
        self._found.set_result(None)
        lesson = self._lesson
        lesson.open.discard(self._found)
        lesson.asked -= holds is None
        if holds is not False:
            return 0
        lesson.wrong = True
        believed, lesson.believed = lesson.believed, 0
        return believed


class _Lesson:
    """What is known about one check."""

    def __init__(self) -> None:
        self.asked = 0
        self.believed = 0
        self.wrong = False
        self.open: set[asyncio.Future[None]] = set()


class Extras:
    """The account of one resource in one run. Lives on the engine's loop."""

    def __init__(self) -> None:
        self._reads = self._pages = 0
        self._spent = self._ahead = 0
        self._lengths: deque[int] = deque(maxlen=_REMEMBERED)
        self._lessons: defaultdict[Check, _Lesson] = defaultdict(_Lesson)

    def begun(self) -> None:
        """A read of the resource begins."""
        self._reads += 1

    def ended(self, pages: int) -> None:
        """A read has come to its end with so many pages."""
        self._lengths.append(pages)

    def page(self) -> None:
        """An answer came that the list itself had to be asked for."""
        self._pages += 1

    def spend(self, requests: int = 1) -> None:
        """So many requests were no page of a list."""
        self._spent += requests

    def guess(self, number: int, pages: int) -> bool:
        """Whether page `number`, which nobody has promised, may be predicted by a read that has `pages`.

        It is on its way then. Where the lists before were no longer, this one has to be so first.
        """
        if len(self._lengths) == _REMEMBERED and pages <= max(self._lengths) < number:
            return False
        start, share = _SHARED if self._reads > 1 else _LONE
        if self._spent + self._ahead + 1 > start + share * self._pages:
            return False
        self._ahead += 1
        return True

    def guessed(self, *, right: bool) -> None:
        """A page predicted by `guess` is one of the list, or it was thrown away."""
        self._ahead -= 1
        self._spent += not right

    async def must_ask(self, check: Check, *, always: bool = False) -> Question | None:
        """The question that the caller has to settle by a request; None when the answer can be believed.

        While the first reads are asking, the others wait for what they find.
        """
        lesson = self._lessons[check]
        while not (always or lesson.wrong or lesson.asked < _ASKING[check]):
            if lesson.open:
                await asyncio.wait(tuple(lesson.open))
                continue
            lesson.believed += 1
            if check == "first" or lesson.believed % _AGAIN:
                return None
            break
        return Question(lesson)
