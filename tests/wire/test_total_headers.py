"""Totals in headers: declared by `total_header`, or found under a usual name and said to be."""

from __future__ import annotations

import pytest

from restmill.errors import NotData
from restmill.path import Path
from restmill.wire.message import Headers, Request
from restmill.wire.paging.pagers import Done, Fan, Offset, PageNumber, conflicts
from restmill.wire.paging.totals import header_total, stated_total, total_in_headers
from tests.wire.model import START, Got, drive, page

ROWS: list[object] = list(range(100))


def seen(
    headers: dict[str, str], pager: Offset | PageNumber, document: object = None
) -> tuple[int | None, str]:
    """What a first page of 100 rows states."""
    found = page(document, list(ROWS), request=pager.first(START), headers=headers)
    return stated_total(pager, found)


@pytest.mark.parametrize(
    ("name", "value", "total"),
    [
        ("X-Total-Count", "1300", 1300),
        ("X-Total", " 1300 ", 1300),
        ("Total-Count", "1300", 1300),
        ("x-records", "1300", 1300),
        ("Content-Range", "items 0-99/1300", 1300),
        ("Content-Range", "items 0-99/*", None),
        ("Content-Range", "bytes 0-99/1300", None),
        ("X-Total", "many", None),
        ("X-Total-Pages", "13", None),
        ("X-Pagination", '{"TotalCount":1300,"PageSize":100,"TotalPages":13}', 1300),
        ("Paging-Headers", '{"totalCount": "1300"}', 1300),
        ("Pagination", '{"meta": {"total_items": 1300}}', 1300),
        ("X-Pagination", '{"TotalPages":13}', None),
        ("X-Pagination", '{"TotalCount":', None),
        ("X-Pagination", "[1300]", None),
    ],
)
def test_usual_headers_count_where_no_total_is_declared(name: str, value: str, total: int | None) -> None:
    found = seen({name: value}, Offset(limit=100), {"items": ROWS})
    assert found[0] == total
    assert found[1].lower() == ("" if total is None else name.lower())


def test_a_total_in_the_body_wins_over_a_header_that_nobody_declared() -> None:
    assert seen({"X-Total": "7"}, Offset(limit=100), {"total": 1300}) == (1300, "")
    assert seen({"X-Total": "7"}, Offset(limit=100, total_path=None), {"total": 1300}) == (None, "")


def test_a_declared_header_wins_and_its_absence_is_an_error_that_names_the_nearest() -> None:
    pager = Offset(limit=100, total_header="X-Count")
    assert seen({"X-Count": "1300", "X-Total": "7"}, pager, {"total": 5}) == (1300, "X-Count")
    with pytest.raises(NotData) as caught:
        pager.after(page({"items": ROWS}, list(ROWS), request=pager.first(START), headers={"x-counts": "5"}))
    assert "`total_header: X-Count` is not a number" in caught.value.problem.what
    assert "x-counts" in caught.value.problem.hint
    assert "5" not in str(caught.value)


def test_the_total_of_a_header_is_fanned_out() -> None:
    pager = Offset(limit=100, total_header="X-Records")
    first = page(list(ROWS), list(ROWS), request=pager.first(START), headers={"X-Records": "1300"})
    decision = pager.after(first)
    assert isinstance(decision, Fan)
    assert decision.series.count == 12
    assert pager.total(first) == 1300
    assert pager.describe() == "offset: offset/limit=100, total in the header X-Records"


@pytest.mark.parametrize("name", ["X-Total-Pages", "X-Total-Count"])
def test_page_numbers_take_pages_or_records_from_a_header(name: str) -> None:
    def ask(request: Request) -> Got:
        number = int(request.params["page"])
        rows = list(range(250))[(number - 1) * 100 : number * 100]
        return 200, rows, rows, {name: "3" if "Pages" in name else "250"}

    read = drive(PageNumber(base_page=1, total_header=name), ask)
    assert read.rows == list(range(250))
    assert isinstance(read.done, Done)
    assert read.done.complete


def test_a_header_is_an_end_like_any_other_total() -> None:
    assert conflicts(Offset(limit=1, total_path=None, stop_after_empty_page=False))
    assert not conflicts(
        Offset(limit=1, total_path=None, stop_after_empty_page=False, total_header="X-Records")
    )


def test_headers_are_read_whatever_their_case() -> None:
    assert total_in_headers(Headers({"x-TOTAL-count": "5"})) == (5, "X-Total-Count")
    assert header_total(Headers({}), "X-Total") is None
    assert stated_total(PageNumber(total_path=Path("pages")), page({"pages": 3})) == (3, "")
