"""A small API in a thread and the two engines, for what a user's own code sees and does.

`answer(asked)` gives status, headers and body; every request is kept as it came, to the byte.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

from tests.parity.engines import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dlt.extract import DltSource

    from tests.parity.case import Config


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came, and when, in seconds of the monotonic clock."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    at: float

    def number(self, name: str, default: int = 0) -> int:
        """A query parameter as an integer."""
        return int(self.query.get(name, [str(default)])[0])


Answer: TypeAlias = "tuple[int, Mapping[str, str], Any]"


@dataclass(slots=True)
class Api:
    """The API while it runs."""

    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(answer: Callable[[Asked], Answer]) -> Iterator[Api]:
    """Serve `answer` on this machine until the block ends."""
    api = Api("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Nothing."""

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            query = parse_qs(parts.query, keep_blank_values=True)
            asked = Asked(self.command, parts.path, query, dict(self.headers), body, time.monotonic())
            api.asked.append(asked)
            status, headers, made = answer(asked)
            if not isinstance(made, bytes):
                made, headers = json.dumps(made).encode(), {"Content-Type": "application/json", **headers}
            self.send_response(status)
            for name, value in headers.items():
                for one in value.split("\n"):
                    self.send_header(name, one)
            self.send_header("Content-Length", str(len(made)))
            self.end_headers()
            self.wfile.write(made)

        do_POST = do_GET  # noqa: N815  # the name is http.server's

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that left."""

    with Server(("127.0.0.1", 0), Handler) as server:
        api.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield api
        server.shutdown()
        thread.join()


@dataclass(frozen=True, slots=True)
class Script:
    """What came of one engine's read: records, or the error; and what was asked."""

    records: list[Any] | None
    error: BaseException | None
    asked: list[Asked]

    @property
    def chain(self) -> list[BaseException]:
        """The error and all behind it."""
        found, one = [], self.error
        while one is not None:
            found.append(one)
            one = one.__cause__ or one.__context__
        return found

    @property
    def bodies(self) -> list[tuple[str, bytes, str | None]]:
        """Path, body and content type of each request, sorted."""
        return sorted((one.path, one.body, one.headers.get("Content-Type")) for one in self.asked)


def script(
    engine: str,
    answer: Callable[[Asked], Answer],
    config: Callable[[str], Config],
    use: Callable[[DltSource], Any] = lambda source: source,
) -> Script:
    """Read the config's source from `answer` by one engine, all its records in a list."""
    with serving(answer) as api:
        try:
            found: list[Any] | None = list(use(ENGINES[engine].rest_api_source(config(api.url))))
            error: BaseException | None = None
        except Exception as failed:  # noqa: BLE001  # looked at by the test
            found, error = None, failed
        return Script(found, error, list(api.asked))


PAGES: Config = {"type": "page_number", "base_page": 1, "total_path": "pages"}
OPEN: Config = {"type": "page_number", "base_page": 1, "total_path": None}


def rows(page: int, size: int = 10, **more: Any) -> list[dict[str, Any]]:
    return [{"id": i, "name": f"n{i}", **more} for i in range((page - 1) * size, page * size)]


def listed(asked: Asked, pages: int = 2) -> Answer:
    """`pages` pages of ten rows, with their number."""
    page = asked.number("page", 1)
    return 200, {}, {"data": rows(page) if page <= pages else [], "pages": pages}


def listing(*actions: Any, path: str = "posts", **endpoint: Any) -> Callable[[str], Config]:
    asked = {"path": path, "data_selector": "data", "paginator": PAGES, "response_actions": list(actions)}
    return lambda url: {
        "client": {"base_url": url},
        "resources": [{"name": "posts", "endpoint": {**asked, **endpoint}}],
    }


def both(
    answer: Callable[[Asked], Answer],
    config: Callable[[Callable[..., None]], Callable[[str], Config]],
    use: Callable[[Any], Any] = lambda source: source,
) -> tuple[tuple[Script, list[Any]], tuple[Script, list[Any]]]:
    """For each engine what it read, and what `config`'s function has noted on the way."""
    found = []
    for engine in ("dlt", "restmill"):
        noted: list[Any] = []
        found.append((script(engine, answer, config(noted.append), use), noted))
    return found[0], found[1]


def agree(found: tuple[tuple[Script, list[Any]], tuple[Script, list[Any]]]) -> list[Any]:
    """Assert that both engines agree; what was noted."""
    (dlts, theirs), (ours, mine) = found
    assert mine == theirs
    assert ours.records == dlts.records
    assert bool(ours.error) == bool(dlts.error)
    return theirs
