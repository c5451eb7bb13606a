"""One door per host: requests enter in order of arrival, as the host's gate allows.

The gate (`wire.gate`) is a value that says go, hold or shut; the door keeps the current one, waits when it
must, and tells the observer about every wait. All resources share the door of a host, so they share its
budget.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, assert_never

from restmill.errors import Halted, Place, Problem
from restmill.events import HostHalted, Waiting
from restmill.wire.gate import Go, Hold, Shut

if TYPE_CHECKING:
    from restmill.events import Observer
    from restmill.run.clock import Clock
    from restmill.wire.gate import Gate
    from restmill.wire.message import Request, Response

_SAME_WAIT = 0.25
"""Seconds by which a wait must outlast the one told last to be told, too: many wait for one thing."""


class Door:
    """Admits requests to one origin. Lives on the engine's loop; not for use from other threads."""

    def __init__(self, origin: str, gates: dict[str, Gate], clock: Clock, observer: Observer) -> None:
        self.origin = origin
        self._gates = gates  # outlives the door: a halted host stays halted when the loop is started anew
        self._clock = clock
        self._tell = observer
        self._line = asyncio.Lock()  # waiters are served first come, first served
        self._changed = asyncio.Event()
        self._told_until = 0.0

    async def enter(self, resource: str, request: Request) -> float:
        """Wait until the request may leave; returns the time it left.

        Raises:
            Halted: the breaker is open.
        """
        async with self._line:
            while True:
                now = self._clock.now()
                match self._gate().ask(now):
                    case Go():
                        self._gates[self.origin] = self._gate().sent(now)
                        return now
                    case Shut(why):
                        raise self._halted(resource, request, why)
                    case Hold(seconds, why):
                        self._tell_wait(resource, now, seconds, why)
                        await self._until_change(seconds)
                    case other:
                        assert_never(other)

    def answered(self, response: Response) -> None:
        """An answer arrived, whatever its status."""
        now, wall = self._clock.now(), self._clock.wall()
        self._move(self._gate().answered(now, response.status, response.headers, wall))

    def failed(self, why: str) -> None:
        """A request got no usable answer."""
        self._move(self._gate().failed(self._clock.now(), why))

    def broken(self, why: str) -> None:
        """The answer that was reported last has a body that cannot be read."""
        self._move(self._gate().broken(self._clock.now(), why))

    def cancelled(self) -> None:
        """A request was given up by us: it says nothing about the host."""
        self._move(self._gate().cancelled(self._clock.now()))

    def exhausted(self, first_sent: float, why: str) -> None:
        """A request used up its retries; `first_sent` is when its first attempt left."""
        self._move(self._gate().exhausted(self._clock.now(), first_sent, why))

    def _move(self, gate: Gate) -> None:
        opened = bool(gate.shut) and not self._gate().shut
        self._gates[self.origin] = gate
        self._changed.set()
        if opened:
            self._tell(HostHalted("", self._clock.now(), self.origin, str(gate.shut)))

    def _gate(self) -> Gate:
        return self._gates[self.origin]

    def _tell_wait(self, resource: str, now: float, seconds: float | None, why: str) -> None:
        if seconds and now + seconds > self._told_until + _SAME_WAIT:
            self._told_until = now + seconds
            self._tell(Waiting(resource, now, self.origin, seconds, why))

    async def _until_change(self, seconds: float | None) -> None:
        self._changed.clear()
        if seconds is None:
            await self._changed.wait()
            return
        waits = {
            asyncio.ensure_future(self._changed.wait()),
            asyncio.ensure_future(self._clock.sleep(seconds)),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _halted(self, resource: str, request: Request, why: str) -> Halted:
        return Halted(
            Problem(
                Place(f"{resource}  {request.target}"),
                f"{self.origin} is halted: {why}",
                hint="No further request is sent. Run again when the API is well; "
                "`client.breaker.failures` sets how much is tolerated.",
            )
        )
