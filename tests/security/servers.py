"""Servers of the security tests: an app answers, and every byte that came is kept to be searched."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    App = Callable[["Asked"], "Answer"]


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        return urlsplit(self.target).query

    @property
    def params(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.query).items()}

    @property
    def text(self) -> str:
        """All of it, to search."""
        lines = [f"{self.method} {self.target}", *(f"{name}: {one}" for name, one in self.headers.items())]
        return "\n".join((*lines, self.body.decode("latin-1")))


@dataclass(frozen=True)
class Answer:
    """What is answered; `document` is sent as JSON."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Server:
    """A running server, and what it was asked."""

    url: str
    seen: list[Asked] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(one.text for one in self.seen)


@contextmanager
def serving(app: App, host: str = "127.0.0.1") -> Iterator[Server]:
    """A server on loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, dict(self.headers.items()), body)
            server.seen.append(asked)
            answer = app(asked)
            sent = json.dumps(answer.document).encode()
            self.send_response(answer.status, "X")
            fields = {"Content-Type": "application/json", "Content-Length": str(len(sent)), **answer.headers}
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = _answer  # noqa: N815  # the names are http.server's

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    listener = ThreadingHTTPServer((host, 0), Handler)
    listener.daemon_threads = True
    server = Server(f"http://{host}:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
