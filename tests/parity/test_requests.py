"""How many requests both engines send: children of many parents, and lists of which a limit takes a few."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
from dlt.sources import rest_api as theirs

import restmill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.parity.case import Config

SIZE, PARENTS = 10, 25
PAGERS: dict[str, Config | str] = {
    "json_link": {"type": "json_link", "next_url_path": "next"},
    "offset, total": {"type": "offset", "limit": SIZE},
    "offset, no total": {"type": "offset", "limit": SIZE, "total_path": None},
    "page number, pages": {"type": "page_number", "base_page": 1, "total_path": "pages"},
    "page number, no total": {"type": "page_number", "base_page": 1, "total_path": None},
}


@contextmanager
def api(rows: int) -> Iterator[tuple[str, list[str]]]:
    """An API of 25 parents, and at any other path a list of so many rows; and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            asked.append(self.path)
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            start = int(query["offset"]) if "offset" in query else (int(query.get("page", 1)) - 1) * SIZE
            last = start + SIZE >= rows
            body: Any = {"data": [{"id": i} for i in range(start, min(start + SIZE, rows))], "total": rows}
            body |= {"pages": max(1, -(-rows // SIZE))}
            body |= {"next": None if last else f"{parts.path}?page={start // SIZE + 2}"}
            text = orjson.dumps([{"id": i} for i in range(PARENTS)] if parts.path == "/parents" else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def family(url: str, paginator: Config | str) -> Config:
    """Parents, and a list for each of them."""
    parents = {"name": "parents", "endpoint": {"path": "parents", "paginator": "single_page"}}
    path = "parents/{resources.parents.id}/kids"
    kids = {"name": "kids", "endpoint": {"path": path, "data_selector": "data", "paginator": paginator}}
    return {"client": {"base_url": url}, "resources": [parents, kids]}


def counts(rows: int, read: Callable[[Any, str], list[Any]]) -> tuple[int, int]:
    """The requests of dlt and of restmill for the same items."""
    found = []
    for source in (theirs.rest_api_source, restmill.rest_api_source):
        with api(rows) as (url, asked):
            found.append((len(read(source, url)), len(asked)))
    assert found[0][0] == found[1][0]
    return found[0][1], found[1][1]


@pytest.mark.parametrize("rows", [4, 10, 14, 20, 50])
@pytest.mark.parametrize("name", PAGERS)
def test_children_cost_hardly_more_than_under_dlt(name: str, rows: int) -> None:
    dlts, ours = counts(rows, lambda source, url: list(source(family(url, PAGERS[name]))))
    assert ours - 1 <= 1.15 * (dlts - 1) + 3  # but for the parents; the first lists teach the others


@pytest.mark.parametrize("most", [1, 2, 5])
@pytest.mark.parametrize("name", ["offset, total", "offset, no total", "page number, no total", "json_link"])
def test_a_limit_sends_what_it_sends_under_dlt(name: str, most: int) -> None:
    def read(source: Any, url: str) -> list[Any]:
        kids = {
            "name": "kids",
            "endpoint": {"path": "kids", "data_selector": "data", "paginator": PAGERS[name]},
        }
        return list(source({"client": {"base_url": url}, "resources": [kids]}).add_limit(most))

    dlts, ours = counts(1000, read)
    assert dlts == ours == most


def test_a_limit_of_rows_sends_what_it_sends_under_dlt() -> None:
    def read(source: Any, url: str) -> list[Any]:
        kids = {"name": "kids", "endpoint": {"path": "kids", "data_selector": "data"}}
        kids["endpoint"]["paginator"] = PAGERS["offset, total"]  # type: ignore[index]
        return list(source({"client": {"base_url": url}, "resources": [kids]}).add_limit(35, count_rows=True))

    dlts, ours = counts(1000, read)
    assert dlts == 4
    assert ours <= 4 + 2
