"""The columnar way end to end: in every write disposition it fills the database as rows would."""

from __future__ import annotations

from contextlib import nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill.load.columnar import eligibility, storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LONG_AGO = "2024-01-02T03:04:05Z"
RUNS: list[list[dict[str, Any]]] = [
    [
        {
            "id": number,
            "Name": f"n{number}",
            "at": LONG_AGO,
            "address": {"city": "x", "geo": {"lat": 1.5 * number}},
            "labels": [{"key": place, "on": None} for place in range(number % 3)],
            "tags": ["a", "b"][: number % 3],
            "matrix": [[1, 2], [3]],
            "never": None,
        }
        for number in range(25)
    ],
    [
        {"id": 3, "Name": 7, "at": "later", "labels": [], "tags": [], "extra": {"deep": [{"x": [1.5]}]}},
        {"id": 25, "Name": "new", "at": None, "labels": [{"key": "text", "on": True}], "tags": ["é"]},
    ],
    [{"id": 3, "Name": "n3", "at": "2024-01-02", "labels": [{"key": 1}], "tags": [None, "z"]}],
]
WAYS: dict[str, Any] = {
    "append": "append",
    "replace": "replace",
    "merge": "merge",
    "upsert": {"disposition": "merge", "strategy": "upsert"},
    "insert-only": {"disposition": "merge", "strategy": "insert-only"},
    "scd2": {"disposition": "merge", "strategy": "scd2"},
}
RANDOM = ("_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_load_id", "_dlt_valid_from", "_dlt_valid_to")


def things(records: list[dict[str, Any]], disposition: str, **hints: Any) -> Any:
    """A resource that yields the records in pages of ten."""

    def pages() -> Iterator[list[dict[str, Any]]]:
        eligibility.claim()
        for start in range(0, len(records), 10):
            yield records[start : start + 10]

    way = WAYS[disposition]
    return dlt.resource(pages, name="things", primary_key="id", write_disposition=way, **hints)


def filled(
    destination: Any,
    folder: Path,
    disposition: str,
    *,
    by_rows: bool,
    hints: Sequence[Mapping[str, Any]] = ({}, {}, {}),
    **options: Any,
) -> Any:
    """The schema's tables, and the rows of each without what is random, after all runs.

    `hints` are those of each run, `options` go to dlt's `run`.
    """
    name = f"{folder.name}_{'rows' if by_rows else 'columns'}"  # the databases of a test run are shared
    pipeline = dlt.pipeline(name, destination=destination, dataset_name=name, pipelines_dir=str(folder))
    with eligibility.by_rows() if by_rows else nullcontext():
        for records, more in zip(RUNS, hints, strict=True):
            pipeline.run(things(records, disposition, **more), **options)
    schema = pipeline.default_schema
    names = sorted(schema.data_table_names())
    return {name: schema.tables[name] for name in names}, {name: rows_of(pipeline, name) for name in names}


def rows_of(pipeline: dlt.Pipeline, table: str) -> list[str]:
    """Rows of a table without the values that differ from run to run, in a stable order."""
    with pipeline.sql_client() as client, client.execute_query(f"SELECT * FROM {table}") as cursor:  # noqa: S608  # a name of the schema's
        assert cursor.description is not None
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    return sorted(
        repr({name: value for name, value in zip(names, row, strict=True) if name not in RANDOM})
        for row in rows
    )


