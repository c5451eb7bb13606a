"""Two ways over the same records: dlt's own normaliser, and shaping. Both start from the same schema.

Neither writes a file. What dlt's normaliser would write is caught row by row and turned into Arrow with the
types dlt's Parquet writer takes; ids are replaced by the places of their rows, so that random ones compare.
"""

from __future__ import annotations

import json as stdlib
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import dlt
import pyarrow as pa
from dlt.common.configuration.container import Container
from dlt.common.json import json, may_have_pua
from dlt.common.libs.pyarrow import columns_to_arrow
from dlt.common.schema import Schema
from dlt.normalize.items_normalizers import JsonLItemsNormalizer

from restmill.load.columnar.batch import Batch
from restmill.load.columnar.storage import cast_or_shaped, sorted_out, tables_of
from restmill.load.schema.live import Ground
from restmill.load.schema.type_promotion import Key, Widening
from restmill.path import Path
from restmill.plan.spec import Departures
from restmill.shape.convert import EXACT
from restmill.shape.page_parser import Press
from restmill.shape.records import Pressed
from restmill.shape.schema_view import Unsure

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LOAD_ID = "1700000000.1"
TABLE = "things"
PAGE = Path("page")


@dataclass(slots=True)
class Table:
    """The hints of a resource's table, as the extract step puts them into the schema."""

    disposition: str = "append"
    strategy: str = ""
    key: str = ""
    max_nesting: int | None = None
    columns: dict[str, str] = field(default_factory=dict)
    contract: dict[str, str] = field(default_factory=dict)
    """From the second run on, or from the first one on if it says nothing of tables."""

    def schema(self, *, first: bool) -> dict[str, Any]:
        made: dict[str, Any] = {
            "name": TABLE,
            "resource": TABLE,
            "write_disposition": self.disposition,
            "columns": {
                name: {"name": name, "data_type": kind, "nullable": True}
                for name, kind in self.columns.items()
            },
        }
        if self.strategy:
            made["x-merge-strategy"] = self.strategy
        if self.key:
            hint = made["columns"].setdefault(self.key, {"name": self.key})
            hint.update(nullable=False, primary_key=True)
        normalizer: dict[str, Any] = {}
        if self.max_nesting is not None:
            normalizer["max_nesting"] = self.max_nesting
        if self.contract and not (first and "tables" in self.contract):
            made["schema_contract"] = self.contract
            if first:
                normalizer["evolve-columns-once"] = True  # as the extract step has it for new tables
        if normalizer:
            made["x-normalizer"] = normalizer
        return made


@dataclass(slots=True)
class Outcome:
    """The schema and each run's rows, or that some step refused; and how many batches were shaped."""

    tables: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, list[dict[str, Any]]]] = field(default_factory=list)
    refused: str = ""
    shaped: int = 0
    cast: int = 0
    """How many of those in a mould."""
    pressed: int = 0
    """How many of those by the press, from JSON text."""
    by_rows: int = 0


