"""The session: one background thread with one event loop, shared by all reads of a source.

Reads are opened from any thread and polled from there; they run on the loop, share the doors of their hosts,
and stop when they are closed. The thread starts with the first read and ends a moment after the last one is
closed, so that a source which is built but never run costs nothing and leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING

from restmill.events import ReadFailed, ReadStarted, ignore
from restmill.run.caller import CALLER, Call
from restmill.run.clock import SystemClock
from restmill.run.fetch.fetcher import Fetcher
from restmill.run.fetch.memory import Memory
from restmill.run.read.reading import Reading
from restmill.run.session.channel import Bell, Channel, Ended

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future

    from restmill.events import Observer
    from restmill.run.clock import Clock
    from restmill.run.read.spec import Order
    from restmill.run.transport.protocol import Transport
    from restmill.shape.records import Records
    from restmill.wire.limits.budget import Limits

_LINGER = 1.0
"""Seconds the loop outlives its last read: the children of the next parent page are usually close behind."""
_SWITCH_INTERVAL = 0.0005  # seconds
_OUTSIDE = Context()
"""What the loop runs in. Loops and tasks keep the context they are made in, and a caller's may hold the very
generator that holds a read: the read of an iteration that somebody left would then never be closed."""


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
        self._engine: _Engine | None = None

    def read(self, order: Order) -> ReadHandle:
        """Start reading at once; take the pages from the handle."""
        with self._guard:
            engine = self._engine = self._engine or self._started()
            engine.open += 1
        channel = Channel(engine.loop, self._bell)
        future = _OUTSIDE.copy().run(
            asyncio.run_coroutine_threadsafe, engine.run(order, channel), engine.loop
        )
        return ReadHandle(self._bell, channel, future, partial(self._closed_one, engine))

    def skipped(self, resource: str, why: str) -> None:
        """Tell the observer about a read that could not even begin: it counts as failed."""
        now = self._clock.now()
        self.observer(ReadStarted(resource, now, ""))
        self.observer(ReadFailed(resource, now, 0, 0, why))

    def close(self) -> None:
        """End the thread now. Reads still open are cancelled; the session can be used again."""
        with self._guard:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.loop.call_soon_threadsafe(engine.loop.stop)
            engine.thread.join()

    def _started(self) -> _Engine:
        def fetcher(transport: Transport) -> Fetcher:
            return Fetcher(transport, self._memory, self._clock, self.observer)

        transport = partial(self._make_transport, self._clock)
        engine = _OUTSIDE.copy().run(_Engine, transport, fetcher, self._clock, self.observer)
        engine.thread.start()
        return engine

    def _closed_one(self, engine: _Engine) -> None:
        """A read was closed; with the last one its engine begins to linger."""
        with self._guard:
            engine.open -= 1
            if engine.open == 0 and self._engine is engine:
                engine.loop.call_soon_threadsafe(engine.linger, self._retire, context=_OUTSIDE.copy())

    def _retire(self, engine: _Engine) -> bool:
        """Whether an engine that lingered may stop: nobody has begun a read meanwhile."""
        with self._guard:
            idle = engine.open == 0 and self._engine is engine
            if idle:
                self._engine = None
        return idle


class _Engine:
    """One thread, its loop, and what lives and dies with it: the transport, and the doors of the fetcher."""

    def __init__(
        self,
        transport: Callable[[], Transport],
        fetcher: Callable[[Transport], Fetcher],
        clock: Clock,
        observer: Observer,
    ) -> None:
        self.open = 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._serve, name="restmill", daemon=True)
        self._make_transport = transport
        self._make_fetcher = fetcher
        self._clock = clock
        self._observer = observer
        self._transport: Transport | None = None
        self._fetcher: Fetcher | None = None
        self._closing: asyncio.TimerHandle | None = None

    async def run(self, order: Order, channel: Channel) -> None:
        """One read, its pages and its end put into `channel`."""
        if self._transport is None or self._fetcher is None:
            self._transport = self._make_transport()
            self._fetcher = self._make_fetcher(self._transport)
        CALLER.set(channel)
        put: Callable[[Records, int], Awaitable[None]] = channel.put
        if order.lazy:
            put = channel.put_and_wait
        elif order.taken:
            put = channel.limited(order.taken.most, rows=order.taken.rows)
        try:
            basis = await Reading(order, self._fetcher, self._clock, self._observer, put).run()
        except asyncio.CancelledError:
            channel.end()
            raise
        except Exception as error:  # noqa: BLE001  # handed to the caller, who raises it
            channel.end(error)
        else:
            channel.end(basis=basis)

    def linger(self, may_stop: Callable[[_Engine], bool]) -> None:
        """Stop after a while, if `may_stop` then agrees."""

        def stop() -> None:
            if may_stop(self):
                self.loop.stop()

        if self._closing is not None:
            self._closing.cancel()
        self._closing = self.loop.call_later(_LINGER, stop)

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        with _brisk_switching:
            try:
                self.loop.run_forever()
            finally:
                self.loop.run_until_complete(self._wind_up())
                self.loop.close()

    async def _wind_up(self) -> None:
        rest = [task for task in asyncio.all_tasks(self.loop) if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self.loop.shutdown_default_executor()
        if self._transport is not None:
            await self._transport.close()


class _BriskSwitching:
    """While any engine runs, threads switch every 0.5 ms; Python's own 5 ms would be paid for each page."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._engines = 0
        self._before = 0.0

    def __enter__(self) -> None:
        with self._guard:
            if self._engines == 0:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(min(self._before, _SWITCH_INTERVAL))
            self._engines += 1

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._engines -= 1
            if self._engines == 0:
                sys.setswitchinterval(self._before)


_brisk_switching = _BriskSwitching()


class ReadHandle:
    """One read, seen from the caller's thread."""

    def __init__(
        self, bell: Bell, channel: Channel, future: Future[None], closed: Callable[[], None]
    ) -> None:
        self._bell = bell
        self._channel = channel
        self._future = future
        self._tell_closed: Callable[[], None] | None = closed

    def poll(self, wait: float = 0.0) -> Records | Ended | None:
        """The next page, or the end, or None when nothing has come within `wait` seconds.

        The wait ends early when any read of the session has news: a caller of many reads polls them in turn.
        """
        seen = self._bell.count()
        item = self._taken()
        if item is None and wait > 0:
            self._bell.wait(seen, wait)
            item = self._taken()
        return item

    def _taken(self) -> Records | Ended | None:
        """The next page or the end; functions of the user's that come before it are called."""
        while isinstance(item := self._channel.take(), Call):
            item.run()
        return item

    def close(self) -> None:
        """Stop the read; its requests are cancelled. Closing twice does nothing."""
        if self._tell_closed is not None:
            tell, self._tell_closed = self._tell_closed, None
            self._future.cancel()
            tell()
