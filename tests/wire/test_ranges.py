"""Pagers that count: every row exactly once, whatever the server does, and no request too many."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from restmill.errors import NotData
from restmill.path import Json, Path
from restmill.wire.paging.pagers import Done, Fan, Next, Offset, PageNumber, Series, conflicts
from tests.wire.model import START, Api, Ask, drive, page

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.wire.message import Request

TOTALS: dict[str, Callable[[int], Callable[[list[int], int, int], Json] | None]] = {
    "known": lambda n: lambda _rows, _size, _start: n,
    "text": lambda n: lambda _rows, _size, _start: f" {n} ",
    "missing": lambda _n: None,
    "null": lambda _n: lambda _rows, _size, _start: None,
    "words": lambda _n: lambda _rows, _size, _start: "many",
    "flag": lambda _n: lambda _rows, _size, _start: True,
    "always 0": lambda _n: lambda _rows, _size, _start: 0,
    "0 past the end": lambda n: lambda rows, _size, _start: n if rows else 0,
    "this page": lambda _n: lambda rows, _size, _start: len(rows),
}
PAST = st.sampled_from([200, 404, 416])
AHEAD = st.sampled_from([0, 1, 3, 16])
counts = st.integers(0, 30)
sizes = st.integers(1, 7)
caps = st.one_of(st.none(), sizes)


def by_offset(api: Api, first: int = 0) -> Ask:
    def ask(request: Request) -> tuple[int, Json, list[int], dict[str, str]]:
        return *api.window(int(request.params["offset"]) - first, int(request.params["limit"])), {}

    return ask


def by_page(api: Api, size: int, first: int) -> Ask:
    def ask(request: Request) -> tuple[int, Json, list[int], dict[str, str]]:
        return *api.window((int(request.params.get("page", first)) - first) * size, size), {}

    return ask


@given(counts, sizes, caps, st.sampled_from(sorted(TOTALS)), PAST, AHEAD)
@example(2, 2, 1, "known", 200, 0)
@example(2, 2, 1, "missing", 404, 16)
def test_offset_reads_every_row_once(
    n: int, limit: int, cap: int | None, total: str, past: int, ahead: int
) -> None:
    if total == "this page" and cap is not None:
        cap = max(cap, limit)  # a capped page whose total is its own length cannot be told from a whole list
    api = Api(n, cap, TOTALS[total](n), past)
    read = drive(Offset(limit), by_offset(api), ahead)
    assert read.rows == list(range(n))
    assert read.done.complete


@given(counts, sizes, caps, st.sampled_from(sorted(TOTALS)), AHEAD)
def test_offset_asks_for_little_more_than_it_needs(
    n: int, limit: int, cap: int | None, total: str, ahead: int
) -> None:
    if total == "this page":
        cap = None
    step = limit if cap is None else min(limit, cap)
    read = drive(Offset(limit), by_offset(Api(n, cap, TOTALS[total](n))), ahead)
    needed = max(1, -(-n // step))
    exact = total in ("known", "text", "0 past the end") and n != min(limit, step)
    assert read.sent <= needed + (0 if exact else 1 + 2 * ahead)


@given(counts, sizes, sizes, st.sampled_from(sorted(TOTALS)))
def test_offset_counts_from_1_when_it_starts_at_1(n: int, limit: int, cap: int, total: str) -> None:
    cap = limit if total == "this page" else cap
    read = drive(Offset(limit, offset=1), by_offset(Api(n, cap, TOTALS[total](n)), first=1))
    assert (read.rows, read.done.complete) == (list(range(n)), True)


@given(st.integers(1, 30), sizes, st.integers(2, 20))
def test_offset_may_start_anywhere(n: int, limit: int, start: int) -> None:
    read = drive(Offset(limit, offset=start), by_offset(Api(n, None, TOTALS["known"](n))))
    assert (read.rows, read.done.complete) == (list(range(n))[start:], True)


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 9))
@example(0, 1, 1)
def test_a_known_total_is_never_overshot(total: int, limit: int, received: int) -> None:
    decision = Offset(limit).after(page({"items": [0] * received, "total": total}, request=at(offset=0)))
    if received > total:  # the total is of something else: it bounds nothing
        assert isinstance(decision, Next if received < limit else Fan)
    elif isinstance(decision, Fan):
        series = decision.series
        assert series.count is not None
        assert series.count > 1
        assert series.at(series.count - 1).params["offset"] < total
        assert series.at(series.count - 1).params["offset"] + series.step >= total


@pytest.mark.parametrize("option", ["total", "words"])
def test_a_capped_page_fans_out_by_what_was_received(option: str) -> None:
    total = {"total": 500} if option == "total" else {}
    first = Offset(500).after(page({"items": [0] * 100, **total}, request=at(offset=0)))
    second = Offset(500).after(page({"items": [0] * 100, **total}, request=at(offset=100), number=2))
    assert isinstance(second, Fan)
    assert second.series.at(0).params["offset"] == 200
    assert second.series.count == (3 if total else None)
    assert isinstance(first, Fan if total else Next)


def at(**params: Json) -> Request:
    return replace(START, params=params)


@pytest.mark.parametrize(
    ("document", "request_at", "reason", "complete"),
    [
        ({"items": []}, 0, "an empty page", True),
        ({"items": [1, 2], "total": 2}, 0, "NEXT", False),
        ({"items": [1], "total": 1}, 0, "the total of 1 rows is reached", True),
        ({"items": [1], "total": 0}, 0, "NEXT", False),
        ({"items": [1], "total": 4}, 5, "NEXT", False),
        ({"items": [1], "total": 3}, 2, "the total of 3 rows is reached", True),
    ],
)
def test_an_offset_ends_for_a_stated_reason(
    document: Json, request_at: int, reason: str, complete: bool
) -> None:
    decision = Offset(2).after(page(document, request=at(offset=request_at)))
    if reason == "NEXT":
        assert isinstance(decision, Next)
        assert decision.request == at(offset=request_at + len(document["items"]))
    else:
        assert decision == Done(reason, complete)


def test_a_maximum_ends_a_read_incomplete_and_bounds_the_fan() -> None:
    pager = Offset(10, maximum_offset=35, total_path=None)
    fan = pager.after(page({"items": [0] * 10}, request=at(offset=0)))
    assert isinstance(fan, Fan)
    assert fan.series.count == 3
    done = pager.after(page({"items": [0] * 10}, request=at(offset=30)))
    assert done == Done("`maximum_offset: 35` is reached", complete=False)
    bounded = replace(pager, total_path=Path("total")).after(
        page({"items": [0] * 10, "total": 25}, request=at(offset=0))
    )
    assert isinstance(bounded, Fan)
    assert bounded.series.count == 2
    met = replace(pager, total_path=Path("total"), maximum_offset=10)
    assert met.after(page({"items": [0] * 5, "total": 5}, request=at(offset=0))) == Done(
        "the total of 5 rows is reached", complete=True
    )
    assert PageNumber(maximum_page=2).after(page({"items": [1]}, request=at(page=1))) == Done(
        "`maximum_page: 2` is reached", complete=False
    )


@pytest.mark.parametrize(
    ("value", "more"),
    [(True, True), ("yes", True), ("T", True), ("1", True), (False, False), ("NO", False), ("0", False)],
)
def test_has_more_decides(value: Json, more: bool) -> None:
    pager = Offset(2, total_path=None, has_more_path=Path("more"))
    decision = pager.after(page({"items": [1, 2], "more": value}, request=at(offset=0)))
    assert isinstance(decision, Fan) is more
    assert more or decision == Done("`more` is false", complete=True)


def test_has_more_outweighs_a_total_that_is_met() -> None:
    pager = Offset(2, has_more_path=Path("more"))
    assert pager.after(page({"items": [1], "total": 1, "more": True}, request=at(offset=0))) == Next(
        at(offset=1)
    )


@pytest.mark.parametrize("value", [None, "perhaps", 1, {}])
def test_a_declared_has_more_must_be_there(value: Json) -> None:
    pager = PageNumber(has_more_path=Path("has_more"))
    with pytest.raises(NotData) as caught:
        pager.after(page({"items": ["secret row"], "has_mor": 1, "has_more": value}))
    text = str(caught.value)
    assert caught.value.problem.place.path == "GET https://api.test/things"
    assert "`has_more_path: has_more`" in text
    assert "the keys items, has_mor, has_more" in text
    assert "secret row" not in text


def test_the_missing_path_gets_a_hint_and_strange_documents_a_name() -> None:
    pager = Offset(2, total_path=Path("$.totl"))
    cases: list[tuple[Json, str, str]] = [
        ({"total": 3}, "the keys total", "Did you mean 'total'?"),
        ({}, "an empty object", ""),
        ([1], "a JSON array", ""),
        (None, "a JSON null", ""),
        ({f"k{i}": i for i in range(20)}, "k11, ...", ""),
    ]
    for document, got, hint in cases:
        with pytest.raises(NotData) as caught:
            pager.after(page(document, [1], request=at(offset=0)))
        assert got in caught.value.problem.got
        assert caught.value.problem.hint == hint


def test_a_declared_total_is_needed_on_the_first_page_or_where_nothing_else_ends_the_read() -> None:
    pager = Offset(1, total_path=Path("meta.count"))
    later = page({"items": [1]}, request=at(offset=1), number=2)
    assert isinstance(pager.after(later), Fan)
    with pytest.raises(NotData):
        pager.after(replace(later, number=1))
    with pytest.raises(NotData):
        replace(pager, stop_after_empty_page=False).after(later)


def test_empty_pages_can_be_passed_over() -> None:
    offset = Offset(5, stop_after_empty_page=False)
    assert isinstance(offset.after(page({"items": [], "total": 20}, request=at(offset=5))), Fan)
    assert offset.after(page({"items": [], "total": 10}, request=at(offset=5))) == Done(
        "the total of 10 rows is reached", complete=True
    )
    number = PageNumber(total_path=Path("pages"), stop_after_empty_page=False)
    assert number.after(page({"items": [], "pages": 3}, request=at(page=1))) == Next(at(page=2))
    assert isinstance(number.after(page({"items": [], "pages": 3}, request=at(page=2))), Done)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 416, 500])
def test_only_some_statuses_behind_the_first_page_are_an_end(status: int) -> None:
    for pager, first, later in (
        (Offset(5), at(offset=0), at(offset=5)),
        (PageNumber(base_page=1), at(page=1), at(page=2)),
        (PageNumber(), at(), at(page=1)),
    ):
        assert pager.past_end(first, status) is None
        ended = pager.past_end(later, status)
        assert (ended is not None) is (status in (400, 404, 416))
        assert ended is None or ended.complete is (status != 400)


PAGE_TOTALS: dict[str, Callable[[int, int], Callable[[list[int], int, int], Json] | None]] = {
    "rows": lambda n, _size: lambda _rows, _size, _start: n,
    "pages": lambda n, size: lambda _rows, _size, _start: -(-n // size),
    "missing": lambda _n, _size: None,
    "this page": lambda _n, _size: lambda rows, _size, _start: len(rows),
    "0 past the end": lambda n, _size: lambda rows, _size, _start: n if rows else 0,
}


@given(counts, sizes, st.sampled_from([0, 1]), st.sampled_from(sorted(PAGE_TOTALS)), PAST, AHEAD)
@example(400, 20, 1, "this page", 200, 0)
@example(21, 7, 1, "rows", 416, 16)
def test_page_numbers_read_every_row_once(
    n: int, size: int, base: int, total: str, past: int, ahead: int
) -> None:
    api = Api(n, None, PAGE_TOTALS[total](n, size), past)
    read = drive(PageNumber(base_page=base), by_page(api, size, base), ahead)
    assert read.rows == list(range(n))
    assert read.done.complete


@given(counts, sizes, st.sampled_from([0, 1]), st.sampled_from(["rows", "pages"]), AHEAD)
def test_page_numbers_never_ask_for_more_than_one_page_too_many(
    n: int, size: int, base: int, total: str, ahead: int
) -> None:
    read = drive(
        PageNumber(base_page=base), by_page(Api(n, None, PAGE_TOTALS[total](n, size)), size, base), ahead
    )
    assert read.sent <= -(-n // size) + 1


@given(counts, sizes, st.sampled_from([0, 1]), AHEAD)
def test_a_declared_number_of_pages_is_met_without_a_request_more(
    n: int, size: int, base: int, ahead: int
) -> None:
    api = Api(n, None, PAGE_TOTALS["pages"](n, size), key="total_pages")
    pager = PageNumber(base_page=base, total_path=Path("total_pages"))
    read = drive(pager, by_page(api, size, base), ahead)
    assert (read.rows, read.done.complete) == (list(range(n)), True)
    assert read.sent == max(1, -(-n // size))


@given(st.integers(1, 60), sizes)
def test_the_last_page_says_how_many_rows_there_are(n: int, size: int) -> None:
    """Known on the last page with rows, if the page has more than one and is not the only one."""
    start = (n - 1) // size * size
    last = page({"items": list(range(start, n)), "total": n}, request=at(page=start // size + 1))
    pager = PageNumber(base_page=1)
    assert pager.total(last) == (n if 1 < n - start < n else None)
    pages = -(-n // size)
    counted = replace(last, document={"items": last.records, "total": pages})
    assert pager.total(counted) is None
    assert replace(pager, total_path=None).total(last) is None
    assert replace(pager, total_path=Path("pages")).total(replace(last, document={"pages": n})) is None


def test_the_total_of_an_offset_list_is_known_unless_it_is_doubtful() -> None:
    pager = Offset(2)
    assert pager.total(page({"items": [1, 2], "total": "7"}, request=at(offset=0))) == 7
    assert pager.total(page({"items": [1, 2], "total": 2}, request=at(offset=0))) is None
    assert pager.total(page({"items": [1], "total": 0}, request=at(offset=4))) is None
    assert replace(pager, total_path=None).total(page({"total": 3})) is None


@pytest.mark.parametrize(("base", "asked", "pages"), [(0, 4, 3), (1, 4, 3), (0, 1, 1)])
def test_a_guessed_base_reads_one_page_more_rather_than_one_less(base: int, asked: int, pages: int) -> None:
    """A server that counts from 1 answers page 1 twice; none is left out."""
    del base
    pager = PageNumber(total_path=Path("pages"), base_known=False)
    requests = [START]
    while isinstance(
        decision := pager.after(page({"items": [0], "pages": pages}, request=requests[-1])), Next | Fan
    ):
        requests.append(decision.request if isinstance(decision, Next) else decision.series.at(0))
    assert isinstance(decision, Done)
    assert decision.complete
    assert [request.params.get("page") for request in requests] == [None, 1, 2, 3][:asked]


def test_a_page_starts_where_it_is_told_and_1_counts_from_1() -> None:
    assert PageNumber(base_page=1).first(START) == at(page=1)
    assert PageNumber(page=5, base_page=1).first(START) == at(page=5)
    last = page({"items": [1, 2], "total_pages": 3}, request=at(page=2))
    pager = PageNumber(page=1, total_path=Path("total_pages"))
    assert pager.after(last) == Next(at(page=3))
    assert isinstance(pager.after(replace(last, request=at(page=3))), Done)


def test_a_misread_total_is_said() -> None:
    done = PageNumber(base_page=1).after(page({"items": [], "total": 40}, request=at(page=2)))
    assert done == Done("an empty page", complete=True, detail="`total: 40` is not the number of pages")
    assert PageNumber(total_path=None).after(page({"items": []})) == Done("an empty page", complete=True)


@pytest.mark.parametrize("name", ["per_page", "page-size", "pageSize", "limit", "$top"])
def test_a_short_page_is_not_looked_beyond_where_a_parameter_says_its_size(name: str) -> None:
    pager = PageNumber(total_path=None)
    full = page({"items": [0] * 50}, request=at(page=0, **{name: 50}))
    assert isinstance(pager.after(full), Fan)
    assert isinstance(pager.after(replace(full, records=[0] * 49)), Next)
    whole = page({"items": [0] * 40, "total": 40}, request=at(page=0, **{name: 50}))
    assert PageNumber().after(whole) == Done("all pages are read: 0 was the last", complete=True)


def test_numbers_go_into_parameters_or_into_the_body() -> None:
    body = Offset(5, offset_body_path="page.offset", limit_body_path="page.limit")
    first = body.first(replace(START, json={"query": "x"}))
    assert first.json == {"query": "x", "page": {"offset": 0, "limit": 5}}
    following = body.after(page({"items": [0] * 5, "total": 6}, request=first))
    assert following == Next(replace(first, json={"query": "x", "page": {"offset": 5, "limit": 5}}))
    assert body.past_end(replace(START, json=["odd"]), 404) is None
    named = Offset(5, offset_param="from", limit_param="n").first(START)
    assert named.params == {"from": 0, "n": 5}
    assert PageNumber(page_body_path="p").first(START).json == {"p": 0}


def test_a_series_is_computed_pickled_and_bounded() -> None:
    fan = Offset(2).after(page({"items": [1, 2], "total": 9}, request=at(offset=0)))
    assert isinstance(fan, Fan)
    series: Series = pickle.loads(pickle.dumps(fan.series))  # noqa: S301  # our own bytes
    assert [series.at(i).params["offset"] for i in range(4)] == [2, 4, 6, 8]
    for index in (-1, 4):
        with pytest.raises(IndexError):
            series.at(index)


def test_pagers_describe_themselves() -> None:
    assert Offset(100).describe() == "offset: offset/limit=100, total at total, if there"
    assert Offset(5, offset_body_path="a.b", total_path=None, maximum_offset=9).describe() == (
        "offset: body a.b/limit=5, maximum_offset 9"
    )
    pager = PageNumber(base_page=1, total_path=Path("pages"), has_more_path=Path("more"))
    assert pager.describe() == "page number: page from 1, total at pages, more at more"


def test_conflicts_are_those_of_dlt() -> None:
    assert conflicts(Offset(1)) == conflicts(PageNumber()) == ()
    assert conflicts(Offset(1, offset_param="a", offset_body_path="b")) == (
        "either `offset_param` or `offset_body_path` must be given, not both",
    )
    assert len(conflicts(Offset(0, limit_param="", total_path=None, stop_after_empty_page=False))) == 3
    assert conflicts(PageNumber(page_param="", total_path=None, stop_after_empty_page=False)) == (
        "either `page_param` or `page_body_path` must be given, not both",
        "one of `total_path`, `maximum_page`, `has_more_path` or `stop_after_empty_page` must be given",
    )
    assert conflicts(Offset(1, total_path=None, stop_after_empty_page=False, maximum_offset=0)) == ()
