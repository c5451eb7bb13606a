"""Bisection: which of many records a destination refuses, found by trials of some of them together.

Records are judged in their order, each on top of those that were taken before it: of two that bring the same
key to a unique index, the first one stays. What is refused is halved until the refused ones stand alone. At
the end they are tried once more, on top of all others, because a record may only have come too early: a
foreign key that leads to a later row of the same table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_REFUSED = 100
"""Records of one table; where there are more, it is the table that does not fit."""
MOST_TRIED = 50_000_000
"""Rows in all trials of one table together; a destination takes about 100,000 a second."""


class TooMany(Exception):  # noqa: N818  # nothing has failed: the search ends
    """The bounds are not kept; the text says which."""


class Trial(Protocol):
    """A destination in which records can be tried."""

    tried: int
    """Root rows that were sent to and fro so far."""

    def takes(self, some: Sequence[int]) -> str:
        """Why it refuses these records on top of those it has taken; "" when it has taken them all.

        Raises:
            Exception: dlt's or the driver's, for what is no refusal.
        """
        ...


def refused(count: int, trial: Trial) -> dict[int, str]:
    """By number, the records out of so many that are refused, and why. Together they have been refused.

    Raises:
        TooMany: there are more than `MOST_REFUSED`, or it takes more than `MOST_TRIED` rows to find them.
    """
    found: dict[int, str] = {}
    _sift(range(count), trial, found, known=True)
    again: dict[int, str] = {}
    if found:
        _sift(sorted(found), trial, again, known=False)
    return again


def _sift(some: Sequence[int], trial: Trial, found: dict[int, str], *, known: bool) -> None:
    """Add to `found` those that are refused; `known`: that some of them are, as far as one can tell."""
    if not some:
        return
    alone = len(some) == 1
    reason = "as before" if known and not alone else trial.takes(some)
    if trial.tried > MOST_TRIED:
        raise TooMany(f"more than {MOST_TRIED:,} rows would have to be tried")
    if not reason:
        return
    if alone:
        found[some[0]] = reason
        if len(found) > MOST_REFUSED:
            raise TooMany(f"more than {MOST_REFUSED} records are refused")
        return
    half, before = len(some) // 2, len(found)
    _sift(some[:half], trial, found, known=False)
    _sift(some[half:], trial, found, known=len(found) == before)
