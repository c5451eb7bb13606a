"""The door: requests leave in order of arrival, as many at once as the gate allows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from restmill.errors import Halted
from restmill.run.fetch.limiter import Door
from restmill.testing.clock import FakeClock, run
from restmill.wire.limits.budget import Gate, Limits
from restmill.wire.message import Headers, Request, Response

if TYPE_CHECKING:
    from restmill.events import Event

ASK = Request(method="GET", address="https://api.test/x")
OK = Response(200, Headers(), b"", "https://api.test/x", 0.1)


def door(**limits: object) -> tuple[Door, list[Event]]:
    told: list[Event] = []
    gates = {"https://api.test": Gate.fresh(Limits(**limits))}  # type: ignore[arg-type]  # names of fields
    return Door("https://api.test", gates, FakeClock(), told.append), told


async def settled() -> None:
    """Let everybody who can go on do so."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_all_that_may_leave_after_an_answer_leave_at_once() -> None:
    async def main() -> None:
        gate, _ = door(start=4, concurrency=16)
        left: list[int] = []

        async def one(number: int) -> None:
            await gate.enter("r", ASK)
            left.append(number)

        tasks = [asyncio.ensure_future(one(number)) for number in range(10)]
        await settled()
        assert left == [0, 1, 2, 3]
        for _ in range(4):
            gate.answered(OK)  # each success makes room for two
        await settled()
        assert left == list(range(10))
        await asyncio.gather(*tasks)

    run(main())


def test_who_gives_up_leaves_the_place_to_the_next() -> None:
    async def main() -> None:
        gate, _ = door(start=1, concurrency=1)
        await gate.enter("r", ASK)
        first, second, third = (asyncio.ensure_future(gate.enter("r", ASK)) for _ in range(3))
        await settled()
        second.cancel()
        first.cancel()
        gate.answered(OK)
        await settled()
        assert third.done()
        assert (first.cancelled(), second.cancelled()) == (True, True)

    run(main())


def test_who_is_let_in_and_gives_up_in_the_same_moment_takes_no_place() -> None:
    async def main() -> None:
        gate, _ = door(start=1, concurrency=1)
        await gate.enter("r", ASK)
        first, second = (asyncio.ensure_future(gate.enter("r", ASK)) for _ in range(2))
        await settled()
        gate.answered(OK)  # lets the first one in
        first.cancel()
        await settled()
        assert first.cancelled()
        assert second.done()

    run(main())


def test_a_rate_is_kept_by_those_who_wait() -> None:
    async def main() -> list[float]:
        gate, _ = door(start=16, requests_per_second=2.0)
        return await asyncio.gather(*(gate.enter("r", ASK) for _ in range(4)))

    assert run(main()) == pytest.approx([0.0, 0.5, 1.0, 1.5], abs=0.01)


def test_all_who_wait_hear_of_a_halt() -> None:
    async def main() -> list[object]:
        gate, _ = door(start=1, concurrency=1, failures=1)
        await gate.enter("r", ASK)
        waiting = [asyncio.ensure_future(gate.enter("r", ASK)) for _ in range(3)]
        await settled()
        gate.failed("no answer")
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    assert all(isinstance(error, Halted) for error in run(main()))
