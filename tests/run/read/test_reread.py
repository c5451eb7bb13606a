"""Repair: rows that moved while a list was read are found by further passes, and what that took is said."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restmill.events import Noted, ReadDone
from restmill.path import Path
from restmill.plan.spec import Bounds
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import Offsets, Rig, order
from restmill.wire.paging.page_sizes import other_sizes
from restmill.wire.paging.pagers import Cursor, Offset, PageNumber

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.read.spec import Order
    from restmill.testing.rig import Script
    from restmill.wire.message import Request, Response

ID = (Path("id"),)


def shuffled(rows: int, run_of: int, salt: str) -> list[int]:
    """Row numbers, ties of `run_of` in an order that depends on `salt` only."""
    ids = list(range(rows))
    for start in range(0, rows, run_of):
        part = ids[start : start + run_of]
        random.Random(f"{salt}{start}").shuffle(part)  # noqa: S311  # no secret
        ids[start : start + run_of] = part
    return ids


class Unstable:
    """An API whose ties are ordered anew by each query, with at most `cap` rows a page."""

    def __init__(self, rows: int = 1300, cap: int = 100, **totals: Json) -> None:
        self.rows, self.cap, self.totals = rows, cap, totals

    def __call__(self, request: Request) -> Response:
        """One page, by offset and limit."""
        start, limit = int(request.params["offset"]), min(int(request.params["limit"]), self.cap)
        ids = shuffled(self.rows, 64, f"{start},{limit}")[start : start + limit]
        return json_response({"data": [{"id": i} for i in ids], **self.totals})


def ended(script: Script, what: Order) -> tuple[Rig, ReadDone, list[str]]:
    """The read, its end, and what was noted."""
    seen = Recorder()
    rig = Rig(script, observer=seen)
    run(rig.read(what))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return rig, done, [event.text for event in seen.events if isinstance(event, Noted)]


def requests(rig: Rig) -> list[Request]:
    """What was sent, in order."""
    return [request for _, request in rig.transport.sent]


def keyed(pager: Offset | PageNumber | Cursor | None = None, *, merged: bool = True) -> Order:
    """An order whose records have a key, and equal ones become one row."""
    return replace(order(pager), keys=ID, merged=merged)


def test_a_list_in_no_order_is_read_again_until_its_total_is_met() -> None:
    rig, done, notes = ended(Unstable(total=1300), keyed())
    assert sorted(set(rig.ids)) == list(range(1300))
    assert (done.complete, done.doubt, done.basis, done.distinct) == (True, "", "total", 1300)
    found = len(rig.ids) - 1300
    assert done.rows == len(rig.ids)
    (note,) = [note for note in notes if "moved" in note]
    requests = len(rig.transport.sent) - 14
    assert note.startswith("rows moved while the list was read: ")
    assert note.endswith(f" {requests} requests, found {found} rows that had moved")


def test_larger_pages_come_first_and_one_may_be_enough() -> None:
    rig, done, notes = ended(Unstable(cap=5000, total=1300), keyed())
    assert (done.complete, done.basis) == (True, "total")
    assert [request.params["limit"] for request in requests(rig)[14:]] == [1301, 1301]
    assert any("1 more pass, 2 requests, found" in note for note in notes)


@pytest.mark.parametrize(
    ("selector", "again"), [("data[1:]", False), ("data[:-1]", False), ("data[*]", True)]
)
def test_a_selector_that_takes_a_part_of_each_page_is_not_read_in_other_pages(
    selector: str, again: bool
) -> None:
    rig, done, _ = ended(Unstable(total=1300), replace(keyed(), selector=Path(selector)))
    assert ({request.params["limit"] for request in requests(rig)} == {100}) != again
    assert again or done.doubt


def test_only_records_not_seen_before_are_handed_on() -> None:
    rig, done, _ = ended(Unstable(total=1300), keyed())
    first = [record["id"] for page in rig.pages[:13] for record in page]
    later = [record["id"] for page in rig.pages[13:] for record in page]
    assert len(later) == len(set(later))
    assert not set(first) & set(later)
    assert done.rows == len(first) + len(later)


def test_where_equal_keys_stay_apart_double_rows_remain_a_doubt() -> None:
    _, done, _ = ended(Unstable(total=1300), keyed(merged=False))
    assert done.doubt.endswith("1,300 distinct `id` of 1,300: every one came, some more than once")
    assert done.basis == ""


def test_a_total_that_is_never_met_leaves_the_exact_shortfall() -> None:
    rig, done, _ = ended(Unstable(rows=1290, total=1300), keyed())
    assert sorted(set(rig.ids)) == list(range(1290))
    assert f"{done.rows:,} rows but 1,290 distinct `id` of 1,300: " in done.doubt
    assert " more pass" in done.doubt
    assert len(rig.transport.sent) < 5 * 30


def test_a_pass_that_brings_nothing_new_is_the_last() -> None:
    def script(request: Request) -> Response:
        start, limit = int(request.params["offset"]), min(100, int(request.params["limit"]))
        return json_response(
            {"data": [{"id": i} for i in range(start, min(start + limit, 290))], "total": 300}
        )

    rig, done, _ = ended(script, keyed(Offset(limit=100)))
    assert done.doubt.startswith("290 rows, but the server claims 300 (1 more pass, ")
    assert len(rig.ids) == 290


def test_a_read_that_is_fine_sends_no_request_more() -> None:
    rig, done, _ = ended(Offsets(1300), keyed())
    assert (len(rig.transport.sent), done.basis) == (13 + 1, "total")
    rig, done, _ = ended(Offsets(1310), keyed())
    assert (len(rig.transport.sent), done.basis) == (14, "total")


def test_repair_can_be_turned_off_and_so_is_the_look_back() -> None:
    what = replace(keyed(), repair=False)
    rig, done, _ = ended(Unstable(total=1300), what)
    assert len(rig.transport.sent) == 14
    assert "the server's order is not stable" in done.doubt
    rig, done, _ = ended(Offsets(250, total=False), what)
    assert [request.params["offset"] for request in requests(rig)].count(0) == 1


def test_records_without_a_key_are_not_read_again() -> None:
    rig, done, _ = ended(Unstable(total=1300), replace(keyed(), keys=()))
    assert len(rig.transport.sent) == 14
    assert done.doubt


def test_a_key_that_is_none_is_said_and_nothing_is_read_again() -> None:
    def script(request: Request) -> Response:
        start = int(request.params["offset"])
        data: list[Json] = [{"id": i // 2, "part": i % 2} for i in range(start, min(start + 100, 250))]
        return json_response({"data": data, "total": 250})

    rig, done, _ = ended(script, keyed())
    assert len(rig.transport.sent) == 3
    assert done.doubt.endswith("the primary key is none, different records of one page share it")


def test_repair_keeps_to_the_bounds_of_the_read() -> None:
    what = replace(keyed(), bounds=Bounds(pages=15))
    rig, done, _ = ended(Unstable(total=1300), what)
    assert (len(rig.transport.sent), done.pages) == (16, 15)  # one looked behind the end
    assert done.complete
    assert "more pass" in done.doubt


def test_a_server_that_refuses_the_other_size_costs_nothing_else() -> None:
    def script(request: Request) -> Response:
        if int(request.params["limit"]) > 100:
            return json_response({"error": "limit"}, 400)
        return Unstable(total=1300)(request)

    rig, done, notes = ended(script, keyed())
    assert (done.complete, done.basis) == (True, "total")
    assert "the list could not be read again in pages of 1,301" in notes
    assert sorted(set(rig.ids)) == list(range(1300))


class Moving:
    """A list from whose front `gone` rows are deleted after page `at`; no total."""

    def __init__(self, gone: int, at: int, cap: int = 5000) -> None:
        self.gone, self.at, self.asked, self.cap = gone, at, 0, cap

    def __call__(self, request: Request) -> Response:
        """One page, by number."""
        self.asked += 1
        ids = list(range(500))[self.gone if self.asked > self.at else 0 :]
        size = min(int(request.params["size"]), self.cap)
        start = (int(request.params["page"]) - 1) * size
        return json_response({"data": [{"id": i} for i in ids[start : start + size]]})


def paged() -> Order:
    """An order by page numbers, one request at a time."""
    what = keyed(PageNumber(base_page=1, total_path=None))
    sized = what.request.with_params({"size": 50})
    return replace(what, request=sized, most_ahead=1)


def test_rows_deleted_in_front_are_noticed_and_what_they_moved_is_found() -> None:
    rig, done, notes = ended(Moving(gone=20, at=4), paged())
    assert sorted(set(rig.ids)) == list(range(500))
    assert (done.complete, done.doubt, done.basis) == (True, "", "end")
    assert any("found 20 rows that had moved" in note for note in notes)


def test_a_list_that_never_rests_stays_in_doubt() -> None:
    class Restless(Moving):
        def __call__(self, request: Request) -> Response:
            self.gone = self.asked
            return super().__call__(request)

    rig, done, _ = ended(Restless(gone=0, at=0, cap=50), paged())
    assert done.doubt
    assert done.basis == ""
    assert len(rig.transport.sent) < 5 * 25


def test_a_cursor_is_not_read_again() -> None:
    def script(request: Request) -> Response:
        at = int(request.params.get("cursor") or 0)
        data: list[Json] = [{"id": at}, {"id": at + 1}]
        return json_response({"data": data, "cursors": {"next": str(at + 1) if at < 4 else None}})

    rig, done, _ = ended(script, keyed(Cursor()))
    assert len(rig.transport.sent) == 5
    assert done.doubt


def test_other_sizes_are_larger_where_the_server_gave_what_was_asked_for() -> None:
    start = order().request
    assert other_sizes(Offset(limit=100), start, 100, 1300) == [1301, 79, 59, 43, 67]
    assert other_sizes(Offset(limit=100), start, 100, 300) == [301, 79, 59, 43, 67]
    assert other_sizes(Offset(limit=500), start, 100, 1300) == [79, 59, 43, 67]
    assert other_sizes(PageNumber(), start, 50, None) == [0]
    assert other_sizes(PageNumber(), start.with_params({"per_page": 50}), 50, None) == [500, 37, 29, 19, 31]
    assert other_sizes(Offset(limit=1), start, 1, None) == [10]
