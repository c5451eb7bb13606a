"""Readings: every row once and in order, however wrong the predictions; as fast as the host allows."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.errors import NotData, Rejected
from restmill.events import Noted, PageRead, ReadDone, ReadFailed
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, Offsets, Rig, order
from restmill.wire.gate import Limits
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging import Cursor, JsonLink, Offset, SinglePage


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
    assert len(rig.transport.sent) == 1000
    assert rig.transport.times[-1] <= 1.1 * ideal + 0.5  # the budget starts at 4 and has to grow


def test_unknown_total_is_looked_ahead_and_little_is_wasted() -> None:
    rig = Rig(Offsets(10_000, total=False))
    run(rig.read(order()))
    assert rig.ids == list(range(10_000))
    assert rig.transport.most_in_flight == 16
    assert len(rig.transport.sent) <= 100 + 1 + 32


def test_a_short_list_costs_no_request_ahead() -> None:
    rig = Rig(Offsets(60))
    run(rig.read(order()))
    assert len(rig.transport.sent) == 1


def test_a_capped_page_costs_speed_and_not_rows() -> None:
    seen = Recorder()
    rig = Rig(Offsets(1200, cap=100), observer=seen)
    run(rig.read(order(Offset(limit=500))))
    assert rig.ids == list(range(1200))
    assert len(rig.transport.sent) == 12
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
    from dataclasses import replace  # noqa: PLC0415

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
