"""Where requests really go: to the API, or, inside `sandboxed`, to a sandbox on this machine."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from restmill.run.transport.aiohttp_client import AiohttpTransport
from restmill.run.transport.requests_session import SessionTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from restmill.plan.spec import Plan
    from restmill.run.clock import Clock
    from restmill.run.transport.protocol import Transport
    from restmill.wire.message import Request, Response

_detour: str | None = None


@contextmanager
def sandboxed(base_url: str) -> Iterator[None]:
    """Send every request of this process to the server at `base_url` instead, path and query unchanged."""
    global _detour  # noqa: PLW0603  # sources are built deep inside a user's script, which nothing can be handed to
    before, _detour = _detour, base_url
    try:
        yield
    finally:
        _detour = before


def transport_for(plan: Plan) -> Callable[[Clock], Transport]:
    """What makes the transport for a plan, when its first read starts."""
    detour = _detour

    def make(clock: Clock) -> Transport:
        session = plan.transport.session
        if session is not None:
            direct: Transport = SessionTransport(session.value, plan.transport, clock)
        else:
            direct = AiohttpTransport(plan.transport, clock)
        return direct if detour is None else Detour(direct, detour)

    return make


@dataclass(frozen=True, slots=True)
class Detour:
    """A transport that keeps path and query and changes the host."""

    inner: Transport
    base_url: str

    async def send(self, request: Request) -> Response:
        """The sandbox's answer; see `Transport.send`."""
        server, asked = urlsplit(self.base_url), urlsplit(request.address)
        address = urlunsplit((server.scheme, server.netloc, asked.path, asked.query, ""))
        return await self.inner.send(replace(request, address=address))

    async def close(self) -> None:
        """Close the transport behind it."""
        await self.inner.close()
