"""Quarantine: a record that cannot become a row is kept beside the table, with the reason; the others load.

What cannot become a row is dlt's to say: its normaliser refuses the record, a contract is `freeze` on what it
would add, or a column that must have a value gets none. dlt judges records in their order, each on the schema
that those before it have left. So does the search: a batch is halved until the refused records stand alone,
and what is taken teaches the schema before what follows it is judged. The rows are those that dlt would have
made of the records without the refused ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.schema.exceptions import CannotCoerceColumnException, DataValidationError
from dlt.common.schema.utils import is_complete_column, is_nullable_column, new_table

from restmill.load.schema.live import random_ids
from restmill.shape.depth import is_too_long, too_deep
from restmill.shape.schema_view import Unsure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dlt.common.schema.typing import TColumnSchema

    from restmill.load.schema.live import Ground
    from restmill.path import Json
    from restmill.shape.tables import Shaped

_PART = "quarantine"
_REASON, _RECORD = "reason", "record"
_LONGEST_REASON = 500
_TOO_DEEP = '"nested too deeply to be kept"'


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that dlt refuses, and why."""

    record: Json
    reason: str


Part: TypeAlias = "Sequence[Json] | Refused"


def sifted(records: Sequence[Json], ground: Ground) -> Iterator[Part]:
    """The records in their order: runs that dlt takes, between single ones that it refuses.

    The schema must have learnt from a run before the next part is asked for.
    """
    reason = _refusal(records, ground)
    if not reason:
        yield records
    elif len(records) == 1:
        yield Refused(records[0], reason)
    else:
        half = len(records) // 2
        yield from sifted(records[:half], ground)
        yield from sifted(records[half:], ground)


def parted(records: Sequence[Json], student: Ground) -> tuple[list[Json], list[Refused]]:
    """The records that are taken, which teach the student's schema, and those that are refused."""
    taken: list[Json] = []
    refused: list[Refused] = []
    for part in sifted(records, student):
        if isinstance(part, Refused):
            refused.append(part)
        else:
            student.normalized(part)
            taken += part
    return taken, refused


def table_of(refused: Sequence[Refused], ground: Ground) -> tuple[str, pa.Table]:
    """The name of the table for refused records, and its rows; it is made if need be.

    Raises:
        Unsure: a nested table, or one of another resource, has that name.
    """
    system = ground.system
    reason, record = ground.field(_REASON), ground.field(_RECORD)
    name = _annexed(ground, [*_columns(reason, record), *_keys(system.load_id, system.row_id)])
    values: dict[str, pa.Array] = {
        reason: pa.array([one.reason for one in refused], pa.string()),
        record: pa.array([_as_json(one.record, ground) for one in refused], pa.string()),
        system.load_id: pa.repeat(ground.load_id, len(refused)),
        system.row_id: random_ids(len(refused)),
    }
    known = ground.columns(name).values()
    fields = [pa.field(one.name, one.type, one.nullable) for one in known]
    return name, pa.Table.from_arrays([values[one.name] for one in known], schema=pa.schema(fields))


def rows_of(table: pa.Table, ground: Ground) -> list[dict[str, Json]]:
    """The rows of that table for dlt's normaliser, which reads JSON once and writes a text as it is."""
    name = ground.field(_RECORD)
    rows: list[dict[str, Json]] = table.to_pylist()
    for row in rows:
        if row[name][:1] not in {"{", "["}:
            row[name] = json.dumps(row[name])
    return rows


def _annexed(ground: Ground, columns: Sequence[TColumnSchema]) -> str:
    """The name of the table, which is nested in no other; fields of records do not get into it.

    Raises:
        Unsure: see `table_of`.
    """
    name, tables = ground.join((ground.table, ground.list_field(_PART))), ground.schema.tables
    known, root = tables.get(name), tables[ground.table]
    if known is None:
        made = new_table(name, write_disposition="append", columns=columns, resource=ground.resource)
        made["schema_contract"] = {"columns": "freeze"}
        if "table_format" in root:
            made["table_format"] = root["table_format"]
        if "file_format" in root:
            made["file_format"] = root["file_format"]
        ground.grow(made)
    elif known.get("parent") or known.get("resource") != ground.resource:
        raise Unsure(f"`{name}` is another table already")
    return name


