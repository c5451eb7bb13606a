"""Honest lists that end in an unusual way: each is complete, and none is asked for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restmill.errors import ApiError
from restmill.events import ReadDone
from restmill.path import Path
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, Rig, order, terms
from restmill.wire.actions import Rule
from restmill.wire.message import Headers
from restmill.wire.paging.pagers import Cursor, HeaderCursor, HeaderLink, JsonLink, Offset, PageNumber

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.path import Json
    from restmill.testing.rig import Script
    from restmill.wire.message import Request, Response
    from restmill.wire.paging.pagers import Pager

SIZE = 10
PAGES = {"43 rows": 43, "40 rows": 40, "one page": 7, "one full page": 10}


def read(
    script: Script, pager: Pager | None, params: dict[str, Json], rules: tuple[Rule, ...] = ()
) -> tuple[ReadDone, Rig]:
    """How a read of `data` ended, and its rig."""
    seen = Recorder()
    rig = Rig(script, observer=seen)
    what = order(of=replace(terms(), rules=rules))
    what = replace(what, pager=pager, keys=(Path("id"),), merged=True)
    run(rig.read(replace(what, request=what.request.with_params(params))))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done, rig


def listed(
    rows: int, around: Callable[[int, int], Json], headers: Callable[[int, int], dict[str, str]] | None = None
) -> Script:
    """A list by `at`; what stands around its rows, and in headers, is made from the next place and `rows`.

    A place that is no number is that of the first page, as with many servers.
    """

    def script(request: Request) -> Response:
        text = str(request.params.get("at", request.address.partition("at=")[2]) or 0)
        start = max(0, int(text)) if text.lstrip("-").isdigit() else 0
        found = [{"id": i} for i in range(start, min(start + SIZE, rows))]
        answer = json_response({"data": found, **around(start + SIZE, rows)})
        return replace(answer, headers=Headers(headers(start + SIZE, rows))) if headers else answer

    return script


def to(at: int) -> str:
    """The link to the page from `at`."""
    return f"{HOME}/things?at={at}"


NEXT = Cursor(Path("next"), "at")
ENDS: dict[str, tuple[Callable[[int, int], Json], Pager]] = {
    "twitter, text": (
        lambda at, n: {"next": str(at if at < n else 0), "next_int": at if at < n else 0},
        NEXT,
    ),
    "twitter, number": (lambda at, n: {"next": at if at < n else 0}, NEXT),
    "minus one": (lambda at, n: {"next": at if at < n else -1}, NEXT),
    "null as text": (lambda at, n: {"next": str(at) if at < n else "null"}, NEXT),
    "None": (lambda at, n: {"next": str(at) if at < n else "None"}, NEXT),
    "undefined": (lambda at, n: {"next": str(at) if at < n else "undefined"}, NEXT),
    "zendesk, export": (
        lambda at, n: {"end_of_stream": at >= n, "next_page": to(min(at, max(n - 1, 0)))},
        JsonLink(Path("next_page")),
    ),
    "zendesk, cursors": (
        lambda at, n: {"meta": {"has_more": at < n}, "links": {"next": to(at)}},
        JsonLink(Path("links.next")),
    ),
    "lever": (lambda at, n: {"hasNext": at < n, "next": str(at)}, NEXT),
    "dropbox": (lambda at, n: {"has_more": at < n, "next": str(min(at, n))}, NEXT),
    "salesforce": (lambda at, n: {"done": at >= n, "next": to(at if at < n else 0)}, JsonLink()),
    "ckan": (
        lambda at, n: {"result": {"total": n, "_links": {"next": to(at)}}},
        JsonLink(Path("result._links.next")),
    ),
    "a total, and a cursor that stays": (lambda at, n: {"total": n, "next": str(min(at, n))}, NEXT),
    "solr": (lambda at, n: {"response": {"numFound": n}, "next": str(min(at, n))}, NEXT),
    "a link that is none": (lambda at, n: {"next": to(at) if at < n else "#"}, JsonLink()),
    "the word none": (lambda at, n: {"next": to(at) if at < n else "none"}, JsonLink()),
    "the last page itself": (lambda at, n: {"next": to(at if at < n else at - SIZE), "total": n}, JsonLink()),
    "what is left": (lambda at, n: {"remainingItemCount": max(0, n - at), "next": str(at)}, NEXT),
}


@pytest.mark.parametrize("rows", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("name", ENDS)
def test_a_list_that_says_that_it_is_over(name: str, rows: int) -> None:
    around, pager = ENDS[name]
    done, rig = read(listed(rows, around), pager, {})
    assert (done.rows, done.complete, done.doubt) == (rows, True, "")
    assert len(rig.transport.sent) <= -(-rows // SIZE) + 1


def test_words_and_flags_of_headers_end_a_list_too() -> None:
    linked = listed(
        43,
        lambda _at, _n: {},
        lambda at, n: {"Link": f'<{to(at)}>; rel="next"; results="{str(at < n).lower()}"'},
    )
    told = listed(43, lambda _at, _n: {}, lambda at, n: {"X-Next": str(at if at < n else 0)})
    for script, pager in ((linked, HeaderLink()), (told, HeaderCursor("X-Next", "at"))):
        done, rig = read(script, pager, {})
        assert (done.rows, done.complete, done.doubt) == (43, True, "")
        assert len(rig.transport.sent) <= 6


def overlapping(request: Request) -> Response:
    """Zendesk's export: a page begins with the time at which the one before ended, so with its last row."""
    start = int(request.address.partition("at=")[2] or 0)
    end = min(start + SIZE, 43)
    more = {"end_of_stream": end == 43, "next": to(end - 1)}
    return json_response({"data": [{"id": i} for i in range(start, end)], **more})


