"""TOML text -> tree and positions.

`tomllib` parses, but does not say where anything stands, so positions are a best effort: the lines are read
once more for `[tables]`, `[[lists of tables]]` and `key =`, and what they name is kept if the tree has it.
Keys inside inline tables have the position of the line they stand in. Dates and times become ISO 8601 text,
as a dlt user writes them.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from restmill.config.bounds import TOO_DEEP, deeper_than, long_number, refused
from restmill.config.positions import Keys, Positions
from restmill.errors import ConfigError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.path import Json

_WORD = r"""(?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*')"""
_DOTTED = rf"{_WORD}(?:\s*\.\s*{_WORD})*"
_LINE = re.compile(
    rf"\s*(?:\[\[\s*(?P<list>{_DOTTED})\s*\]\]|\[\s*(?P<table>{_DOTTED})\s*\]|(?P<key>{_DOTTED})\s*=)"
)
_AT = re.compile(
    r"^(?P<what>.*?)(?: \(at line (?P<line>\d+), column (?P<column>\d+)\)| \(at end of document\))?$"
)


def read_toml(text: str, file: str) -> tuple[Json, Positions]:
    """The tree that `text` writes, and the positions of its keys, as far as they can be found.

    Raises:
        ConfigError: the syntax is wrong.
    """
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(str(error), text, file)) from None
    except ValueError:  # Python reads no number of so many digits
        raise long_number(text, file) from None
    except RecursionError:
        raise refused(file, TOO_DEEP, _deepest_line(text)) from None
    if deeper_than(tree):
        raise refused(file, TOO_DEEP, _deepest_line(text))
    tree = _plain(tree)
    marks = {keys: mark for keys, mark in _marks(text) if _has(tree, keys)}
    return tree, Positions(file, marks, "file")


def _deepest_line(text: str) -> int:
    """The line with the most steps down; nested lists and tables stand in one line as a rule."""
    depths = [max(map(line.count, ".[{")) for line in text.splitlines()]
    return depths.index(max(depths)) + 1 if depths else 0


def _syntax(message: str, text: str, file: str) -> Problem:
    found = _AT.match(message)
    what = found["what"] if found else "the syntax is wrong"
    if found and found["line"]:
        place = Place(file=file, line=int(found["line"]), column=int(found["column"]))
    else:
        place = Place(file=file, line=len(text.splitlines()))
    return Problem(place, f"TOML cannot be read: {what[:1].lower()}{what[1:]}")


def _plain(value: Json) -> Json:
    """`value` with dates and times as text."""
    match value:
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list():
            return [_plain(one) for one in value]
        case datetime() if value.utcoffset() == timedelta(0):
            return value.replace(tzinfo=None).isoformat() + "Z"
        case date() | time():  # a datetime is a date
            return value.isoformat()
        case _:
            return value


def _marks(text: str) -> Iterator[tuple[Keys, tuple[int, int]]]:
    table: Keys = ()
    lengths: dict[Keys, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        found = _LINE.match(line)
        if not found:
            continue
        dotted = found["list"] or found["table"] or found["key"]
        mark = (number, line.index(dotted) + 1)
        words = tuple(word.strip("\"'") for word in re.findall(_WORD, dotted))
        if found["key"]:
            keys = (*table, *words)
        elif found["list"]:
            base = _in_lists(words, lengths, last=False)
            lengths[base] = lengths.get(base, 0) + 1
            keys = table = (*base, lengths[base] - 1)
            yield base, mark
        else:
            keys = table = _in_lists(words, lengths, last=True)
        yield keys, mark


def _in_lists(words: tuple[str, ...], lengths: dict[Keys, int], *, last: bool) -> Keys:
    """The path of a table's name: where a list of tables is passed through, its last item is meant."""
    keys: Keys = ()
    for index, word in enumerate(words):
        keys = (*keys, word)
        if keys in lengths and (last or index < len(words) - 1):
            keys = (*keys, lengths[keys] - 1)
    return keys


def _has(tree: Json, keys: Keys) -> bool:
    for key in keys:
        inside = isinstance(tree, dict) and key in tree
        inside = inside or (isinstance(tree, list) and isinstance(key, int) and key < len(tree))
        if not inside:
            return False
        tree = tree[key]
    return True
