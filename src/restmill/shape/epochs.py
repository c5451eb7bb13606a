"""Epochs: numbers that are times, told apart from those that are none by the others beside them.

A number has no clock. But where its neighbours lie between the year 2000 and now when they are read as
seconds, milliseconds, microseconds or nanoseconds since 1970, one beyond the year 2100 in the same unit is no
time at which a row was changed: 253402300799000 stands for "never". These four ranges do not touch.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = (1, 10**3, 10**6, 10**9)
"""Parts of a second."""
_FROM = 946_684_800
"""The year 2000, in seconds since 1970."""
_FAR = 4_102_444_800
"""The year 2100."""


class Epochs:
    """Learns the unit of a column of numbers; `until`: now, in seconds since 1970."""

    def __init__(self, until: float) -> None:
        self._until = int(until)
        self._unit = 0

    def learn(self, values: Iterable[object]) -> None:
        """Look at some numbers; anything else is passed over."""
        if self._unit:
            return
        for value in values:
            if (number := _number(value)) is not None:
                fits = (unit for unit in _UNITS if _FROM * unit <= number <= self._until * unit)
                self._unit = next(fits, 0)
            if self._unit:
                return

    def is_far(self, value: object) -> bool:
        """Whether a number is beyond the year 2100 in the unit of the others."""
        number = _number(value) if self._unit else None
        return number is not None and number > _FAR * self._unit


def _number(value: object) -> int | float | Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return value
