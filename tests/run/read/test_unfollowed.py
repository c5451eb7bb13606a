"""A next page that the last answer points to: followed, asked for, or said; no alarm where all is well."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restmill.events import ReadDone
from restmill.path import Path
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, Rig, order
from restmill.wire.message import Headers
from restmill.wire.paging.pagers import Cursor, HeaderLink, JsonLink, Offset, PageNumber, SinglePage

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.path import Json
    from restmill.testing.rig import Script
    from restmill.wire.message import Request, Response
    from restmill.wire.paging.pagers import Pager

SIZE, ROWS = 10, 37


def ended(script: Script, pager: Pager | None, params: dict[str, Json] | None = None) -> tuple[ReadDone, int]:
    """How a read ended, and how many requests it took."""
    seen = Recorder()
    rig = Rig(script, observer=seen)
    what = replace(order(), pager=pager, keys=(Path("id"),), merged=True)
    run(rig.read(replace(what, request=what.request.with_params(params or {}))))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done, len(rig.transport.sent)


def paged(around: Callable[[int, bool], Json], *names: str) -> Script:
    """A list by any of the parameters in `names`, or a link; `around` makes what stands beside the rows."""

    def script(request: Request) -> Response:
        at = request.address.partition("at=")[2]
        start = int(next((v for n in names if (v := request.params.get(n)) is not None), at or 0))
        start = (start - 1) * SIZE if "page" in names else start
        rows = [{"id": i} for i in range(max(0, start), min(max(0, start) + SIZE, ROWS))]
        return json_response({"data": rows, **around(start + SIZE, start + SIZE < ROWS)})

    return script


def to(start: int) -> str:
    """The link to the page from `start`."""
    return f"{HOME}/things?at={start}"


FOLLOWED: dict[str, Script] = {
    "@odata.nextLink": paged(lambda at, more: {"@odata.nextLink": to(at)} if more else {}),
    "d.__next": paged(lambda at, more: {"d": {"__next": to(at)} if more else {}}),
    "links with rel": paged(lambda at, more: {"links": [{"rel": "next", "href": to(at)}] if more else []}),
    "relative": paged(lambda at, more: {"next": f"?at={at}" if more else None}),
    "nextPageToken": paged(lambda at, more: {"nextPageToken": str(at)} if more else {}, "pageToken"),
    "next_offset": paged(lambda at, more: {"next_offset": at if more else None}, "offset"),
    "continuationToken": paged(
        lambda at, more: {"continuationToken": str(at) if more else None}, "continuationToken"
    ),
    "cursors.after": paged(
        lambda at, more: {"paging": {"cursors": {"after": str(at)}}} if more else {}, "after"
    ),
    "endCursor": paged(lambda at, more: {"pageInfo": {"endCursor": str(at), "hasNextPage": more}}, "after"),
    "naechsteSeite": paged(lambda at, more: {"naechsteSeite": to(at) if more else None}),
    "次へ": paged(lambda at, more: {"リンク": {"次へ": to(at) if more else None}}),
    "continue": paged(
        lambda at, more: {"continue": {"apcontinue": str(at), "continue": "-||"}} if more else {},
        "apcontinue",
    ),
    "nextStartIndex": paged(lambda at, more: {"p": {"nextStartIndex": at} if more else {}}, "startIndex"),
    "next_cursor_str": paged(lambda at, more: {"next_cursor_str": str(at if more else 0)}, "cursor"),
    "cursor that stays": paged(lambda at, _: {"cursor": str(min(at, ROWS))}, "cursor"),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_what_is_usual_is_followed(name: str) -> None:
    done, sent = ended(FOLLOWED[name], None)
    assert (done.rows, done.complete, done.doubt) == (ROWS, True, "")
    assert sent <= 5


@pytest.mark.parametrize("name", FOLLOWED)
@pytest.mark.parametrize("pager", [Cursor(Path("nxt")), JsonLink(Path("nxt")), HeaderLink(), SinglePage()])
def test_what_is_not_followed_is_said(name: str, pager: Pager) -> None:
    done, sent = ended(FOLLOWED[name], pager)
    said = done.doubt or done.reason
    assert "next page was not asked for" in said or "there is more" in said or "hasNextPage: true" in said
    assert sent == 1


@pytest.mark.parametrize("key", ["nextToken", "next_page_token", "next_page"])
def test_a_token_that_is_not_understood_goes_where_dlt_sends_it(key: str) -> None:
    script = paged(lambda at, more: {key: at if more else None}, "cursor")
    done, sent = ended(script, None)
    assert (done.rows, done.complete, done.doubt, sent) == (ROWS, True, "", 5)


PLAIN = ended(paged(lambda _at, _: {}, "offset"), Offset(limit=SIZE))[1]
"""Requests for the same list without any pointers, those ahead included."""
OFFSET = paged(lambda at, more: {"next": to(at) if more else None, "has_more": more}, "offset")
NAIVE = paged(lambda at, _: {"next": to(at), "next_offset": at}, "offset")
MORE = paged(lambda _at, _: {"has_more": True}, "offset")


@pytest.mark.parametrize(
    ("script", "pager", "alarm"),
    [
        (OFFSET, Offset(limit=SIZE), False),
        (NAIVE, Offset(limit=SIZE), False),  # the page behind it was asked for
        (MORE, Offset(limit=SIZE), True),
        (paged(lambda at, _: {"next": to(at), "total": ROWS}, "offset"), Offset(limit=SIZE), False),
        (
            paged(lambda at, _: {"next": to(at), "pages": 4}, "page"),
            PageNumber(1, total_path=Path("pages")),
            False,
        ),
        (
            paged(
                lambda at, more: {"paging": {"cursors": {"after": "x"}, **({"next": to(at)} if more else {})}}
            ),
            JsonLink(Path("paging.next")),
            False,
        ),
        (
            paged(lambda at, more: {"next": to(at) if more else None, "hasMore": True}),
            JsonLink(),
            True,
        ),
        (
            paged(
                lambda at, more: {"cursor": str(min(at, ROWS)), "next": to(at) if more else to(at - SIZE)},
                "cursor",
            ),
            Cursor(Path("cursor"), stop_after_empty_page=True),
            False,
        ),
    ],
)
def test_an_end_that_something_points_behind(script: Script, pager: Pager, alarm: bool) -> None:
    done, sent = ended(script, pager)
    assert (done.rows, done.complete, bool(done.doubt)) == (ROWS, True, alarm)
    assert sent <= PLAIN


def test_pages_that_are_read_backwards_have_next_ones_that_were_read() -> None:
    def script(request: Request) -> Response:
        number = int(request.address.partition("page=")[2] or 3)
        links = [f'<{HOME}/things?page={number + 1}>; rel="next"'] if number < 3 else []
        links += [f'<{HOME}/things?page={number - 1}>; rel="prev"'] if number > 1 else []
        return replace(json_response({"data": [{"id": number}]}), headers=Headers({"Link": ", ".join(links)}))

    done, _ = ended(script, HeaderLink("prev"))
    assert (done.rows, done.complete) == (3, True)
    assert "next page" not in done.doubt


def test_a_doubt_of_this_kind_is_no_reason_to_read_again() -> None:
    done, sent = ended(MORE, Offset(limit=SIZE))
    assert done.doubt == "the last answer says that there is more (`has_more`)"
    assert sent <= PLAIN
