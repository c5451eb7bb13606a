"""Rates that refusals teach: of windows, of buckets, of bad moments, and of hosts that refuse by chance."""

from __future__ import annotations

import pytest

from restmill.wire.throttle import Throttle


def refused(one: Throttle, now: float, asked: float | None = None) -> tuple[Throttle, float]:
    one, pause = one.refused(asked)
    return one, now + pause


def passed(one: Throttle, times: int, now: float, *, asked: bool = False) -> Throttle:
    for _ in range(times):
        one = one.sent(now).succeeded(now, asked=asked)
    return one


def test_a_window_of_15_a_minute_is_learnt_at_the_first_pause() -> None:
    one, now = passed(Throttle(), 15, 0.0), 0.5
    while now < 60:
        one, now = refused(one, now)
    one = passed(one, 1, now)
    assert one.rate is not None
    assert one.rate.now == pytest.approx(15 / now)
    assert now == 0.5 + 63.5


def test_what_the_host_asks_for_teaches_at_the_second_time() -> None:
    one, now = passed(Throttle(), 10, 0.0), 0.0
    for expected in (None, 10.0):
        one, now = refused(one, now, 1.0)
        one = passed(one, 1, now, asked=True)
        assert (one.rate and one.rate.now) == expected
        one = passed(one, 9, now, asked=True)


def test_a_rate_is_doubled_until_it_is_refused_and_then_raised_carefully() -> None:
    one, now = refused(passed(Throttle(), 10, 0.0), 0.0, None)
    one = passed(one, 1, now)
    assert one.rate is not None
    first = one.rate.now
    for _ in range(40):
        now += one.interval
        one = passed(one, 1, now)
    assert one.rate is not None
    assert one.rate.now == 4 * first
    one, now = refused(one, now)
    one = passed(one, 1, now)
    assert one.rate is not None
    assert one.rate.settled
    assert one.rate.now <= 0.9 * 4 * first


def test_a_host_that_refuses_by_chance_teaches_no_rate() -> None:
    one, now = Throttle(), 0.0
    for _ in range(30):
        for _ in range(5):
            now += one.interval + 0.01
            one = passed(one, 1, now)
        one, now = refused(one, now)
    one = passed(one, 1, now)
    assert one.by_chance
    assert one.rate is None
    assert one.interval == 0.0
