"""What a user's own code waits for is waited for: nothing is sent meanwhile, on a clock that cannot hurry."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from restmill.events import ReadDone
from restmill.path import Path
from restmill.run.caller import CALLER, Call, called
from restmill.run.session.channel import Bell, Channel
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import Offsets, Rig, order, terms
from restmill.wire.actions import Rule
from restmill.wire.paging.pagers import Done, Next, Offset

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.run.fetch.fetcher import Terms
    from restmill.wire.message import Page, Request, Response
    from restmill.wire.paging.pagers import Decision

PAUSE = 60.0
"""Seconds; the round trip of the fake transport takes 0.05."""


class Slow:
    """A caller who takes a minute for each function of the user's."""

    def __init__(self) -> None:
        self.begun: list[float] = []
        self.ended: list[float] = []

    def ask(self, call: Call) -> None:
        loop = asyncio.get_running_loop()
        self.begun.append(loop.time())
        loop.call_later(PAUSE, self._end, call)

    def _end(self, call: Call) -> None:
        self.ended.append(asyncio.get_running_loop().time())
        call.run()


def acting(*functions: Callable[[Response], Any]) -> Terms:
    return replace(terms(), rules=(Rule(do=functions or (lambda response: response,)),))


def slowly(rig: Rig, what: Any) -> Slow:
    caller = Slow()

    async def main() -> None:
        CALLER.set(caller)
        await rig.read(what)

    run(main())
    return caller


@pytest.mark.parametrize("functions", [1, 2, 3])
def test_a_pause_in_an_action_holds_the_next_request(functions: int) -> None:
    rig = Rig(Offsets(350))
    caller = slowly(rig, order(of=acting(*[lambda response: response] * functions), most_ahead=1))
    times = rig.transport.times
    assert rig.ids == list(range(350))
    assert len(times) == 4
    assert len(caller.begun) == 4 * functions
    ends = caller.ended[functions - 1 :: functions]
    assert all(sent >= ended for ended, sent in zip(ends, times[1:], strict=False))
    assert rig.transport.most_in_flight == 1


class Own:
    """A paginator of a script's own: it names the next request, and nothing beyond."""

    def first(self, request: Request) -> Request:
        return request.with_params({"offset": 0, "limit": 100})

    def after(self, page: Page) -> Decision:
        if len(page.records) < 100:
            return Done("the paginator has no further page", complete=True, basis="declared")
        return Next(page.request.with_params({"offset": int(page.request.params["offset"]) + 100}))

    def past_end(self, request: Request, status: int) -> Done | None:  # noqa: ARG002  # the seam's face
        return None

    def total(self, page: Page) -> int | None:  # noqa: ARG002  # the seam's face
        return None

    def describe(self) -> str:
        return "own"


def test_a_pause_in_a_paginator_holds_the_next_request() -> None:
    rig = Rig(Offsets(350))
    own: Any = Own()
    caller = slowly(rig, order(own))
    assert rig.ids == list(range(350))
    times = rig.transport.times
    assert (len(times), len(caller.begun)) == (4, 5)  # `init_request`, and once after each page
    assert all(sent >= ended for ended, sent in zip(caller.ended, times, strict=False))
    assert rig.transport.most_in_flight == 1


def test_without_such_code_nobody_waits() -> None:
    rig = Rig(Offsets(3500))
    assert slowly(rig, order()).begun == []
    assert rig.transport.most_in_flight > 1


# A page is handed over, and the read goes on when the caller comes back for another.


def test_a_lazy_page_is_waited_for_until_the_caller_comes_back() -> None:
    async def main() -> None:
        channel = Channel(asyncio.get_running_loop(), Bell())
        waiting = asyncio.ensure_future(channel.put_and_wait([{"id": 1}], 10))
        await asyncio.sleep(PAUSE)
        assert not waiting.done()
        assert channel.take() == [{"id": 1}]
        await asyncio.sleep(PAUSE)  # the caller is at work with it
        assert not waiting.done()
        assert channel.take() is None  # back for more
        await asyncio.wait_for(waiting, 1)

    run(main())


