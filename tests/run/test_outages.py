"""Outages and limits: whole reads against a host that fails, refuses or slows down, on a clock that leaps.

Each case has an ideal, the time that nobody could beat; a read may take twice that.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from restmill.errors import ApiError, Halted
from restmill.path import Path
from restmill.run.transport import Failed
from restmill.testing import json_response, run
from restmill.testing.rig import Offsets, Rig, order
from restmill.wire.gate import Limits
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging import Cursor

LIMITS = Limits(patience=8.75)
TOO_MANY = Response(429, Headers(), b"")
Refuse = Callable[[float, int], Response | None]


@dataclass
class Host:
    """Serves `rows` records, unless it is out, or `refuse(time, in flight)` has something else to say."""

    script: Callable[[Request], Response]
    latency: Callable[[int], float] = lambda _: 0.005
    out: tuple[float, float] = (0.0, 0.0)
    cut: bool = False
    """Whether it is out by refusing and cutting connections, instead of by 503."""
    refuse: Refuse = lambda _at, _count: None
    answers: Counter[int] = field(default_factory=Counter)
    in_flight: int = 0
    closed: bool = False

    async def send(self, request: Request) -> Response:
        now = asyncio.get_running_loop().time
        began = now()
        self.in_flight += 1
        try:
            answer = self.refuse(began, self.in_flight)
            out = self.out[0] <= began < self.out[1]
            await asyncio.sleep(0.001 if out or answer else self.latency(self.in_flight))
            if (out or self.out[0] <= now() < self.out[1]) and self.cut:
                self.answers[0] += 1
                raise Failed("no connection")
            answer = Response(503, Headers(), b"") if out else answer or self.script(request)
            self.answers[answer.status] += 1
            return replace(answer, seconds=now() - began)
        finally:
            self.in_flight -= 1

    async def close(self) -> None:
        self.closed = True


def seconds_of(host: Host, rows: int, pager: Cursor | None = None) -> float:
    """Seconds in which all rows were read."""
    rig = Rig(lambda _: TOO_MANY, limits=LIMITS, chances=tuple(k % 7 / 7 for k in range(5000)))
    rig.transport = host  # type: ignore[assignment]  # the same face

    async def main() -> float:
        await rig.read(order(pager))
        return asyncio.get_running_loop().time()

    took = run(main())
    assert rig.ids == list(range(rows))
    return took


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("latency", [0.005, 0.05])
@pytest.mark.parametrize("outage", [0.5, 1, 2, 4, 8])
def test_an_outage_costs_its_own_time_and_no_run(outage: float, latency: float, cut: bool) -> None:
    host = Host(Offsets(90_000), lambda _: latency, (0.1, 0.1 + outage), cut)
    assert seconds_of(host, 90_000) <= 2 * (outage + 900 * latency / 16)
    assert sum(host.answers.values()) <= 901 + 16 + 6


@pytest.mark.parametrize("outage", [0.5, 1, 2, 4])
def test_an_outage_in_a_chain_of_cursors(outage: float) -> None:
    def chain(request: Request) -> Response:
        at = int(request.params.get("cursor", 0))
        data = [{"id": 100 * at + k} for k in range(100)]
        return json_response({"data": data, "next": at + 1 if at < 99 else None})

    host = Host(chain, out=(0.1, 0.1 + outage), cut=True)
    assert seconds_of(host, 10_000, Cursor(Path("next"), "cursor")) <= 2 * (outage + 0.5)


def test_a_host_that_stays_dead_is_halted_with_few_requests() -> None:
    host = Host(Offsets(90_000), out=(0.1, 1e9))
    with pytest.raises(Halted, match="attempts in a row failed in 27 s"):
        seconds_of(host, 90_000)
    assert host.answers[503] <= 16 + 10


def test_a_host_that_is_dead_from_the_start_gets_four_requests() -> None:
    host = Host(Offsets(100), out=(0.0, 1e9))
    with pytest.raises(ApiError):
        seconds_of(host, 100)
    assert host.answers[503] == 4


@pytest.mark.parametrize("latency", [0.005, 0.05])
@pytest.mark.parametrize("most", [1, 3, 8])
def test_a_ceiling_is_found_and_kept(most: int, latency: float) -> None:
    host = Host(Offsets(90_000), lambda _: latency, refuse=lambda _, n: TOO_MANY if n > most else None)
    assert seconds_of(host, 90_000) <= 1.1 * 900 * latency / most
    assert host.answers[429] <= 0.05 * sum(host.answers.values())


def bucket(rate: float, burst: float, *, told: bool) -> Refuse:
    """A token bucket."""
    left, last = burst, 0.0

    def refuse(at: float, _: int) -> Response | None:
        nonlocal left, last
        left, last = min(burst, left + (at - last) * rate), at
        if left >= 1:
            left -= 1
            return None
        return Response(429, Headers({"Retry-After": "1"} if told else {}), b"")

    return refuse


def window(count: int, period: float, *, told: bool) -> Refuse:
    """So many in each period."""
    began, used = 0.0, 0

    def refuse(at: float, _: int) -> Response | None:
        nonlocal began, used
        if at - began >= period:
            began, used = at - (at - began) % period, 0
        used += 1
        if used <= count:
            return None
        return Response(429, Headers({"Retry-After": str(int(began + period - at) + 1)} if told else {}), b"")

    return refuse


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize(
    ("limit", "ideal", "most"),
    [
        (lambda told: bucket(10, 10, told=told), 37.5, 0.05),
        (lambda told: bucket(50, 50, told=told), 6.7, 0.07),
        (lambda told: bucket(10, 1, told=told), 38.4, 0.05),
        (lambda told: window(100, 60, told=told), 180, 0.09),
        (lambda told: window(20, 1, told=told), 19, 0.06),
    ],
)
def test_a_rate_is_learnt(limit: Callable[[bool], Refuse], ideal: float, most: float, told: bool) -> None:
    host = Host(Offsets(38_500), refuse=limit(told))
    assert seconds_of(host, 38_500) <= 2 * ideal
    assert host.answers[429] <= most * sum(host.answers.values())


@pytest.mark.parametrize("told", [False, True])
def test_fifteen_a_minute(told: bool) -> None:
    host = Host(Offsets(6_000), refuse=window(15, 60, told=told))
    assert seconds_of(host, 6_000) <= 2 * 180
    assert host.answers[429] <= sum(host.answers.values()) / 3


@pytest.mark.parametrize("storm", [0.5, 2, 8, 30])
def test_a_storm_of_refusals_passes(storm: float) -> None:
    host = Host(Offsets(90_000), refuse=lambda at, _: TOO_MANY if 0.1 <= at < 0.1 + storm else None)
    assert seconds_of(host, 90_000) <= 2.5 * (storm + 0.3)
    assert host.answers[429] <= 0.05 * sum(host.answers.values())


def test_refusals_for_ever_end_with_the_reason() -> None:
    host = Host(Offsets(90_000), refuse=lambda at, _: TOO_MANY if at > 0.1 else None)
    with pytest.raises(Halted, match="refused every request for 256 s"):
        seconds_of(host, 90_000)


def test_a_host_that_slows_down_is_asked_less() -> None:
    host = Host(Offsets(38_500), lambda n: 0.005 * n * n)
    assert seconds_of(host, 38_500) <= 2.5 * 385 * 0.005


@pytest.mark.parametrize("law", [lambda n: 0.005 * n, lambda n: 0.005 * max(1, n / 4)])
def test_a_host_whose_answers_queue_up_is_used_to_the_full(law: Callable[[int], float]) -> None:
    host = Host(Offsets(38_500), law)
    assert seconds_of(host, 38_500) <= 1.1 * 385 * law(16) / 16
