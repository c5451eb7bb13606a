"""Selectors whose records are not the elements of the paged list: every row comes, the verdict is right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from restmill.events import ReadDone, RowsNoted
from restmill.path import Path
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import Rig, order
from restmill.wire.paging.pagers import Cursor, Offset, PageNumber

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Request, Response
    from restmill.wire.paging.pagers import Pager

SIZE = 5
ORDERS: list[Json] = [
    {"id": i, "open": i % 9 == 0, "lines": [{"id": 100 * i + k} for k in range(i % 4)]} for i in range(23)
]
PAGERS: dict[str, Pager] = {
    "offset": Offset(limit=SIZE),
    "offset, no total": Offset(limit=SIZE, total_path=None),
    "page number": PageNumber(base_page=1),
    "page number, no total": PageNumber(base_page=1, total_path=None),
    "page number, pages": PageNumber(base_page=1, total_path=Path("pages")),
    "cursor": Cursor(),
    "cursor, empty page": Cursor(stop_after_empty_page=True),
}
SELECTORS = {
    "orders[*].lines[*]": [line for one in ORDERS for line in one["lines"]],
    "$..lines[*]": [line for one in ORDERS for line in one["lines"]],
    "orders[?(@.open==true)]": [one for one in ORDERS if one["open"]],
    "orders[?(@.id>20)].lines[*]": [line for one in ORDERS[21:] for line in one["lines"]],
    "orders[*]": ORDERS,
    "$..orders[*]": ORDERS,
    "orders[*].lines[0]": [one["lines"][0] for one in ORDERS if one["lines"]],
    "orders[?(@.id>99)]": [],
}


@dataclass(frozen=True)
class Server:
    """Orders in pages, by offset, page number or cursor, as many in a page as the cap allows."""

    orders: tuple[Json, ...] = tuple(ORDERS)
    cap: int = SIZE
    total: int | None = len(ORDERS)

    def __call__(self, request: Request) -> Response:
        """One page."""
        params = request.params
        start = int(params.get("offset") or params.get("cursor") or (int(params.get("page", 1)) - 1) * SIZE)
        size = min(self.cap, int(params.get("limit", SIZE)))
        last = start + size >= len(self.orders)
        return json_response(
            {
                "orders": list(self.orders[start : start + size]),
                "cursors": {"next": None if last else str(start + size)},
                "pages": -(-len(self.orders) // SIZE),
                **({} if self.total is None else {"total": self.total}),
            }
        )


def ended(
    server: Server, pager: Pager, selector: str, keys: tuple[Path, ...] = (Path("id"),)
) -> tuple[ReadDone, list[Json], int]:
    """How a read ended, its records, and how many requests it took."""
    seen = Recorder()
    rig = Rig(server, observer=seen)
    run(rig.read(replace(order(pager), keys=keys, selector=Path(selector), merged=True)))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done, [record for page in rig.pages for record in page], len(rig.transport.sent)


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.parametrize("name", PAGERS)
def test_every_pager_brings_what_the_selector_takes(name: str, selector: str) -> None:
    done, records, sent = ended(Server(), PAGERS[name], selector)
    assert records == SELECTORS[selector]
    assert (done.complete, done.doubt) == (True, "")
    assert sent <= ended(Server(), PAGERS[name], "orders")[2]


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.parametrize("total", [len(ORDERS), None])
@pytest.mark.parametrize("cap", [1, 2, 3])
def test_a_capped_list_is_read_whole(cap: int, total: int | None, selector: str) -> None:
    done, records, _ = ended(Server(cap=cap, total=total), Offset(limit=SIZE), selector)
    assert records == SELECTORS[selector]
    assert (done.complete, done.doubt) == (True, "")


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.parametrize("name", PAGERS)
def test_an_empty_list_is_an_end_and_no_doubt(name: str, selector: str) -> None:
    done, records, _ = ended(Server((), total=0), PAGERS[name], selector)
    assert (records, done.complete, done.doubt) == ([], True, "")


@pytest.mark.parametrize("selector", [one for one in SELECTORS if one != "orders[?(@.id>99)]"])
@pytest.mark.parametrize("name", ["offset", "cursor"])
def test_a_total_is_compared_with_the_elements_of_the_list(name: str, selector: str) -> None:
    """The total is what the lines happen to be, or what the orders are not."""
    many = len(SELECTORS[selector]) + (40 if selector in ("orders[*]", "$..orders[*]") else 0)
    total = many if many > len(ORDERS) else 60
    done, records, _ = ended(Server(total=total), PAGERS[name], selector)
    assert records == SELECTORS[selector]
    assert f"but the server claims {total}" in done.doubt


def test_a_selector_that_never_matches_is_no_empty_list() -> None:
    done, _, _ = ended(Server(), Offset(limit=SIZE), "orders[*].lnes[*]")
    assert not done.complete
    assert "`orders[*].lnes[*]` matched nothing" in done.reason


def test_equal_records_of_different_elements_are_no_loop() -> None:
    orders = tuple({"id": i, "state": {"now": "new"}} for i in range(12))
    done, records, _ = ended(Server(orders, total=None), Offset(limit=SIZE), "orders[*].state", ())
    assert (len(records), done.complete, done.doubt) == (12, True, "")


def test_a_server_that_ignores_the_offset_is_a_loop_whatever_is_taken() -> None:
    done, records, _ = ended(
        Server(), replace(Offset(limit=SIZE), offset_param="from"), "orders[*].lines[*].id", ()
    )
    assert not done.complete
    assert "repeats an earlier page" in done.reason
    assert len(records) == len(set(records))


def test_elements_that_cannot_be_counted_leave_a_doubt() -> None:
    done, _, _ = ended(Server(cap=2), Offset(limit=SIZE), "orders.`len`", ())
    assert done.doubt or not done.complete


@pytest.mark.parametrize("selector", ["orders[*].main", "$..main", "orders[?(@.id>=0)].main"])
@pytest.mark.parametrize("name", PAGERS)
def test_null_in_the_field_that_is_taken_is_no_record(name: str, selector: str) -> None:
    orders = tuple({"id": i, "main": {"id": i} if i % 7 == 0 else None} for i in range(23))
    seen = Recorder()
    rig = Rig(Server(orders), observer=seen)
    asked = replace(order(PAGERS[name]), keys=(Path("id"),), selector=Path(selector), merged=True)
    run(rig.read(asked))
    assert [record["id"] for page in rig.pages for record in page] == [0, 7, 14, 21]
    assert [(one.complete, one.doubt) for one in seen.events if isinstance(one, ReadDone)] == [(True, "")]
    noted = [(one.rows, one.text) for one in seen.events if isinstance(one, RowsNoted)]
    assert sum(rows for rows, _ in noted) == 19
    assert {text for _, text in noted} == {f"left out: null where `{selector}` leads"}
