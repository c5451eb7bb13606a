"""Compounds: keys that are made of known words, as `nextPageToken` is of `next`, `page` and `token`.

A key is the server's text, and one word may be the start of another (`page`, `pages`, `pageid`). A regular
expression would try every way to take a key apart, and a hostile one has more than anyone can wait for. Here
the places that words can end at are followed all at once, from left to right, each of them once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_START = 2
LONGEST = 100
"""Characters of a key that are looked at: no word of any API is as long."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Words, of which so many may stand in a row."""

    words: tuple[str, ...]
    optional: bool
    repeated: bool = False

    def ends(self, name: str, starts: set[int]) -> set[int]:
        """Where these words may end in `name` if they begin at one of `starts`."""
        found = set(starts) if self.optional else set()
        waiting = list(starts)
        while waiting:
            at = waiting.pop()
            new = {at + len(word) for word in self._at(name, at)} - found
            found |= new
            waiting += new if self.repeated else ()
        return found

    def _at(self, name: str, at: int) -> tuple[str, ...]:
        if not name.startswith(self.words, at):  # mostly: a million keys are no words
            return ()
        return tuple(word for word in self.words if name.startswith(word, at))


def maybe(words: str) -> Stage:
    """One of the words, or none."""
    return Stage(tuple(words.split()), optional=True)


def one(words: str, spelt: Callable[[str], str] = str) -> Stage:
    """One of the words, each as `spelt` has it."""
    return Stage(_spelt(words, spelt), optional=False)


def many(words: str, spelt: Callable[[str], str] = str) -> Stage:
    """Any number of the words, or none, each as `spelt` has it."""
    return Stage(_spelt(words, spelt), optional=True, repeated=True)


def _spelt(words: str, spelt: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(sorted({spelt(word) for word in words.split()} - {""}))


def compound(*stages: Stage) -> Callable[[str], bool]:
    """Whether a whole name is made of words of these stages, one stage after the other."""
    needed = next(at for at, stage in enumerate(stages) if not stage.optional)
    starts = {word[:_START] for stage in stages[: needed + 1] for word in stage.words}

    def fits(name: str) -> bool:
        if name[:_START] not in starts and name[:1] not in starts:
            return False  # as nearly all keys: an answer may have a million
        reached = {0}
        for stage in stages:
            reached = stage.ends(name, reached)
            if not reached:
                return False
        return len(name) in reached

    return fits