def test_a_caller_who_looked_before_the_page_came_has_not_taken_it() -> None:
    async def main() -> None:
        channel = Channel(asyncio.get_running_loop(), Bell())
        assert channel.take() is None
        for number in (1, 2):
            waiting = asyncio.ensure_future(channel.put_and_wait([{"id": number}], 10))
            await asyncio.sleep(PAUSE)
            assert not waiting.done()
            assert channel.take() == [{"id": number}]
            assert channel.take() is None
            await asyncio.wait_for(waiting, 1)

    run(main())


def test_a_read_that_is_stopped_meanwhile_waits_no_longer() -> None:
    async def main() -> None:
        channel = Channel(asyncio.get_running_loop(), Bell())
        waiting = asyncio.ensure_future(channel.put_and_wait([], 0))
        await asyncio.sleep(PAUSE)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(main())


# A function is called in the caller's thread, or in one of its own.


def test_what_a_function_returns_or_raises_comes_back() -> None:
    async def main() -> None:
        CALLER.set(Slow())
        assert await called(lambda a, b: a + b, 1, 2) == 3
        with pytest.raises(LookupError, match="mine"):
            await called(lambda: (_ for _ in ()).throw(LookupError("mine")))

    run(main())


def test_calls_are_run_in_the_order_of_the_pages() -> None:
    async def main() -> None:
        channel = Channel(asyncio.get_running_loop(), Bell())
        CALLER.set(channel)
        await channel.put([{"id": 1}], 10)
        asking = asyncio.ensure_future(called(lambda: "called"))
        await asyncio.sleep(PAUSE)
        assert channel.take() == [{"id": 1}]
        call = channel.take()
        assert isinstance(call, Call)
        assert not asking.done()
        call.run()
        assert await asking == "called"

    run(main())


def test_without_a_caller_a_function_has_a_thread_of_its_own() -> None:
    async def main() -> threading.Thread:
        found: threading.Thread = await called(threading.current_thread)
        return found

    assert run(main()) is not threading.current_thread()


def test_an_outcome_that_nobody_waits_for_is_let_go() -> None:
    async def main() -> None:
        caller = Slow()
        CALLER.set(caller)
        asking = asyncio.ensure_future(called(lambda: 1))
        await asyncio.sleep(1)
        asking.cancel()
        await asyncio.sleep(2 * PAUSE)
        assert len(caller.ended) == 1

    run(main())


# Requests of restmill's own, beside the list, are shown to no function.

BEHIND: dict[str, tuple[Response, bool]] = {
    "nothing": (json_response({"data": []}), True),
    "no such page": (json_response({}, 404), True),
    "the last page again": (json_response({"data": [{"id": i} for i in range(100, 200)]}), True),
    "rows": (json_response({"data": [{"id": 999}]}), False),
}


@pytest.mark.parametrize("name", BEHIND)
def test_what_is_behind_the_end_is_shown_only_if_it_is_of_the_list(name: str) -> None:
    answer, ends = BEHIND[name]
    seen: list[str] = []
    heard = Recorder()

    def script(request: Request) -> Response:
        start = int(request.params["offset"])
        if start >= 200:
            return answer if start == 200 else json_response({"data": []})
        return json_response({"data": [{"id": i} for i in range(start, start + 100)], "total": 200})

    rig = Rig(script, observer=heard)
    paged = Offset(limit=100, total_path=Path("total"))

    def noting(response: Response) -> Response:
        seen.append(response.url)
        return response

    slowly(rig, order(paged, of=acting(noting), most_ahead=1))
    (done,) = (one for one in heard.events if isinstance(one, ReadDone))
    assert rig.ids[:200] == list(range(200))
    assert len(rig.transport.times) >= 3
    assert (len(rig.ids) == 200) is ends
    assert len(seen) == (2 if ends else 3 + (len(rig.transport.times) > 4))
    assert done.complete
