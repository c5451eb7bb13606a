"""The smallest client that can see what a server did: one request, one reply, no opinion about statuses.

`WALKS` read a whole list in each paging style as a naive but honest client would, by what the server says.
"""

from __future__ import annotations

import csv
import http.client
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlencode, urlsplit

import orjson

from restmill.sandbox.message import Ask, AskError
from restmill.sandbox.pages import Desk, respond

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Fields: TypeAlias = "Mapping[str, object]"


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> dict[str, object]:
        found = orjson.loads(self.body)
        assert isinstance(found, dict)
        return found

    @property
    def array(self) -> list[dict[str, object]]:
        found = orjson.loads(self.body)
        assert isinstance(found, list)
        return found

    def records(self, name: str = "data") -> list[dict[str, object]]:
        found = self.json[name]
        assert isinstance(found, list)
        return found

    def ids(self, name: str = "data") -> list[object]:
        return [record["id"] for record in self.records(name)]

    @property
    def cursor(self) -> object:
        cursors = self.json["cursors"]
        assert isinstance(cursors, dict)
        return cursors["next"]

    @property
    def message(self) -> str:
        error = self.json["error"]
        assert isinstance(error, dict)
        return f"{error['message']} {error.get('hint', '')}"


Fetch: TypeAlias = "Callable[..., Reply]"


