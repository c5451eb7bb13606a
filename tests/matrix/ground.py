"""The sandbox without sockets: an answer to each request of a rig, and what the list really holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from restmill.run.transport.protocol import Failed
from restmill.sandbox.faults import UNTOUCHED, Faults, failure, spoilt
from restmill.sandbox.listing import Drift
from restmill.sandbox.message import Answer, Ask, AskError
from restmill.sandbox.pages import Desk, respond
from restmill.wire.message import Headers, Response

if TYPE_CHECKING:
    from restmill.sandbox import Behaviour
    from restmill.wire.message import Request

LIST = "users"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Ground:
    """One list behind one behaviour; every request is counted."""

    behaviour: Behaviour
    requests: int = 0
    faults: Faults = field(default_factory=Faults)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(self.behaviour)

    def __call__(self, request: Request) -> Response | Exception:
        """What the sandbox answers."""
        self.requests += 1
        behaviour = self.behaviour
        if behaviour.dead_after and self.requests > behaviour.dead_after:
            return _response(failure(behaviour, 503, _NOW))
        identity = f"{request.method} {request.url} {request.json}"
        fate = self.faults.fate(behaviour, identity) if behaviour.faulty else UNTOUCHED
        if fate.fault == "disconnect":
            return Failed("the answer broke off before its end")
        if fate.fault == "fail":
            return _response(failure(behaviour, fate.status, _NOW))
        try:
            return _response(spoilt(respond(self.desk, _ask(request)), fate.fault, behaviour.error_kind))
        except AskError as error:
            return _response(error.answer())

    def right(self, ids: list[int]) -> bool:
        """Whether these are the list's records: all that were there all the time, none that never was."""
        drift = self.desk.drifts.get(LIST, Drift())
        always = range(drift.deleted + 1, self.behaviour.rows + 1)
        ever = range(1, self.behaviour.rows + drift.inserted + 1)
        return set(always) <= set(ids) <= set(ever)


def _ask(request: Request) -> Ask:
    parts = urlsplit(request.url)
    query = dict(parse_qsl(parts.query))
    fields = {**query, **(request.json or {})}
    origin = f"{parts.scheme}://{parts.netloc}"
    return Ask(request.method, parts.path, tuple(parts.path[1:].split("/")), query, fields, origin)


def _response(answer: Answer) -> Response:
    return Response(
        answer.status, Headers({"Content-Type": answer.content_type, **answer.headers}), answer.body
    )
