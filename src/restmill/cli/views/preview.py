"""Draws glimpses: one block a resource, with its request, what was found, the rows and what comes next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restmill.cli.text import counted, lasting, sized
from restmill.cli.views.columns import cells_of, fields_of, shown, telling, width_of
from restmill.cli.views.sheet import Column, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from restmill.cli.views.sheet import Sheet
    from restmill.errors import Problem
    from restmill.path import Json
    from restmill.run.preview import Choice, Glimpse

_HANG = 10


def show_glimpse(sheet: Sheet, glimpse: Glimpse, rows: int) -> None:
    """Everything one request has told, and at most `rows` of its rows."""
    sheet.say(glimpse.resource, "bold cyan")
    for label, words in _told(glimpse):
        if words:
            failed = label == "answer" and glimpse.status >= 400
            sheet.say(f"{label:<{_HANG}}{words}", "red" if failed else "", hang=_HANG)
    for note in glimpse.notes:
        sheet.say(f"{'note':<{_HANG}}{note}", "dim", hang=_HANG)
    if glimpse.problem:
        _show_problem(sheet, glimpse.problem)
    if glimpse.records:
        sheet.say()
        show_rows(sheet, glimpse.records, rows)
    sheet.say()


def _told(glimpse: Glimpse) -> Iterator[tuple[str, str]]:
    """Label and words of each line; no words, no line."""
    answered = f"{glimpse.status}, {sized(glimpse.size)}, {lasting(glimpse.seconds)}"
    yield "request", glimpse.request
    yield "answer", answered if glimpse.status else ""
    yield "records", f"{_choice(glimpse.selector)}: {_found(glimpse)}" if glimpse.selector.text else ""
    yield "paging", _paging(glimpse.pager) if glimpse.pager.text else ""
    yield "then", glimpse.following


def _choice(choice: Choice) -> str:
    return f"{choice.text} ({'given' if choice.given else 'detected'})"


def _paging(choice: Choice) -> str:
    """`offset (given): offset/limit=100, ...`: the kind is what was given, not all that follows from it."""
    kind, colon, rest = choice.text.partition(": ")
    return _choice(replace(choice, text=kind)) + colon + rest


def _found(glimpse: Glimpse) -> str:
    found = counted(len(glimpse.records), "record")
    return found if glimpse.total is None else f"{found} of {glimpse.total:,}"


def _show_problem(sheet: Sheet, problem: Problem) -> None:
    got = f" (got {problem.got})" if problem.got else ""
    sheet.say(f"problem   {problem.what}{got}", "red", hang=_HANG)
    if problem.hint:
        sheet.say(problem.hint, indent=_HANG)


def show_rows(sheet: Sheet, records: tuple[Json, ...], rows: int) -> None:
    """The first rows as a table of the most telling columns, then all columns with their types."""
    fields = fields_of(records)
    cells = [cells_of(record) for record in records[:rows]]
    picked = telling(fields, cells, sheet.width - 2)
    columns = [
        Column(""),
        *(Column(one.name, one.kind in ("bigint", "double"), width_of(one, cells)) for one in picked),
    ]
    if cells:
        sheet.table(columns, [Row(("", *(shown(row.get(one.name)) for one in picked))) for row in cells])
    hidden = len(fields) - len(picked)
    more = [f"+{counted(hidden, 'more column')}"] if hidden and cells else []
    if len(records) > len(cells):
        more.append(f"{len(records) - len(cells):,} more rows on this page")
    if more:
        sheet.say(", ".join(more), "dim", indent=2)
    typed = ", ".join(f"{one.name} {one.kind}{_gaps(one.filled, len(records))}" for one in fields)
    sheet.say(f"columns   {typed}", "dim", hang=_HANG)


def _gaps(filled: int, records: int) -> str:
    return "?" if filled < records else ""


def glimpse_fields(glimpse: Glimpse, rows: int) -> Mapping[str, object]:
    """A glimpse as a mapping fit for JSON, with at most `rows` of its rows."""
    from restmill.cli.problems import problem_fields  # noqa: PLC0415  # only `--json` needs it

    return {
        "resource": glimpse.resource,
        "request": glimpse.request,
        "status": glimpse.status,
        "seconds": round(glimpse.seconds, 3),
        "bytes": glimpse.size,
        "data_selector": glimpse.selector.text,
        "data_selector_given": glimpse.selector.given,
        "paginator": glimpse.pager.text,
        "paginator_given": glimpse.pager.given,
        "records": len(glimpse.records),
        "total": glimpse.total,
        "next": glimpse.following,
        "columns": {one.name: one.kind for one in fields_of(glimpse.records)},
        "rows": list(glimpse.records[:rows]),
        "notes": list(glimpse.notes),
        "problem": problem_fields(glimpse.problem) if glimpse.problem else None,
    }
