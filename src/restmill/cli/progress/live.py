"""Progress on a terminal: one line a resource, redrawn eight times a second by rich.

Everything shown is computed from a `Picture` when a frame is drawn; the engine's thread only feeds the model.
Each state has a sign and a word besides its colour, and each sign an ASCII form for terminals that know no
other.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from restmill.cli.text import STAGES, counted, grouped, in_ascii, lasting, one_line, shortened, squeezed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from restmill.cli.progress.model import Line, Picture, Progress, State

FRAMES_PER_SECOND = 8
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_SPINNER_ASCII = "|/-\\"
_SIGNS = {"queued": "·", "done": "✓", "short": "!", "failed": "✗"}
_STYLES = {"queued": "dim", "reading": "cyan", "done": "green", "short": "yellow", "failed": "red"}
_LONGEST_NAME = 22
_BAR = 12
_SHORTEST_BAR = 6
_SHORTEST_NAME = 12
_TROUBLES = 4
_OTHER_LINES = 10
"""Lines of the terminal that are not for resources: title, header, troubles, waits, the prompt."""
_RANK: dict[State, int] = {"reading": 0, "failed": 1, "short": 2, "queued": 3, "done": 4}


class Screen:
    """What rich's `Live` draws: the progress at the moment of drawing, under a title."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title
        self._began = time.monotonic()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        now = time.monotonic()  # the clock that stamps the events of a real run
        room = max(3, (options.height or console.height) - _OTHER_LINES)
        ascii_only = not options.encoding.startswith("utf")
        size = (options.max_width, room)
        title = f"{self._title}  {lasting(now - self._began)}"
        yield drawn(self._progress.picture(now), title, now, size, ascii_only)


def drawn(
    picture: Picture, title: str, now: float, size: tuple[int, int], ascii_only: bool
) -> RenderableType:
    """One frame: the title, the resources, and what the whole run waits for.

    `size` is the width in cells, and how many resources there is room for.
    """
    turn = int(now * FRAMES_PER_SECOND)
    frames = _SPINNER_ASCII if ascii_only else _SPINNER
    spinner = frames[turn % len(frames)]
    lines, left_out = chosen(picture.lines, size[1])
    name, bar = _widths(lines, size[0])
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim", expand=True)
    for title_of in ("", "resource", "", "rows", "pages", "rows/s"):
        right = title_of in ("rows", "pages", "rows/s")
        table.add_column(title_of, justify="right" if right else "left", no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for line in lines:
        sign = spinner if line.state == "reading" else _SIGNS[line.state]
        table.add_row(
            Text(in_ascii(sign) if ascii_only else sign, _STYLES[line.state]),
            Text(squeezed(one_line(line.resource), name), "dim" if line.state == "queued" else ""),
            *_cells(line, bar, now),
        )
    below = [Text(f"  + {left_out}", style="dim")] if left_out else []
    return Group(Text(title, style="bold"), table, *below, *_troubles(lines), *_footer(picture, spinner))


def chosen(lines: Sequence[Line], room: int) -> tuple[list[Line], str]:
    """The lines that fit, in their own order, those that matter most first to stay; and what was left out."""
    if len(lines) <= room:
        return list(lines), ""
    ranked = sorted(lines, key=lambda line: _RANK[line.state])
    kept = {line.resource for line in ranked[: room - 1]}
    gone = [line.state for line in ranked[room - 1 :]]
    words = {"done": "read", "short": "incomplete"}
    counts = [f"{gone.count(state)} {words.get(state, state)}" for state in _RANK if state in gone]
    return [line for line in lines if line.resource in kept], f"{len(gone)} more: {', '.join(counts)}"


def _widths(lines: Sequence[Line], width: int) -> tuple[int, int]:
    """Cells for names and for bars: bars shrink first, and names are shortened only beside the shortest."""
    name = max((cell_len(one_line(line.resource)) for line in lines), default=0)
    others = [
        max((cell_len(words) for words in column), default=0)
        for column in zip(*map(_figures, lines), strict=True)
    ]
    note = max((cell_len(_note(line).plain) for line in lines), default=0)
    gaps = 2 + len(others) + 2  # the sign, and a blank behind every column
    over = name + _BAR + sum(others) + note + gaps - width
    bar = max(_BAR - max(over, 0), _SHORTEST_BAR)
    short = max(over - (_BAR - bar), 0)
    return max(name - short, min(name, _SHORTEST_NAME)), bar


def _figures(line: Line) -> tuple[str, str, str]:
    """Rows, pages and rows per second, with room for what stands above them."""
    if line.state == "queued":
        return "rows", "pages", "rows/s"
    rows = f"{line.rows:,}" + (f"/{line.total:,}" if line.total and line.total != line.rows else "")
    return rows.rjust(4), f"{line.pages:,}".rjust(5), (f"{line.rate:,.0f}" if line.rate else "").rjust(6)


def _cells(line: Line, bar: int, now: float) -> list[RenderableType]:
    if line.state == "queued":
        return ["", "", "", "", _note(line)]
    rows, pages, rate = _figures(line)
    return [_bar(line, bar, now), Text(rows), Text(pages, "dim"), Text(rate, "dim"), _note(line)]


def _bar(line: Line, width: int, now: float) -> ProgressBar:
    style = _STYLES[line.state]
    if line.state == "reading" and line.total is None:
        return ProgressBar(total=None, width=width, pulse=True, animation_time=now)
    done = line.rows if line.state in ("reading", "short", "failed") else 1
    total = line.total or max(done, 1) if line.state != "done" else 1
    return ProgressBar(total=total, completed=done, width=width, complete_style=style, finished_style=style)


def _note(line: Line) -> Text:
    """How long it will take, or took; what went wrong stands in the lines below the table."""
    retries = f", {counted(line.retries, 'retry')}" if line.retries else ""
    match line.state:
        case "queued":
            return Text("queued", "dim")
        case "failed":
            return Text(f"failed{retries}", "red")
        case "short":
            return Text(f"incomplete{retries}", "yellow")
        case "done":
            return Text(f"{lasting(line.seconds)}{retries}", "dim")
        case _:
            return Text(_outlook(line) or retries.removeprefix(", "), "dim")


def _outlook(line: Line) -> str:
    if line.reads > 1:
        return f"{line.reads_done:,} of {counted(line.reads, 'read')}"
    return f"{lasting(line.eta)} left" if line.eta is not None else ""


def _troubles(lines: Sequence[Line]) -> list[Text]:
    """A line for each resource that waits to try again or did not end well: the first few of them."""
    texts = []
    for line in lines:
        why = f"{squeezed(one_line(line.resource), _LONGEST_NAME)}: {grouped(one_line(line.why))}"
        if line.retry_in:
            texts.append(Text(f"  again in {lasting(line.retry_in)}  {why}", "yellow"))
        elif line.state in ("failed", "short"):
            texts.append(
                Text(f"  {'failed' if line.state == 'failed' else 'incomplete'}  {why}", _STYLES[line.state])
            )
    for text in texts:
        text.no_wrap, text.overflow = True, "ellipsis"
    return texts[:_TROUBLES]


def _footer(picture: Picture, spinner: str) -> list[Text]:
    texts = [
        Text(f"  waiting {lasting(hold.left)} for {hold.host}: {one_line(hold.why)}", "yellow")
        for hold in picture.holds
    ]
    texts += [Text(f"  halted  {shortened(one_line(why), 300)}", "red") for why in picture.halted]
    if picture.stage in STAGES:
        texts.append(Text(f"{spinner} {STAGES[picture.stage]}  {lasting(picture.stage_seconds)}", "cyan"))
    return texts
