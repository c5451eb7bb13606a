"""Servers that once made a read `complete` that was not: shrunk by matrix and property, kept by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restmill.events import ReadDone
from restmill.path import Path
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, Rig, order
from restmill.wire.paging.pagers import Cursor, JsonLink, Offset, PageNumber

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.testing.rig import Script
    from restmill.wire.message import Request, Response
    from restmill.wire.paging.pagers import Pager


def ended(script: Script, pager: Pager, selector: str = "data") -> tuple[ReadDone, list[Json]]:
    """The end of a read, and the records it brought."""
    seen = Recorder()
    rig = Rig(script, observer=seen)
    what = replace(order(pager), keys=(Path("id"),), selector=Path(selector), merged=True)
    run(rig.read(what))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done, [record for page in rig.pages for record in page]


def rows(first: int, last: int) -> list[Json]:
    """Records with these ids, the last one included."""
    return [{"id": i} for i in range(first, last + 1)]


def test_no_row_at_all_where_the_server_states_some() -> None:
    done, _ = ended(lambda _: json_response({"data": [], "total": 1}), PageNumber(base_page=1))
    assert done.doubt == "no row came, but the server states 1"


def test_an_empty_list_with_one_page_is_complete() -> None:
    pager = PageNumber(base_page=1, total_path=Path("total_pages"))
    done, _ = ended(lambda _: json_response({"data": [], "total_pages": 1}), pager)
    assert (done.complete, done.doubt) == (True, "")


def test_a_total_above_the_rows_is_neither_rows_nor_pages() -> None:
    def script(request: Request) -> Response:
        return json_response({"data": rows(1, 1) if request.params["page"] == 1 else [], "total": 2})

    done, _ = ended(script, PageNumber(base_page=1))
    assert done.doubt.startswith("1 rows, but the server states 2, be it rows or pages")


def test_a_total_that_is_capped_where_a_page_ends() -> None:
    def script(request: Request) -> Response:
        start = int(request.params["offset"])
        return json_response({"data": rows(start, min(start + 19, 44)), "total": 40})

    done, records = ended(script, Offset(limit=20))
    assert records == rows(0, 44)
    assert (done.complete, done.doubt, done.basis) == (True, "", "end")


def test_a_page_by_cursor_with_its_rows_under_another_name() -> None:
    def script(request: Request) -> Response:
        at = int(request.params.get("cursor") or 0)
        name = "hits" if at == 2 else "data"
        return json_response({name: rows(at, at), "cursors": {"next": str(at + 1) if at < 4 else None}})

    done, records = ended(script, Cursor())
    assert len(records) == 4
    assert done.doubt == "page 3 is unlike the others, it has keys hits, cursors: its rows may be missing"


def test_a_page_by_cursor_without_its_list_is_an_empty_page() -> None:
    def script(request: Request) -> Response:
        at = int(request.params.get("cursor") or 0)
        found = {} if at == 2 else {"data": rows(at, at)}
        return json_response({**found, "cursors": {"next": str(at + 1) if at < 4 else None}})

    done, _ = ended(script, Cursor())
    assert (done.complete, done.doubt) == (True, "")


def test_an_object_where_the_other_pages_are_arrays() -> None:
    def script(request: Request) -> Response:
        start = int(request.params["offset"])
        if start == 2:
            return json_response({"message": "try later"})
        return json_response(rows(start, min(start + 1, 5)))

    done, _ = ended(script, Offset(limit=2), "$")  # once a doubt; an error for sure may not replace a table
    assert not done.complete
    assert done.reason == "page 2 is an error under a good status: `message`; it has keys message"


def test_a_lone_record_for_a_list_of_one_is_no_other_page() -> None:
    def script(request: Request) -> Response:
        start = int(request.params["offset"])
        found: Json = {"id": 4} if start == 4 else rows(start, min(start + 1, 4))
        return json_response({"data": found})

    done, records = ended(script, Offset(limit=2))
    assert records == rows(0, 4)
    assert (done.complete, done.doubt) == (True, "")


def test_links_by_page_number_over_a_list_that_loses_rows_in_front() -> None:
    asked = 0

    def script(request: Request) -> Response:
        nonlocal asked
        number = int(request.url.rpartition("=")[2]) if "=" in request.url else 1
        ids = list(range(12))[asked // 2 :]
        asked += 1
        link = f"{HOME}/things?page={number + 1}" if number * 3 < len(ids) else None
        return json_response({"data": [{"id": i} for i in ids[3 * number - 3 : 3 * number]], "next": link})

    done, _ = ended(script, JsonLink())
    assert done.doubt == "the first page changed while the list was read: rows may have moved past the reader"


def test_an_error_by_chance_behind_a_count_that_is_too_low() -> None:
    failed = False

    def script(request: Request) -> Response:
        nonlocal failed
        page = int(request.params["page"])
        if page == 2 and not failed:
            failed = True
            return json_response({}, 500)
        return json_response({"data": rows(3 * page, min(3 * page + 2, 8)), "pages": 1})

    done, records = ended(script, PageNumber(base_page=1, total_path=Path("pages")))
    assert records == rows(3, 8)
    assert done.complete


def test_a_list_that_grows_while_its_first_page_comes_for_ever() -> None:
    asked = 0

    def script(_: Request) -> Response:
        nonlocal asked
        asked += 1
        return json_response({"data": [{"id": -i} for i in range(asked, asked - 20, -1)]})

    done, _ = ended(script, Offset(limit=20))
    assert not done.complete
    assert "pages in a row brought" in done.reason
    assert asked < 100


def test_an_empty_page_behind_the_total_ends_a_read_that_goes_on_after_empty_pages() -> None:
    def script(request: Request) -> Response:
        start = int(request.params["offset"])
        first = start if start < 3 else start - 3
        empty = start == 3 or first > 8
        return json_response({"data": [] if empty else rows(first, first + 2), "total": 9})

    done, records = ended(script, Offset(limit=3, stop_after_empty_page=False))
    assert records == rows(0, 8)
    assert done.complete


def test_empty_pages_for_ever_have_an_end() -> None:
    def script(request: Request) -> Response:
        at = int(request.params.get("cursor") or 0)
        return json_response({"data": [], "cursors": {"next": str(at + 1)}})

    done, _ = ended(script, Cursor())
    assert (done.complete, done.reason) == (False, "1,000 pages in a row were empty")
