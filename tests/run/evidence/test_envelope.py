"""Errors in disguise: an answer with status 200 that is none never ends a read as complete, for any pager.

Seven rows in pages of three. The page in the middle, or the first one, is an error as some API words it. No
false alarm: what healthy APIs have in their envelopes, and in their records, is no error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from restmill.events import Noted, ReadDone
from restmill.path import Path
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, Rig, order
from restmill.wire.message import Request, Response
from restmill.wire.paging.pagers import (
    Cursor,
    Done,
    HeaderCursor,
    HeaderLink,
    JsonLink,
    Next,
    Offset,
    PageNumber,
    SinglePage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.path import Json
    from restmill.wire.message import Page
    from restmill.wire.paging.pagers import Pager

ROWS: list[Json] = [{"id": i, "status": "failed", "error": "of this row"} for i in range(7)]


class Own:
    """A pager of the user's own: counts by itself, until a page is short of three rows."""

    def first(self, request: Request) -> Request:
        return replace(request, params={"at": 0})

    def after(self, page: Page) -> Next | Done:
        if len(page.records) < 3:
            return Done("my own end", complete=True, basis="declared")
        return Next(replace(page.request, params={"at": page.request.params["at"] + 3}))

    def past_end(self, request: Request, status: int) -> Done | None:  # noqa: ARG002  # the seam's face
        return None

    def total(self, page: Page) -> int | None:  # noqa: ARG002  # the seam's face
        return None

    def describe(self) -> str:
        return "own"


@dataclass(frozen=True)
class Way:
    """A pager, and how a request of it says where its page begins."""

    pager: Pager | None
    at: Callable[[Request], int]
    number: bool = False
    detected: bool = False


def _param(name: str, times: int = 1, less: int = 0) -> Callable[[Request], int]:
    return lambda request: (int(request.params.get(name) or less) - less) * times


def _link(request: Request) -> int:
    return int(request.address.partition("at=")[2] or 0)


WAYS: dict[str, Way] = {
    "offset": Way(Offset(limit=3), _param("offset")),
    "page number": Way(PageNumber(base_page=1, total_path=None), _param("page", 3, 1)),
    "cursor": Way(Cursor(Path("next")), _param("cursor")),
    "json link": Way(JsonLink(Path("link")), _link),
    "header link": Way(HeaderLink(), _link),
    "header cursor": Way(HeaderCursor("After"), _param("cursor")),
    "auto": Way(None, _link, detected=True),
    "own": Way(Own(), _param("at")),
}


def healthy(at: int, **envelope: Json) -> Json:
    """The page from row `at`."""
    more = at + 3 < len(ROWS)
    return {**envelope, "data": ROWS[at : at + 3], "next": str(at + 3) if more else None}


def answer(way: str, document: Json, at: int) -> Response:
    """The page with its way on, as this pager looks for it."""
    more = at + 3 < len(ROWS)
    link = f"{HOME}/things?at={at + 3}" if more else None
    headers: dict[str, str] = {}
    if way == "json link" and isinstance(document, dict) and "next" in document:
        document = {**document, "link": link}
    if way == "auto" and isinstance(document, dict) and "next" in document:
        document = {**document, "next": link}
    if more and way == "header link":
        headers["Link"] = f"<{link}>; rel=next"
    if more and way == "header cursor":
        headers["After"] = str(at + 3)
    return json_response(document, headers=headers)


@dataclass(frozen=True)
class Outcome:
    """How a read ended: its last event, what was noted, and the ids it brought."""

    done: ReadDone
    notes: list[str]
    ids: list[int]

    @property
    def verdict(self) -> str:
        """As a receipt would say it."""
        return "partial" if not self.done.complete else "suspect" if self.done.doubt else "complete"


def read_to_empty_page(way: str, good: Json, last: Json, *, pages: int = 2) -> Outcome:
    """Read full pages with `good` around them, and then an empty one with `last`, to which a link leads."""

    def page(at: int) -> Json:
        if at >= 3 * pages:
            return {**last, "data": [], "next": None}
        return {**good, "data": ROWS[at : at + 3], "next": str(at + 3)}

    return read(way, page)


