"""`python bench/requests.py`: requests sent for the same lists, dlt against restmill, as a table.

Lists of one resource by themselves, then the lists of 25 parents together; pages of ten, at most a few
milliseconds away. Nothing is loaded: only the requests count.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path[:1] = [str(ROOT), str(ROOT / "src")]

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE, PARENTS, DELAY = 10, 25, 0.01  # rows, lists, seconds
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
def api(rows: int) -> Iterator[tuple[str, list[str]]]:
    """Parents, and at any other path a list of so many rows; with what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Answer one page."""
            asked.append(self.path)
            time.sleep(DELAY)
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            start = int(query["offset"]) if "offset" in query else (int(query.get("page", 1)) - 1) * SIZE
            more = start + SIZE < rows
            page = [{"id": i} for i in range(start, min(start + SIZE, rows))]
            following = f"{parts.path}?page={start // SIZE + 2}" if more else None
            body: Any = {"data": page, "total": rows, "pages": max(1, -(-rows // SIZE)), "next": following}
            text = json.dumps([{"id": i} for i in range(PARENTS)] if parts.path == "/parents" else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

    server = Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()


def config(url: str, pager: dict[str, Any], *, children: bool) -> dict[str, Any]:
    """One list, or one for each parent."""
    path = "parents/{resources.parents.id}/list" if children else "list"
    lists = {"name": "list", "endpoint": {"path": path, "data_selector": "data", "paginator": {**pager}}}
    parents = {"name": "parents", "endpoint": {"path": "parents", "paginator": "single_page"}}
    return {"client": {"base_url": url}, "resources": [parents, lists] if children else [lists]}


def counted(rows: int, pager: dict[str, Any], *, children: bool) -> str:
    """For example `6 -> 8`: what dlt sent, and what restmill sent."""
    from dlt.sources.rest_api import rest_api_source as theirs  # noqa: PLC0415  # slow, and settings come first

    from restmill import rest_api_source as ours  # noqa: PLC0415  # likewise

    sent = []
    for source in (theirs, ours):
        with api(rows) as (url, asked):
            made: Any = source(config(url, pager, children=children))  # type: ignore[arg-type]
            items = len(list(made))
            time.sleep(20 * DELAY)  # what was sent and given up arrives, too
            sent.append(len(asked) - children)
        assert items == rows * (PARENTS if children else 1) + PARENTS * children
    return f"{sent[0]} -> {sent[1]}"


def main() -> int:
    """Print both tables."""
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    logging.disable(logging.WARNING)
    for children, lengths in ((False, (10, 20, 50, 197, 200)), (True, (4, 10, 14, 20, 50))):
        what = f"{PARENTS} lists of" if children else "one list of"
        print(f"\n| requests, dlt -> restmill: {what} | " + " | ".join(f"{n} rows" for n in lengths) + " |")
        print("|---" * (len(lengths) + 1) + "|")
        for name, pager in PAGERS.items():
            cells = (counted(rows, pager, children=children) for rows in lengths)
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
