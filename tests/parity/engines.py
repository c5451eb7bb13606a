"""Two engines, one config: run it through each, and keep everything that can be compared.

An `Outcome` holds the tables as dlt's schema describes them and as DuckDB has them, the rows as trees, the
pipeline's state and the requests. What is random or the time of day is taken out here, and nothing else:
row ids become links in a tree, load ids become "first load, second load", addresses lose their port.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import duckdb
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.sources import rest_api as theirs

from restmill.load import source as ours
from tests.parity.server import Seen, Sent, recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from dlt.common.schema import Schema
    from dlt.extract import DltResource, DltSource

    from restmill.sandbox import SandboxServer
    from tests.parity.case import Case

ENGINES: dict[str, ModuleType] = {"dlt": theirs, "restmill": ours}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one engine made of a case. `failed` names the error's class; the rest is then what came before."""

    failed: str = ""
    hints: Mapping[str, Row] = field(default_factory=dict)
    """Table name -> what dlt's schema says about it, columns aside."""
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Table name -> column name -> dlt's column hints."""
    physical: Mapping[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    """Table name -> DuckDB's columns in order: name, type, nullable."""
    rows: Mapping[str, list[str]] = field(default_factory=dict)
    """Root table -> its rows with all their nested rows, as JSON, sorted."""
    state: Mapping[str, Any] = field(default_factory=dict)
    """dlt's state of the sources: incremental cursors."""
    sent: list[Sent] = field(default_factory=list)

    def count(self) -> int:
        """How many root rows were loaded."""
        return sum(len(rows) for name, rows in self.rows.items() if not name.startswith("_dlt"))


def outcome_of(case: Case, engine: str, folder: Path) -> Outcome:
    """Run the case through one engine, in a folder of its own."""
    seen = Seen(documents=case.documents, lists=case.lists)
    server = recording(case.switches, seen)
    with server, _configured(case.settings, server), pytest.MonkeyPatch.context() as patch:
        for name, value in case.environment.items():
            patch.setenv(name, value.replace("{api}", server.base_url))
        database = duckdb.connect(":memory:")
        pipeline = dlt.pipeline(
            "parity",
            pipelines_dir=str(folder / "pipelines"),
            destination=dlt.destinations.duckdb(database),
            dataset_name="parity",
        )
        try:
            for seen.run in range(case.runs):
                server.change(**(case.between if seen.run else {}))
                pipeline.run(built(case, ENGINES[engine], server.base_url), **case.run)
        except Exception as error:
            if not case.fails:
                raise
            return Outcome(failed=type(error).__name__, sent=_portless(seen, server.base_url))
        kept = _kept(pipeline, database, seen, server.base_url)
    database.close()
    return kept


@contextmanager
def _configured(settings: str, server: SandboxServer) -> Iterator[None]:
    """Let dlt read these settings from the working directory until the block ends."""
    if not settings:
        yield
        return
    file = Path(".dlt/config.toml")
    file.parent.mkdir(exist_ok=True)
    file.write_text(settings.replace("{api}", server.base_url))
    Container()[PluggableRunContext].reload()
    try:
        yield
    finally:
        file.unlink()
        Container()[PluggableRunContext].reload()


def built(case: Case, engine: ModuleType, api: str) -> DltSource | list[DltResource]:
    """The case's source, after what its user does to it."""
    if case.build is not None:
        return case.build(engine, api)
    source = engine.rest_api_source(case.config(api), **case.source())
    changed = case.then(source)
    return source if changed is None else changed


def _kept(pipeline: dlt.Pipeline, database: duckdb.DuckDBPyConnection, seen: Seen, api: str) -> Outcome:
    schema = pipeline.default_schema
    physical = _physical(database)
    tables = {name: _rows(database, name) for name in physical if not name.startswith("_dlt")}
    return Outcome(
        hints={
            # Which field fills which column is remembered there, and changes nothing in a table.
            name: {key: value for key, value in table.items() if key not in {"columns", "x-restmill-fields"}}
            for name, table in schema.tables.items()
        },
        columns={name: dict(table["columns"]) for name, table in schema.tables.items()},
        physical=physical,
        rows=trees(tables, schema, api),
        state=dict(pipeline.state.get("sources", {})),
        sent=_portless(seen, api),
    )


def _portless(seen: Seen, api: str) -> list[Sent]:
    return sorted(
        Sent(
            one.method,
            one.target.replace(api, "http://api"),
            one.headers,
            one.body.replace(api, "http://api"),
            one.run,
        )
        for one in seen.requests
    )


def _physical(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str, str]]]:
    found = connection.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'parity' ORDER BY table_name, ordinal_position"
    ).fetchall()
    tables: dict[str, list[tuple[str, str, str]]] = {}
    for table, *column in found:
        tables.setdefault(table, []).append((column[0], column[1], column[2]))
    return tables


