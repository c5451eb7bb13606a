"""The search for refused records, with a destination that is a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.load.refused import bisection
from restmill.load.refused.bisection import TooMany, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Rule:
    """Takes records while the rule holds for all that it has taken."""

    def __init__(self, holds: Callable[[set[int]], bool]) -> None:
        self.holds, self.taken, self.tried, self.trials = holds, set[int](), 0, 0

    def takes(self, some: Sequence[int]) -> str:
        self.tried += len(some)
        self.trials += 1
        if not self.holds(self.taken | set(some)):
            return "refused"
        self.taken |= set(some)
        return ""


@given(st.integers(1, 300), st.sets(st.integers(0, 299), max_size=12))
def test_those_that_are_refused_by_themselves_are_found(count: int, bad: set[int]) -> None:
    bad = {one for one in bad if one < count}
    rule = Rule(lambda some: not some & bad)
    assert set(refused(count, rule)) == bad
    assert rule.taken == set(range(count)) - bad
    steps = count.bit_length() + 1
    assert rule.trials <= 4 * steps * (len(bad) + 1)


def test_of_those_that_exclude_each_other_the_first_stays() -> None:
    rule = Rule(lambda some: len(some & {3, 40, 41, 90}) < 2)
    assert sorted(refused(100, rule)) == [40, 41, 90]


def test_what_needs_a_later_one_is_taken_in_the_end() -> None:
    rule = Rule(
        lambda some: 7 not in some and (3 not in some or 90 in some) and (90 not in some or 95 in some)
    )
    assert sorted(refused(100, rule)) == [7]


def test_the_bounds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooMany, match="more than 100 records are refused"):
        refused(1000, Rule(lambda some: not any(one % 5 == 0 for one in some)))
    monkeypatch.setattr(bisection, "MOST_TRIED", 5_000)
    with pytest.raises(TooMany, match="more than 5,000 rows"):
        refused(5_000, Rule(lambda some: not some & {17, 4_000}))
