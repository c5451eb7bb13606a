"""Seeded chance: the same question always gets the same answer.

`Dice` draws many numbers for one record, cheaply (splitmix64, Steele, Lea and Flood 2014: one addition and
two multiplications a draw; seeding a `random.Random` would cost twenty times as much). `unit` draws one
number for one decision about one request.
"""

import hashlib
import zlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


class Dice:
    """The stream of draws that belongs to record `index` of collection `name` under `seed`."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, name: str, index: int) -> None:
        self._state = (seed * 0xD1342543DE82EF95 + zlib.crc32(name.encode()) * 0xAF251AF3B0F025B5) & _MASK
        self._state = self.below(1 << 64) ^ (index * 0xA24BAED4963EE407 & _MASK)

    def below(self, limit: int) -> int:
        """Return an integer in `0 <= n < limit`."""
        self._state = state = (self._state + _GOLDEN) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        return (state ^ (state >> 31)) % limit

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of `choices`."""
        return choices[self.below(len(choices))]

    def chance(self, percent: int) -> bool:
        """Say yes in `percent` of a hundred cases."""
        return self.below(100) < percent


def unit(*parts: object) -> float:
    """Return a number in `0 <= u < 1` that depends on `parts` only."""
    text = "|".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest()) / (1 << 56)