def read(
    way: str, page: Callable[[int], Json | Response], selector: str = "data", *, keyed: bool = True
) -> Outcome:
    """Read an API whose page from row `at` is `page(at)`; `keyed`: records have a primary key and merge."""
    what = WAYS[way]

    def script(request: Request) -> Response:
        at = what.at(request)
        found = page(at)
        return found if isinstance(found, Response) else answer(way, found, at)

    seen = Recorder()
    rig = Rig(script, observer=seen)
    place = None if what.detected else Path(selector)
    keys = (Path("id"),) if keyed else ()
    asked = replace(order(), pager=what.pager, selector=place, keys=keys, merged=keyed)
    run(rig.read(asked))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    notes = [event.text for event in seen.events if isinstance(event, Noted)]
    return Outcome(
        done,
        notes,
        [one.get("id", -1) if isinstance(one, dict) else -1 for page in rig.pages for one in page],
    )


ALONE: dict[str, Json] = {
    "error_code": {"error_code": "ComplexityException", "status_code": 429, "errors": ["budget exhausted"]},
    "errors": {"errors": [{"message": "shard timed out"}]},
    "error object": {"error": {"code": 500, "message": "internal"}},
    "error text": {"error": "something went wrong"},
    "google": {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "errors": [{"reason": "quota"}]}},
    "ok false": {"ok": False, "description": "Too Many Requests"},
    "slack": {"ok": False, "error": "ratelimited"},
    "success false": {"success": False, "data": None},
    "success false, empty list": {"success": False, "data": []},
    "success as text": {"success": "false", "data": []},
    "jsend error": {"status": "error", "message": "Unable to communicate with database"},
    "jsend fail": {"status": "fail", "data": None},
    "status failed, empty list": {"status": "failed", "data": []},
    "flickr": {"stat": "fail", "code": 105, "message": "Service currently unavailable"},
    "result failure": {"result": "failure"},
    "result error, empty list": {"result": "ERROR", "data": []},
    "state error": {"state": "error", "data": []},
    "json-rpc": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "server error"}},
    "soap": {"Envelope": {"Body": {"Fault": {"faultcode": "Server", "faultstring": "oops"}}}},
    "fault": {"fault": {"faultstring": "Rate limit quota violation"}},
    "graphql": {"errors": [{"message": "boom"}], "data": None},
    "problem": {"type": "about:blank", "title": "Service Unavailable", "status": 503},
    "spring": {"timestamp": 1, "status": 500, "error": "Internal Server Error", "path": "/things"},
    "meta code": {"meta": {"code": 500, "errorDetail": "x"}},
    "meta code, empty list": {"meta": {"code": 500}, "data": []},
    "jira": {"errorMessages": ["down for maintenance"], "errors": {}},
    "exception": {"exception": "java.lang.NullPointerException", "data": []},
    "contentful": {"sys": {"type": "Error", "id": "RateLimitExceeded"}, "requestId": "x"},
    "omdb": {"Response": "False", "Error": "Request limit reached!"},
    "paypal": {"name": "INTERNAL_ERROR", "message": "An error occurred", "debug_id": "x"},
    "aws": {"__type": "ThrottlingException", "message": "Rate exceeded"},
    "message alone": {"message": "API rate limit exceeded"},
    "detail alone": {"detail": "Request was throttled. Expected available in 30 seconds."},
    "retry_after": {"retry_after": 12.5, "global": False, "message": "You are being rate limited."},
    "text where the list was": {"data": "try again later"},
    "object where the list was": {"data": {"message": "try again later"}},
    "number where the list was": {"data": 500},
    "null where the list was": {"data": None},
    "an error in the list": {"data": [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "x"}]},
    "texts in the list": {"data": ["try again later"]},
    "an empty object": {},
    "a list": [],
    "a list with an error": [{"message": "Session expired", "errorCode": "INVALID_SESSION_ID"}],
    "a text": "error",
    "null": None,
    "false": False,
}
"""Whole documents in the place of a page."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ALONE)
def test_an_error_in_the_middle_of_a_list_never_ends_it_as_complete(name: str, way: str) -> None:
    found = read(way, lambda at: json_response(ALONE[name]) if at == 3 else healthy(at))
    assert found.verdict == "partial", found
    assert found.ids == [0, 1, 2]
    assert "later" not in found.done.reason
    assert "exceeded" not in found.done.reason.lower().replace("retry", "")


FLIPS: dict[str, tuple[Json, Json]] = {
    "code 429": ({"code": 0}, {"code": 429, "message": "slow down"}),
    "code 500": ({"code": 200}, {"code": 500}),
    "code 40001": ({"code": 0, "message": "ok"}, {"code": 40001, "message": "token invalid"}),
    "code as text": ({"code": "00000"}, {"code": "A0500"}),
    "code 1 to -1": ({"code": 1}, {"code": -1}),
    "errcode": (
        {"errcode": 0, "errmsg": "ok"},
        {"errcode": 45009, "errmsg": "reach max api daily quota limit"},
    ),
    "errno": ({"errno": 0}, {"errno": 110}),
    "ret": ({"ret": 0}, {"ret": 7}),
    "resultCode": (
        {"response": {"header": {"resultCode": "00", "resultMsg": "NORMAL SERVICE."}}},
        {"response": {"header": {"resultCode": "22", "resultMsg": "LIMITED NUMBER OF SERVICE REQUESTS"}}},
    ),
    "ok": ({"ok": True}, {"ok": False}),
    "success 1": ({"success": 1}, {"success": 0}),
    "isSuccess": ({"isSuccess": True}, {"isSuccess": False}),
    "status": ({"status": "ok"}, {"status": "error"}),
    "google maps": ({"status": "OK"}, {"status": "OVER_QUERY_LIMIT"}),
    "status unknown": ({"status": "OK"}, {"status": "PENDING"}),
    "status true": ({"status": True}, {"status": False}),
    "status number": ({"status": 200}, {"status": 503}),
    "result": ({"result": "success"}, {"result": "failure"}),
    "state": ({"state": "done"}, {"state": "aborted"}),
    "nested in meta": ({"meta": {"status": "ok"}}, {"meta": {"status": "timeout"}}),
    "two levels deep": ({"api": {"meta": {"ok": True}}}, {"api": {"meta": {"ok": False}}}),
    "coinmarketcap": ({"status": {"error_code": 0}}, {"status": {"error_code": 1008}}),
    "error null": ({"error": None}, {"error": "x"}),
    "errors empty": ({"errors": []}, {"errors": ["x"]}),
    "error false": ({"error": False}, {"error": True}),
    "has_errors": ({"has_errors": False}, {"has_errors": True}),
    "error_count": ({"error_count": 0}, {"error_count": 2}),
    "timed_out": ({"timed_out": False}, {"timed_out": True}),
    "shards": ({"_shards": {"failed": 0}}, {"_shards": {"failed": 5}}),
    "message": ({"message": "OK"}, {"message": "Too many requests"}),
    "a new message": ({}, {"message": "Too many requests"}),
    "a new code": ({}, {"code": 1234}),
    "retry_after": ({}, {"retry_after": 30}),
    "exception": ({}, {"exception": {"class": "Timeout"}}),
}
"""What stands beside the rows, and what beside an empty list."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FLIPS)
def test_a_sign_that_flips_beside_an_empty_list_never_ends_it_as_complete(name: str, way: str) -> None:
    good, bad = FLIPS[name]
    found = read(way, lambda at: {**bad, "data": [], "next": None} if at == 3 else healthy(at, **good))
    assert found.verdict == "partial", found
    assert found.ids == [0, 1, 2]
    assert "page 2 is an error under a good status" in found.done.reason


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "beside",
    [
        {"errors": [{"message": "shard timed out"}]},
        {"errors": {"a": "b"}},
        {"error": "one shard is down"},
        {"ok": False},
        {"success": False},
        {"timed_out": True},
        {"_shards": {"total": 5, "failed": 2}},
        {"incomplete_results": True},
        {"partial": True},
        {"meta": {"errors": ["x"]}},
    ],
    ids=str,
)
def test_an_error_beside_rows_makes_a_read_suspect(way: str, beside: Json) -> None:
    found = read(way, lambda at: {**healthy(at), **(beside if at == 3 else {})})
    assert found.verdict == "suspect"
    assert found.ids == list(range(7))
    assert any(note.startswith("page 2 has `") for note in found.notes)
    assert "page 2 says that something went wrong" in found.done.doubt


