"""Epochs: a number far beyond all others is no time at which a row was changed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from restmill.shape.epochs import Epochs

NOW = 1_790_000_000


@pytest.mark.parametrize(
    ("others", "value", "far"),
    [
        ([1_700_000_000], 253_402_300_799, True),
        ([1_700_000_000], 9_999_999_999, True),
        ([1_700_000_000_000], 253_402_300_799_000, True),
        ([1_700_000_000_000_000], 253_402_300_799_000_000, True),
        ([1_700_000_000 * 10**9], 9_223_372_036_854_775_807, True),
        ([1_700_000_000.5], 253_402_300_799.0, True),
        ([Decimal(1_700_000_000)], Decimal(253_402_300_799), True),
        ([0, None, "x", True, 1_700_000_000], 253_402_300_799, True),
        ([1_700_000_000], 1_800_000_000, False),
        ([1_700_000_000], 4_000_000_000, False),
        ([1_700_000_000_000], 1_790_000_000_001, False),
        ([], 253_402_300_799_000, False),
        ([1, 2, 3], 253_402_300_799_000, False),
        ([1_000_000], 9_999_999_999, False),
        ([253_402_300_799_000], 253_402_300_799_000, False),
        ([1_700_000_000], "253402300799", False),
        ([1_700_000_000], None, False),
    ],
)
def test_a_number_is_far_by_the_unit_of_the_others(others: list[object], value: object, *, far: bool) -> None:
    epochs = Epochs(NOW)
    epochs.learn(others)
    assert epochs.is_far(value) is far


@pytest.mark.parametrize(
    ("values", "doubt"),
    [
        ([1_700_000_000, 1_700_000_060, 0, None, 253_402_300_799], ""),
        ([1_700_000_000, 1_700_000_060_000], "some are seconds since 1970, others milliseconds"),
        ([1_700_000_060_000, 5, 1_700_000_000], "some are seconds since 1970, others milliseconds"),
        ([1_700_000_000_000, 1_700_000_000_000_000], "some are milliseconds since 1970, others microseconds"),
        ([7, 1_700_000_000 * 10**9, 1_700_000_000.5], "some are seconds since 1970, others nanoseconds"),
        ([1, 2, 10**12], ""),
    ],
)
def test_times_in_several_units_are_a_doubt(values: list[object], doubt: str) -> None:
    epochs = Epochs(NOW)
    for value in values:
        epochs.learn([value])
    assert epochs.doubt == doubt
