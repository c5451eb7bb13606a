"""The budget of a host: rate, concurrency, holds and the breaker, on a clock made of numbers."""

from __future__ import annotations

from itertools import combinations_with_replacement, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.wire.limits.budget import Gate, Go, Hold, Limits, Shut
from restmill.wire.message import Headers

WALL = 1_800_000_000.0
NONE = Headers()


def sent(gate: Gate, times: int, now: float = 0.0) -> Gate:
    for _ in range(times):
        assert gate.ask(now) == Go()
        gate = gate.sent(now)
    return gate


def ok(gate: Gate, now: float = 0.0, status: int = 200, headers: dict[str, str] | None = None) -> Gate:
    return gate.answered(now, status, Headers(headers), WALL)


steps = st.lists(
    st.tuples(
        st.sampled_from(["send", "send", "send", 200, 404, 429, 500, 503, "failed", "cancelled"]),
        st.floats(0, 2),
    ),
    max_size=60,
)


def after_event(gate: Gate, event: str | int, now: float) -> Gate:
    match event:
        case int(status):
            return gate.answered(now, status, NONE, WALL)
        case "failed":
            return gate.failed(now, "reset")
        case _:
            return gate.cancelled(now)


@given(steps, st.integers(1, 6), st.integers(1, 8), st.floats(0.3, 20), st.integers(1, 4))
def test_never_more_than_the_ceiling_and_the_rate(
    events: list[tuple[str | int, float]], ceiling: int, start: int, rate: float, burst: int
) -> None:
    gate = Gate.fresh(Limits(ceiling, start, rate, burst, failures=10_000))
    now, left = 100.0, []
    for event, pause in events:
        now += pause
        if event == "send":
            answer = gate.ask(now)
            if isinstance(answer, Hold) and answer.seconds is not None:
                now += answer.seconds
                answer = gate.ask(now)
                assert answer == Go()  # a wait that was named is enough
            if answer == Go():
                gate = gate.sent(now)
                left.append(now)
        elif gate.in_flight:
            gate = after_event(gate, event, now)
        assert 0 <= gate.in_flight <= ceiling
        assert 1 <= gate.allowed <= ceiling
    for first, last in combinations_with_replacement(range(len(left)), 2):
        assert last - first + 1 <= burst + rate * (left[last] - left[first]) + 1e-6


def test_a_steady_reader_gets_the_whole_rate() -> None:
    gate, now, times = Gate.fresh(Limits(requests_per_second=4.0)), 5.0, []
    for _ in range(9):
        hold = gate.ask(now)
        if isinstance(hold, Hold):
            assert hold.why == "4 requests per second are allowed"
            now += hold.seconds or 0.0
        gate = ok(gate.sent(now), now)
        times.append(now)
    assert [later - earlier for earlier, later in pairwise(times)] == pytest.approx([0.25] * 8, abs=1e-5)


def test_a_burst_is_regained_after_a_pause() -> None:
    gate = sent(Gate.fresh(Limits(requests_per_second=1.0, burst=3)), 3)
    assert isinstance(gate.ask(0.0), Hold)
    gate = sent(gate, 1, now=1.0)
    assert isinstance(gate.ask(1.0), Hold)


def test_concurrency_begins_at_start_and_doubles_while_all_is_well() -> None:
    gate = Gate.fresh(Limits())
    sizes = []
    for _ in range(4):
        sizes.append(gate.allowed)
        for _ in range(gate.allowed):
            gate = sent(gate, gate.allowed - gate.in_flight)
            assert gate.ask(0.0) == Hold(None, f"{gate.in_flight} requests are in flight")
            gate = ok(gate)
    assert sizes == [4, 8, 16, 16]


def test_concurrency_that_is_not_used_does_not_grow() -> None:
    gate = Gate.fresh(Limits())
    for _ in range(50):
        gate = ok(sent(gate, 1))
    assert gate.allowed == 4


def test_the_start_is_never_above_the_ceiling() -> None:
    assert Gate.fresh(Limits(concurrency=2)).allowed == 2
    assert Gate.fresh(Limits(concurrency=0, start=0)).allowed == 1


@pytest.mark.parametrize("status", [502, 503, 504, None])
def test_overload_halves_once_per_round_trip(status: int | None) -> None:
    gate = sent(Gate.fresh(Limits(start=8)), 8)
    for expected in (4,) * 8:
        gate = gate.failed(0.0, "timeout") if status is None else ok(gate, status=status)
        assert gate.allowed == expected
    gate = ok(sent(gate, 1))  # well again: four at once, and not one that finds out
    gate = sent(gate, 4)
    for expected in (2,) * 4:
        gate = gate.failed(0.0, "timeout") if status is None else ok(gate, status=status)
        assert gate.allowed == expected


