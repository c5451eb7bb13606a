"""Draws a plan: what each resource will ask for, in which order, and what was decided for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.plan.describe import as_json, describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from restmill.cli.sheet import Sheet
    from restmill.plan.describe import Described, Description
    from restmill.plan.spec import Plan

_HANG = 10
plan_fields = as_json


def show_plan(sheet: Sheet, plan: Plan) -> None:
    """The plan as text: what holds for all, then each resource in the order it is read."""
    told = describe(plan)
    for label, words in _common(told):
        _line(sheet, label, words)
    for note in told.notes:
        sheet.say(f"note      {note}", "dim", hang=_HANG)
    for number, one in enumerate(told.resources, start=1):
        sheet.say()
        sheet.say(f"{number}. {one.name}", "bold cyan")
        for label, words in _lines(one):
            _line(sheet, label, words)
        for note in one.notes:
            sheet.say(f"note      {note}", "dim", hang=_HANG)
    sheet.say()
    sheet.say("Nothing was sent. `restmill preview` sends one request for each resource.", "dim")


def _common(told: Description) -> Iterator[tuple[str, str]]:
    yield "api", told.base_url
    yield "budget", told.budget
    yield "transport", told.connection
    yield "hosts", ", ".join(told.allowed_hosts)
    yield "pipeline", told.pipeline


def _lines(one: Described) -> Iterator[tuple[str, str]]:
    yield "request", one.request
    yield "params", _pairs(one.params)
    yield "headers", ", ".join(one.headers)
    yield "body", one.body
    yield "auth", one.auth
    yield "parent", one.parent
    yield "cursor", one.cursor
    yield "paging", one.pages
    yield "records", one.records
    yield "rules", "; ".join(one.rules)
    yield "rename", ", ".join(f"{path} -> {name}" for path, name in one.rename.items())
    yield "steps", ", ".join(one.steps)
    yield "table", ", ".join(f"{name} {value}" for name, value in one.table.items())
    yield "retry", one.retry
    yield "errors", one.on_error


def _pairs(params: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in params.items())


def _line(sheet: Sheet, label: str, words: str) -> None:
    if words:
        sheet.say(f"{label:<10}{words}", hang=_HANG)
