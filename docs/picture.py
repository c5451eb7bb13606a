"""A terminal's text, with its colours, as a picture.

    tmux capture-pane -pe | python docs/picture.py docs/demo.svg

The picture names no font to download: it looks the same without a network.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

_FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)
_FAMILY = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def picture(ansi: str, title: str, width: int = 80) -> str:
    """An SVG document of `ansi`, text with escape codes, on a terminal of `width` columns."""
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(ansi.rstrip()))
    svg = _FONT.sub("", console.export_svg(title=title))
    return re.sub(r"font-family: ?Fira Code, monospace", f"font-family: {_FAMILY}", svg)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(sys.stdin.read(), "restmill demo"), encoding="utf-8")