def test_after_a_halving_one_more_is_allowed_per_round() -> None:
    gate = ok(ok(sent(Gate.fresh(Limits(start=6)), 1), status=503).sent(0.0))
    for allowed in (3, 4, 5):
        assert gate.allowed == allowed
        gate = sent(gate, allowed)
        for _ in range(allowed):
            assert gate.allowed == allowed
            gate = ok(gate)
            gate = gate if gate.allowed > allowed else gate.sent(0.0)
        while gate.in_flight:
            gate = gate.cancelled(0.0)


def test_a_server_error_that_is_no_overload_leaves_the_concurrency() -> None:
    assert ok(sent(Gate.fresh(Limits()), 4), status=500).allowed == 4


@pytest.mark.parametrize("status", [200, 403, 429, 503])
def test_retry_after_holds_the_host(status: int) -> None:
    gate = ok(sent(Gate.fresh(Limits()), 2), 10.0, status, {"Retry-After": "5"})
    hold = gate.ask(11.0)
    assert isinstance(hold, Hold)
    assert hold.seconds == pytest.approx(4.0, abs=1e-5)
    assert hold.why == "the host asks to wait"
    assert gate.ask(15.00001) == Go()
    shorter = ok(gate, 10.0, status, {"Retry-After": "1"})
    assert shorter.ask(14.0) != Go()


def test_a_nearly_spent_quota_holds_before_the_limit_is_hit() -> None:
    told = {"X-RateLimit-Remaining": "2", "X-RateLimit-Reset": "30"}
    gate = ok(sent(Gate.fresh(Limits()), 1), 0.0, 200, told)
    gate = sent(gate, 2)
    assert gate.ask(1.0) == Hold(None, "the host's quota is used up")
    gate = ok(gate, 1.0, 200, {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "29"})
    assert gate.ask(1.0) == Hold(None, "the host's quota is used up")
    gate = ok(gate, 2.0)
    hold = gate.ask(2.0)
    assert isinstance(hold, Hold)
    assert hold.seconds == pytest.approx(28.0, abs=1e-5)
    assert gate.ask(30.1) == Go()
    assert gate.sent(30.1).left is None


def test_an_answer_that_says_more_is_left_ends_the_hold() -> None:
    gate = sent(Gate.fresh(Limits()), 4)
    gate = ok(gate, 1.0, 200, {"RateLimit": "limit=9, remaining=3, reset=60"})
    assert gate.ask(1.0) == Hold(None, "the host's quota is used up")
    gate = ok(gate, 1.0, 200, {"RateLimit": "limit=9, remaining=3, reset=60"})
    assert gate.ask(1.0) == Go()


def test_a_quota_without_a_reset_is_no_hold() -> None:
    assert ok(sent(Gate.fresh(Limits()), 1), headers={"X-RateLimit-Remaining": "0"}).ask(0.0) == Go()


def test_a_hold_beyond_patience_shuts_while_it_lasts() -> None:
    gate = ok(sent(Gate.fresh(Limits()), 1), 0.0, 429, {"Retry-After": "3600"})
    assert gate.ask(0.0) == Shut(
        "the host asks to wait, 3600 s from now, and the limit is 300 s; "
        "raise `client.retry.max_wait` to wait longer"
    )
    assert not gate.shut
    assert isinstance(gate.ask(3400.0), Hold)
    spent = ok(
        sent(Gate.fresh(Limits(max_hold=5)), 2),
        0.0,
        200,
        {"RateLimit-Remaining": "1", "RateLimit-Reset": "9"},
    )
    assert isinstance(ok(spent).ask(0.0), Shut)


def test_failures_in_a_row_shut_for_good() -> None:
    gate = Gate.fresh(Limits(failures=3))
    for second in range(3):
        assert not gate.shut
        gate = ok(sent(gate, 1, float(second)), float(second), 500)
    why = "3 attempts in a row failed in 2 s, the last with status 500"
    assert gate.shut == why
    assert gate.ask(1e9) == Shut(why)
    assert ok(gate.sent(3.0), 3.0).ask(3.0) == Shut(why)
    assert gate.failed(3.0, "reset").shut == why
    first = Gate.fresh(Limits(failures=1)).sent(0.0).failed(0.0, "no route")
    assert first.shut == "1 attempt in a row failed in 0 s, the last with no route"


