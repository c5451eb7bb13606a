"""`Sandbox`: one request in, one answer out, over aiohttp's bare server.

The bare server has no router and no middleware: the routes are a `match` in `pages`, and every request goes
the same way: wait, count, rate limit, fault, key, route, spoil, compress.
"""

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import orjson
from aiohttp import web

from restmill.sandbox.access import CREDENTIALS, Access, shown
from restmill.sandbox.behaviour import Behaviour, SwitchError
from restmill.sandbox.faults import UNTOUCHED, Fate, Faults, RateWindow, failure, spoilt
from restmill.sandbox.journal import Entry, Journal
from restmill.sandbox.message import Answer, Ask, AskError, document
from restmill.sandbox.pages import Desk, respond, unknown


class Sandbox:
    """The server's state and its handler. Everything happens on one event loop."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._desk = Desk(behaviour)
        self._access = Access()
        self._faults = Faults()
        self._window = RateWindow()
        self._journal = Journal()

    @property
    def behaviour(self) -> Behaviour:
        """The switches as they stand."""
        return self._desk.behaviour

    def change(self, changes: Mapping[str, object]) -> Behaviour:
        """Set switches from now on; see `Behaviour.changed` for what is raised."""
        self._desk.behaviour = self.behaviour.changed(changes)
        return self.behaviour

    def warm(self, name: str) -> None:
        """Make the bytes of one collection now instead of at its first request."""
        self._desk.collection(name).warm()

    def log(self) -> list[dict[str, object]]:
        """Return the last requests, oldest first, keys hidden."""
        return self._journal.log(self.behaviour.key)

    def stats(self) -> Mapping[str, object]:
        """Return the counts since the start or the last reset."""
        return self._journal.stats()

    def reset(self) -> None:
        """Forget log, counters, faults and drift. Switches and tokens stay."""
        self._journal.reset()
        self._faults = Faults()
        self._window = RateWindow()
        self._desk.drifts.clear()
        self._desk.scrolls.clear()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; aiohttp calls this."""
        path = request.path
        if path.startswith("/_sandbox"):
            return _response(await self._control(request))
        started = time.perf_counter()
        self._journal.arrived()
        entry = None
        try:
            answer, fate = await self._answered(request, path)
            ms = (time.perf_counter() - started) * 1000
            entry = Entry(request.method, path, request.rel_url.raw_query_string, answer.status, ms)
        finally:
            self._journal.left(entry)
        if fate.fault == "disconnect" and answer.status == 200:
            return await _broken_off(request, answer)
        return _response(
            answer, squeeze=self.behaviour.gzip and "gzip" in request.headers.get("Accept-Encoding", "")
        )

    async def _answered(self, request: web.BaseRequest, path: str) -> tuple[Answer, Fate]:
        behaviour = self.behaviour
        turn = self._journal.requests
        body = await request.read() if request.body_exists else b""
        fate = self._faults.fate(behaviour, _identity(request, body)) if behaviour.faulty else UNTOUCHED
        if wait := behaviour.latency_s + fate.wait_s:
            await asyncio.sleep(wait)
        if behaviour.dead_after and turn > behaviour.dead_after:
            return failure(behaviour, 503, datetime.now(UTC)), UNTOUCHED
        told: dict[str, str] = {}
        if behaviour.rate_limit:
            allowed, counts = self._window.take(behaviour, time.monotonic())
            told = counts if behaviour.rate_limit_told else {}
            if not allowed:
                return AskError(429, "too many requests", headers=told).answer(), UNTOUCHED
        if fate.fault == "fail":
            answer = failure(behaviour, fate.status, datetime.now(UTC))
        else:
            try:
                answer = spoilt(self._routed(request, path, body), fate.fault, behaviour.error_kind)
            except AskError as error:
                answer = error.answer()
        if told:
            answer = Answer(answer.status, answer.body, {**answer.headers, **told}, answer.content_type)
        return answer, fate

    def _routed(self, request: web.BaseRequest, path: str, body: bytes) -> Answer:
        behaviour, now = self.behaviour, time.monotonic()
        if path == "/oauth/token":
            self._journal.tokens += 1
            if request.method != "POST":
                raise AskError(405, "this path takes POST", headers={"Allow": "POST"})
            return self._access.issue(behaviour, request.headers, body, now)
        query = request.rel_url.query
        if behaviour.key or "Authorization" in request.headers:
            self._access.check(behaviour, shown(request.headers, query, request.cookies), now)
        fields: Mapping[str, object] = {**query, **_parsed(body)} if body else query
        parts = tuple(path[1:].split("/"))
        return respond(self._desk, Ask(request.method, path, parts, query, fields, f"http://{request.host}"))

    async def _control(self, request: web.BaseRequest) -> Answer:
        reads: dict[str, Callable[[], object]] = {
            "/_sandbox/behaviour": self.behaviour.described,
            "/_sandbox/log": self.log,
            "/_sandbox/stats": self.stats,
        }
        match request.method, request.path:
            case "GET", path if path in reads:
                return document(reads[path]())
            case "POST", "/_sandbox/behaviour":
                return self._switched(await request.read())
            case "DELETE", "/_sandbox/log":
                self.reset()
                return Answer(204, b"")
            case _, path:
                return unknown(path).answer()

    def _switched(self, body: bytes) -> Answer:
        try:
            return document(self.change(_parsed(body)).described())
        except SwitchError as error:
            problem = error.problem
            return AskError(400, f"{problem.place}: {problem.what}", problem.hint).answer()
        except AskError as error:
            return error.answer()


def _parsed(body: bytes) -> dict[str, object]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise AskError(400, "the body is not a JSON object")
    return content


def _identity(request: web.BaseRequest, body: bytes) -> str:
    """Name what is asked for, without keys and without the order of the query."""
    query = sorted((name, value) for name, value in request.rel_url.query.items() if name not in CREDENTIALS)
    return f"{request.method} {request.path} {query} {zlib.crc32(body)}"


def _response(answer: Answer, *, squeeze: bool = False) -> web.Response:
    headers = {"Content-Type": answer.content_type, **answer.headers}
    if answer.status == 204:
        del headers["Content-Type"]
    body = answer.body
    if squeeze and body:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 1)
    return web.Response(status=answer.status, body=body, headers=headers)


async def _broken_off(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Promise the whole body, send half of it, and hang up."""
    headers = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body)), **answer.headers}
    response = web.StreamResponse(status=answer.status, headers=headers)
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
