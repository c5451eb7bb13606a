"""Sessions: reads cross from the loop to the caller, bounded, in order, and leave nothing behind."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from restmill.errors import Halted, Rejected
from restmill.run.session.channel import Bell, Channel, Ended
from restmill.run.session.session import ReadHandle, Session
from restmill.testing import FakeTransport, json_response
from restmill.testing.rig import HOME, Offsets, order
from restmill.wire.limits.budget import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from restmill.path import Json
    from restmill.run.clock import Clock
    from restmill.wire.message import Request, Response


def taken(handle: ReadHandle) -> Iterator[Sequence[Json]]:
    while True:
        item = handle.poll(0.5)
        if isinstance(item, Ended):
            if item.error:
                raise item.error
            return
        if item is not None:
            yield item


def opened(transport: FakeTransport) -> Session:
    return Session(Limits(), lambda _: transport)


@pytest.fixture(autouse=True)
def _own_threads_only() -> None:
    """Engines of tests before this one may still linger; they are not looked at here."""
    EARLIER.clear()
    EARLIER.update(threading.enumerate())


EARLIER: set[threading.Thread] = set()


def restmill_threads() -> list[threading.Thread]:
    found = threading.enumerate()
    return [thread for thread in found if thread.name == "restmill" and thread not in EARLIER]


def test_all_pages_arrive_in_order() -> None:
    session = opened(FakeTransport(Offsets(2500), 0.001))
    handle = session.read(order())
    assert [record["id"] for page in taken(handle) for record in page] == list(range(2500))
    handle.close()
    session.close()


def test_reads_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=5)
    arrived: list[str] = []

    def script(request: Request) -> Response:
        arrived.append(request.address)
        return Offsets(10)(request)

    transport = FakeTransport(script, 0.05)
    session = opened(transport)
    handles = [session.read(order(path=path)) for path in ("/a", "/b")]
    for handle in handles:
        assert sum(len(page) for page in taken(handle)) == 10
        handle.close()
    session.close()
    assert transport.most_in_flight == 2
    assert meeting.n_waiting == 0


def test_an_error_reaches_the_caller_after_the_pages_before_it() -> None:
    def script(request: Request) -> Response:
        return json_response({}, 403) if int(request.params["offset"]) >= 200 else Offsets(1000)(request)

    session = opened(FakeTransport(script))
    handle = session.read(order())
    pages = 0
    with pytest.raises(Rejected):  # noqa: PT012
        for _ in taken(handle):
            pages += 1
    assert pages == 2
    handle.close()
    session.close()


def test_a_caller_that_takes_nothing_stops_the_fetching() -> None:
    big = "x" * 20_000

    def script(request: Request) -> Response:
        start = int(request.params["offset"])
        return json_response(
            {"data": [{"id": start + i, "text": big} for i in range(100)], "total": 1_000_000}
        )

    transport = FakeTransport(script, 0.0)
    session = opened(transport)
    handle = session.read(order())
    first = handle.poll(5)
    assert isinstance(first, list)
    settled = -1
    while settled != len(transport.sent):  # until two looks, a moment apart, see no further request
        settled = len(transport.sent)
        threading.Event().wait(0.3)
    assert settled <= 40
    handle.close()
    session.close()


def test_closing_a_read_cancels_its_requests_and_the_thread_ends_by_itself() -> None:
    transport = FakeTransport(Offsets(1_000_000), 0.01)
    session = opened(transport)
    handle = session.read(order())
    assert isinstance(handle.poll(5), list)
    handle.close()
    handle.close()
    for thread in restmill_threads():
        thread.join(10)
    assert transport.closed
    assert not restmill_threads()


def test_a_halted_host_stays_halted_when_the_loop_is_started_anew() -> None:
    transport = FakeTransport(lambda _: json_response({}, 500))
    session = Session(Limits(failures=1), lambda _: transport)
    handle = session.read(order())
    with pytest.raises((Rejected, Halted)):
        list(taken(handle))
    handle.close()
    session.close()
    sent = len(transport.sent)
    handle = session.read(order())
    with pytest.raises(Halted, match=HOME):
        list(taken(handle))
    handle.close()
    session.close()
    assert len(transport.sent) == sent


def test_a_channel_gives_its_end_only_after_its_last_page() -> None:
    async def main() -> None:
        channel = Channel(asyncio.get_running_loop(), Bell())
        assert channel.take() is None
        await channel.put([1], 10)
        channel.end()
        assert channel.take() == [1]
        assert channel.take() == Ended()

    asyncio.run(main())


def test_a_full_channel_waits_for_room_and_a_page_larger_than_the_bound_fits() -> None:
    async def main() -> None:
        channel = Channel(asyncio.get_running_loop(), Bell(), bound=10)
        await channel.put([1], 100)
        second = asyncio.ensure_future(channel.put([2], 5))
        await asyncio.sleep(0)
        assert not second.done()
        assert channel.take() == [1]
        await asyncio.wait_for(second, 5)
        assert channel.take() == [2]

    asyncio.run(main())


def test_an_engine_that_winds_up_leaves_its_successors_connections_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("restmill.run.session.session._LINGER", 0.0)
    before = sys.getswitchinterval()
    made: list[FakeTransport] = []

    def transport(_: Clock) -> FakeTransport:
        made.append(FakeTransport(Offsets(30)))
        return made[-1]

    session = Session(Limits(), transport)
    for _ in range(200):  # each read begins while the engine of the one before may be winding up
        handle = session.read(order())
        assert sum(len(page) for page in taken(handle)) == 30
        handle.close()
    session.close()
    for thread in restmill_threads():
        thread.join(10)
    assert all(one.closed for one in made)
    assert sys.getswitchinterval() == before