def _rows(connection: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    asked = connection.execute(f'SELECT * FROM parity."{table}"')  # noqa: S608  # a name that DuckDB just gave
    names = [column[0] for column in asked.description or ()]
    return [dict(zip(names, row, strict=True)) for row in asked.fetchall()]


def trees(tables: Mapping[str, list[Row]], schema: Schema, api: str = "") -> dict[str, list[str]]:
    """Each root row with the nested rows that link to it; a link that leads nowhere is a tree of its own."""
    children: dict[str, list[str]] = {}
    for name in tables:
        parent = schema.tables[name].get("parent")
        if parent:
            children.setdefault(parent, []).append(name)
    loads = _ranks(row["_dlt_load_id"] for rows in tables.values() for row in rows if "_dlt_load_id" in row)
    forest = _Forest(tables, children, loads)
    roots = [name for name in tables if not schema.tables[name].get("parent")]
    found = {name: sorted(_text(forest.tree(name, row), api) for row in tables[name]) for name in roots}
    lost = {f"{name} without a parent": rows for name, rows in forest.lost().items() if rows}
    return found | {name: sorted(_text(row, api) for row in rows) for name, rows in lost.items()}


def _text(tree: Row, api: str) -> str:
    text = json.dumps(tree, sort_keys=True, default=repr, ensure_ascii=False)
    return text.replace(api, "http://api") if api else text


def _ranks(values: Iterable[Any]) -> dict[Any, int]:
    return {value: rank for rank, value in enumerate(sorted(set(values)))}


def without_ids(row: Row) -> Row:
    """The row without what names it and its parent: random, unless the row stands below a key."""
    return {key: value for key, value in row.items() if key not in ("_dlt_id", "_dlt_parent_id")}


class _Forest:
    """Rows joined to their parents by `_dlt_parent_id`."""

    def __init__(
        self, tables: Mapping[str, list[Row]], children: Mapping[str, list[str]], loads: Mapping[str, int]
    ) -> None:
        self._tables = tables
        self._children = children
        self._loads = loads
        self._by_parent: dict[tuple[str, str], list[Row]] = {}
        for names in children.values():
            for name in names:
                for row in tables[name]:
                    self._by_parent.setdefault((name, row["_dlt_parent_id"]), []).append(row)
        self._moments = {
            (name, key): _ranks(row[key] for row in rows if row[key] is not None)
            for name, rows in tables.items()
            for key in (rows[0] if rows else ())
            if key.startswith("_dlt_valid")
        }

    def tree(self, table: str, row: Row, root: str = "") -> Row:
        """The row without its ids, its nested rows inside it."""
        root = root or row.get("_dlt_id", "")
        plain = {key: self._plain(table, key, value, root) for key, value in without_ids(row).items()}
        for child in self._children.get(table, ()):
            nested = self._by_parent.pop((child, row["_dlt_id"]), [])
            plain[f"nested {child}"] = sorted(
                (self.tree(child, one, root) for one in nested), key=lambda one: int(one["_dlt_list_idx"])
            )
        return plain

    def lost(self) -> dict[str, list[Row]]:
        """Nested rows that no row has claimed; meaningful once all trees were made."""
        left: dict[str, list[Row]] = {}
        for (name, _), rows in self._by_parent.items():
            left.setdefault(name, []).extend(without_ids(row) for row in rows)
        return left

    def _plain(self, table: str, key: str, value: Any, root: str) -> Any:
        match key:
            case "_dlt_load_id":
                return self._loads[value]
            case "_dlt_root_id":
                return "its root" if value == root else "another root"
            case _ if key.startswith("_dlt_valid") and value is not None:
                return self._moments[table, key][value]
            case _:
                return value