class _Caught:
    """dlt's item storage, as far as its normaliser uses it."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def write_data_item(self, _load: str, _schema: str, table: str, row: Any, _columns: Any) -> int:
        self.rows.setdefault(table, []).append(row)
        return 1


class _Config:
    def __init__(self, caps: Any) -> None:
        self.destination_capabilities = caps


def by_dlt(runs: list[list[Any]], table: Table, destination: str) -> Outcome:
    """What dlt makes of the runs, one after the other."""

    def one(schema: Schema, caps: Any, records: list[Any], _outcome: Outcome) -> dict[str, list[Any]]:
        return _normalized(schema, caps, records)

    return _followed(runs, table, destination, one)


def told_apart(runs: list[list[Any]], table: Table, destination: str) -> list[list[Any]]:
    """The runs without records of which dlt would lose a field, because another gets its column.

    There shaping differs on purpose: see `test_column_names`. Its own renaming is used, so that all other
    fields stay as they are.
    """
    caps = getattr(dlt.destinations, destination)().capabilities()
    with Container().injectable_context(caps):
        schema = Schema("twins")
        schema.update_table(cast("Any", table.schema(first=True)))
        made = Ground(schema, caps, LOAD_ID, TABLE).names.apart([record for run in runs for record in run])
    records = iter(made)
    return [[next(records) for _ in run] for run in runs]


def by_shaping(runs: list[list[Any]], table: Table, destination: str, size: int) -> Outcome:
    """What shaping makes of them in batches of `size`, with rows for what it leaves to dlt."""

    def one(schema: Schema, caps: Any, records: list[Any], outcome: Outcome) -> dict[str, list[Any]]:
        ground = Ground(schema, caps, LOAD_ID, TABLE)
        press = Press()
        press.begin(PAGE)
        form = Batch(ground, press=press)
        done: list[dict[str, pa.Table] | list[Any]] = []
        for start in range(0, len(records), size):
            batch = records[start : start + size]
            try:
                fitting = form.mould is not None
                page = _pressed(batch, press)
                done.append({made.name: made.table for made in cast_or_shaped(page, form)})
                outcome.shaped += 1
                outcome.cast += fitting and form.misfits == 0
                outcome.pressed += isinstance(page, Pressed)
                continue
            except Unsure:
                outcome.by_rows += 1
            try:
                done.append({made.name: made.table for made in ground.normalized(batch)})
            except Unsure:
                done.append(batch)
        rows: dict[str, list[Any]] = {}
        for part in done:  # the normalize step, which sees the final schema
            if isinstance(part, list):
                found = _normalized(schema, caps, part)
            else:
                found = {name: made.to_pylist() for name, made in part.items()}
            for name, more in found.items():
                rows.setdefault(name, []).extend(more)
        return rows

    return _followed(runs, table, destination, one)


def by_sorting_out(
    runs: list[list[Any]], table: Table, destination: str, size: int
) -> tuple[Outcome, list[list[int]]]:
    """What shaping makes of the records that can become rows, and the numbers of those that cannot."""
    refused: list[list[int]] = []

    def one(schema: Schema, caps: Any, records: list[Any], _outcome: Outcome) -> dict[str, list[Any]]:
        batch = Batch(Ground(schema, caps, LOAD_ID, TABLE), Departures(quarantine=True))
        rows: dict[str, list[Any]] = {}
        refused.append([])
        for start in range(0, len(records), size):
            tables, left = sorted_out(records[start : start + size], batch)
            places = {id(record): number for number, record in enumerate(records)}
            refused[-1] += [places[id(one.record)] for one in left]
            for made in tables:
                rows.setdefault(made.name, []).extend(made.table.to_pylist())
        return rows

    return _followed(runs, table, destination, one), refused


def _pressed(records: list[Any], press: Press) -> Any:
    """The records as a page of them comes to the storage; they themselves where they cannot be one."""
    try:
        body = stdlib.dumps({"page": records, "next": "x"}, ensure_ascii=False)
        if repr(stdlib.loads(body)["page"]) != repr(records):
            return records
        encoded = body.encode()
    except (TypeError, ValueError, UnicodeError):
        return records
    *_, document = press.documents([encoded, encoded])  # not the first one, which begins at 0 in each buffer
    if document is None:
        press.learn({"page": records, "next": "x"})
        return records
    assert document["next"] == "x"
    return document["page"]


class Shelf:
    """What a destination would have of the tables, as far as widening asks for it."""

    def __init__(self, *, stubborn: bool = False) -> None:
        self.stubborn = stubborn
        """Whether its columns keep their types."""
        self.kinds: dict[Key, str] = {}
        self.beyond: set[Key] = set()

    def types(self, columns: Collection[Key]) -> Mapping[Key, str]:
        return {key: kind for key, kind in self.kinds.items() if key in columns}

    def widen(self, table: str, column: str) -> str:
        key = (table, column)
        if self.stubborn or key in self.beyond:
            return "it is"
        self.kinds[key] = "double"
        return ""

    def load(self, name: str, made: pa.Table) -> pa.Table:
        """A table as it is in there; what would be rounded raises."""
        for number, column in enumerate(made.schema):
            kinds = {pa.int64(): "bigint", pa.float64(): "double"}
            if column.type not in kinds:
                continue
            key = (name, column.name)
            self.kinds.setdefault(key, kinds[column.type])
            if column.type == pa.int64() and any(abs(one or 0) > EXACT for one in made[number].to_pylist()):
                self.beyond.add(key)
            if self.kinds[key] == "double":
                made = made.set_column(number, column.name, made[number].cast(pa.float64()))
            else:
                assert column.type == pa.int64()
        return made


def by_widening(runs: list[list[Any]], table: Table, destination: str, size: int, shelf: Shelf) -> Outcome:
    """What shaping makes of them where a column of integers becomes one of doubles for a fraction."""

    def one(schema: Schema, caps: Any, records: list[Any], outcome: Outcome) -> dict[str, list[Any]]:
        ground = Ground(schema, caps, LOAD_ID, TABLE, Widening(shelf, table.columns))
        press = Press()
        press.begin(PAGE)
        batch = Batch(ground, Departures(widen_numbers=True), press)
        done: list[Any] = []
        for start in range(0, len(records), size):
            page = _pressed(records[start : start + size], press)
            outcome.pressed += isinstance(page, Pressed)
            done += tables_of(page, batch)
        rows: dict[str, list[Any]] = {}
        assert ground.widener is not None
        for made in done:
            there = shelf.load(made.name, ground.widener.as_now(made.name, made.table))
            rows.setdefault(made.name, []).extend(there.to_pylist())
        return rows

    return _followed(runs, table, destination, one)


def _followed(runs: list[list[Any]], table: Table, destination: str, one: Any) -> Outcome:
    outcome = Outcome()
    factory = getattr(dlt.destinations, destination)()
    caps = factory.capabilities()
    with Container().injectable_context(caps):
        schema = Schema("twins")
        for number, records in enumerate(runs):
            schema = Schema.from_stored_schema(deepcopy(schema.to_dict()))
            schema.update_table(cast("Any", table.schema(first=number == 0)))
            try:
                rows = one(schema, caps, deepcopy(records), outcome)
            except Exception as error:  # noqa: BLE001  # whatever dlt refuses with
                outcome.refused = f"{type(error).__name__}: {error}"
                return outcome
            outcome.rows.append(_placed(rows, schema))
            for known in schema.tables.values():  # as the normalize step does at its end
                cast("Any", known).get("x-normalizer", {}).pop("evolve-columns-once", None)
            outcome.tables = {
                name: _ordered(stored)
                for name, stored in schema.to_dict()["tables"].items()
                if name[0] != "_"
            }
    return outcome


def _normalized(schema: Schema, caps: Any, records: list[Any]) -> dict[str, list[Any]]:
    """The rows that dlt's normalize step writes, as its Parquet writer would have them."""
    caught = _Caught()
    fresh = Schema.from_stored_schema(schema.to_dict())  # as the normalize step gets it
    absent = cast("Any", None)
    normalizer = JsonLItemsNormalizer(
        cast("Any", caught), absent, absent, fresh, LOAD_ID, cast("Any", _Config(caps))
    )
    line = json.typed_dumpb(records)
    normalizer._normalize_chunk(TABLE, json.loadb(line), may_have_pua(line), skip_write=False)
    for stored in fresh.tables.values():
        schema.update_table(stored, normalize_identifiers=False)
    return {name: _written(rows, fresh, name, caps) for name, rows in caught.rows.items()}