@pytest.fixture
def shaped_tables(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tables that were shaped while the test ran."""
    names: list[str] = []
    original = storage.shaped

    def counting(records: Any, ground: Any) -> Any:
        made = original(records, ground)
        names.extend(one.name for one in made)
        return made

    monkeypatch.setattr(storage, "shaped", counting)
    return names


@pytest.mark.parametrize("disposition", WAYS)
def test_duckdb_is_filled_as_by_rows(tmp_path: Path, disposition: str, shaped_tables: list[str]) -> None:
    if disposition == "upsert":
        pytest.skip("dlt's DuckDB destination has no upsert")
    columns, rows = (
        filled(dlt.destinations.duckdb(str(tmp_path / f"{by}.duckdb")), tmp_path, disposition, by_rows=by)
        for by in (False, True)
    )
    assert columns == rows
    assert {"things", "things__labels", "things__matrix__list"} <= set(shaped_tables)


@pytest.mark.parametrize("disposition", WAYS)
def test_postgresql_is_filled_as_by_rows(tmp_path: Path, postgres_dsn: str, disposition: str) -> None:
    columns, rows = (
        filled(dlt.destinations.postgres(postgres_dsn), tmp_path, disposition, by_rows=by)
        for by in (False, True)
    )
    assert columns == rows


def test_postgresql_is_given_rows_while_it_takes_no_parquet(
    tmp_path: Path, postgres_dsn: str, shaped_tables: list[str]
) -> None:
    if find_spec("adbc_driver_postgresql") is not None:
        pytest.skip("with ADBC it takes Parquet files")
    filled(dlt.destinations.postgres(postgres_dsn), tmp_path, "append", by_rows=False)
    assert shaped_tables == []


def test_parquet_files_are_filled_as_by_rows(tmp_path: Path, shaped_tables: list[str]) -> None:
    columns, rows = (
        filled(
            dlt.destinations.filesystem((tmp_path / str(by)).as_uri()),
            tmp_path,
            "append",
            by_rows=by,
            loader_file_format="parquet",
        )
        for by in (False, True)
    )
    assert columns == rows
    assert "things__labels" in shaped_tables


def test_other_files_than_parquet_are_left_to_rows(tmp_path: Path, shaped_tables: list[str]) -> None:
    pipeline = dlt.pipeline(
        "files", destination=dlt.destinations.filesystem(tmp_path.as_uri()), pipelines_dir=str(tmp_path)
    )
    pipeline.extract(things(RUNS[0], "append"))
    assert shaped_tables == []


@pytest.mark.parametrize(
    "contract",
    [
        {"columns": "discard_value", "tables": "discard_value"},
        {"columns": "discard_row", "data_type": "discard_value"},
        {"data_type": "discard_value"},
    ],
    ids=str,
)
@pytest.mark.parametrize("disposition", ["append", "replace", "merge"])
def test_contracts_discard_as_by_rows(
    tmp_path: Path, contract: dict[str, str], disposition: str, shaped_tables: list[str]
) -> None:
    columns, rows = (
        filled(
            dlt.destinations.duckdb(str(tmp_path / f"{by}.duckdb")),
            tmp_path,
            disposition,
            by_rows=by,
            hints=({}, {"schema_contract": contract}, {"schema_contract": contract}),
        )
        for by in (False, True)
    )
    assert columns == rows
    assert "things__labels" in shaped_tables


@pytest.mark.parametrize("by_rows", [False, True])
def test_a_table_is_emptied_by_a_replacing_run_whose_rows_are_all_discarded(
    tmp_path: Path, by_rows: bool
) -> None:
    destination = dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    pipeline = dlt.pipeline("emptied", destination=destination, pipelines_dir=str(tmp_path))
    with eligibility.by_rows() if by_rows else nullcontext():
        for record in ({"id": 1, "l": [1]}, {"id": 2, "new": 1}):
            contract = {"columns": "discard_row"}
            pipeline.run(things([record], "replace", schema_contract=contract))
    assert rows_of(pipeline, "things") == []
    assert rows_of(pipeline, "things__l") == []


def test_what_is_frozen_fails_in_dlts_words(tmp_path: Path) -> None:
    said = []
    for by in (False, True):
        with pytest.raises(PipelineStepFailed) as failed:
            filled(
                dlt.destinations.duckdb(str(tmp_path / f"{by}.duckdb")),
                tmp_path,
                "append",
                by_rows=by,
                hints=({}, {"schema_contract": {"columns": "freeze"}}, {}),
            )
        assert isinstance(failed.value.__cause__, Exception)
        said.append((failed.value.step, type(failed.value.__cause__)))
    assert said[0] == said[1]


def test_a_column_that_was_hinted_may_get_its_type_late(tmp_path: Path) -> None:
    pipeline = dlt.pipeline(
        "late", destination=dlt.destinations.duckdb(str(tmp_path / "x.duckdb")), pipelines_dir=str(tmp_path)
    )
    records = [{"id": number, "x": None if number < 900 else number} for number in range(1000)]
    pipeline.run(things(records, "append", columns={"x": {"description": "without a type"}}))
    assert len(rows_of(pipeline, "things")) == 1000


def test_an_empty_list_empties_what_was_nested_below_a_merged_row(tmp_path: Path) -> None:
    pipeline = dlt.pipeline(
        "emptied",
        destination=dlt.destinations.duckdb(str(tmp_path / "x.duckdb")),
        pipelines_dir=str(tmp_path),
    )
    pipeline.run(things([{"id": 1, "tags": ["a", "b"]}, {"id": 2, "tags": ["c"]}], "merge"))
    pipeline.run(things([{"id": 1, "tags": []}], "merge"))
    assert rows_of(pipeline, "things__tags") == ["{'value': 'c', '_dlt_list_idx': 0}"]
