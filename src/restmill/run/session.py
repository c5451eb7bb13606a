"""The session: one background thread with one event loop, shared by all reads of a source.

Reads are opened from any thread and polled from there; they run on the loop, share the doors of their hosts,
and stop when they are closed. The thread starts with the first read and ends a moment after the last one is
closed, so that a source which is built but never run costs nothing and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

from restmill.events import ReadFailed, ReadStarted, ignore
from restmill.run.channel import Bell, Channel, Ended
from restmill.run.clock import SystemClock
from restmill.run.fetch import Fetcher, Memory
from restmill.run.reading import Order, Reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from restmill.events import Observer
    from restmill.path import Json
    from restmill.run.clock import Clock
    from restmill.run.transport import Transport
    from restmill.wire.gate import Limits

_LINGER = 1.0
"""Seconds the loop outlives its last read: the children of the next parent page are usually close behind."""
_SWITCH_INTERVAL = 0.0005
"""Seconds a busy caller keeps the interpreter from the loop; Python's own 5 ms would be paid for every
page."""


class Session:
    """Runs reads against one API. Safe to use from several threads."""

    def __init__(
        self,
        limits: Limits,
        transport: Callable[[Clock], Transport],
        *,
        clock: Clock | None = None,
        observer: Observer = ignore,
    ) -> None:
        self.observer = observer
        self._memory = Memory(limits)
        self._make_transport = transport
        self._clock = clock or SystemClock()
        self._guard = threading.Lock()
        self._bell = Bell()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._open = 0
        self._fetcher: Fetcher | None = None
        self._transport: Transport | None = None
        self._closing: asyncio.TimerHandle | None = None

    def read(self, order: Order) -> ReadHandle:
        """Start reading at once; take the pages from the handle."""
        with self._guard:
            loop = self._loop or self._start()
            self._open += 1
        channel = Channel(loop, self._bell)
        future = asyncio.run_coroutine_threadsafe(self._run(order, channel), loop)
        return ReadHandle(self, channel, future)

    def skipped(self, resource: str, why: str) -> None:
        """Tell the observer about a read that could not even begin: it counts as failed."""
        now = self._clock.now()
        self.observer(ReadStarted(resource, now, ""))
        self.observer(ReadFailed(resource, now, 0, 0, why))

    def bell(self) -> Bell:
        """Rung when any read of this session has something new."""
        return self._bell

    def close(self) -> None:
        """End the thread now. Reads still open are cancelled; the session can be used again."""
        with self._guard:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def closed_one(self) -> None:
        """A read was closed; with the last one the loop begins to linger."""
        with self._guard:
            self._open -= 1
            if self._open == 0 and self._loop is not None:
                self._loop.call_soon_threadsafe(self._linger)

    async def _run(self, order: Order, channel: Channel) -> None:
        if self._fetcher is None:
            self._transport = self._transport or self._make_transport(self._clock)
            self._fetcher = Fetcher(self._transport, self._memory, self._clock, self.observer)
        try:
            await Reading(order, self._fetcher, self._clock, self.observer, channel.put).run()
        except asyncio.CancelledError:
            channel.end()
            raise
        except Exception as error:  # noqa: BLE001  # handed to the caller, who raises it
            channel.end(error)
        else:
            channel.end()

    def _start(self) -> asyncio.AbstractEventLoop:
        self._loop = loop = asyncio.new_event_loop()
        # Doors hold asyncio primitives of the old loop: a new thread begins with new ones.
        self._fetcher = None
        self._transport = None
        self._open = 0
        self._thread = threading.Thread(target=self._serve, args=(loop,), name="restmill", daemon=True)
        self._thread.start()
        return loop

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        interval = sys.getswitchinterval()
        sys.setswitchinterval(min(interval, _SWITCH_INTERVAL))
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(self._wind_up(loop))
            loop.close()
            sys.setswitchinterval(interval)

    async def _wind_up(self, loop: asyncio.AbstractEventLoop) -> None:
        rest = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await loop.shutdown_default_executor()
        if self._transport is not None:
            await self._transport.close()
            self._transport = None

    def _linger(self) -> None:
        loop = asyncio.get_running_loop()
        if self._closing is not None:
            self._closing.cancel()
        self._closing = loop.call_later(_LINGER, self._stop_if_idle, loop)

    def _stop_if_idle(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._guard:
            if self._open or self._loop is not loop:
                return
            self._loop = self._thread = None
        loop.stop()


class ReadHandle:
    """One read, seen from the caller's thread."""

    def __init__(self, session: Session, channel: Channel, future: Future[None]) -> None:
        self._session = session
        self._channel = channel
        self._future = future
        self._closed = False

    def poll(self, wait: float = 0.0) -> list[Json] | Ended | None:
        """The next page, or the end, or None when nothing has come within `wait` seconds.

        The wait ends early when any read of the session has news: a caller of many reads polls them in turn.
        """
        seen = self._session.bell().count()
        item = self._channel.take()
        if item is None and wait > 0:
            self._session.bell().wait(seen, wait)
            item = self._channel.take()
        return item

    def close(self) -> None:
        """Stop the read; its requests are cancelled. Closing twice does nothing."""
        if not self._closed:
            self._closed = True
            self._future.cancel()
            self._session.closed_one()
