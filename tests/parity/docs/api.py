"""The server of the documentation's examples: their paths and shapes on top of the recording sandbox.

A path names an envelope, then what is asked for: `/paging/posts`, `/linked/repos/dlt-hub/dlt/issues`,
`/poke/api/v2/berry`. `/private` before it asks for credentials. `/western` answers in windows-1252 without
saying so. The switch `rows` is the length of every list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import orjson

from restmill.sandbox import Behaviour, SandboxServer
from restmill.sandbox.message import Answer
from tests.parity.docs.envelopes import CAPPED, ENVELOPES, FROM_ONE, PAGE, WHOLE, Page
from tests.parity.docs.records import collection, comments
from tests.parity.server import RecordingSandbox

if TYPE_CHECKING:
    from aiohttp import web

    from restmill.path import Json
    from tests.parity.docs.records import Record
    from tests.parity.server import Seen

TOKEN = "documented-token"
PASSWORD = "documented-password"
_MADE_TOKEN = "made-token"
_WELCOME = {
    f"Bearer {TOKEN}",
    f"Bearer {_MADE_TOKEN}",
    f"Custom {TOKEN}",
    "Basic dXNlcjpkb2N1bWVudGVkLXBhc3N3b3Jk",  # user, PASSWORD
}


class DocumentedApi(RecordingSandbox):
    """Answers what the examples ask; everything it is asked is in `seen`."""

    def _routed(self, request: web.BaseRequest, path: str, body: bytes) -> Answer:
        parts = [part for part in path.split("/") if part]
        if parts == ["oauth", "token"]:
            return _answer({"access_token": _MADE_TOKEN, "expires_in": 3600})
        if parts[0] == "private":
            if not _is_welcome(request):
                return _answer({"error": "who are you?"}, status=401)
            parts = parts[1:]
        if parts[0] == "western":
            return _western(collection(parts[1], self.behaviour.rows, {}) or [])
        envelope, *asked = parts
        fields = _fields(request, body)
        found = _found(_shortened(asked), self.behaviour.rows, fields)
        if found is None or envelope not in ENVELOPES:
            return _answer({"message": "Not found"}, status=404)
        if isinstance(found, dict):
            return _answer(found)
        url = f"http://{request.host}{path}"
        page = _page(envelope, asked[-1], found, fields, url, dict(request.rel_url.query))
        content, headers = ENVELOPES[envelope](page)
        return _answer(content, headers=headers)


def documented(switches: Mapping[str, object], documents: Mapping[str, Json]) -> tuple[SandboxServer, Seen]:
    """A server that is not started yet, and the list its requests will be written to."""
    behaviour = Behaviour().changed({"rows": 7, **switches})
    server = SandboxServer(behaviour)
    api = DocumentedApi(behaviour, documents)
    server._sandbox = api
    return server, api.seen


def _shortened(parts: list[str]) -> list[str]:
    """The path without what only says where the API is: `repos/dlt-hub/dlt`, `dlt-hub/dlt`, `api/v2`."""
    text = "/".join(parts)
    return re.sub(r"^(repos/)?dlt-hub/[^/]+/|^api/v2/", "", text).split("/")


def _found(parts: list[str], rows: int, fields: Mapping[str, str]) -> list[Record] | Record | None:
    match parts:
        case ["search"]:
            return _searched(rows, fields)
        case ["posts", "search"]:
            return collection("posts", rows, fields)
        case ["posts", "since", day, "list"]:
            return collection("posts", rows, {"created_since": day})
        case ["graphql"]:
            return _graph(fields["query"])
        case ["posts" | "issues", key, "archived"] if int(key) % 2:
            return None
        case [_, key, "comments" | "archived"]:
            return comments(key)
        case ["groups", key, "users"]:
            return collection("users", rows, {"group_id": key})
        case ["groups", group, "users", key, "details"]:
            return {"id": int(key), "group": f"group {group}", "bio": f"I am {key}."}
        case ["lines", key]:
            return {"id": int(key), "price": int(key) * 2}
        case [name, key]:
            return next((row for row in collection(name, rows, {}) or [] if str(row.get("id")) == key), None)
        case [name]:
            return collection(name, rows, fields)
        case _:
            return None


def _searched(rows: int, fields: Mapping[str, str]) -> list[Record]:
    """One post by its id, or all that a query may mean, at most `limit`."""
    found = collection("posts", rows, {}) or []
    wanted = fields.get("id")
    return [{**post, "score": 0.5} for post in found if wanted is None or str(post["id"]) == wanted]


def _graph(query: str) -> Record:
    """The answer to the documentation's one GraphQL query; what is not written like it is an error."""
    asked = re.fullmatch(r"\s*query Artist \{\s*artist\(id: \"(\d+)\"\) \{\s*id\s*name\s*\}\s*\}\s*", query)
    if asked is None:
        return {"errors": [{"message": f"cannot read {query}"}]}
    return {"data": {"artist": {"id": asked[1], "name": f"Artist {asked[1]}"}}}


def _fields(request: web.BaseRequest, body: bytes) -> dict[str, str]:
    """What a request wants, wherever it says so: query, header, form or, at any depth, JSON."""
    fields = dict(request.rel_url.query)
    if since := request.headers.get("X-Since-Timestamp"):
        fields |= {"created_since": since, "since": since}
    if body.startswith(b"{"):
        fields |= _flat(orjson.loads(body))
    elif body:
        fields |= dict(parse_qsl(body.decode()))
    return fields


def _flat(document: Mapping[str, Json]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            flat |= _flat(value)
        elif value is not None:
            flat[key] = str(value)
    return flat


def _page(  # noqa: PLR0917  # a page is what was asked, of what, and where
    envelope: str, name: str, found: list[Record], fields: Mapping[str, str], url: str, asked: Mapping[str, str]
) -> Page:
    limit = int(fields.get("limit") or fields.get("per_page") or PAGE)
    if envelope in WHOLE:
        limit = max(len(found), 1)
    elif envelope in CAPPED:
        limit = min(limit, PAGE)
    place = fields.get("cursor") or fields.get("nextPageToken") or fields.get("offset")
    number = int(fields.get("page") or 0) - (1 if envelope in FROM_ONE else 0)
    start = int(place) if place else max(number, 0) * limit
    return Page(name, found[start : start + limit], start, limit, len(found), url, asked)


def _is_welcome(request: web.BaseRequest) -> bool:
    keys = (request.headers.get("X-API-Key"), request.rel_url.query.get("api_key"))
    return request.headers.get("Authorization") in _WELCOME or TOKEN in keys


def _western(found: list[Record]) -> Answer:
    titled = [{**record, "title": f"Café {record['id']} €"} for record in found]
    return Answer(200, json.dumps(titled, ensure_ascii=False).encode("windows-1252"))


def _answer(content: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, orjson.dumps(content), headers or {})
