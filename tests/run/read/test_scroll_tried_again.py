"""A scroll moves on with each request: to try one again whose answer was lost passes a page by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from restmill.events import ReadDone
from restmill.path import Path
from restmill.run.transport.protocol import Failed
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, Rig, order, terms
from restmill.wire.actions import Rule
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging.pagers import Cursor, HeaderCursor, HeaderLink, JsonLink
from tests.run.evidence.test_visited import Own

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.fetch.fetcher import Terms
    from restmill.wire.message import Method
    from restmill.wire.paging.pagers import Pager

SIZE, ROWS, LIMIT = 3, 16, 3
TOKEN = "60bb598b"  # what a server calls a scroll
TO_RETRY = replace(terms(), rules=(Rule(do="retry", content="busy"),))

MOVED: dict[str, Response | Exception] = {
    "timeout": Failed("no answer within 60 s", kind="timeout"),
    "reset": Failed("the server closed the connection without an answer", kind="connection"),
    "broken body": Failed("the answer broke off before its end", kind="body"),
    "half of the JSON": Response(200, Headers({"Content-Type": "application/json"}), b'{"data": [{"id": 1'),
    "a page of HTML": Response(200, Headers({"Content-Type": "text/html"}), b"<html>wait</html>"),
    "408": json_response({}, 408, {"Retry-After": "1"}),
    "500": json_response({}, 500),
    "502": json_response({}, 502),
    "503": json_response({}, 503),
    "503 with a time": json_response({}, 503, {"Retry-After": "1"}),
    "504": json_response({}, 504),
    "200, tried again by an action": json_response({"state": "busy"}),
}
"""Answers that came, or did not, after the server had moved on."""
REFUSED: dict[str, Response | Exception] = {
    "429": json_response({}, 429),
    "429 with a time": json_response({}, 429, {"Retry-After": "1"}),
    "409 with a time": json_response({}, 409, {"Retry-After": "1"}),
    "403, tried again by an action": json_response({"state": "busy"}, 403),
    "no connection": Failed("no connection to api.test:443 (connection refused)", kind="connect"),
}
"""Answers of a server that has not served the request."""
PAGERS: dict[str, tuple[Pager, Method]] = {
    "cursor": (Cursor(), "GET"),
    "cursor, has_more": (Cursor(has_more_path=Path("has_more")), "GET"),
    "cursor, ends at an empty page": (Cursor(stop_after_empty_page=True), "GET"),
    "cursor by POST": (Cursor(cursor_body_path="page.after"), "POST"),
    "scroll id by POST": (Cursor(cursor_body_path="scroll_id"), "POST"),
    "header cursor": (HeaderCursor(), "GET"),
    "json link": (JsonLink(), "GET"),
    "header link": (HeaderLink(), "GET"),
    "a pager of the user's own": (Own(), "GET"),
}


@dataclass
class Server:
    """A scroll; request number `fails` gets `instead`, and the list moves on if `moves`."""

    instead: Response | Exception
    fails: int = 3
    moves: bool = True
    total: bool = False
    ends: bool = False
    """Whether the last page has no token."""
    tokens: tuple[str, ...] = (TOKEN,)
    at: int = 0
    asked: int = 0

    def __call__(self, _: Request) -> Response | Exception:
        self.asked += 1
        self.at = 0 if self.asked == 2 and self.fails == 1 else self.at  # the first request opens a new one
        fails = self.asked == self.fails
        start = self.at
        self.at += SIZE if self.moves or not fails else 0
        return self.instead if fails else self.page(start)

    def page(self, start: int) -> Response:
        found: list[Json] = [{"id": i} for i in range(start, min(start + SIZE, ROWS))]
        over = self.ends and start + SIZE >= ROWS
        token = None if over else self.tokens[start // SIZE % len(self.tokens)]
        link = token and f"{HOME}/more/{token}"
        document: Json = {"data": found, "cursors": {"next": token}, "next": link}
        document |= {"has_more": not over} | ({"total": ROWS} if self.total else {})
        return json_response(
            document, headers={"next": token, "Link": f"<{link}>; rel=next"} if token else {}
        )


def ended(server: Server, name: str = "cursor", of: Terms = TO_RETRY) -> tuple[ReadDone, list[int]]:
    """How the read ended, and what came."""
    pager, method = PAGERS[name]
    seen = Recorder()
    rig = Rig(server, latency=0.0, observer=seen)
    asked = order(pager, of=of)
    body: Json = {} if method == "POST" else None
    request = replace(asked.request, method=method, params={"limit": LIMIT}, json=body)
    run(rig.read(replace(asked, request=request, keys=(Path("id"),), merged=True)))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done, rig.ids


@pytest.mark.parametrize("name", PAGERS)
@pytest.mark.parametrize("kind", MOVED)
def test_a_scroll_that_is_tried_again_is_suspect(kind: str, name: str) -> None:
    done, ids = ended(Server(MOVED[kind]), name)
    assert len(ids) == ROWS - SIZE
    assert done.complete
    assert done.doubt.startswith("page 3 was asked for again (")
    assert done.doubt.endswith("the server of a scroll may have moved on meanwhile: rows may be missing")


@pytest.mark.parametrize("name", PAGERS)
def test_so_it_is_where_nothing_was_lost_as_nobody_can_know(name: str) -> None:
    done, ids = ended(Server(MOVED["502"], moves=False), name)
    assert ids == list(range(ROWS))
    assert done.doubt


@pytest.mark.parametrize("kind", REFUSED)
def test_a_server_that_refuses_a_request_has_not_moved(kind: str) -> None:
    done, ids = ended(Server(REFUSED[kind], moves=False))
    assert (ids, done.doubt) == (list(range(ROWS)), "")


def test_the_first_request_opens_another_scroll() -> None:
    done, ids = ended(Server(MOVED["502"], fails=1))
    assert (ids, done.doubt) == (list(range(ROWS)), "")


@pytest.mark.parametrize("fails", range(2, 8))
@pytest.mark.parametrize("ends", [True, False])
def test_whichever_page_it_is(fails: int, ends: bool) -> None:
    done, ids = ended(Server(MOVED["timeout"], fails=fails, ends=ends))
    assert ids == list(range(ROWS)) or done.doubt or not done.complete


@pytest.mark.parametrize(("moves", "doubt"), [(False, ""), (True, "13 rows, but the server claims 16")])
def test_a_total_that_is_met_is_stronger(moves: bool, doubt: str) -> None:
    done, _ = ended(Server(MOVED["502"], moves=moves, total=True))
    assert done.doubt == doubt


def test_tokens_that_differ_may_be_of_a_scroll_by_name() -> None:
    """Elasticsearch says that the id may change from answer to answer."""
    server = Server(MOVED["timeout"], ends=True, tokens=tuple("abcdefgh"))
    assert ended(server, "scroll id by POST")[0].doubt


def test_tokens_that_differ_are_no_scroll() -> None:
    server = Server(MOVED["timeout"], moves=False, ends=True, tokens=tuple("abcdefgh"))
    done, ids = ended(server)
    assert (ids, done.complete, done.doubt) == (list(range(ROWS)), True, "")


def test_a_last_token_that_stays_makes_no_scroll(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some stateless cursors stay at the end: the page behind it is empty, as often as it is asked for."""
    monkeypatch.setattr(
        "tests.run.read.test_scroll_tried_again.LIMIT", 100
    )  # pages are capped: each is short
    server = Server(MOVED["timeout"], moves=False, tokens=tuple("abcdefff"))
    done, ids = ended(server)
    assert (ids, done.complete, done.doubt) == (list(range(ROWS)), True, "")
