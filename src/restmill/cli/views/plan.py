"""Draws a plan: what each resource will ask for, in which order, and what was decided for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from restmill.cli.views.sheet import Sheet
    from restmill.path import Json

_HANG = 10
_COMMON = (
    ("api", "base_url"),
    ("budget", "budget"),
    ("transport", "connection"),
    ("hosts", "allowed_hosts"),
    ("pipeline", "pipeline"),
)
_BEFORE_TABLE = (
    ("request", "request"),
    ("params", "params"),
    ("headers", "headers"),
    ("body", "body"),
    ("auth", "auth"),
    ("parent", "parent"),
    ("cursor", "cursor"),
    ("paging", "pages"),
    ("bounds", "bounds"),
    ("repair", "repair"),
    ("records", "records"),
)


def show_plan(sheet: Sheet, told: Mapping[str, Json]) -> None:
    """A plan in words (`Checked.described`): what holds for all, then each resource as it is read."""
    for label, key in _COMMON:
        _line(sheet, label, _joined(told[key]))
    _notes(sheet, told)
    for number, one in enumerate(told["resources"], start=1):
        sheet.say()
        sheet.say(f"{number}. {one['name']}", "bold cyan")
        for label, words in _lines(one):
            _line(sheet, label, words)
        _notes(sheet, one)
    sheet.say()
    sheet.say("Nothing was sent. `restmill preview` sends one request for each resource.", "dim")


def _lines(one: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for label, key in _BEFORE_TABLE:
        yield label, _joined(one[key])
    yield "rules", "; ".join(one["rules"])
    yield "rename", ", ".join(f"{path} -> {name}" for path, name in one["rename"].items())
    yield "steps", _joined(one["steps"])
    if one["on_error"]:  # not for a dlt resource of the user's own
        yield "table", _table(one)
    yield "deletes", one["deletes"]
    yield "load", one["load"]
    yield "departs", ", ".join(f"{key}: {value}" for key, value in one["departures"].items())
    yield "retry", one["retry"]
    yield "errors", one["on_error"]


def _table(one: Mapping[str, Json]) -> str:
    """The hints of the table, first of all what becomes of the rows that are there already."""
    hints = dict(one["table"])
    given = hints.pop("write_disposition", "")
    first = f"write_disposition {given or 'append (default)'}"
    if given in ("", "append"):
        first += f": each run adds {'what is new' if one['cursor'] else 'its rows again'}"
    return ", ".join([first, *(f"{name} {value}" for name, value in hints.items())])


def _joined(words: Json) -> str:
    match words:
        case dict():
            return ", ".join(f"{name}={value}" for name, value in words.items())
        case list() | tuple():
            return ", ".join(words)
        case _:
            return str(words)


def _notes(sheet: Sheet, told: Mapping[str, Json]) -> None:
    for note in told["notes"]:
        sheet.say(f"note      {note}", "dim", hang=_HANG)


def _line(sheet: Sheet, label: str, words: str) -> None:
    if words:
        sheet.say(f"{label:<10}{words}", hang=_HANG)