@dataclass(frozen=True)
class Client:
    """Requests to one server, each over a connection of its own."""

    base_url: str

    def __call__(
        self,
        path: str,
        fields: Fields | None = None,
        *,
        method: str = "GET",
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        if path.startswith("http"):
            assert path.startswith(self.base_url)
            path = path.removeprefix(self.base_url)
        target = f"{path}?{urlencode(fields)}" if fields else path
        content = body if isinstance(body, bytes | None) else orjson.dumps(body)
        connection = http.client.HTTPConnection(urlsplit(self.base_url).netloc, timeout=10)
        try:
            connection.request(method, target, content, dict(headers or {}))
            response = connection.getresponse()
            return Reply(response.status, response.read(), dict(response.getheaders()))
        finally:
            connection.close()


def without_network(desk: Desk) -> Fetch:
    """Return a client that calls the routes directly: the same walks, a thousand times as fast."""

    def fetch(path: str, fields: Fields | None = None, *, method: str = "GET", body: object = None) -> Reply:
        parts = urlsplit(path)
        query = {
            name: value for name, _, value in (pair.partition("=") for pair in parts.query.split("&")) if name
        }
        query |= {name: str(value) for name, value in (fields or {}).items()}
        given = body if isinstance(body, dict) else {}
        ask = Ask(
            method, parts.path, tuple(parts.path[1:].split("/")), query, {**query, **given}, "http://here"
        )
        try:
            answer = respond(desk, ask)
        except AskError as error:
            answer = error.answer()
        return Reply(answer.status, answer.body, answer.headers)

    return fetch


def by_offset(fetch: Fetch, name: str, size: int) -> list[object]:
    ids: list[object] = []
    while True:
        reply = fetch(f"/v1/{name}", {"offset": len(ids), "limit": size})
        page = reply.ids("items" if name == "feature_flags" else "data")
        ids += page
        if not page:
            assert reply.json["total"] == len(ids)
            return ids


def by_page(fetch: Fetch, name: str, size: int) -> list[object]:
    ids: list[object] = []
    for number in range(1, 1000):
        page = fetch(f"/v1/{name}", {"page": number, "per_page": size}).ids(
            "items" if name == "feature_flags" else "data"
        )
        ids += page
        if not page:
            break
    return ids


def by_total_pages(fetch: Fetch, name: str, size: int, base: int = 1) -> list[object]:
    first = fetch(f"/pages/{name}", {"page": base, "size": size, "base": base})
    ids, last = first.ids("results"), first.json["total_pages"]
    assert isinstance(last, int)
    for number in range(base + 1, base + last):
        ids += fetch(f"/pages/{name}", {"page": number, "size": size, "base": base}).ids("results")
    return ids


def by_total_pages_from_0(fetch: Fetch, name: str, size: int) -> list[object]:
    return by_total_pages(fetch, name, size, base=0)


def by_cursor(fetch: Fetch, name: str, size: int) -> list[object]:
    reply = fetch(f"/cursor/{name}", {"limit": size})
    ids = reply.ids()
    while cursor := reply.cursor:
        assert reply.json["has_more"] is True
        reply = fetch(f"/cursor/{name}", {"limit": size, "cursor": cursor})
        ids += reply.ids()
    assert reply.json["has_more"] is False
    return ids


def by_posted_cursor(fetch: Fetch, name: str, size: int) -> list[object]:
    reply = fetch(f"/cursor/{name}", method="POST", body={"limit": size})
    ids = reply.ids()
    while cursor := reply.cursor:
        reply = fetch(f"/cursor/{name}", method="POST", body={"limit": size, "cursor": cursor})
        ids += reply.ids()
    return ids


def by_search(fetch: Fetch, name: str, size: int) -> list[object]:
    ids: list[object] = []
    while page := fetch(f"/search/{name}", method="POST", body={"offset": len(ids), "limit": size}).ids(
        "items" if name == "feature_flags" else "data"
    ):
        ids += page
    return ids


def by_link(fetch: Fetch, name: str, size: int) -> list[object]:
    reply = fetch(f"/links/{name}", {"size": size})
    ids = reply.ids()
    while url := reply.json["next"]:
        reply = fetch(str(url).removeprefix("http://here"))
        ids += reply.ids()
    return ids


def by_link_header(fetch: Fetch, name: str, size: int) -> list[object]:
    reply = fetch(f"/header-links/{name}", {"size": size})
    ids = [record["id"] for record in reply.array]
    while url := links(reply).get("next"):
        reply = fetch(url.removeprefix("http://here"))
        ids += [record["id"] for record in reply.array]
    assert reply.headers["X-Total-Count"] == str(len(ids))
    return ids


def by_cursor_header(fetch: Fetch, name: str, size: int) -> list[object]:
    reply = fetch(f"/header-cursor/{name}", {"limit": size})
    ids = [record["id"] for record in reply.array]
    while token := reply.headers.get("NextPageToken"):
        reply = fetch(f"/header-cursor/{name}", {"limit": size, "cursor": token})
        ids += [record["id"] for record in reply.array]
    return ids


def by_array(fetch: Fetch, name: str, size: int) -> list[object]:
    ids: list[object] = []
    while True:
        reply = fetch(f"/array/{name}", {"offset": len(ids), "limit": size})
        if not reply.array:
            assert reply.headers["X-Records"] == str(len(ids))
            return ids
        ids += [record["id"] for record in reply.array]


def at_once(fetch: Fetch, name: str, size: int) -> list[object]:
    return [record["id"] for record in fetch(f"/all/{name}").array]


def by_json_lines(fetch: Fetch, name: str, size: int) -> list[object]:
    return [orjson.loads(line)["id"] for line in fetch(f"/jsonl/{name}").body.splitlines()]


def by_csv(fetch: Fetch, name: str, size: int) -> list[object]:
    rows = list(csv.DictReader(io.StringIO(fetch(f"/csv/{name}").body.decode(), newline="")))
    return [int(row["id"]) if row["id"].isdigit() else row["id"] for row in rows]


WALKS: dict[str, Callable[[Fetch, str, int], list[object]]] = {
    walk.__name__: walk
    for walk in (
        by_offset,
        by_page,
        by_total_pages,
        by_total_pages_from_0,
        by_cursor,
        by_posted_cursor,
        by_search,
        by_link,
        by_link_header,
        by_cursor_header,
        by_array,
        at_once,
        by_json_lines,
        by_csv,
    )
}


def links(reply: Reply) -> dict[str, str]:
    """Return the targets of a Link header by relation."""
    found = {}
    for link in reply.headers.get("Link", "").split(", "):
        target, _, relation = link.partition("; rel=")
        found[relation.strip('"')] = target.strip("<>")
    return found
