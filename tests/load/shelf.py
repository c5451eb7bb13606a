"""A shelf: an API in memory whose lists a test can change at will, behind a `requests.Session`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter

if TYPE_CHECKING:
    from restmill.path import Json

BASE_URL = "http://shelf.test"


class Shelf(BaseAdapter):
    """`lists["/path"]` is a list of records, served by offset with its total, or a status to fail with."""

    def __init__(self, **lists: list[Json] | int) -> None:
        super().__init__()
        self.lists: dict[str, list[Json] | int] = {f"/{name}": rows for name, rows in lists.items()}
        self.totals = True
        self.cut: dict[str, int] = {}
        """How many rows of a list come, though its total counts them all."""
        self.turns: dict[str, list[list[Json] | int | None]] = {}
        """What becomes of a list after each further request for it, in order; None: it stays as it is."""
        self.asked: list[str] = []
        self.session = requests.Session()
        self.session.mount("http://", self)

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """One page, or the status that stands in its place."""
        url = urlsplit(str(request.url))
        found = self.lists.get(url.path, 404)
        self.asked.append(url.path)
        response = requests.Response()
        response.request, response.url, response.headers["Content-Type"] = (
            request,
            str(request.url),
            "application/json",
        )
        response.status_code = found if isinstance(found, int) else 200
        document: dict[str, Json] = {}
        if not isinstance(found, int):
            query = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
            start = query.get("offset", 0)
            shown = found[: self.cut.get(url.path, len(found))]
            document = {"data": shown[start : start + query.get("limit", 10)]}
            document |= {"total": len(found)} if self.totals else {}
        response._content = json.dumps(document).encode()
        turns = self.turns.get(url.path)
        turn = turns.pop(0) if turns else None
        self.lists[url.path] = found if turn is None else turn
        return response

    def close(self) -> None:
        """Nothing is open."""

    def config(self, *resources: Json, **defaults: Json) -> dict[str, Any]:
        """A config that reads the shelf; `defaults` go on top of a merge by `id`."""
        return {
            "client": {"base_url": BASE_URL, "session": self.session, "retry": {"max_retries": 0}},
            "resource_defaults": {
                "primary_key": "id",
                "write_disposition": "merge",
                "endpoint": {"data_selector": "data", "paginator": {"type": "offset", "limit": 10}},
                **defaults,
            },
            "resources": list(resources),
            "pipeline": {"dataset_name": "shelf_data"},
        }


def records(count: int, first: int = 1, **more: Json) -> list[Json]:
    """So many records with ids from `first`."""
    return [{"id": number, "name": f"n{number}", **more} for number in range(first, first + count)]
