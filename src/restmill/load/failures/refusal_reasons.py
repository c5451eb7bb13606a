"""Reasons: what dlt or a database says of a refused row, whole, with its table and column and without values.

A database often names the type only that a value does not fit, so the columns of that type are looked up in
the schema. The value itself is left out: messages end up in logs, and it may be anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dlt.common.schema.exceptions import CannotCoerceColumnException
from dlt.normalize.exceptions import NormalizeJobFailed
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill.secrets import KEYRING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dlt.common.schema import Schema, TColumnSchema

_LONGEST = 1000
_VALUES = (
    ("with value ", " can't be cast"),
    ("Could not cast value ", " to "),
    ("Casting value ", " to "),
    ("Could not convert string ", " to "),
    ("because key ", " does not exist"),
    ("Offending data item: ", ""),
)
"""What stands before and behind a value in messages of DuckDB, PostgreSQL and dlt.

A value is the server's text, and may hold either itself: it reaches from the first of what stands before it
to the last of what stands behind.
"""
_ROW = re.compile(r", _dlt_id: \S+")
_SIZES = {"smallint": 16, "int16": 16, "integer": 32, "int32": 32}
"""Types of integers that a `precision` asks for."""
_OTHERS = {
    "bigint": "bigint",
    "int64": "bigint",
    "numeric": "decimal",
    "timestamp": "timestamp",
    "date": "date",
    "time": "time",
    "json": "json",
}
_USUAL = 38
"""The precision of decimals that dlt gives to those without one."""


def reason_of(causes: Sequence[BaseException]) -> str:
    """What is behind these errors, outermost first, in one line."""
    told = [one for one in causes if not isinstance(one, PipelineStepFailed)]
    for one in told:
        if isinstance(one, CannotCoerceColumnException):
            return f"`{one.table_name}.{one.column_name}`: {one.from_type} does not become {one.to_type}"
    last = told[-1] if told else causes[-1]
    said = str(last.failed_message if isinstance(last, NormalizeJobFailed) else last)
    text = KEYRING.redact(said).strip()
    line = next(iter(text.splitlines()), type(last).__name__)
    for before, behind in _VALUES:
        line = _without(line, before, behind)
    line = _without(line, "Duplicate key ", '"', more=1)
    line = _without(line, "duplicate key ", '"', opened='"', more=1)
    if line.endswith('"'):
        line = _without(line, ": ", "", opened='"')
    line = _ROW.sub("...", line)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _without(line: str, before: str, behind: str, *, opened: str = "", more: int = 0) -> str:
    """The line without the value that `opened` begins, and `more` characters of what stands behind it."""
    at = line.find(before + opened) + len(before)
    end = line.rfind(behind, at) + more if behind else len(line)
    return f"{line[:at]}...{line[end:]}" if at >= len(before) and end > at else line


def suspects(schema: Schema, table: str, reason: str) -> list[str]:
    """The columns of a table that a database may mean when it names a type only; none when it names one."""
    columns = {str(name): one for name, one in schema.get_table_columns(table).items()}
    if any(f"`{name}`" in reason or f'"{name}"' in reason for name in columns):
        return []
    return [name for name, one in columns.items() if not name.startswith("_dlt_") and _is_meant(one, reason)]


def _is_meant(column: TColumnSchema, reason: str) -> bool:
    kind, precision = str(column.get("data_type", "")), column.get("precision")
    return any(kind == one and size in {None, precision} for one, size in _types_in(reason))


def _types_in(reason: str) -> Iterator[tuple[str, int | None]]:
    """The types that a message names, as dlt names them, each with its size; None: of any."""
    text = reason.casefold()
    if text.startswith("conversion error: type "):  # what comes first is the type that the file has
        text = text.partition("destination type")[2] or text
    for length in re.findall(r"(?:character varying|varchar)\((\d+)\)", text):
        yield "text", int(length)
    for name, size in _SIZES.items():
        if re.search(rf"\b{name}\b", text):
            yield "bigint", size
    for size in re.findall(r"decimal\((\d+),", text):
        yield "decimal", None if int(size) == _USUAL else int(size)
    for name, kind in _OTHERS.items():
        if re.search(rf"\b{name}\b", text):
            yield kind, None


def where_of(schema: Schema, table: str, reason: str) -> str:
    """The reason, and the columns that may be meant."""
    found = suspects(schema, table, reason)
    if not found:
        return reason
    names = ", ".join(f"`{table}.{one}`" for one in found)
    return f"{reason}; the column is {names}" if len(found) == 1 else f"{reason}; one of the columns {names}"
