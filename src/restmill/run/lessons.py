"""What the reads of a run have learnt about a resource, so that one request teaches it for all of them.

A short first page whose total is its own length is a whole list, or one page of a server that counts its
pages' rows. One request behind it tells; a child resource with thousands of such lists asks it once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from restmill.run.fetch import Fetcher

Lesson = asyncio.Future[bool]
"""Whether the counts of a resource hold; pending while its first read is asking."""

_lessons: MutableMapping[Fetcher, dict[str, Lesson]] = WeakKeyDictionary()


async def must_ask(fetcher: Fetcher, resource: str) -> Lesson | None:
    """The lesson that the caller has to settle by asking; None when the counts are known to hold.

    The first caller for a resource asks, the others wait for what it finds. Counts that proved wrong are
    asked about each time.
    """
    known = _lessons.setdefault(fetcher, {})
    lesson = known.get(resource)
    if lesson is None:
        lesson = known[resource] = asyncio.get_running_loop().create_future()
        return lesson
    return None if await asyncio.shield(lesson) else lesson


def settle(lesson: Lesson | None, *, holds: bool) -> None:
    """Say what was found. The first answer stays."""
    if lesson is not None and not lesson.done():
        lesson.set_result(holds)
