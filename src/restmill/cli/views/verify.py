"""Draws a comparison: one line for each resource, beneath it the first keys and the columns that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.cli.text import counted, grouped, squeezed
from restmill.cli.views.sheet import Column, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from restmill.cli.views.sheet import Sheet
    from restmill.load.verify.compare import Difference
    from restmill.load.verify.full import Compared, Comparison
    from restmill.path import Json

_COLUMNS = (
    Column(""),
    Column("resource"),
    Column("API", right=True),
    Column("table", right=True),
    Column("missing", right=True),
    Column("extra", right=True),
    Column("changed", right=True),
)
_LONGEST_NAME = 30
_MOST_COLUMNS = 5
_MOST_KEYS = 5


def show_comparison(sheet: Sheet, found: Comparison) -> None:
    """The table of resources, then what it adds up to."""
    sheet.table(_COLUMNS, [_row(one) for one in found.resources])
    sheet.say()
    sheet.say(*_summary(found))
    where = f"{found.destination}, dataset {found.dataset}"
    sheet.say(f"Compared with {where}. Nothing was written.", "dim")


def _row(one: Compared) -> Row:
    sign, style = _state(one)
    found = one.difference
    numbers = (
        ("", "", "", "", "")
        if found is None
        else (
            f"{found.here:,}",
            f"{found.there:,}",
            f"{found.missing:,}",
            f"{found.extra:,}",
            f"{found.changed:,}",
        )
    )
    beneath = tuple(_beneath(one))
    return Row((sign, squeezed(one.resource, _LONGEST_NAME), *numbers), style, beneath)


def _state(one: Compared) -> tuple[str, str]:
    if one.equal:
        return "✓ equal", "green"
    if one.difference is None and one.verdict == "complete":
        return "- left out", "dim"
    if one.difference is not None and _differs(one.difference):
        return "✗ differs", "red"
    return f"! {one.verdict}", "yellow"


def _differs(found: Difference) -> bool:
    return bool(found.missing or found.extra or found.changed)


def _beneath(one: Compared) -> Iterator[str]:
    if one.sampled:
        yield grouped(one.reason)
    elif one.verdict != "complete":
        yield f"{one.verdict}: {grouped(one.reason)}"
    found = one.difference
    if found is not None:
        for kind, number in (("missing", found.missing), ("extra", found.extra), ("changed", found.changed)):
            keys = found.first.get(kind, ())
            if keys:
                yield f"{kind}: {_listed(keys, number)}"
        if found.columns:
            yield f"changed in: {_columns(found.columns)}"
            always = [
                name for name, count in found.columns.items() if count == found.here - found.missing > 1
            ]
            if always:
                yield f"in every row: {', '.join(always)} (`--ignore {always[0]}` leaves it out)"
    yield from one.notes


def _listed(keys: tuple[Mapping[str, Json], ...], number: int) -> str:
    """`id 3, 4, 9 and 12 more`, or whole keys where they have several parts."""
    keys = keys[:_MOST_KEYS]
    more = f" and {number - len(keys):,} more" if number > len(keys) else ""
    if len(keys[0]) == 1:
        values = ", ".join(str(value) for key in keys for value in key.values())
        return f"{next(iter(keys[0]))} {values}{more}"
    return "; ".join(", ".join(f"{name} {value}" for name, value in key.items()) for key in keys) + more


def _columns(columns: Mapping[str, int]) -> str:
    most = sorted(columns.items(), key=lambda one: -one[1])
    shown = ", ".join(f"{name} ({count:,})" for name, count in most[:_MOST_COLUMNS])
    return f"{shown}, and {len(most) - _MOST_COLUMNS} more columns" if len(most) > _MOST_COLUMNS else shown


def _summary(found: Comparison) -> tuple[str, str]:
    compared = [one for one in found.resources if one.difference is not None or one.verdict != "complete"]
    if not compared:
        return "! nothing could be compared", "bold yellow"
    sums = {
        kind: sum(getattr(one.difference, kind) for one in compared if one.difference)
        for kind in ("missing", "extra", "changed")
    }
    equal = sum(one.equal for one in compared)
    names = counted(len(compared), "resource")
    if found.exit_code == 0:
        return f"✓ {names}, {'equal' if equal == 1 else 'all equal'}", "bold green"
    parts = ", ".join(f"{number:,} {kind}" for kind, number in sums.items() if number)
    told = f"{names}, {equal} equal" + (f": {parts}" if parts else "")
    return (f"✗ {told}", "bold red") if parts or found.exit_code != 3 else (f"! {told}", "bold yellow")
