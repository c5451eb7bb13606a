"""The server of the documentation's examples: their paths and shapes on top of the recording sandbox.

A path names an envelope, then what is asked for: `/paging/posts`, `/linked/repos/dlt-hub/dlt/issues`,
`/poke/api/v2/berry`. `/private` before it asks for credentials. `/western` answers in windows-1252 without
saying so. The switch `rows` is the length of every list.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl

import orjson

from restmill.sandbox.message import Answer
from tests.parity.docs.envelopes import CAPPED, ENVELOPES, FROM_ONE, PAGE, WHOLE, Page
from tests.parity.docs.records import collection, comments
from tests.parity.server import RecordingSandbox

if TYPE_CHECKING:
    from aiohttp import web

    from restmill.path import Json
    from tests.parity.docs.records import Record

Found: TypeAlias = "list[Record] | Record | None"

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
        content, headers = ENVELOPES[envelope](_page(request, envelope, found, fields))
        return _answer(content, headers=headers)


def _shortened(parts: list[str]) -> str:
    """The path without what only says where the API is: `repos/dlt-hub/dlt`, `dlt-hub/dlt`, `api/v2`."""
    return re.sub(r"^(repos/)?dlt-hub/[^/]+/|^api/v2/", "", "/".join(parts))


def _found(path: str, rows: int, fields: Mapping[str, str]) -> Found:
    for pattern, answer in _ROUTES:
        if match := re.fullmatch(pattern, path):
            return answer(match, rows, fields)
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


def _one(name: str, key: str, rows: int) -> Record | None:
    return next((row for row in collection(name, rows, {}) or () if str(row["id"]) == key), None)


_ROUTES: tuple[tuple[str, Callable[[re.Match[str], int, Mapping[str, str]], Found]], ...] = (
    ("search", lambda _, rows, fields: _searched(rows, fields)),
    ("posts/search", lambda _, rows, fields: collection("posts", rows, fields)),
    ("posts/since/([^/]+)/list", lambda of, rows, _: collection("posts", rows, {"created_since": of[1]})),
    ("graphql", lambda _, __, fields: _graph(fields["query"])),
    (r"\w+/\d*[13579]/archived", lambda *_: None),
    (r"\w+/(\d+)/(?:comments|archived)", lambda of, *_: comments(of[1])),
    (r"groups/(\d+)/users", lambda of, rows, _: collection("users", rows, {"group_id": of[1]})),
    (r"groups/(\d+)/users/(\d+)/details", lambda of, *_: {"id": int(of[2]), "bio": f"{of[2]} of {of[1]}"}),
    (r"lines/(\d+)", lambda of, *_: {"id": int(of[1]), "price": int(of[1]) * 2}),
    (r"(\w+)/(\d+)", lambda of, rows, _: _one(of[1], of[2], rows)),
    (r"(\w+)", lambda of, rows, fields: collection(of[1], rows, fields)),
)


def _fields(request: web.BaseRequest, body: bytes) -> dict[str, str]:
    """What a request wants, wherever it says so: query, header, form or, at any depth, JSON."""
    fields = dict(request.rel_url.query)
    if since := request.headers.get("X-Since-Timestamp"):
        fields["created_since"] = since
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


def _page(request: web.BaseRequest, envelope: str, found: list[Record], fields: Mapping[str, str]) -> Page:
    limit = int(fields.get("limit") or fields.get("per_page") or PAGE)
    if envelope in WHOLE:
        limit = max(len(found), 1)
    elif envelope in CAPPED:
        limit = min(limit, PAGE)
    place = fields.get("cursor") or fields.get("nextPageToken") or fields.get("offset")
    number = int(fields.get("page") or 0) - (1 if envelope in FROM_ONE else 0)
    start = int(place) if place else max(number, 0) * limit
    return Page(
        name=request.path.rstrip("/").rpartition("/")[2],
        records=found[start : start + limit],
        start=start,
        limit=limit,
        total=len(found),
        url=f"http://{request.host}{request.path}",
        asked=dict(request.rel_url.query),
    )


def _is_welcome(request: web.BaseRequest) -> bool:
    keys = (request.headers.get("X-API-Key"), request.rel_url.query.get("api_key"))
    return request.headers.get("Authorization") in _WELCOME or TOKEN in keys


def _western(found: list[Record]) -> Answer:
    titled = [{**record, "title": f"Café {record['id']} €"} for record in found]
    return Answer(200, json.dumps(titled, ensure_ascii=False).encode("windows-1252"))


def _answer(content: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, orjson.dumps(content), headers or {})
