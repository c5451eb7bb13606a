"""Bounds: what a config file may be at most, whatever its format. No config of a person comes near them.

A file is judged before it is taken apart, for parsers have bounds of their own that they meet in a crash, and
what grows with the square of a length is found by nobody until a file is large.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from restmill.errors import ConfigError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.config.positions import Keys
    from restmill.path import Json

MOST_BYTES = 16 * 1024 * 1024
MOST_VALUES = 50_000
DEEPEST = 64
MOST_PROBLEMS = 100
"""Problems that are told one by one."""
_MOST_DIGITS = 4_000  # Python itself refuses to read more than 4,300 from a text
_DIGITS = re.compile(rf"\d{{{_MOST_DIGITS + 1},}}")
_MOST_BITS = 13_000  # as many digits, in whatever base they are written

TOO_DEEP = f"the config is nested more than {DEEPEST} levels deep"
TOO_MANY = f"the config has more than {MOST_VALUES:,} values"
HALF = "a text holds half of a character (of a surrogate pair), and nothing can send that"
TOO_LONG = f"a number has more than {_MOST_DIGITS:,} digits"


def deeper_than(tree: Json, levels: int = DEEPEST) -> bool:
    """Whether mappings and lists are nested in more than so many levels. Goes no deeper itself."""
    if not levels:
        return True
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return any(deeper_than(one, levels - 1) for one in inner)


def halves(tree: Json, keys: Keys = ()) -> Iterator[Keys]:
    """Where texts or keys hold half of a surrogate pair: JSON can write one, and nothing can send it."""
    if len(keys) > DEEPEST:
        return
    if isinstance(tree, str) and not _is_whole(tree):
        yield keys
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, one in items:
        if isinstance(key, str) and not _is_whole(key):
            yield keys
        yield from halves(one, (*keys, key))


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_long(number: int) -> bool:
    """Whether a number has too many digits to be shown, or sent."""
    return number.bit_length() > _MOST_BITS


def refused(file: str, what: str, line: int = 0, column: int = 0) -> ConfigError:
    """The error of a file that is beyond a bound."""
    return ConfigError(Problem(Place(file=file, line=line, column=column), what))


def long_number(text: str, file: str) -> ConfigError:
    """The error for a number that Python refuses to read, at the first one that is so long."""
    found = _DIGITS.search(text)
    if found is None:
        return refused(file, "a number cannot be read")
    start = found.start()
    return refused(file, TOO_LONG, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))


def fewer(problems: list[Problem]) -> list[Problem]:
    """The problems; of very many the first ones, and how many there are."""
    more = len(problems) - MOST_PROBLEMS
    if more <= 0:
        return problems
    last = problems[MOST_PROBLEMS]
    told = Problem(last.place, f"{more:,} further problems are not listed")
    return [*problems[:MOST_PROBLEMS], told]
