"""Bounds on one read: reaching one is a verdict with numbers, never a hang and never an error."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restmill.events import ReadDone, Waiting
from restmill.plan.spec import Bounds
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import Offsets, Rig, order
from restmill.wire.limits.budget import Limits
from restmill.wire.paging.pagers import Cursor, Offset

if TYPE_CHECKING:
    from restmill.testing.rig import Script
    from restmill.wire.message import Request, Response
    from restmill.wire.paging.pagers import Pager


def bounded(rig: Rig, seen: Recorder, bounds: Bounds, pager: Pager | None = None) -> ReadDone:
    """The end of a read within bounds."""
    run(rig.read(replace(order(pager), bounds=bounds)))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done


def endless(request: Request) -> Response:
    at = int(request.params.get("cursor") or 0)
    return json_response({"data": [{"id": at}], "cursors": {"next": str(at + 1)}})


@pytest.mark.parametrize("total", [True, False])
def test_the_most_pages_end_a_read_and_nothing_is_asked_beyond_them(total: bool) -> None:
    seen = Recorder()
    rig = Rig(Offsets(10_000, total=total), observer=seen)
    done = bounded(rig, seen, Bounds(pages=7))
    assert rig.ids == list(range(700))
    assert len(rig.transport.sent) == 7
    assert (done.complete, done.basis) == (False, "")
    assert done.reason == "`max_pages: 7` is reached: 7 pages and 700 rows were read"


def test_a_list_that_ends_within_its_bounds_is_complete() -> None:
    seen = Recorder()
    done = bounded(Rig(Offsets(700), observer=seen), seen, Bounds(pages=7, seconds=60))
    assert (done.complete, done.rows) == (True, 700)


def test_a_paging_without_an_end_is_ended_by_its_duration() -> None:
    seen = Recorder()
    rig = Rig(endless, latency=1.0, observer=seen)
    done = bounded(rig, seen, Bounds(seconds=30.5), Cursor())
    assert rig.ids == list(range(30))
    assert done.reason == "`max_duration: 30.5` seconds are over: 30 pages and 30 rows were read"
    assert rig.transport.in_flight == 0


def test_a_wait_for_the_hosts_budget_counts() -> None:
    seen = Recorder()
    limits = Limits(requests_per_second=0.1, burst=1)
    rig = Rig(Offsets(1000), observer=seen, limits=limits)
    done = bounded(rig, seen, Bounds(seconds=15), Offset(limit=100))
    assert (done.complete, done.rows) == (False, 200)
    assert seen.of(Waiting)
    assert rig.transport.times[-1] <= 15


@pytest.mark.parametrize(
    ("bounds", "said"), [(Bounds(1), "at most 1 page"), (Bounds(9, 60), "at most 9 pages, 60 s")]
)
def test_bounds_describe_themselves(bounds: Bounds, said: str) -> None:
    assert bounds.describe() == said
    assert Bounds().describe() == ""


def test_a_hanging_request_is_cut_off() -> None:
    script: Script = Offsets(1000)
    seen = Recorder()
    rig = Rig(script, latency=1_000_000.0, observer=seen)
    done = bounded(rig, seen, Bounds(seconds=5))
    assert (done.complete, done.rows) == (False, 0)
    assert rig.transport.in_flight == 0
