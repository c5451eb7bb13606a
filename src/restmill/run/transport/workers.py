"""Workers: threads for calls that block, each with a deadline, of which none keeps the process alive.

A call that does not come back cannot be ended from outside. It is left to itself: whoever waits for it goes
on, its thread takes no further call, and the process may end without it.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_Job: TypeAlias = "tuple[Callable[..., Any], tuple[Any, ...], Future[Any]]"


class Workers:
    """Up to `most` threads. Lives on one event loop; `close` may be called at any time."""

    def __init__(self, most: int) -> None:
        self._turn = asyncio.Semaphore(most)
        self._idle: list[_Worker] = []

    async def call(self, seconds: float, function: Callable[..., T], *args: Any) -> T:
        """What `function` returns or raises, in a thread that is free, or will be.

        Raises:
            TimeoutError: it has not come back `seconds` after it began.
        """
        async with self._turn:
            worker = self._idle.pop() if self._idle else _Worker()
            try:
                async with asyncio.timeout(seconds):
                    result: T = await asyncio.wrap_future(worker.begin(function, args))
            except (TimeoutError, asyncio.CancelledError):
                worker.end()  # once the call comes back, if it ever does
                raise
            except BaseException:
                self._idle.append(worker)
                raise
            self._idle.append(worker)
            return result

    def close(self) -> None:
        """End the threads that are free; the others end with their calls, or with the process."""
        while self._idle:
            self._idle.pop().end()


class _Worker:
    """One thread, which takes one call after the other until it is told to end."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        threading.Thread(target=self._serve, name="restmill-session", daemon=True).start()

    def begin(self, function: Callable[..., Any], args: tuple[Any, ...]) -> Future[Any]:
        """Have it called; the future is its outcome."""
        future: Future[Any] = Future()
        self._jobs.put((function, args, future))
        return future

    def end(self) -> None:
        """Take no further call."""
        self._jobs.put(None)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            function, args, future = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function(*args))
            except BaseException as error:  # noqa: BLE001  # raised where it is waited for
                future.set_exception(error)
