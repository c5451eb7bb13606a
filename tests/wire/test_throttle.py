"""Rates that refusals teach: of windows, of buckets, of bad moments, and of hosts that refuse by chance."""

from __future__ import annotations

import pytest

from restmill.wire.limits.throttle import Throttle


def refused(one: Throttle, now: float, asked: float | None = None) -> tuple[Throttle, float]:
    one, pause = one.refused(now, asked)
    return one, now + pause


def passed(one: Throttle, times: int, now: float) -> Throttle:
    for _ in range(times):
        one = one.sent(now).succeeded(now)
    return one


def paused(one: Throttle, now: float, until: float) -> tuple[Throttle, float, int]:
    """Refused until then, and how often."""
    times = 0
    while now < until:
        one, now = refused(one, now)
        times += 1
    return one, now, times


def test_a_window_of_15_a_minute_is_guessed_at_the_first_pause_and_known_at_the_second() -> None:
    one, now, times = paused(passed(Throttle(), 15, 0.0), 0.5, 60)
    assert times == 8
    one = passed(one, 14, now)
    assert not one.alone
    one = passed(one, 1, now)
    assert one.alone
    assert one.rate is None
    end = now
    one, now, times = paused(one, now, 120)
    assert times <= 3
    one = passed(one, 1, now)
    assert one.rate is not None
    assert one.rate.settled
    assert one.rate.now == pytest.approx(15 / (now - end))
    assert one.rate.now >= 0.85 * 15 / 60


def test_a_bad_moment_teaches_nothing() -> None:
    one, now, _ = paused(passed(Throttle(), 15, 0.0), 0.5, 60)
    one = passed(one, 16, now)
    assert (one.guess, one.alone, one.interval) == (0, False, 0.0)


def test_in_vain_is_less_than_twice_as_long() -> None:
    one, now, waits = passed(Throttle(), 5, 0.0), 0.0, []
    for _ in range(5):
        one, until = refused(one, now)
        assert one.alone
        waits.append(round(until - now, 2))
        now = until
    assert waits == [0.5, 0.9, 1.62, 2.92, 5.25]


def test_what_the_host_asks_for_is_the_least_when_it_was_in_vain() -> None:
    one, now, waits = passed(Throttle(), 5, 0.0), 0.0, []
    for _ in range(6):
        one, until = refused(one, now, 2.0)
        waits.append(round(until - now, 2))
        now = until
    assert waits == [2.0, 2.0, 2.0, 2.92, 5.25, 9.45]


def test_what_the_host_asks_for_teaches_at_the_second_time() -> None:
    one, now = passed(Throttle(), 10, 0.0), 0.0
    for expected in (None, 10.0):
        one, now = refused(one, now, 1.0)
        assert one.trusted
        one = passed(one, 1, now)
        assert (one.rate and one.rate.now) == expected
        one = passed(one, 9, now)


def test_a_rate_is_doubled_until_it_is_refused_and_then_raised_carefully() -> None:
    one, now = refused(passed(Throttle(), 10, 0.0), 0.0)
    one, now = refused(passed(one, 8, now), now)
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
