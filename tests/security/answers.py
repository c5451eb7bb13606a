"""A server that sends the bytes it is told to, and both transports to meet them with."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import requests

from restmill.config.model.opaque import Opaque
from restmill.plan.spec import Transport as Settings
from restmill.run.clock import SystemClock
from restmill.run.transport.aiohttp_client import AiohttpTransport
from restmill.run.transport.requests_session import SessionTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from restmill.run.transport.protocol import Transport

MOST = 1_000_000
"""Bytes that the transports here take of one answer."""


@contextmanager
def serving(pieces: Callable[[], Iterable[bytes]]) -> Iterator[str]:
    """The address of a server that answers each request with `pieces()`, and closes the connection."""
    listening = socket.create_server(("127.0.0.1", 0))

    def answer(one: socket.socket) -> None:
        with one, suppress(OSError):
            while b"\r\n\r\n" not in one.recv(65536):
                pass
            for piece in pieces():
                one.sendall(piece)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def head(*fields: str, status: str = "200 OK") -> bytes:
    """A head with these fields, whose body ends with the connection."""
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *fields, "Connection: close", "")).encode(
        "latin-1"
    )


def ours(**settings: object) -> Transport:
    """The default transport."""
    return AiohttpTransport(Settings(**{"max_response_bytes": MOST, **settings}), SystemClock())  # type: ignore[arg-type]  # settings by name


def theirs(**settings: object) -> Transport:
    """The transport of a config with a session of its own."""
    session = requests.Session()
    session.trust_env = False
    values = {"max_response_bytes": MOST, "session": Opaque(session, "client.session"), **settings}
    return SessionTransport(session, Settings(**values), SystemClock())  # type: ignore[arg-type]  # likewise