def test_pages_that_begin_with_the_last_row_of_the_one_before() -> None:
    done, rig = read(overlapping, JsonLink(), {})
    assert (done.complete, done.doubt) == (True, "")
    assert len(rig.transport.sent) == 6


def test_rows_that_come_twice_elsewhere_are_a_doubt() -> None:
    def script(request: Request) -> Response:
        start = int(request.params.get("at", 0))
        found = [{"id": i} for i in range(start, min(start + SIZE, 43))]
        found += [{"id": 0}] if start else []
        return json_response({"data": found, "next": str(start + SIZE) if start + SIZE < 43 else ""})

    done, _ = read(script, NEXT, {})
    assert "43 distinct" in done.doubt


LIES: dict[str, tuple[Callable[[int, int], Json], Pager]] = {
    "a flag that is always off": (lambda at, n: {"has_more": False, "next": str(at) if at < n else ""}, NEXT),
    "an end of each part": (
        lambda at, n: {"end_of_stream": True, "next": to(at) if at < n else None},
        JsonLink(),
    ),
    "a total of the page": (
        lambda at, n: {"total": min(SIZE, n - at + SIZE), "next": str(at) if at < n else ""},
        NEXT,
    ),
    "a first token that is 0": (
        lambda at, n: {"next": "0" if at == 0 else (str(at) if at < n else "")},
        NEXT,
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_rows_behind_an_end_that_was_said_are_read(name: str) -> None:
    around, pager = LIES[name]
    done, _ = read(listed(43, around), pager, {})
    assert done.rows == 43


def wordpress(
    rows: int, headers: dict[str, str], body: Json = None, *, until: int = 100, status: int = 400
) -> Script:
    """Pages by number; behind the last one, or page `until`, a request is refused."""

    def script(request: Request) -> Response:
        number = int(request.params.get("page", 1))
        start = number * SIZE - SIZE
        if start >= rows or number > until:
            return replace(json_response({"code": "rest_post_invalid_page_number"}), status=status)
        found = [{"id": i} for i in range(start, min(start + SIZE, rows))]
        return replace(json_response({"data": found, **(body or {})}), headers=Headers(headers))

    return script


BY_PAGE = PageNumber(base_page=1, total_path=None)
STATED: dict[str, tuple[dict[str, str], Json]] = {
    "wordpress": ({"X-WP-Total": "40", "X-WP-TotalPages": "4"}, None),
    "pages only": ({"X-Total-Pages": "4"}, None),
    "rows only": ({"X-Total-Count": "40"}, None),
    "in the body": ({}, {"meta": {"total": 40}}),
    "pages in the body": ({}, {"meta": {"last_page": 4}}),
}


@pytest.mark.parametrize("name", STATED)
def test_a_400_behind_all_that_was_stated_is_the_end(name: str) -> None:
    headers, body = STATED[name]
    done, _ = read(wordpress(40, headers, body), BY_PAGE, {})
    assert (done.rows, done.complete, done.doubt) == (40, True, "")
    rule = Rule(do="ignore", status=400)
    done, _ = read(wordpress(40, headers, body), BY_PAGE, {}, (rule,))
    assert (done.rows, done.complete, done.doubt) == (40, True, "")


@pytest.mark.parametrize("name", STATED)
def test_a_400_in_front_of_what_was_stated_is_an_error(name: str) -> None:
    headers, body = STATED[name]
    with pytest.raises(ApiError, match="400"):
        read(wordpress(40, headers, body, until=2), BY_PAGE, {})


def test_a_400_in_front_of_more_rows_by_offset_is_an_error() -> None:
    def script(request: Request) -> Response:
        start = int(request.params["offset"])
        if start >= 20:
            return replace(json_response({"error": "window"}), status=400)
        return json_response({"data": [{"id": i} for i in range(start, start + SIZE)], "total": 40})

    with pytest.raises(ApiError, match="400"):
        read(script, Offset(SIZE), {})


def test_a_400_of_a_list_that_states_nothing_may_be_anything() -> None:
    done, _ = read(wordpress(40, {}), BY_PAGE, {})
    assert (done.rows, done.complete, done.reason) == (40, False, "status 400 behind the last page")
