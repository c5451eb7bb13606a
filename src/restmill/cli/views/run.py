"""The end of a run: one table with a verdict and its reason for each resource, then where the tables are.

Verdicts are words with a sign; colour only repeats them. Reasons stand whole beneath their row: they are the
evidence, and a column would leave them a few characters of an 80-column terminal.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from restmill.cli.text import counted, grouped, lasting, squeezed
from restmill.cli.views.sheet import Column, Row
from restmill.errors import sentence

if TYPE_CHECKING:
    from restmill.cli.views.sheet import Sheet
    from restmill.run.receipt.receipt import Evidence, Receipt, Verdict

SIGNS: dict[Verdict, str] = {"complete": "✓", "suspect": "!", "partial": "✗"}
STYLES: dict[Verdict, str] = {"complete": "green", "suspect": "yellow", "partial": "red"}
_COLUMNS = (
    Column("verdict"),
    Column("resource"),
    Column("rows", right=True),
    Column("pages", right=True),
    Column("time", right=True),
)
_LONGEST_NAME = 34
_MOST = 3
"""Further errors and notes shown for each resource; the JSON receipt has them all."""
_UNSAFE = frozenset("\"'$`\\!")


def show_receipt(sheet: Sheet, receipt: Receipt) -> None:
    """The table of verdicts, what they add up to, and the way to the tables."""
    show_verdicts(sheet, receipt)
    if not any(one.rows for one in receipt.resources):
        return
    if receipt.destination == "duckdb" and receipt.location:
        file = as_typed(Path(receipt.location))
        sheet.say(f"Tables: {file}, schema {receipt.dataset}. Look at one:")
        sheet.command(look_command(file, _query(receipt), sheet.width))
    elif receipt.destination:
        sheet.say(f"Tables: {receipt.destination}, dataset {receipt.dataset}. Look at them:")
        sheet.command(f"  dlt pipeline {receipt.pipeline} show")


def show_demo(sheet: Sheet, receipt: Receipt, api: str) -> None:
    """The demo's table of verdicts, what the API did, and the way to the tables."""
    show_verdicts(sheet, receipt)
    sheet.say(api)
    sheet.say()
    file = as_typed(Path(receipt.location))
    sheet.say(f"Tables: {file}, one schema for each connector. Look at one:")
    query = "from feature_management_data.feature_flags limit 5"
    sheet.command(look_command(file, query, sheet.width))
    sheet.say("Next: `restmill connectors` lists the configs; copy one and set its `base_url`.")


def show_verdicts(sheet: Sheet, receipt: Receipt) -> None:
    """The table of verdicts, and what they add up to."""
    sheet.table(_COLUMNS, [_row(one) for one in receipt.resources])
    sheet.say()
    sheet.say(*_summary(receipt))
    for one in receipt.earlier:
        sheet.say(f"Also {one}", hang=2)


def _row(one: Evidence) -> Row:
    notes = tuple(note for note in one.notes if one.reason not in note)
    return Row(
        cells=(
            f"{SIGNS[one.verdict]} {one.verdict}",
            squeezed(one.resource, _LONGEST_NAME),
            f"{one.once:,}",
            f"{one.pages:,}",
            lasting(one.seconds),
        ),
        style=STYLES[one.verdict],
        beneath=(_reason(one), *_more("also", tuple(map(sentence, one.errors[1:]))), *_more("note", notes)),
    )


def _reason(one: Evidence) -> str:
    effort = [f"{counted(one.rows, 'row')} read"] if one.once != one.rows else []
    effort += [counted(one.retries, "retry")] if one.retries else []
    if one.waited >= 1:
        effort.append(f"{lasting(one.waited)} of waiting")
    return grouped(one.reason) + (f" ({', '.join(effort)})" if effort else "")


def _more(word: str, texts: tuple[str, ...]) -> list[str]:
    rest = len(texts) - _MOST
    return [f"{word}: {text}" for text in texts[:_MOST]] + (
        [f"{word}: {rest} more, see --json"] if rest > 0 else []
    )


def _summary(receipt: Receipt) -> tuple[str, str]:
    resources = receipt.resources
    if not resources:
        return "No resource was read.", "yellow"
    rows = counted(sum(one.once for one in resources), "row")
    complete = sum(one.verdict == "complete" for one in resources)
    what = "all complete" if complete == len(resources) else f"{complete} complete"
    names = counted(len(resources), "resource")
    told = f"{SIGNS[receipt.verdict]} {names}, {what}: {rows} in {lasting(receipt.seconds)}"
    return told, f"bold {STYLES[receipt.verdict]}"


def _query(receipt: Receipt) -> str:
    """Shows the first table, or all their names when none is known."""
    return f"from {receipt.dataset}.{receipt.tables[0]} limit 5" if receipt.tables else "show all tables"


def look_command(file: str, query: str, width: int) -> str:
    """A shell command, indented by two, that prints what `query` gives, with what is installed here.

    Where `width` columns are too few it goes on in a further line, behind a backslash, and no path is cut.
    """
    if shutil.which("duckdb"):
        return _continued([f"duckdb {shlex.quote(file)}", f' "{query}"'], width)
    program = [f"duckdb.connect({file!r})", f".sql({query!r}).show()"]
    if _UNSAFE & set(file):  # between single quotes the backslash is Python's own to read
        return f"  {_python()} -c {shlex.quote('import duckdb; ' + ''.join(program))}"
    return _continued([f'{_python()} -c "import duckdb; ', program[0], f'{program[1]}"'], width)


def _continued(pieces: list[str], width: int) -> str:
    """The pieces in as few lines as they fit in; the shell joins lines at a backslash."""
    lines = ["  " + pieces[0]]
    for number, piece in enumerate(pieces[1:], start=2):
        room = width - (0 if number == len(pieces) else 2)
        if len(lines[-1]) + len(piece) <= room:
            lines[-1] += piece
        else:
            lines[-1] = f"{lines[-1].rstrip()} \\"
            lines.append("    " + piece.lstrip())
    return "\n".join(lines)


def as_typed(path: Path) -> str:
    """The path as one would type it: relative when below the working directory; links stay links."""
    path, here = path.absolute(), Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _python() -> str:
    """The shortest name of this interpreter, which is the one that has DuckDB."""
    here = Path(sys.executable)
    for name in ("python", "python3"):
        found = shutil.which(name)
        if found and Path(found).parent == here.parent:
            return name
    return shlex.quote(as_typed(here))
