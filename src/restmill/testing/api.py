"""A scripted API: a function from request to response, a latency, and a record of what was asked when."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from restmill.wire.message import Headers, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from restmill.events import Event
    from restmill.path import Json
    from restmill.wire.message import Request


def json_response(document: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response with a JSON body."""
    fields = Headers({"Content-Type": "application/json", **(headers or {})})
    return Response(status, fields, orjson.dumps(document))


@dataclass(slots=True)
class FakeTransport:
    """Answers with `script(request)`; an exception it returns or raises is raised by `send`."""

    script: Callable[[Request], Response | Exception]
    latency: float = 0.0
    """Seconds on the loop's clock that every answer takes."""
    sent: list[tuple[float, Request]] = field(default_factory=list)
    """When each request left, and the request, in order."""
    in_flight: int = 0
    most_in_flight: int = 0
    closed: bool = False

    async def send(self, request: Request) -> Response:
        """The scripted answer, after `latency`."""
        self.sent.append((asyncio.get_running_loop().time(), request))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.latency)
            answer = self.script(request)
        finally:
            self.in_flight -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    @property
    def times(self) -> list[float]:
        """When each request left, in seconds."""
        return [at for at, _ in self.sent]


@dataclass(slots=True)
class Recorder:
    """An observer that keeps every event."""

    events: list[Event] = field(default_factory=list)

    def __call__(self, event: Event, /) -> None:
        """Keep it."""
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Event]:
        """All events of one class, in order."""
        return [event for event in self.events if isinstance(event, kind)]
