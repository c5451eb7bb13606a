"""Outages and limits: whole reads against a host that fails, refuses or slows down, on a clock that leaps.

Each case has an ideal, the time that nobody could beat; a read may take twice that.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

import pytest

from restmill.errors import ApiError, Halted
from restmill.path import Path
from restmill.run.fetch.fetcher import Refused
from restmill.run.transport.protocol import Failed
from restmill.testing import json_response, run
from restmill.testing.rig import Offsets, Rig, order
from restmill.wire.limits.budget import Limits
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging.pagers import Cursor, PageNumber, Pager

LIMITS = Limits(patience=8.75)
TOO_MANY = Response(429, Headers(), b"")
TIMEOUT = 1.0
Refuse = Callable[[float, int], Response | None]
Kind = Literal["503", "refused", "cut", "timeout"]


@dataclass
class Host:
    """Serves `rows` records, unless it is out, or `refuse(time, in flight)` has something else to say."""

    script: Callable[[Request], Response]
    latency: Callable[[int], float] = lambda _: 0.005
    out: tuple[float, float] = (0.0, 0.0)
    kind: Kind = "503"
    """How it is out: with an answer, without a connection, by cutting off, or by saying nothing."""
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
            await asyncio.sleep(self._seconds(quick=bool(answer), out=out))
            if (out or self.out[0] <= now() < self.out[1]) and self.kind != "503":
                self.answers[0] += 1
                raise Failed("no connection")
            answer = Response(503, Headers(), b"") if out else answer or self.script(request)
            self.answers[answer.status] += 1
            return replace(answer, seconds=now() - began)
        finally:
            self.in_flight -= 1

    def _seconds(self, *, quick: bool, out: bool) -> float:
        if out and self.kind == "timeout":
            return TIMEOUT
        return 0.001 if quick or (out and self.kind != "cut") else self.latency(self.in_flight)

    async def close(self) -> None:
        self.closed = True


@dataclass(frozen=True)
class Chain:
    """Pages of 100, each of which alone knows the next one."""

    pages: int

    def __call__(self, request: Request) -> Response:
        at = int(request.params.get("cursor", 0))
        data = [{"id": 100 * at + k} for k in range(100)]
        return json_response({"data": data, "next": at + 1 if at < self.pages - 1 else None})


@dataclass(frozen=True)
class Numbered:
    """Pages of 100 by number, and how many there are."""

    pages: int

    def __call__(self, request: Request) -> Response:
        at = int(request.params["page"]) - 1
        data = [{"id": 100 * at + k} for k in range(100)] if at < self.pages else []
        return json_response({"data": data, "pages": self.pages})


@dataclass(frozen=True)
class Shape:
    """Lists that are read at the same time."""

    script: Callable[[Request], Response]
    rows: int
    pager: Pager | None = None
    lists: int = 1


CURSOR = Cursor(Path("next"), "cursor")
SHAPES = {
    "a fan of 16": Shape(Offsets(30_000), 30_000),
    "a lone chain": Shape(Chain(100), 10_000, CURSOR),
    "three chains": Shape(Chain(40), 4_000, CURSOR, lists=3),
    "many children": Shape(Offsets(300), 300, lists=60),
    "a list of pages": Shape(Numbered(200), 20_000, PageNumber(base_page=1, total_path=Path("pages"))),
}


def seconds_of(host: Host, rows: int, pager: Pager | None = None, lists: int = 1) -> float:
    """Seconds in which all rows were read."""
    rig = Rig(lambda _: TOO_MANY, limits=LIMITS, chances=tuple(k % 7 / 7 for k in range(5000)))
    rig.transport = host  # type: ignore[assignment]  # the same face

    async def main() -> float:
        await asyncio.gather(*(rig.read(order(pager, path=f"/{k}")) for k in range(lists)))
        return asyncio.get_running_loop().time()

    took = run(main())
    assert sorted(rig.ids) == sorted(list(range(rows)) * lists)
    return took


def seconds_in(shape: Shape, host: Host) -> float:
    """The same for a shape."""
    return seconds_of(host, shape.rows, shape.pager, shape.lists)


@cache
def undisturbed(name: str, latency: float) -> float:
    """Seconds that a shape takes when all is well."""
    return seconds_in(SHAPES[name], Host(SHAPES[name].script, lambda _: latency))


@pytest.mark.parametrize("kind", ["503", "refused"])
@pytest.mark.parametrize("latency", [0.005, 0.05])
@pytest.mark.parametrize("outage", [0.5, 1, 2, 4, 8])
def test_an_outage_costs_its_own_time_and_no_run(outage: float, latency: float, kind: Kind) -> None:
    host = Host(Offsets(90_000), lambda _: latency, (0.1, 0.1 + outage), kind)
    assert seconds_of(host, 90_000) <= 2 * (outage + 900 * latency / 16)
    assert sum(host.answers.values()) <= 901 + 16 + 6


@pytest.mark.parametrize("kind", ["503", "refused", "cut", "timeout"])
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("outage", [0.5, 1, 2, 4, 8])
def test_an_outage_in_each_shape_of_reads(outage: float, name: str, kind: Kind) -> None:
    shape = SHAPES[name]
    host = Host(shape.script, lambda _: 0.02, (0.05, 0.05 + outage), kind)
    least = max(outage, TIMEOUT) if kind == "timeout" else outage
    assert seconds_in(shape, host) <= 2 * (least + undisturbed(name, 0.02))
    assert sum(many for status, many in host.answers.items() if status != 200) <= 16 + 6


@pytest.mark.parametrize("kind", ["503", "refused", "timeout"])
def test_a_chain_on_a_host_that_stays_dead_ends_when_the_breaker_says_so(kind: Kind) -> None:
    host = Host(Chain(100), out=(0.1, 1e9), kind=kind)
    with pytest.raises(ApiError, match="after 10 attempts"):
        seconds_of(host, 10_000, CURSOR)
    assert sum(many for status, many in host.answers.items() if status != 200) == 10


@pytest.mark.parametrize("status", [500, 503])
def test_one_page_that_fails_for_ever_gets_four_requests_while_others_are_served(status: int) -> None:
    failed = 0

    def script(request: Request) -> Response:
        nonlocal failed
        if int(request.params["offset"]) != 5000:
            return Offsets(30_000)(request)
        failed += 1
        return Response(status, Headers(), b"")

    with pytest.raises((ApiError, Refused)):
        seconds_of(Host(script, lambda _: 0.2), 30_000)
    assert failed == 4


def test_a_page_of_a_chain_that_fails_by_itself_gets_four_requests() -> None:
    def script(request: Request) -> Response:
        at = int(request.params.get("cursor", 0))
        return Response(500, Headers(), b"") if at == 7 else Chain(100)(request)

    host = Host(script)
    with pytest.raises((ApiError, Refused)):
        seconds_of(host, 10_000, CURSOR)
    assert host.answers[500] == 4


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


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("most", [1, 3, 8])
def test_a_ceiling_whose_refusals_ask_for_a_second_costs_that_second(most: int, name: str) -> None:
    slow, shape = Response(429, Headers({"Retry-After": "1"}), b""), SHAPES[name]
    host = Host(shape.script, lambda _: 0.02, refuse=lambda _, n: slow if n > most else None)
    ideal = undisturbed(name, 0.02) * max(1.0, min(16, shape.lists if shape.pager is CURSOR else 16) / most)
    assert seconds_in(shape, host) <= 1.2 * (ideal + 1)
    assert host.answers[429] <= max(8, 0.05 * sum(host.answers.values()))


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


def storm(out: tuple[float, float], told: str) -> Refuse:
    """Refuses all in that time, and says nothing, or "one second", or how long it will take."""

    def refuse(at: float, _: int) -> Response | None:
        if not out[0] <= at < out[1]:
            return None
        rest = 1 if told == "a second" else math.ceil(out[1] - at)
        return Response(429, Headers({"Retry-After": str(rest)} if told else {}), b"")

    return refuse


@pytest.mark.parametrize("told", ["", "a second", "the rest"])
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("lasts", [0.5, 1, 2, 4, 8, 30])
def test_a_storm_of_refusals_passes(lasts: float, name: str, told: str) -> None:
    shape = SHAPES[name]
    host = Host(shape.script, lambda _: 0.02, refuse=storm((0.05, 0.05 + lasts), told))
    asked = max(1, lasts) if told else lasts
    assert seconds_in(shape, host) <= 2 * (asked + undisturbed(name, 0.02))
    assert host.answers[429] <= 16 + 16


@pytest.mark.parametrize("lasts", [0.5, 2, 8, 30])
def test_a_storm_in_a_long_list_is_one_request_in_twenty(lasts: float) -> None:
    host = Host(Offsets(90_000), refuse=storm((0.1, 0.1 + lasts), ""))
    assert seconds_of(host, 90_000) <= 2 * (lasts + 0.3)
    assert host.answers[429] <= 0.05 * sum(host.answers.values())


def test_two_storms_teach_no_rate_that_lasts() -> None:
    first, second = storm((0.1, 2.1), ""), storm((6.0, 8.0), "")
    host = Host(Offsets(90_000), lambda _: 0.05, refuse=lambda at, n: first(at, n) or second(at, n))
    assert seconds_of(host, 90_000) <= 2 * (4 + 900 * 0.05 / 16)


def test_refusals_for_ever_end_with_the_reason() -> None:
    host = Host(Offsets(90_000), refuse=lambda at, _: TOO_MANY if at > 0.1 else None)
    with pytest.raises(Halted, match="refused every request for 123 s"):
        seconds_of(host, 90_000)


def test_a_host_that_slows_down_is_asked_less() -> None:
    host = Host(Offsets(38_500), lambda n: 0.005 * n * n)
    assert seconds_of(host, 38_500) <= 2 * 385 * 0.005


@pytest.mark.parametrize("law", [lambda n: 0.005 * n, lambda n: 0.005 * max(1, n / 4)])
def test_a_host_whose_answers_queue_up_is_used_to_the_full(law: Callable[[int], float]) -> None:
    host = Host(Offsets(38_500), law)
    assert seconds_of(host, 38_500) <= 1.1 * 385 * law(16) / 16