def _written(rows: list[dict[str, Any]], schema: Schema, table: str, caps: Any) -> list[Any]:
    columns = schema.get_table_columns(table)
    for name, column in columns.items():
        for row in rows:
            value = row.get(name)
            if column.get("data_type") == "json" and value is not None and not isinstance(value, str):
                row[name] = json.dumps(value)
    kept = [column for column in columns.values() if column.get("data_type")]
    types = columns_to_arrow({str(column["name"]): column for column in kept}, caps, "UTC")
    made = pa.Table.from_pylist(rows, schema=types)
    made.validate(full=True)
    for one in types:
        if not one.nullable and made[one.name].null_count:
            raise ValueError(one.name)
    return cast("list[Any]", made.to_pylist())


def _placed(rows: dict[str, list[Any]], schema: Schema) -> dict[str, list[dict[str, Any]]]:
    """Rows with ids replaced by places; a column without a value is as good as absent."""
    normalizer = cast("Any", schema.data_item_normalizer)
    keys = (normalizer.c_dlt_id, normalizer.c_dlt_parent_id, normalizer.c_dlt_root_id)
    places: dict[str, str] = {}
    hashed = normalizer._get_root_row_id_type(TABLE) != "random"
    if not hashed:
        for name, many in rows.items():
            places.update({row[keys[0]]: f"{name}#{number}" for number, row in enumerate(many)})
    return {
        name: [
            {
                column: places.get(value, value) if column in keys else repr(value)
                for column, value in row.items()
                if value is not None
            }
            for row in many
        ]
        for name, many in rows.items()
    }


def _ordered(stored: Any) -> Any:
    """A table whose columns are a list: their order counts."""
    return {**stored, "columns": list(stored["columns"].values())}