def _columns(reason: str, record: str) -> list[TColumnSchema]:
    return [
        {"name": reason, "data_type": "text", "nullable": False},
        {"name": record, "data_type": "json", "nullable": False},
    ]


def _keys(load_id: str, row_id: str) -> list[TColumnSchema]:
    return [
        {"name": load_id, "data_type": "text", "nullable": False},
        {"name": row_id, "data_type": "text", "nullable": False, "unique": True, "row_key": True},
    ]


def _refusal(records: Sequence[Json], ground: Ground) -> str:
    """Why dlt refuses some of the records; "" when it takes them all. The schema learns nothing."""
    twin = ground.twin()
    try:
        tables = twin.normalized(records)
    except Unsure as unsure:
        return _reason(unsure)
    except RecursionError:
        return "it is nested too deeply"
    unnamed = next((one.name for one in tables if is_too_long(one.name)), "")
    if unnamed:
        return f"lists nest so deeply that a table's name would have {len(unnamed):,} characters"
    long = next(filter(None, (_too_long(one, twin) for one in tables)), "")
    why = long or unfit(tables, ground)
    if why:
        return why
    return next((f"`{ground.table}.{one}` lacks a value and may not" for one in lacking(twin)), "")


def unfit(tables: Sequence[Shaped], ground: Ground) -> str:
    """Which column of the destination's cannot take a value of these rows; "" when all can."""
    return ground.fits.unfit(tables) if ground.fits is not None else ""


def _too_long(one: Shaped, ground: Ground) -> str:
    """Which column with a `precision` has a text that is longer; DuckDB takes texts of any length."""
    if not ground.minds_length:
        return ""
    for name, column in ground.stored(one.name).items():
        most = column.get("precision")
        if column.get("data_type") == "text" and most is not None and name in one.table.column_names:
            longest = pc.max(pc.utf8_length(one.table[name])).as_py()
            if longest is not None and longest > most:
                return f"`{one.name}.{name}` holds {most:,} characters, and the text has {longest:,}"
    return ""


def lacking(ground: Ground) -> list[str]:
    """The root table's columns that must have values and have had none yet, so dlt does not judge them."""
    columns = ground.schema.get_table_columns(ground.table, include_incomplete=True).items()
    return [name for name, one in columns if not is_nullable_column(one) and not is_complete_column(one)]


def _reason(unsure: Unsure) -> str:
    """What dlt said, in a line: the class of its error, and names instead of values where it has them."""
    match unsure.__cause__:
        case None:
            return str(unsure)
        case DataValidationError() as error:
            where = ".".join(filter(None, (error.table_name, error.column_name)))
            said = f"`{where}`: the contract on `{error.schema_entity}` is `{error.contract_mode}`"
        case CannotCoerceColumnException() as error:
            where = f"{error.table_name}.{error.column_name}"
            said = f"`{where}`: `{error.from_type}` does not become `{error.to_type}`"
        case error:
            said = next(iter(str(error).splitlines()), "")
    said = f"{type(unsure.__cause__).__name__}: {said}"
    return said.encode("utf-8", "replace").decode()[:_LONGEST_REASON]


def _as_json(record: Json, ground: Ground) -> str:
    """The record as JSON; as one text where it cannot be JSON, which may be why it was refused."""
    for encode in () if too_deep(record) else (ground.encode, _plainly):
        try:
            return encode(record)
        except (TypeError, ValueError, RecursionError):
            continue
    try:
        return json.dumps(ascii(record))
    except RecursionError:
        return _TOO_DEEP


def _plainly(record: Json) -> str:
    """With integers of any size, which dlt's encoder refuses; halves of surrogate pairs stay an error."""
    text = json.dumps(record, ensure_ascii=False)
    text.encode()
    return text
