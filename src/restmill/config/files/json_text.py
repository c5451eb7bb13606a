"""JSON text -> tree and positions.

The standard library parses and finds syntax errors; a second pass over the tokens of the text, known to be
sound by then, finds where each key stands, and keys that are there twice.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from restmill.config.bounds import DEEPEST, MOST_VALUES, TOO_DEEP, TOO_MANY, long_number, refused
from restmill.config.positions import Keys, Positions, written
from restmill.errors import ConfigError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.path import Json

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def read_json(text: str, file: str) -> tuple[Json, Positions]:
    """The tree that `text` writes, and the positions of its keys.

    Raises:
        ConfigError: the syntax is wrong, or a key is there twice.
    """
    _judge(text, file)
    try:
        tree = json.loads(text)
        scan = _Scan(text)
    except json.JSONDecodeError as error:
        place = Place(file=file, line=error.lineno, column=error.colno)
        raise ConfigError(Problem(place, f"JSON cannot be read: {error.msg}")) from None
    except ValueError:  # Python reads no number of so many digits
        raise long_number(text, file) from None
    if scan.twice:
        raise ConfigError(
            *(
                Problem(
                    Place(written(keys), file, line, column),
                    f"the key `{keys[-1]}` is there twice",
                    hint=f"The first one is in line {scan.marks[keys][0]}.",
                )
                for keys, (line, column) in scan.twice
            )
        )
    return tree, Positions(file, scan.marks, "file")


Mark: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Token:
    """A string, number, word or punctuation mark, with its line and column."""

    text: str
    mark: Mark


class _Scan:
    """One pass over the tokens of a sound JSON text."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self.marks: dict[Keys, Mark] = {}
        self.twice: list[tuple[Keys, Mark]] = []
        self._value(next(self._tokens), ())

    def _value(self, first: _Token, keys: Keys) -> None:
        if first.text == "{":
            for token in self._until("}"):
                below = (*keys, json.loads(token.text))
                self._note(below, token.mark)
                next(self._tokens)  # the colon
                self._value(next(self._tokens), below)
        elif first.text == "[":
            for index, token in enumerate(self._until("]")):
                self._note((*keys, index), token.mark)
                self._value(token, (*keys, index))

    def _until(self, end: str) -> Iterator[_Token]:
        """The first tokens of all keys or items up to the closing bracket."""
        while (token := next(self._tokens)).text != end:
            if token.text != ",":
                yield token

    def _note(self, keys: Keys, mark: Mark) -> None:
        if keys in self.marks:
            self.twice.append((keys, mark))
        self.marks.setdefault(keys, mark)


def _judge(text: str, file: str) -> None:
    """Refuse what no parser should meet: nesting and numbers of values beyond our bounds.

    Raises:
        ConfigError: one of them is passed, in a text that need not be sound.
    """
    depth = values = 0
    for token in _tokens(text):
        depth += _STEPS.get(token.text, 0)
        values += token.text not in _MARKS
        if depth > DEEPEST:
            raise refused(file, TOO_DEEP, *token.mark)
        if values > 2 * MOST_VALUES:  # keys are counted with them
            raise refused(file, TOO_MANY, *token.mark)


_STEPS = {"{": 1, "[": 1, "}": -1, "]": -1}
_MARKS = frozenset("}]:,")


def _tokens(text: str) -> Iterator[_Token]:
    line, begins, seen = 1, 0, 0
    for found in _TOKEN.finditer(text):
        start = found.start()
        lines = text.count("\n", seen, start)
        if lines:
            line, begins = line + lines, text.rfind("\n", seen, start) + 1
        seen = start
        yield _Token(found[0], (line, start - begins + 1))
