"""The list that is paged: what a selector goes through, whatever it takes out of it."""

from __future__ import annotations

import pytest

from restmill.path import Json, Path
from restmill.wire.message import Page, Paged, Request, Response
from restmill.wire.paging.paged_lists import Lists
from restmill.wire.paging.pagers import Fan, Next, Offset
from tests.wire.model import page

ORDERS: list[Json] = [
    {"id": i, "open": i == 0, "state": {"now": "new"}, "lines": [{"lid": 10 * i}, {"lid": 10 * i + 1}]}
    for i in range(3)
]
DOCUMENT: Json = {"orders": ORDERS, "total": 12}


def sizes(selector: str, document: Json = DOCUMENT, asked: int | None = 3) -> tuple[int, ...] | None:
    """How long the paged lists are; None: the records are the elements."""
    found = Lists(Path(selector), asked).paged(document)
    return None if found is None else found.sizes


@pytest.mark.parametrize(
    ("selector", "records"),
    [
        ("orders[*].lines[*]", 6),
        ("orders[*].lines", 3),
        ("orders[*].lines[0]", 3),
        ("orders[*].state", 3),
        ("orders[*].state.now", 3),
        ("orders[*].missing", 0),
        ("orders[*]..lid", 6),
        ("orders[0:2]", 2),
        ("orders[-1:]", 1),
        ("orders[-1:].lines[*]", 2),
        ("orders[?(@.open==true)]", 1),
        ("orders[?(@.id>0)].lines[*]", 4),
        ("orders[?(@.id>9)]", 0),
        ("orders[*]['id','open']", 6),
        ("orders[*].lines.`len`", 3),
        ('"orders"[*]', 3),
        ("$..lid", 6),
        ("$..lines", 3),
        ("$..lines[*]", 6),
        ("$..orders[*]", 3),
        ("$.*[*]", 3),
        ("$..nowhere", 0),
    ],
)
def test_a_selector_takes_something_else_out_of_the_list_that_is_paged(selector: str, records: int) -> None:
    assert len(Path(selector).find(DOCUMENT)) == records
    assert sizes(selector) == (3,)


@pytest.mark.parametrize("selector", ["orders", "$", '"orders"', "orders[0]", "orders[0].lines", "$.orders"])
def test_one_place_is_one_list(selector: str) -> None:
    assert sizes(selector) is None


@pytest.mark.parametrize(
    "selector", ["result[*].rows[*]", "result[*].rows", "result[0].rows[*]", "$..rows[*]"]
)
def test_a_list_of_one_wraps_the_list_that_is_paged(selector: str) -> None:
    assert sizes(selector, {"result": [{"rows": ORDERS}]}) == (3,)


def test_a_list_of_one_that_was_asked_for_wraps_nothing() -> None:
    assert sizes("orders[*].lines[*]", {"orders": ORDERS[:1]}, asked=1) == (1,)


def test_the_first_page_decides_which_list_is_paged() -> None:
    lists = Lists(Path("orders[*].lines[*]"), 3)
    assert lists.paged(DOCUMENT) == Paged(ORDERS, (3,))
    assert lists.paged({"orders": ORDERS[:1]}) == Paged(ORDERS[:1], (1,))
    wrapped = Lists(Path("result[*].rows[*]"), 3)
    assert wrapped.paged({"result": [{"rows": ORDERS}]}) == Paged(ORDERS, (3,))
    assert wrapped.paged({"result": [{"rows": []}]}) == Paged([], (0,))
    assert wrapped.paged({"result": []}) == Paged([], (0,))


def test_a_page_without_a_match_has_its_list_where_the_others_had_it() -> None:
    lists = Lists(Path("$..lid"))
    lists.paged({"other": [1], **DOCUMENT})
    assert lists.paged({"other": [1], "orders": [{"id": 7}, {"id": 8}]}) == Paged(
        [{"id": 7}, {"id": 8}], (2,)
    )
    assert Lists(Path("$..lid")).paged({"orders": []}) == Paged([], (0,))


@pytest.mark.parametrize("document", [{}, {"error": "busy"}, None, "text", {"orders": "none"}])
def test_a_list_that_is_not_there_is_not_empty(document: Json) -> None:
    assert Lists(Path("orders[*].lines[*]")).paged(document) == Paged(None)
    assert not Lists(Path("orders[*].lines[*]")).excuses(Paged(None), before=True)


@pytest.mark.parametrize(
    ("selector", "document", "before", "excused"),
    [
        ("orders[*].lines[*]", {"orders": []}, False, True),
        ("orders[*].lines[*]", {"orders": None}, False, True),
        ("orders[?(@.open==1)]", {"orders": [{"id": 1}]}, False, True),
        ("orders[*].lnes[*]", {"orders": [{"id": 1}]}, False, False),
        ("orders[*].lines[*]", {"orders": [{"id": 1}]}, True, True),
    ],
)
def test_a_page_without_a_match_is_excused(
    selector: str, document: Json, before: bool, excused: bool
) -> None:
    lists = Lists(Path(selector))
    assert lists.excuses(lists.paged(document), before=before) is excused


def listed(records: int, *lists: int) -> Page:
    """A page with so many records out of lists so long."""
    document: Json = {"total": 12}
    paged = Paged([{"n": i} for i in range(sum(lists))] if lists else None, lists)
    return Page(
        Request("GET", "https://api.test", {"offset": 0}),
        Response(200, page().response.headers, b""),
        document,
        [0] * records,
        1,
        paged,
    )


@pytest.mark.parametrize(
    ("shown", "offset"),
    [
        (listed(6, 3), 3),
        (listed(1, 3), 3),
        (listed(0, 3), 3),
        (listed(9, 2), 2),  # capped
        (listed(7, 5), 5),  # more than was asked for
        (listed(6, 2, 1), 3),  # together they fill a page
        (listed(6, 2, 2), 2),
        (listed(9, 3, 3), 3),
        (listed(7), 3),  # nothing to count: as dlt moves
    ],
)
def test_an_offset_moves_by_the_elements_of_the_paged_list(shown: Page, offset: int) -> None:
    decision = Offset(3).after(shown)
    assert isinstance(decision, Next | Fan)
    request = decision.request if isinstance(decision, Next) else decision.series.at(0)
    assert request.params["offset"] == offset
    assert Offset(3).total(shown) == (12 if len(shown.paged.sizes if shown.paged else ()) == 1 else None)
