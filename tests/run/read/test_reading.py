"""Readings: every row once and in order, however wrong the predictions; as fast as the host allows."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.errors import NotData, Rejected
from restmill.events import Noted, PageRead, ReadDone, ReadFailed
from restmill.path import Json, Path
from restmill.run.evidence.proof import Proof
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, Offsets, Rig, Script, order
from restmill.wire.limits.budget import Limits
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging.pagers import Cursor, JsonLink, Offset, PageNumber, Pager, SinglePage


@given(
    rows=st.integers(0, 60),
    limit=st.integers(1, 20),
    cap=st.integers(1, 20),
    total=st.booleans(),
    concurrency=st.integers(1, 6),
)
def test_every_row_exactly_once_and_in_order(
    rows: int, limit: int, cap: int, total: bool, concurrency: int
) -> None:
    rig = Rig(Offsets(rows, cap, total), limits=Limits(concurrency=concurrency))
    run(rig.read(order(Offset(limit=limit))))
    assert rig.ids == list(range(rows))
    assert rig.transport.most_in_flight <= concurrency


def test_known_total_is_fanned_out_within_a_tenth_of_the_ideal() -> None:
    rig = Rig(Offsets(100_000), latency=0.05)
    run(rig.read(order()))
    ideal = 1000 * 0.05 / 16
    assert rig.ids == list(range(100_000))
    assert len(rig.transport.sent) == 1000 + 1  # a total met by a full page may be capped
    assert rig.transport.times[-1] <= 1.1 * ideal + 0.5  # the budget starts at 4 and has to grow


def test_unknown_total_is_looked_ahead_and_little_is_wasted() -> None:
    rig = Rig(Offsets(10_000, total=False))
    run(rig.read(order()))
    assert rig.ids == list(range(10_000))
    assert rig.transport.most_in_flight == 16
    assert len(rig.transport.sent) <= 100 + 1 + 32


def test_short_lists_cost_one_request_more_for_all_reads_of_their_resource() -> None:
    rig = Rig(Offsets(60))

    async def many() -> None:
        await asyncio.gather(*(rig.read(order(path=f"/things/{i}")) for i in range(5)))

    run(many())
    assert len(rig.transport.sent) == 5 + 1
    assert len(rig.ids) == 5 * 60


def test_a_capped_page_costs_speed_and_not_rows() -> None:
    seen = Recorder()
    rig = Rig(Offsets(1200, cap=100), observer=seen)
    run(rig.read(order(Offset(limit=500))))
    assert rig.ids == list(range(1200))
    assert len(rig.transport.sent) == 12 + 1
    notes = [event.text for event in seen.events if isinstance(event, Noted)]
    assert notes == ["asked for 500 rows a page, got 100: the server caps them"]


def test_a_reading_tells_its_pages_in_order_and_how_it_ended() -> None:
    seen = Recorder()
    run(Rig(Offsets(250), observer=seen).read(order()))
    pages = [event for event in seen.events if isinstance(event, PageRead)]
    assert [(page.number, page.rows, page.total) for page in pages] == [
        (1, 100, 250),
        (2, 100, 250),
        (3, 50, 250),
    ]
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    assert (done.rows, done.pages, done.complete) == (250, 3, True)


def test_past_the_end_may_be_a_404() -> None:
    def script(request: Request) -> Response:
        if int(request.params["offset"]) >= 300:
            return json_response({"error": "no such page"}, 404)
        return Offsets(300, total=False)(request)

    seen = Recorder()
    rig = Rig(script, observer=seen)
    run(rig.read(order()))
    assert rig.ids == list(range(300))
    assert [event.complete for event in seen.events if isinstance(event, ReadDone)] == [True]


def test_a_404_on_the_first_page_is_an_error_with_its_place() -> None:
    seen = Recorder()
    with pytest.raises(Rejected) as caught:
        run(Rig(lambda _: json_response({}, 404), observer=seen).read(order()))
    assert caught.value.problem.place.path == f"things  GET {HOME}/things"
    assert "404" in caught.value.problem.what
    assert len(seen.of(ReadFailed)) == 1


def test_the_same_page_again_and_again_is_a_loop() -> None:
    seen = Recorder()
    rig = Rig(lambda _: json_response({"data": [{"id": 1}]}), observer=seen)
    run(rig.read(order(Offset(limit=1))))
    assert rig.ids == [1]
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    assert not done.complete
    assert "repeats" in done.reason


def test_two_links_that_lead_to_each_other_are_a_loop() -> None:
    def script(request: Request) -> Response:
        other = "b" if request.address.endswith("a") else "a"
        return json_response({"data": [{"id": ord(other)}], "next": f"{HOME}/{other}"})

    seen = Recorder()
    rig = Rig(script, observer=seen)
    run(rig.read(order(JsonLink(), path="/a")))
    assert len(rig.transport.sent) == 2
    assert [event.complete for event in seen.events if isinstance(event, ReadDone)] == [False]


def test_an_unknown_paginator_and_selector_are_detected_and_said() -> None:
    def script(request: Request) -> Response:
        page = 2 if "2" in request.address else 1
        link = f"{HOME}/things?page=2" if page == 1 else None
        return json_response({"results": [{"id": page}], "next": link})

    seen = Recorder()
    rig = Rig(script, observer=seen)
    run(rig.read(replace(order(), pager=None, selector=None)))
    assert rig.ids == [1, 2]
    texts = [event.text for event in seen.events if isinstance(event, Noted)]
    assert any("results" in text for text in texts)
    assert any("next" in text for text in texts)


def test_a_selector_that_matches_nothing_is_incomplete_and_names_the_keys() -> None:
    seen = Recorder()
    run(Rig(lambda _: json_response({"dta": [], "total": 0}), observer=seen).read(order(SinglePage())))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    assert not done.complete
    assert "keys dta, total" in done.reason


def test_an_empty_body_is_an_empty_page() -> None:
    rig = Rig(lambda _: Response(204, Headers(), b""))
    run(rig.read(order(SinglePage())))
    assert rig.ids == []


def test_html_is_tried_again_and_then_named() -> None:
    page = Response(200, Headers({"Content-Type": "text/html"}), b"<html>login</html>")
    rig = Rig(lambda _: page)
    with pytest.raises(NotData, match="HTML instead of JSON"):
        run(rig.read(order()))
    assert len(rig.transport.sent) == 4


def test_cancelling_a_reading_cancels_its_predictions() -> None:
    seen = Recorder()
    rig = Rig(Offsets(100_000), observer=seen)

    async def cut() -> None:
        task = asyncio.ensure_future(rig.read(order()))
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)

    run(cut())
    assert rig.transport.in_flight == 0
    assert rig.memory.gates[HOME].in_flight == 0
    assert [event.complete for event in seen.events if isinstance(event, ReadDone)] == [False]


def test_a_cursor_is_followed_one_by_one() -> None:
    def script(request: Request) -> Response:
        at = int(request.params.get("cursor") or 0)
        following = str(at + 1) if at < 4 else None
        return json_response({"data": [{"id": at}], "cursors": {"next": following}})

    rig = Rig(script)
    run(rig.read(order(Cursor())))
    assert rig.ids == [0, 1, 2, 3, 4]


def ended(script: Script, pager: Pager, keys: tuple[Path, ...] = (Path("id"),)) -> tuple[Rig, ReadDone]:
    """A read to its end, and the event of that end."""
    seen = Recorder()
    rig = Rig(script, observer=seen)
    run(rig.read(replace(order(pager), keys=keys)))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return rig, done


def window(request: Request, ids: list[int], size: int = 100, **more: Json) -> Response:
    """The page that `page` (from 1) or `offset` asks for."""
    params = request.params
    start = int(params["offset"]) if "offset" in params else (int(params["page"]) - 1) * size
    return json_response({"data": [{"id": i} for i in ids[start : start + size]], **more})


def test_a_total_met_with_repeated_keys_is_in_doubt() -> None:
    ids = [*range(250), *range(50)]
    _, done = ended(lambda request: window(request, ids, total=300), Offset(limit=100))
    assert (done.rows, done.distinct, done.complete) == (300, 250, True)
    assert done.doubt.startswith("300 rows but 250 distinct `id` of 300: ")


def test_repeated_keys_are_in_doubt_without_a_total_and_in_any_paging() -> None:
    ids = [*range(250), *range(50)]
    _, done = ended(lambda request: window(request, ids), Offset(limit=100, total_path=None))
    assert (done.rows, done.distinct, done.complete, done.doubt[:9]) == (300, 250, True, "300 rows ")
    _, single = ended(lambda _: json_response({"data": [{"id": 1}, {"id": 1}]}), SinglePage(), ())
    assert single.doubt == ""  # whole records, all on one page: nothing can have moved


def test_equal_records_without_identity_are_no_doubt_if_the_total_is_met() -> None:
    def script(request: Request) -> Response:
        start = int(request.params["offset"])
        rows = [{"state": "on" if i in (start, 199) else "off"} for i in range(start, start + 100)]
        return json_response({"data": [*rows[: 200 - start]], "total": 200})

    _, done = ended(script, Offset(limit=100), keys=())
    assert (done.rows, done.distinct, done.doubt) == (200, 2, "")


def test_a_total_that_changes_is_in_doubt() -> None:
    left = iter((300, 290, 280))
    _, done = ended(
        lambda request: window(request, list(range(280)), total=next(left, 280)), Offset(limit=100)
    )
    assert done.complete
    assert done.doubt == "the total changed from 300 to 280 during the read: rows may be missing or double"


@pytest.mark.parametrize("claimed", [1, 3])
def test_a_count_of_pages_that_ends_on_a_full_page_is_not_believed(claimed: int) -> None:
    pager = PageNumber(base_page=1, total_path=Path("pages"))
    rig, done = ended(lambda request: window(request, list(range(430)), pages=claimed), pager)
    assert rig.ids == list(range(430))
    assert (done.complete, done.doubt) == (True, "")


def test_a_count_of_pages_that_holds_costs_a_look_behind_the_end_and_one_back() -> None:
    pager = PageNumber(base_page=1, total_path=Path("pages"))
    rig, done = ended(lambda request: window(request, list(range(300)), pages=3), pager)
    assert (len(rig.transport.sent), done.complete, done.reason) == (
        5,
        True,
        "all pages are read: 3 was the last",
    )
    rig, done = ended(lambda request: window(request, list(range(250)), pages=3), pager)
    assert (len(rig.transport.sent), done.complete) == (4, True)


@pytest.mark.parametrize("status", [404, 416, 500])
def test_an_error_behind_a_believed_end_confirms_it(status: int) -> None:
    def script(request: Request) -> Response:
        if int(request.params["page"]) > 3:
            return json_response({}, status)
        return window(request, list(range(300)), pages=3)

    rig, done = ended(script, PageNumber(base_page=1, total_path=Path("pages")))
    tried_again = 3 if status == 500 else 0
    assert (len(rig.transport.sent), done.complete, done.rows) == (5 + tried_again, True, 300)


def test_a_total_of_this_page_only_is_found_out() -> None:
    def script(request: Request) -> Response:
        start = int(request.params["offset"])
        data = [{"id": i} for i in range(start, min(start + 37, 730))]
        return json_response({"data": data, "total": len(data)})

    rig, done = ended(script, Offset(limit=100))
    assert rig.ids == list(range(730))
    assert (done.complete, done.doubt) == (True, "")


@pytest.mark.parametrize("pager", [Offset(limit=100, total_path=None), PageNumber(1, total_path=None)])
def test_a_hole_is_read_across_and_said(pager: Pager) -> None:
    def script(request: Request) -> Response:
        at = int(request.params.get("offset", 0)) // 100 or int(request.params.get("page", 1)) - 1
        ids = [*range(200), *range(1000, 1100)]
        chunk = ids[at * 100 : at * 100 + 100] if at < 2 else ids[at * 100 - 100 : at * 100]
        return json_response({"data": [] if at == 2 else [{"id": i} for i in chunk]})

    rig, done = ended(script, pager)
    assert rig.ids == [*range(200), *range(1000, 1100)]
    why = "page 3 was empty, but rows follow: its own may be missing (1 more pass, "
    assert (done.complete, done.doubt[: len(why)]) == (True, why)


def test_declared_pages_that_stay_empty_end_the_read_in_doubt() -> None:
    pager = PageNumber(base_page=1, total_path=Path("pages"))
    rig, done = ended(lambda request: window(request, list(range(200)), pages=900), pager)
    assert len(rig.transport.sent) < 40
    assert (done.complete, done.doubt) == (True, "5 pages in a row were empty, but the server declares more")


def test_rows_sent_twice_are_no_sign_of_loss_when_every_key_came() -> None:
    proof = Proof((Path("id"),))
    records: list[Json] = [{"id": 1}, {"id": 2}, {"id": 2}]
    proof.add(records, proof.marks(records), full=False)
    proof.claim(2, None, 0)
    assert proof.doubt() == "3 rows but 2 distinct `id` of 2: every one came, some more than once"


def test_an_empty_page_after_a_short_one_is_believed() -> None:
    rig, done = ended(lambda request: window(request, list(range(30))), Offset(limit=100, total_path=None))
    assert (len(rig.transport.sent), done.complete) == (2, True)


def test_an_endless_list_of_known_records_is_stopped() -> None:
    def script(request: Request) -> Response:
        at = int(request.params.get("cursor") or 0)
        data = [{"id": (at + i) % 7} for i in range(3)]
        return json_response({"data": data, "cursors": {"next": str(at + 1)}})

    rig, done = ended(script, Cursor())
    assert len(rig.transport.sent) < 20
    assert not done.complete


@pytest.mark.parametrize(("status", "complete"), [(204, True), (200, False)])
def test_an_empty_first_answer_is_no_data_only_if_it_says_so(status: int, complete: bool) -> None:
    _, done = ended(lambda _: Response(status, Headers(), b""), Cursor())
    assert done.complete is complete


def test_an_empty_body_where_a_cursor_should_be_is_incomplete() -> None:
    def script(request: Request) -> Response:
        if "cursor" in request.params:
            return Response(204, Headers(), b"")
        return json_response({"data": [{"id": 1}], "cursors": {"next": "a"}})

    _, done = ended(script, Cursor())
    assert not done.complete
    assert "empty body" in done.reason
