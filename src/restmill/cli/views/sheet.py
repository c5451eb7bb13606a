"""A sheet: where views are drawn, on a terminal or into a pipe.

Lines are wrapped here, between words, so that no line is wider than the sheet and none ends in blanks; only a
path or URL that is wider by itself stays whole, to be copied. A pipe gets ASCII without escape codes, because
nobody knows what reads it. rich decides about colour (NO_COLOR, dumb terminals).
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from restmill.cli.text import in_ascii, one_line, printable
from restmill.secrets import KEYRING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDEST = 120
"""What is drawn wider is hard to follow with the eye."""
_GAP = 2
_NARROWEST = 8
"""Cells that a column keeps when the table must shrink."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `most` is the width at which cells are cut; 0 never cuts."""

    title: str
    right: bool = False
    most: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its cells as text, a style for the first, and lines that stand beneath it."""

    cells: tuple[str, ...]
    style: str = ""
    beneath: tuple[str, ...] = ()


class Sheet:
    """Draws text on a rich console; standard output unless another is given."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.width = min(self.console.width, _WIDEST)
        self.ascii = not (self.console.is_terminal and self.console.encoding.startswith("utf"))

    def shown(self, words: str) -> str:
        """The words without secrets and control characters, and in ASCII where nothing else is safe."""
        words = printable(KEYRING.redact(words))
        clean = in_ascii(words) if self.ascii else words
        return clean.encode(self.console.encoding, "replace").decode(self.console.encoding)

    def say(self, words: str = "", style: str = "", indent: int = 0, hang: int = 0) -> None:
        """A paragraph, wrapped at the sheet's width; `hang` indents its lines after the first further."""
        lines = textwrap.wrap(
            self.shown(words),
            max(self.width, 20),
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + hang),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines or [""]:
            self._print(Text(line, style))

    def command(self, words: str) -> None:
        """A line to copy: never wrapped, never shortened."""
        self._print(Text(self.shown(words), "cyan"))

    def table(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """A table without frames, its widest text cut to fit; what is beneath starts at the second cell."""
        widths = [self._width(column, [row.cells[i] for row in rows]) for i, column in enumerate(columns)]
        texts = [i for i, column in enumerate(columns) if not column.right]
        widest = max(texts, key=lambda i: widths[i], default=0)
        over = sum(widths) + _GAP * (len(widths) - 1) - self.width
        widths[widest] = max(widths[widest] - max(over, 0), min(widths[widest], _NARROWEST))
        if any(column.title for column in columns):
            self._print(Text(self._line(columns, widths, [column.title for column in columns]), "bold"))
        for row in rows:
            line = Text(self._line(columns, widths, row.cells))
            if row.style:
                line.stylize(row.style, 0, widths[0])
            self._print(line)
            for words in row.beneath:
                self.say(words, "dim", indent=widths[0] + _GAP)

    def _width(self, column: Column, cells: Sequence[str]) -> int:
        longest = max(cell_len(self.shown(one_line(cell))) for cell in (column.title, *cells))
        return min(longest, column.most) if column.most else longest

    def _line(self, columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> str:
        parts = []
        for column, width, cell in zip(columns, widths, cells, strict=True):
            text = self._cut(self.shown(one_line(cell)), width)
            blank = " " * (width - cell_len(text))
            parts.append(blank + text if column.right else text + blank)
        return (" " * _GAP).join(parts).rstrip()

    def _cut(self, text: str, width: int) -> str:
        """The text in at most `width` terminal cells; a Chinese character takes two."""
        if cell_len(text) <= width:
            return text
        return set_cell_size(text, width - 1).rstrip() + self.shown("…")

    def _print(self, text: Text) -> None:
        self.console.print(text, soft_wrap=True)
