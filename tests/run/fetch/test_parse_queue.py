"""The bench: pages that come at the same time are pressed together, whoever stops waiting meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from restmill.run.fetch.parse_queue import Bench
from restmill.testing.clock import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.shape.page_parser import Press


class Fake:
    """A press that takes pages of more than one byte, and says which it was given together."""

    def __init__(self, error: Exception | None = None) -> None:
        self.given: list[list[bytes]] = []
        self._error = error

    def documents(self, bodies: Sequence[bytes]) -> list[Any]:
        self.given.append(list(bodies))
        if self._error is not None:
            raise self._error
        return [{"page": body.decode()} if len(body) > 1 else None for body in bodies]


def bench(fake: Fake) -> Bench:
    return Bench(cast("Press", fake))


def test_pages_that_wait_at_the_same_time_go_together() -> None:
    fake = Fake()

    async def main() -> list[Any]:
        one = bench(fake)
        first = await asyncio.gather(*(one.document(body) for body in (b"aa", b"b", b"cc")))
        return [*first, await one.document(b"dd")]

    assert run(main()) == [{"page": "aa"}, None, {"page": "cc"}, {"page": "dd"}]
    assert fake.given == [[b"aa", b"b", b"cc"], [b"dd"]]


@pytest.mark.parametrize("stopped", [(0,), (1,), (0, 1)])
def test_whoever_stops_waiting_is_left_out(stopped: tuple[int, ...]) -> None:
    fake, bodies = Fake(), [b"aa", b"bb"]

    async def main() -> list[Any]:
        one, loop, failed = bench(fake), asyncio.get_running_loop(), list[object]()
        loop.set_exception_handler(lambda _, context: failed.append(context))
        tasks = [asyncio.ensure_future(one.document(body)) for body in bodies]
        loop.call_soon(lambda: [tasks[number].cancel() for number in stopped])
        done = await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
        assert not failed
        return done

    done = run(main())
    for number, result in enumerate(done):
        assert isinstance(result, asyncio.CancelledError) == (number in stopped)
    assert [] not in fake.given


def test_everybody_who_waits_hears_of_an_error() -> None:
    async def main() -> list[Any]:
        one = bench(Fake(ValueError("no press")))
        waiting = (one.document(body) for body in (b"aa", b"bb"))
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    assert [str(error) for error in run(main())] == ["no press"] * 2
