"""One door per host: requests enter in order of arrival, as the host's gate allows.

The gate (`wire.limits.budget`) is a value that says go, hold or shut; the door keeps the current one, waits
when it must, and tells the observer about every wait. All resources share the door of a host, so they share
its budget.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from restmill.errors import Halted, Place, Problem
from restmill.events import HostHalted, Waiting
from restmill.wire.limits.budget import Go, Hold, Shut

if TYPE_CHECKING:
    from restmill.events import Observer
    from restmill.run.clock import Clock
    from restmill.wire.limits.budget import Gate
    from restmill.wire.message import Request, Response

_SAME_WAIT = 0.25
"""Seconds by which a wait must outlast the one told last to be told, too: many wait for one thing."""


@dataclass(frozen=True, slots=True)
class _Waiter:
    """A request at the door; `left` becomes the time at which it left."""

    resource: str
    request: Request
    left: asyncio.Future[float]


class Door:
    """Admits requests to one origin. Lives on the engine's loop; not for use from other threads."""

    def __init__(self, origin: str, gates: dict[str, Gate], clock: Clock, observer: Observer) -> None:
        self.origin = origin
        self._gates = gates  # outlives the door: a halted host stays halted when the loop is started anew
        self._clock = clock
        self._tell = observer
        self._line: deque[_Waiter] = deque()
        self._alarm: asyncio.Task[None] | None = None
        """Asks the gate again when a pause is over."""
        self._told_until = 0.0

    async def enter(self, resource: str, request: Request) -> float:
        """Wait until the request may leave; returns the time it left.

        Raises:
            Halted: the breaker is open.
        """
        left: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._line.append(_Waiter(resource, request, left))
        if len(self._line) == 1:
            self._admit()
        try:
            return await left
        except asyncio.CancelledError:
            if left.done() and not left.cancelled() and left.exception() is None:
                self.cancelled()  # it was let in, and will not go
            elif self._line and self._line[0].left is left:
                self._admit()  # whoever is next may have waited for this one only
            raise

    def answered(self, response: Response) -> None:
        """An answer arrived, whatever its status."""
        now, wall = self._clock.now(), self._clock.wall()
        self._move(self._gate().answered(now, response.status, response.headers, wall, response.seconds))

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

    def down(self, since: float) -> bool:
        """Whether the host served somebody once, and nobody after `since`."""
        return self._gate().down(since)

    @property
    def patient(self) -> bool:
        """Whether a refusal that was just reported may be one of pace, and no failure of its request."""
        return self._gate().patient

    def _move(self, gate: Gate) -> None:
        opened = bool(gate.shut) and not self._gate().shut
        self._gates[self.origin] = gate
        if opened:
            self._tell(HostHalted("", self._clock.now(), self.origin, str(gate.shut)))
        self._admit()

    def _gate(self) -> Gate:
        return self._gates[self.origin]

    def _admit(self) -> None:
        """Let in all that may leave now, in order of arrival: what they wait for may take many of them."""
        while self._line:
            first, now = self._line[0], self._clock.now()
            if first.left.done():  # cancelled
                self._line.popleft()
                continue
            match self._gate().ask(now):
                case Go():
                    self._gates[self.origin] = self._gate().sent(now)
                    first.left.set_result(now)
                case Shut(why):
                    first.left.set_exception(self._halted(first.resource, first.request, why))
                case Hold(seconds, why):
                    self._tell_wait(first.resource, now, seconds, why)
                    self._set_alarm(seconds)
                    return
                case other:
                    assert_never(other)
            self._line.popleft()

    def _set_alarm(self, seconds: float | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None if seconds is None else asyncio.ensure_future(self._ring(seconds))

    async def _ring(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._alarm = None
        self._admit()

    def _tell_wait(self, resource: str, now: float, seconds: float | None, why: str) -> None:
        if seconds and now + seconds > self._told_until + _SAME_WAIT:
            self._told_until = now + seconds
            self._tell(Waiting(resource, now, self.origin, seconds, why))

    def _halted(self, resource: str, request: Request, why: str) -> Halted:
        return Halted(
            Problem(
                Place(f"{resource}  {request.target}"),
                f"{self.origin} is halted: {why}",
                hint="No further request is sent. Run again when the API is well; "
                "`client.breaker.failures` sets how much is tolerated.",
            )
        )
