"""The budget of one host that refuses: ceilings, pauses for everybody, and the one request that finds out."""

from __future__ import annotations

from restmill.wire.limits.budget import Gate, Go, Hold, Limits
from tests.wire.test_gate import ok, sent


def test_a_refusal_while_others_are_in_flight_is_a_ceiling() -> None:
    gate = ok(sent(Gate.fresh(Limits()), 4), status=429)
    assert (gate.allowed, gate.in_flight) == (3, 3)
    assert gate.ask(0.0) == Hold(None, "3 requests are in flight")
    gate = sent(ok(gate), 1)
    assert gate.patient
    assert not gate.shut


def test_a_host_that_refuses_all_is_left_alone_ever_longer_and_then_asked_at_the_rate_it_gave() -> None:
    gate, now, waits = ok(sent(Gate.fresh(Limits(concurrency=1)), 1)), 0.0, []
    for _ in range(5):
        gate = ok(gate.sent(now), now, 429)
        hold = gate.ask(now)
        assert isinstance(hold, Hold)
        assert hold.why == "the host refused all requests as too many"
        waits.append(round(hold.seconds or 0.0, 2))
        now += waits[-1] + 1e-3
    assert waits == [0.5, 0.9, 1.62, 2.92, 5.25]
    gate = ok(gate.sent(now), now)
    assert gate.ask(now) == Go()  # it may have been a bad moment: as many as before go at once
    gate = ok(gate.sent(now), now, 429)
    now += 12.0
    gate = ok(gate.sent(now), now)
    hold = gate.ask(now)
    assert isinstance(hold, Hold)
    assert hold.why == "the host was seen to bear 0.0833 requests per second"


def test_one_request_finds_out_whether_a_pause_was_long_enough() -> None:
    gate = sent(ok(sent(Gate.fresh(Limits()), 1)), 4)
    for _ in range(4):
        gate = ok(gate, status=429)
    gate = sent(gate, 1, 0.6)
    assert gate.ask(0.6) == Hold(None, "one request finds out whether the host takes more")
    gate = ok(gate, 0.7)
    assert gate.ask(0.7) == Go()


def test_one_request_finds_out_whether_more_may_go_than_before_the_pause() -> None:
    gate = Gate.fresh(Limits())
    for _ in range(3):
        gate = ok(sent(gate, 1))
    gate = ok(sent(gate, 1), status=429).sent(0.6)
    gate = sent(ok(gate, 0.7), 2, 0.7)
    assert isinstance(gate.ask(0.7), Hold)
    gate = sent(ok(ok(gate, 0.8), 0.8), 1, 0.8)
    assert isinstance(gate.ask(0.8), Hold)
    assert sent(ok(gate, 0.9), 2, 0.9).in_flight == 2


def test_a_ceiling_whose_refusals_ask_for_a_pause_is_learnt_and_costs_one_pause() -> None:
    gate = sent(ok(sent(Gate.fresh(Limits(start=6)), 1)), 6)
    for _ in range(3):
        gate = ok(gate, 0.001, 429, {"Retry-After": "1"})
    for _ in range(3):
        gate = ok(gate, 0.005)
    assert gate.allowed == 3
    assert (gate.throttle.pauses, gate.throttle.paused) == (0, 0.0)
    now = 1.1
    for _ in range(200):  # a second is worth more than one request more at once
        gate = ok(sent(gate, 3, now), now)
        gate = ok(ok(gate, now), now)
        now += 0.01
    assert gate.allowed == 3
    gate = ok(sent(gate, 3, 17.1), 17.1)
    assert gate.allowed == 4


def test_all_that_is_refused_at_one_time_is_one_pause() -> None:
    gate = sent(ok(sent(Gate.fresh(Limits(start=16)), 1)), 16)
    for k in range(16):
        gate = ok(gate, k / 100, 429, {"Retry-After": "30"})
    assert not gate.shut
    assert gate.throttle.paused == 30.0


def test_a_host_is_down_when_it_was_well_and_fails_since_before_the_attempt() -> None:
    gate = Gate.fresh(Limits(patience=8.75)).sent(0.0).failed(0.0, "reset")
    assert not gate.down(9.0)  # it never served anybody
    gate = ok(gate.sent(1.0), 1.0)
    gate = gate.sent(2.0).failed(2.5, "reset")
    assert not gate.down(2.0)  # somebody may have been served meanwhile
    gate = gate.sent(3.0).failed(3.5, "reset")
    assert gate.down(3.0)
    assert not ok(gate.sent(4.0), 4.0).down(4.0)
    for now in range(4, 12):
        gate = gate.sent(now).failed(now, "reset")
    assert not gate.down(11.0)


def test_a_host_that_refuses_for_ever_is_shut_when_the_pauses_are_too_long() -> None:
    gate, now = ok(sent(Gate.fresh(Limits(concurrency=1, max_hold=10.0)), 1)), 0.0
    while not gate.shut:
        gate = ok(gate.sent(now), now, 429)
        hold = gate.ask(now)
        now += hold.seconds or 0.0 if isinstance(hold, Hold) else 0.0
    assert gate.shut == "it refused every request for 3 s as one too many"


def test_a_refusal_is_a_failure_where_nobody_was_ever_served() -> None:
    assert not ok(sent(Gate.fresh(Limits()), 1), status=429).patient
    assert ok(ok(sent(Gate.fresh(Limits()), 2)), status=429).patient
