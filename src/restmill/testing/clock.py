"""Time that passes only when nothing else can happen.

The loop's selector never waits: when every task is asleep it moves the loop's time to the next timer. A
half-hour backoff is over at once, in the same order of events as in real time, and a test can read off
exactly when each request was sent.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

_EPOCH = 1_800_000_000.0  # an arbitrary time of day, the same in every test


class _LeapingSelector(selectors.DefaultSelector):
    """Polls for real events without waiting; if there are none, leaps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout is None:
            return ready or super().select(None)  # nothing is scheduled: another thread has to speak first
        self.time += max(0.0, timeout)
        return []


class FakeLoop(asyncio.SelectorEventLoop):
    """An event loop with its own time, starting at 0 s."""

    def __init__(self) -> None:
        self._leaping = _LeapingSelector()
        super().__init__(self._leaping)

    def time(self) -> float:
        """Seconds since the loop was made, on its own clock."""
        return self._leaping.time


class FakeClock:
    """A `Clock` on the running `FakeLoop`; `chances` are drawn in turn, the last one for ever."""

    def __init__(self, chances: tuple[float, ...] = (0.0,), epoch: float = _EPOCH) -> None:
        self._chances = list(chances)
        self._epoch = epoch
        self.loop: asyncio.AbstractEventLoop | None = None

    def now(self) -> float:
        """The loop's time; 0 before the loop runs."""
        try:
            self.loop = asyncio.get_running_loop()
        except RuntimeError:
            return self.loop.time() if self.loop else 0.0
        return self.loop.time()

    def wall(self) -> float:
        """A fixed date plus the loop's time."""
        return self._epoch + self.now()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the loop; takes no real time."""
        await asyncio.sleep(seconds)

    def random(self) -> float:
        """The next of `chances`."""
        return self._chances.pop(0) if len(self._chances) > 1 else self._chances[0]


def run(main: Coroutine[object, object, T]) -> T:
    """Run `main` to its end on a `FakeLoop`."""
    with asyncio.Runner(loop_factory=FakeLoop) as runner:
        return runner.run(main)
