"""The API both engines are sent to: the sandbox, some routes of our own, and a record of what was asked.

The sandbox's own log has no headers and no bodies, and a comparison of engines needs both. So the handler
writes each request down before it answers. Besides the sandbox's routes there are

    /made/...       the document a case has put there
    /list/N         a generated list
    /echo/...       one record that holds the request as it came
    /more/C         offset or page, and limit: {"items", "more", "total"}
    /body/C         POST, the same with everything under "paging" of the JSON body, and "cursor"
    /status/N       the status N, with a JSON body
    /token/N        a new bearer token that says it lives N seconds; /token/none does not say
    /twice/C        as /more/C, but each token is good for two requests, then 401
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from restmill.sandbox import Behaviour, SandboxServer
from restmill.sandbox.app import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from restmill.path import Json
    from tests.parity.generated import Served

# Headers that name the client or its connection: engines differ in them, APIs do not look at them.
_OF_THE_CLIENT = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"}


@dataclass(frozen=True, slots=True, order=True)
class Sent:
    """One request as it came in; `target` is path and query as sent."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    run: int = 0
    """The pipeline run it was part of, from 0."""


@dataclass(slots=True)
class Seen:
    """What has been asked, and the documents of `/made`."""

    requests: list[Sent] = field(default_factory=list)
    documents: Mapping[str, Json] = field(default_factory=dict)
    lists: Sequence[Served] = ()
    run: int = 0


class RecordingSandbox(Sandbox):
    """The sandbox with a memory for whole requests and some more routes."""

    def __init__(self, behaviour: Behaviour, seen: Seen) -> None:
        super().__init__(behaviour)
        self.seen = seen
        self._issued = 0
        self._uses: Counter[str] = Counter()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Write the request down and answer it."""
        sent = await _sent(request, self.seen.run)
        self.seen.requests.append(sent)
        first, _, rest = request.path[1:].partition("/")
        if first == "status":
            return _json({"error": "gone for good"}, int(rest))
        if first == "twice" and self._spent(request.headers.get("Authorization", "")):
            return _json({"error": "this token is spent"}, 401)
        own = self._own(first, rest, request, sent)
        return await super().handle(request) if own is None else _json(own)

    def _own(self, first: str, rest: str, request: web.BaseRequest, sent: Sent) -> Json:
        """The document of one of our own routes, or None."""
        query = dict(request.rel_url.query)
        own: dict[str, Callable[[], Json]] = {
            "made": lambda: self.seen.documents.get(rest),
            "list": lambda: self.seen.lists[int(rest)].page(int(rest), query),
            "echo": lambda: [_echo(request, sent)],
            "more": lambda: self._cut(rest, query),
            "twice": lambda: self._cut(rest, query),
            "body": lambda: self._cut(rest, orjson.loads(sent.body)["paging"]),
            "token": lambda: {"access_token": self._issue()} | _life(rest),
        }
        return own[first]() if first in own else None

    def _issue(self) -> str:
        self._issued += 1
        return f"made-token-{self._issued}"

    def _spent(self, token: str) -> bool:
        self._uses[token] += 1
        return self._uses[token] > 2

    def _cut(self, name: str, paging: Mapping[str, Json]) -> Json:
        """One page of a collection, wherever the paging came from."""
        limit = int(paging.get("limit", 3))
        start = int(paging.get("cursor") or paging.get("offset") or 0) + int(paging.get("page", 0)) * limit
        found = self._desk.collection(name)
        records = list(found.records())[start : start + limit]
        more = start + limit < found.rows
        cursor = {"cursor": str(start + limit)} if more else {}
        return {"items": records, "more": more, "total": found.rows, **cursor}


def recording(switches: Mapping[str, object], seen: Seen) -> SandboxServer:
    """A server, not started yet, that writes its requests into `seen`."""
    behaviour = Behaviour().changed({"rows": 7, "default_limit": 3, **switches})
    server = SandboxServer(behaviour)
    server._sandbox = RecordingSandbox(behaviour, seen)
    return server


def _life(seconds: str) -> Json:
    return {} if seconds == "none" else {"expires_in": int(seconds)}


async def _sent(request: web.BaseRequest, run: int) -> Sent:
    body = _SIGNED.sub("assertion=(signed)", (await request.read()).decode())
    headers = sorted(
        (name.lower(), value) for name, value in request.headers.items() if name.lower() not in _OF_THE_CLIENT
    )
    return Sent(request.method, request.raw_path, tuple(headers), _unordered(body), run)


# A signed token holds its audience, and so the port of the API that one engine talks to.
_SIGNED = re.compile(r"assertion=[^&]+")


def _unordered(body: str) -> str:
    """JSON without its spaces; anything else as it is."""
    try:
        return orjson.dumps(orjson.loads(body)).decode()
    except orjson.JSONDecodeError:
        return body


def _echo(request: web.BaseRequest, sent: Sent) -> Json:
    return {
        "id": request.path.rpartition("/")[2],
        "path": request.path,
        "query": list(map(list, request.rel_url.query.items())),
        "headers": dict(sent.headers),
        "body": sent.body,
    }


def _json(document: Json, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")