HONEST: dict[str, tuple[Json, Json]] = {
    "nothing": ({}, {}),
    "errors empty": ({"errors": []}, {"errors": []}),
    "error null": ({"error": None, "error_code": 0, "error_message": ""}, {"error": None}),
    "errmsg ok": ({"errcode": 0, "errmsg": "ok"}, {"errcode": 0, "errmsg": "ok"}),
    "error none": ({"error": {"code": 0, "message": None}}, {"error": {"code": 0, "message": ""}}),
    "warnings": ({}, {"warnings": ["deprecated"]}),
    "error_count": ({"error_count": 0}, {"error_count": 0}),
    "code": ({"code": 0}, {"code": 0}),
    "code 1": ({"code": 1, "msg": "success"}, {"code": 1, "msg": "success"}),
    "code 40001 all the way": ({"code": 40001}, {"code": 40001}),
    "code 200 to 204": ({"code": 200}, {"code": 204}),
    "status ok": ({"status": "ok"}, {"status": "ok"}),
    "status changes for the end": ({"status": "more"}, {"status": "complete"}),
    "zero results": ({"status": "OK"}, {"status": "ZERO_RESULTS"}),
    "no data": ({"status": "success"}, {"status": "no_data"}),
    "state": ({"state": "in_progress"}, {"state": "done"}),
    "success": ({"success": True}, {"success": True}),
    "no more": ({"message": "OK"}, {"message": "No more results"}),
    "a new message": ({}, {"message": "No records found"}),
    "numbers in a message": ({"message": "page 1"}, {"message": "page 4"}),
    "title": ({"title": "Things"}, {"title": "Things"}),
    "api version": ({"api": {"status": "stable", "version": 2}}, {"api": {"status": "stable", "version": 2}}),
    "account": ({"account": {"id": 1, "state": "suspended"}}, {"account": {"id": 1, "state": "suspended"}}),
    "has_more": ({"has_more": True, "truncated": True}, {"has_more": False, "truncated": False}),
}
"""What stands beside the rows, and what beside the empty list behind them."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", HONEST)
def test_what_healthy_apis_say_is_no_error(name: str, way: str) -> None:
    good, last = HONEST[name]
    # Where the last page with rows says that there is more, that is a doubt: here it says the truth.
    end = last if name == "has_more" else good
    found = read(
        way,
        lambda at: healthy(at, **(good if at < 6 else end)) if at < 7 else {**last, "data": [], "next": None},
    )
    assert found.verdict == "complete", found
    assert found.ids == list(range(7))
    assert not any(note.startswith("page ") for note in found.notes)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", HONEST)
def test_an_honest_list_of_which_the_last_page_is_empty(name: str, way: str) -> None:
    found = read_to_empty_page(way, *HONEST[name])
    assert found.verdict == "complete", found
    assert found.ids == list(range(6))


@pytest.mark.parametrize("way", WAYS)
def test_a_code_that_is_another_one_on_every_page(way: str) -> None:
    found = read(way, lambda at: healthy(at, code=f"x{at}"))
    assert found.verdict == "complete"


FIRST = {
    name: one
    for name, one in ALONE.items()
    if isinstance(one, dict)
    and name
    not in (
        "null where the list was",
        "text where the list was",
        "number where the list was",
        "texts in the list",
        "an empty object",
        "contentful",
        "paypal",
        "aws",
        "message alone",
        "object where the list was",
    )
}
"""Of these the first answer says by itself that it is an error."""


@pytest.mark.parametrize("way", [*WAYS, "single page"])
@pytest.mark.parametrize("name", FIRST)
def test_a_first_answer_that_is_an_error_is_not_an_empty_list(name: str, way: str) -> None:
    if way == "single page":
        WAYS[way] = Way(SinglePage(), lambda _: 0)
    found = read(way, lambda _: FIRST[name])
    assert found.verdict == "partial", found
    assert found.ids == []
