"""Past runs: a line for each, with the reason of the worst beneath it, or one receipt in full."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from restmill.cli.text import counted, grouped, lasting, one_line, squeezed
from restmill.cli.views.run import SIGNS, STYLES, show_receipt, show_verdicts
from restmill.cli.views.sheet import Column, Row
from restmill.errors import STOPPED
from restmill.run.receipt.archive import FOLDER
from restmill.run.receipt.receipt import VERDICTS
from restmill.run.receipt.under_way import KILLED, RUNNING

if TYPE_CHECKING:
    from restmill.cli.views.sheet import Sheet
    from restmill.run.receipt.archive import Shelf
    from restmill.run.receipt.receipt import Failure, Receipt

_COLUMNS = (
    Column("verdict"),
    Column("run"),
    Column("when (UTC)"),
    Column("pipeline"),
    Column("resources", right=True),
    Column("rows", right=True),
    Column("time", right=True),
)
_PIPELINE = 3
_NARROWEST = 8
_GAPS = 2 * (len(_COLUMNS) - 1)


def show_history(sheet: Sheet, shelf: Shelf) -> None:
    """A table of the runs, newest first, and what to type for more of one."""
    if shelf.receipts:
        sheet.table(_COLUMNS, _fitting([_row(one) for one in shelf.receipts], sheet.width))
        sheet.say()
        sheet.say("One of them in full:")
        sheet.command(f"  restmill history {_short(shelf.receipts[0])}")
    else:
        sheet.say(f"No run has left a receipt in {FOLDER} here.")
    for path in shelf.unreadable:
        sheet.say(f"{path} is no receipt that this version can read.", "yellow")


def show_run(sheet: Sheet, receipt: Receipt) -> None:
    """One receipt as `restmill run` shows it, with when and by what it was made."""
    sheet.say(f"{receipt.pipeline}, {_when(receipt, seconds=True)} UTC, run {receipt.run_id}", "bold")
    sheet.say()
    if receipt.error is None:
        show_receipt(sheet, receipt)
    else:
        show_verdicts(sheet, receipt)
        sheet.say(f"{_word(receipt)}: {_told(receipt.error)}", "red", hang=2)
    made = [f"{name} {version}" for name, version in receipt.versions.items()]
    if receipt.config_digest:
        made.append(f"config {receipt.config_digest[:8]}")
    sheet.say(", ".join(made), "dim")


def _fitting(rows: list[Row], width: int) -> list[Row]:
    """The rows, pipelines' names squeezed to the room that the other columns leave."""
    titles = tuple(column.title for column in _COLUMNS)
    widest = [max(map(len, cells)) for cells in zip(titles, *(row.cells for row in rows), strict=True)]
    room = max(width - _GAPS - sum(widest) + widest[_PIPELINE], _NARROWEST)
    return [
        Row(
            (*row.cells[:_PIPELINE], squeezed(row.cells[_PIPELINE], room), *row.cells[_PIPELINE + 1 :]),
            row.style,
            row.beneath,
        )
        for row in rows
    ]


def _row(receipt: Receipt) -> Row:
    reason = _reason(receipt)
    return Row(
        cells=(
            f"{SIGNS[receipt.verdict if receipt.error is None else 'partial']} {_word(receipt)}",
            _short(receipt),
            _when(receipt),
            receipt.pipeline,
            f"{len(receipt.resources):,}",
            f"{sum(one.once for one in receipt.resources):,}",
            lasting(receipt.seconds),
        ),
        style=STYLES[receipt.verdict if receipt.error is None else "partial"],
        beneath=(reason,) if reason else (),
    )


def _word(receipt: Receipt) -> str:
    if receipt.error is None:
        return receipt.verdict
    if receipt.error in (KILLED, RUNNING):
        return receipt.error.kind.lower()
    return "stopped" if receipt.error.exit_code in STOPPED else "failed"


def _reason(receipt: Receipt) -> str:
    """Why the run is not complete: its error, or the reason of the worst resource; "" when it is."""
    if receipt.error is not None:
        return _told(receipt.error)
    short = [one for one in receipt.resources if one.verdict != VERDICTS[0]]
    if not short:
        return ""
    worst = max(short, key=lambda one: VERDICTS.index(one.verdict))
    rest = len(short) - 1
    about = "" if worst.reason.startswith(f"{worst.resource} ") else f"{worst.resource}: "
    return grouped(about + one_line(worst.reason)) + (
        f" (and {counted(rest, 'more resource')})" if rest else ""
    )


def _told(error: Failure) -> str:
    got = f" (got {error.got})" if error.got else ""
    where = f"{error.where}: " if error.where else ""
    return grouped(one_line(f"{where}{error.what}{got}"))


def _short(receipt: Receipt) -> str:
    return receipt.run_id.rpartition("-")[2]


def _when(receipt: Receipt, *, seconds: bool = False) -> str:
    started = datetime.fromisoformat(receipt.started).astimezone(UTC)
    return f"{started:%Y-%m-%d %H:%M:%S}" if seconds else f"{started:%Y-%m-%d %H:%M}"
