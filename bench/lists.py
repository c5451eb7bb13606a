"""Lists that both engines are asked to read while their requests are counted: a server, pagers, configs.

Pages of ten. A list of any length by itself, or one for each of 25 parents; the server behaves.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZE, PARENTS = 10, 25  # rows of a page, lists
PAGERS: dict[str, dict[str, Any]] = {
    "json_link": {"type": "json_link", "next_url_path": "next"},
    "offset, total": {"type": "offset", "limit": SIZE},
    "offset, no total": {"type": "offset", "limit": SIZE, "total_path": None},
    "page_number, pages": {"type": "page_number", "base_page": 1, "total_path": "pages"},
    "page_number, no total": {"type": "page_number", "base_page": 1, "total_path": None},
}


class Quiet(ThreadingHTTPServer):
    """A server that says nothing of clients that left."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A request that was given up is none of our business."""


@contextmanager
def api(rows: int, delay: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    """Parents, and at any other path a list of so many rows, `delay` seconds away; and what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Answer one page."""
            asked.append(self.path)
            time.sleep(delay)
            text = json.dumps(_document(self.path, rows)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _document(target: str, rows: int) -> Any:
    parts = urlsplit(target)
    if parts.path == "/parents":
        return [{"id": i} for i in range(PARENTS)]
    query = dict(parse_qsl(parts.query))
    start = int(query["offset"]) if "offset" in query else (int(query.get("page", 1)) - 1) * SIZE
    following = f"{parts.path}?page={start // SIZE + 2}" if start + SIZE < rows else None
    page = [{"id": i} for i in range(start, min(start + SIZE, rows))]
    return {"data": page, "total": rows, "pages": max(1, -(-rows // SIZE)), "next": following}


def config(url: str, pager: dict[str, Any], *, children: bool) -> dict[str, Any]:
    """One list, or one for each parent."""
    path = "parents/{resources.parents.id}/list" if children else "list"
    lists = {"name": "list", "endpoint": {"path": path, "data_selector": "data", "paginator": {**pager}}}
    parents = {"name": "parents", "endpoint": {"path": "parents", "paginator": "single_page"}}
    return {"client": {"base_url": url}, "resources": [parents, lists] if children else [lists]}


def counted(rows: int, read: Callable[[Any, str], list[Any]], delay: float = 0.0) -> tuple[int, int]:
    """The requests of dlt and of restmill for the same items; `read` gets `rest_api_source` and an address.

    Parents are left out: both ask for them once.
    """
    from dlt.sources.rest_api import rest_api_source as theirs  # noqa: PLC0415  # slow, and settings come first

    from restmill import rest_api_source as ours  # noqa: PLC0415  # likewise

    found = []
    for source in (theirs, ours):
        with api(rows, delay) as (url, asked):
            items = len(read(source, url))
            time.sleep(20 * delay)  # what was sent and given up arrives, too
            found.append((items, sum(target != "/parents" for target in asked)))
    assert found[0][0] == found[1][0]
    return found[0][1], found[1][1]
