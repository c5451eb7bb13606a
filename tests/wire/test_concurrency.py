"""How many requests at once: growth, ceilings that refusals teach, and hosts that become slow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from restmill.wire.limits.concurrency import Concurrency


def well(one: Concurrency, times: int, now: float = 0.0, seconds: float = 0.05) -> Concurrency:
    for _ in range(times):
        one = one.succeeded(one.allowed, now, seconds)
    return one


def test_a_ceiling_is_kept_and_one_more_is_tried_ever_more_rarely() -> None:
    one = Concurrency.fresh(4, 16).refused(3)
    trials = []
    for _ in range(3):
        count = 0
        while one.allowed == 3:
            one, count = well(one, 1), count + 1
        trials.append(count)
        assert one.allowed == 4
        one = one.refused(3)
    assert trials == [100, 200, 400]


def test_one_refusal_at_a_number_that_has_borne_many_is_chance() -> None:
    one = well(Concurrency.fresh(4, 4), 50)
    assert one.refused(3).allowed == 4
    assert one.refused(3).refused(2).allowed == 2
    assert well(one.refused(3), 12).refused(3).allowed == 4


def test_a_trial_that_goes_well_lifts_the_ceiling_by_one_at_a_time() -> None:
    one = well(Concurrency.fresh(4, 16).refused(3), 100)
    assert one.allowed == 4
    assert well(one, 99).allowed == 4
    assert well(one, 100).allowed == 5


class Host:
    """Answers after `seconds(n)` while n requests are in flight; time passes as a steady stream's does."""

    def __init__(self, law: str, one: Concurrency) -> None:
        self.law, self.one, self.now = law, one, 0.0

    def answers(self, count: int) -> Concurrency:
        for _ in range(count):
            n = self.one.allowed
            seconds = {"flat": 0.05, "linear": 0.005 * n, "square": 0.005 * n * n}[self.law]
            self.now += seconds / n
            self.one = self.one.succeeded(n, self.now, seconds)
        return self.one


def test_a_host_that_is_slower_the_more_it_is_asked_is_asked_less() -> None:
    one = Concurrency.fresh(4, 16).succeeded(1, 0.0, 0.005)  # the first page comes alone
    host = Host("square", one)
    assert host.answers(120).allowed == 1
    assert host.one.ceiling == 1


def test_a_host_whose_answers_only_queue_up_keeps_its_number() -> None:
    host = Host("linear", Concurrency.fresh(4, 16).succeeded(1, 0.0, 0.005))
    assert host.answers(300).allowed == 16
    assert host.one.ceiling is None


def test_a_quick_first_answer_does_not_make_a_steady_host_slow() -> None:
    host = Host("flat", Concurrency.fresh(4, 16).succeeded(1, 0.0, 0.001))
    assert host.answers(300).allowed == 16


@given(st.lists(st.sampled_from(["well", "halved", "refused", "landed"]), max_size=80), st.integers(1, 9))
def test_it_is_always_between_one_and_the_top(events: list[str], top: int) -> None:
    one, now = Concurrency.fresh(4, top), 0.0
    for event in events:
        now += 0.01
        match event:
            case "well":
                one = one.succeeded(one.allowed, now, 0.01 * one.allowed)
            case "halved":
                one = one.halved(one.allowed - 1)
            case "refused":
                one = one.refused(one.allowed - 1)
            case _:
                one = one.landed()
        assert 1 <= one.allowed <= top