@pytest.mark.parametrize("status", [200, 302, 404])
def test_an_answer_ends_the_row(status: int) -> None:
    gate = Gate.fresh(Limits(failures=3))
    for now in range(0, 50, 10):
        for _ in range(2):
            gate = sent(gate, 1, now).failed(now, "reset")
        gate = ok(sent(gate, 1, now + 5), now + 5, status=status)
    assert not gate.shut


def test_an_orderly_limit_neither_lengthens_nor_ends_the_row() -> None:
    gate = Gate.fresh(Limits(failures=3))
    for answer in ({}, {"Retry-After": "1"}, {}, {"RateLimit-Reset": "2"}):
        assert not gate.shut
        gate = ok(gate.sent(0.0), 0.0, 503, answer)
    assert not gate.shut
    assert ok(gate.sent(0.0), 0.0, 503).shut


def test_failures_without_the_time_they_need_shut_nothing() -> None:
    """Half a second of errors is no dead host: it takes longer than the retries of one request."""
    gate = Gate.fresh(Limits(failures=3, patience=8.75))
    for now in (0.0, 0.1, 0.2, 0.3, 8.7):
        gate = gate.sent(now).failed(now, "reset")
        assert not gate.shut
    assert gate.sent(8.8).failed(8.8, "reset").shut.startswith("6 attempts in a row failed in 9 s")


def test_a_host_that_fails_is_asked_by_one_request_at_growing_distances() -> None:
    gate = sent(Gate.fresh(Limits(start=4)), 4)
    for _ in range(4):
        gate = gate.failed(0.0, "reset")
    now, waits = 0.0, []
    for _ in range(6):
        hold = gate.ask(now)
        waits.append(round(hold.seconds or 0.0, 2) if isinstance(hold, Hold) else 0.0)
        now += waits[-1] + 1e-3
        gate = sent(gate, 1, now)
        assert gate.ask(now) == Hold(
            None, "the host failed, and one request finds out whether it is well again"
        )
        gate = gate.failed(now, "reset")
    assert waits == [0.0, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert ok(gate.sent(99.0), 99.0).ask(99.0) == Go()


def test_a_bound_of_ones_own_is_heeded_when_retries_are_used_up() -> None:
    gate = Gate.fresh(Limits(failures=1000)).sent(0.0).failed(0.0, "status 500")
    assert not gate.exhausted(9.0, 0.0, "status 500").shut


def test_an_answer_whose_body_is_broken_goes_on_with_the_row() -> None:
    gate = Gate.fresh(Limits(failures=3))
    for now in (1.0, 2.0, 3.0):
        gate = gate.sent(now).answered(now, 200, NONE, WALL).broken(now, "HTML")
    assert isinstance(gate.ask(4.0), Shut)
    assert "3 attempts in a row" in gate.shut
    assert "HTML" in gate.shut


def test_a_broken_answer_is_no_success_that_used_up_retries_could_rest_on() -> None:
    gate = Gate.fresh(Limits()).sent(1.0).answered(1.0, 200, NONE, WALL).broken(1.0, "HTML")
    assert gate.exhausted(9.0, first_sent=0.5, why="HTML").shut


def test_one_blip_under_many_requests_is_one_failure() -> None:
    """Sixteen requests cut off together are no row of sixteen: only what is sent afterwards lengthens it."""
    gate = sent(Gate.fresh(Limits(start=16, failures=3)), 16)
    for _ in range(16):
        gate = gate.failed(0.0, "reset")
    assert not gate.shut
    gate = sent(gate, 1).failed(1.0, "reset")
    assert not gate.shut
    assert sent(gate, 1, 2.1).failed(2.2, "reset").shut.startswith("3 attempts in a row failed in 2 s")


def test_used_up_retries_shut_only_a_host_that_was_never_well_meanwhile() -> None:
    gate = ok(sent(Gate.fresh(Limits()), 1, 5.0), 5.0)
    assert gate.exhausted(20.0, 4.0, "status 500") == gate
    assert gate.exhausted(20.0, 6.0, "status 500").shut == (
        "a request used up its retries (status 500), and no attempt succeeded in 14 s"
    )


def test_events_without_a_request_do_not_count_below_nothing() -> None:
    gate = Gate.fresh(Limits()).cancelled(0.0)
    assert gate.in_flight == 0
