"""Time and chance as arguments: the one place where the engine meets the real clock.

`now` is monotonic and measures waits; `wall` is the time of day, needed only to read HTTP dates. A test
hands in another clock and a thirty-minute backoff takes no time at all.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Protocol


class Clock(Protocol):
    """Now, the time of day, sleeping, and chance."""

    def now(self) -> float:
        """Monotonic seconds."""

    def wall(self) -> float:
        """Seconds since 1970 (UTC)."""

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass on this clock."""

    def random(self) -> float:
        """A number in [0, 1): the jitter of a backoff."""


class SystemClock:
    """The machine's clock, and chance of its own: the program's global one may be seeded by somebody."""

    def __init__(self) -> None:
        self._chance = random.Random()  # noqa: S311  # jitter needs no secrecy

    def now(self) -> float:
        """`time.monotonic`."""
        return time.monotonic()

    def wall(self) -> float:
        """`time.time`."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """`asyncio.sleep`."""
        await asyncio.sleep(seconds)

    def random(self) -> float:
        """`random.Random.random`."""
        return self._chance.random()
