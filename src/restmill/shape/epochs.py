"""Epochs: numbers that are times, told apart from those that are none by the others beside them.

A number has no clock. But where its neighbours lie between the year 2000 and now when they are read as
seconds, milliseconds, microseconds or nanoseconds since 1970, one beyond the year 2100 in the same unit is no
time at which a row was changed: 253402300799000 stands for "never". These four ranges do not touch. So where
one value is a time in seconds and another in milliseconds, they do not order as their times.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = (1, 10**3, 10**6, 10**9)
"""Parts of a second."""
_NAMES = dict(zip(_UNITS, ("seconds", "milliseconds", "microseconds", "nanoseconds"), strict=True))
_FROM = 946_684_800
"""The year 2000, in seconds since 1970."""
_FAR = 4_102_444_800
"""The year 2100."""


class Epochs:
    """Learns the unit of a column of numbers; `until`: now, in seconds since 1970."""

    def __init__(self, until: float) -> None:
        self._until = int(until)
        self._unit = 0
        self._others: set[int] = set()

    def learn(self, values: Iterable[object]) -> None:
        """Look at some numbers; anything else is passed over."""
        for value in values:
            number = _number(value)
            if number is None or _FROM * self._unit <= number <= self._until * self._unit:
                continue
            unit = next((one for one in _UNITS if _FROM * one <= number <= self._until * one), 0)
            if unit and self._unit:
                self._others.add(unit)
            self._unit = self._unit or unit

    @property
    def doubt(self) -> str:
        """That some are times in one unit and some in another; "" when all are in one."""
        if not self._others:
            return ""
        first, second = sorted((self._unit, next(iter(self._others))))
        return f"some are {_NAMES[first]} since 1970, others {_NAMES[second]}"

    def is_far(self, value: object) -> bool:
        """Whether a number is beyond the year 2100 in the unit of the others."""
        number = _number(value) if self._unit else None
        return number is not None and number > _FAR * self._unit


def _number(value: object) -> int | float | Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return value
