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

from restmill.cli.sheet import Column, Row
from restmill.cli.text import counted, lasting, squeezed

if TYPE_CHECKING:
    from restmill.cli.sheet import Sheet
    from restmill.run.receipt import Evidence, Receipt, Verdict

_SIGNS: dict[Verdict, str] = {"complete": "✓", "suspect": "!", "partial": "✗"}
_STYLES: dict[Verdict, str] = {"complete": "green", "suspect": "yellow", "partial": "red"}
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
    _show_verdicts(sheet, receipt)
    if receipt.destination == "duckdb" and receipt.location:
        file = as_typed(Path(receipt.location))
        sheet.say(f"Tables: {file}, schema {receipt.dataset}. Look at one:")
        sheet.command(f"  {look_command(file, _query(receipt))}")
    elif receipt.destination and receipt.resources:
        sheet.say(f"Tables: {receipt.destination}, dataset {receipt.dataset}. Look at them:")
        sheet.command(f"  dlt pipeline {receipt.pipeline} show")


def show_demo(sheet: Sheet, receipt: Receipt, api: str) -> None:
    """The demo's table of verdicts, what the API did, and the way to the tables."""
    _show_verdicts(sheet, receipt)
    sheet.say(api)
    sheet.say()
    file = as_typed(Path(receipt.location))
    sheet.say(f"Tables: {file}, one schema for each connector. Look at one:")
    sheet.command(f"  {look_command(file, 'from feature_management_data.feature_flags limit 5')}")
    sheet.say("Next: `restmill connectors` lists the configs; copy one and set its `base_url`.")


def _show_verdicts(sheet: Sheet, receipt: Receipt) -> None:
    sheet.table(_COLUMNS, [_row(one) for one in receipt.resources])
    sheet.say()
    sheet.say(*_summary(receipt))


def _row(one: Evidence) -> Row:
    notes = tuple(note for note in one.notes if one.reason not in note)
    return Row(
        cells=(
            f"{_SIGNS[one.verdict]} {one.verdict}",
            squeezed(one.resource, _LONGEST_NAME),
            f"{one.rows:,}",
            f"{one.pages:,}",
            lasting(one.seconds),
        ),
        style=_STYLES[one.verdict],
        beneath=(_reason(one), *_more("also", one.errors[1:]), *_more("note", notes)),
    )


def _reason(one: Evidence) -> str:
    effort = [counted(one.retries, "retry")] if one.retries else []
    if one.waited >= 1:
        effort.append(f"{lasting(one.waited)} of waiting")
    return one.reason + (f" ({', '.join(effort)})" if effort else "")


def _more(word: str, texts: tuple[str, ...]) -> list[str]:
    rest = len(texts) - _MOST
    return [f"{word}: {text}" for text in texts[:_MOST]] + (
        [f"{word}: {rest} more, see --json"] if rest > 0 else []
    )


def _summary(receipt: Receipt) -> tuple[str, str]:
    resources = receipt.resources
    if not resources:
        return "No resource was read.", "yellow"
    rows = counted(sum(one.rows for one in resources), "row")
    complete = sum(one.verdict == "complete" for one in resources)
    what = "all complete" if complete == len(resources) else f"{complete} complete"
    names = counted(len(resources), "resource")
    told = f"{_SIGNS[receipt.verdict]} {names}, {what}: {rows} in {lasting(receipt.seconds)}"
    return told, f"bold {_STYLES[receipt.verdict]}"


def _query(receipt: Receipt) -> str:
    """Shows the largest table, or all their names when none can be told from here."""
    # Only a name that dlt's naming leaves as it is can be told.
    plain = [
        one
        for one in receipt.resources
        if one.rows and one.resource.isidentifier() and one.resource.islower()
    ]
    largest = max(plain, key=lambda one: one.rows, default=None)
    return f"from {receipt.dataset}.{largest.resource} limit 5" if largest else "show all tables"


def look_command(file: str, query: str) -> str:
    """A shell command that prints what `query` gives, with what is installed here."""
    if shutil.which("duckdb"):
        return f'duckdb {shlex.quote(file)} "{query}"'
    program = f"import duckdb; print(duckdb.connect({file!r}).sql({query!r}))"
    quoted = shlex.quote(program) if _UNSAFE & set(file) else f'"{program}"'
    return f"{_python()} -c {quoted}"


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
