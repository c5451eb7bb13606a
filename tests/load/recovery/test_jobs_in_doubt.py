"""Every file was committed and no mark was left: however tables are written, each row is there once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill.load.destination import jobs_in_doubt, row_ids
from tests.load.merge.merges import (
    PARQUET,
    count,
    destination,
    interrupt,
    lose_answers,
    pipeline_in,
    records,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["destination"]
IDS = range(1, 41)

WAYS: dict[str, dict[str, Any]] = {
    "append": {"write_disposition": "append"},
    "append with a key": {"write_disposition": "append", "primary_key": "id"},
    "replace": {"write_disposition": "replace"},
    "merge": {"write_disposition": "merge", "primary_key": "id"},
    "merge by a merge key": {"write_disposition": "merge", "merge_key": "id"},
    "merge without a key": {"write_disposition": "merge"},
    "upsert": {"write_disposition": {"disposition": "merge", "strategy": "upsert"}, "primary_key": "id"},
    "insert only": {
        "write_disposition": {"disposition": "merge", "strategy": "insert-only"},
        "primary_key": "id",
    },
    "scd2": {"write_disposition": {"disposition": "merge", "strategy": "scd2"}},
}
FORMATS: dict[str, dict[str, Any]] = {"rows": {"file_format": "insert_values"}, "parquet": PARQUET}
STRATEGIES = ("truncate-and-insert", "insert-from-staging", "staging-optimized")


def things(way: dict[str, Any], file_format: dict[str, Any], ids: Any = IDS) -> Any:
    return dlt.resource(records(*ids), name="things", **way, **file_format)


def assert_exact(pipeline: dlt.Pipeline, rows: int) -> None:
    """Each record once with its two nested rows, and dlt's own tables have nothing twice."""
    with pipeline.sql_client() as client:

        def value(query: str) -> Any:
            return (client.execute_sql(query) or [(None,)])[0][0]

        assert value("SELECT count(*) FROM things") == value("SELECT count(DISTINCT id) FROM things") == rows
        assert value("SELECT count(*) FROM things__tags") == 2 * rows
        orphans = "SELECT count(*) FROM things__tags WHERE _dlt_parent_id NOT IN (SELECT _dlt_id FROM things)"
        assert value(orphans) == 0
        assert value("SELECT count(*) - count(DISTINCT load_id) FROM _dlt_loads") == 0
        assert value("SELECT count(*) - count(DISTINCT version) FROM _dlt_pipeline_state") == 0


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_all_files_were_committed_without_a_mark(
    way: dict[str, Any], file_format: dict[str, Any], tmp_path: Path, destination: Any
) -> None:
    pipeline = pipeline_in(tmp_path, destination)
    pipeline.extract(things(way, file_format))
    pipeline.normalize()
    interrupt(pipeline)
    pipeline.load()
    assert_exact(pipeline, len(IDS))


def replace_by(strategy: str, destination: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if strategy == STRATEGIES[2] and destination.destination_name == "duckdb":
        pytest.skip("dlt cannot move a table between schemas of DuckDB")
    monkeypatch.setenv("DESTINATION__REPLACE_STRATEGY", strategy)


@pytest.mark.parametrize("file_format", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_replacement_over_other_rows(
    strategy: str,
    file_format: dict[str, Any],
    tmp_path: Path,
    destination: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replace_by(strategy, destination, monkeypatch)
    pipeline = pipeline_in(tmp_path, destination)
    pipeline.run(things(WAYS["replace"], file_format, range(100, 130)))
    pipeline.extract(things(WAYS["replace"], file_format))
    pipeline.normalize()
    interrupt(pipeline)
    pipeline.load()
    assert_exact(pipeline, len(IDS))


BY_SQL = (
    *(("replace", strategy) for strategy in STRATEGIES[1:]),
    *((way, STRATEGIES[0]) for way in ("merge", "merge without a key", "upsert", "scd2")),
)


@pytest.mark.parametrize(("way", "strategy"), BY_SQL)
def test_the_sql_was_committed_without_a_mark(
    way: str, strategy: str, tmp_path: Path, destination: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_by(strategy, destination, monkeypatch)
    pipeline = pipeline_in(tmp_path, destination)
    pipeline.extract(things(WAYS[way], PARQUET))
    pipeline.normalize()
    with monkeypatch.context() as patch:
        patch.setattr("restmill.load.merge.first_load._beginning", lambda *_: frozenset())
        interrupt_at_sql(pipeline)
        pipeline.load()
    assert_exact(pipeline, len(IDS))


def interrupt_at_sql(pipeline: dlt.Pipeline) -> None:
    """End a load when the SQL that follows the files is committed and dlt has not noted it."""
    from dlt.common.storages import PackageStorage  # noqa: PLC0415
    from dlt.load.load import Load  # noqa: PLC0415
    from dlt.pipeline.exceptions import PipelineStepFailed  # noqa: PLC0415

    note, complete, met = PackageStorage.save_pending_transition, Load.complete_jobs, []

    def noted(self: PackageStorage, load_id: str, file_name: str, *args: Any) -> None:
        if file_name.endswith(".sql"):
            met.append(file_name)
        else:
            note(self, load_id, file_name, *args)

    def interrupted(self: Load, load_id: str, jobs: Any, schema: Any) -> Any:
        if met:
            raise KeyboardInterrupt
        return complete(self, load_id, jobs, schema)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PackageStorage, "save_pending_transition", noted)
        patch.setattr(Load, "complete_jobs", interrupted)
        with pytest.raises(PipelineStepFailed):
            pipeline.load()
    assert met


def test_an_answer_that_was_lost_doubles_no_append(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lose_answers(monkeypatch) == set()
    pipeline = pipeline_in(tmp_path)
    pipeline.run(things(WAYS["append"], PARQUET))
    assert_exact(pipeline, len(IDS))


def test_a_first_try_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("a first try asks the database nothing")

    for name in ("delete_rows", "_delete_merged", "_has_rows_of", "_forget_completion"):
        monkeypatch.setattr(jobs_in_doubt, name, never)
    monkeypatch.setattr(jobs_in_doubt, "ids_in", never)
    pipeline = pipeline_in(tmp_path)
    pipeline.run([things(WAYS["append"], PARQUET)])
    pipeline.run([things(WAYS["append"], FORMATS["rows"], range(50, 60))])
    assert count(pipeline, "things") == 50


def test_only_the_file_in_doubt_is_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one table there are several files; those that dlt knows to be done stay."""
    monkeypatch.setenv("DATA_WRITER__FILE_MAX_ITEMS", "10")
    monkeypatch.setenv("LOAD__WORKERS", "1")
    pipeline = pipeline_in(tmp_path)
    pipeline.extract(things(WAYS["append"], FORMATS["rows"]))
    pipeline.normalize()
    interrupt(pipeline)
    pipeline.load()
    assert_exact(pipeline, len(IDS))


NASTY = ["plain", "it's", "a,b", "(", "),\n(", "\\", "\\'", "''", "E'x'", "a\rb", "é日", "", ";", "NULL"]


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_row_ids_among_values_of_every_kind(kind: str, tmp_path: Path) -> None:
    into = getattr(dlt.destinations, kind)(
        "postgresql://nobody@127.0.0.1/x" if kind == "postgres" else ":memory:"
    )
    pipeline = dlt.pipeline("ids", destination=into, dataset_name="x", pipelines_dir=str(tmp_path))
    rows = [
        {
            "id": text,
            "n": 1.5,
            "b": b"\x00'",
            "yes": True,
            "no": None,
            "at": "2025-01-01T00:00:00Z",
            "z": {"q": text},
        }
        for text in NASTY
    ]
    pipeline.extract(
        dlt.resource(rows, name="things", file_format="insert_values", columns={"z": {"data_type": "json"}})
    )
    pipeline.normalize()
    (file,) = tmp_path.glob("ids/load/normalized/*/new_jobs/things.*")
    assert row_ids.ids_in(str(file), "insert_values", "id") == NASTY
    found = row_ids.ids_in(str(file), "insert_values", "_dlt_id")
    assert found is not None
    assert len(set(found)) == len(NASTY)
    assert row_ids.ids_in(str(file), "insert_values", "nowhere") is None
    assert row_ids.ids_in(str(file), "model", "id") is None


def test_row_ids_of_lines_and_csv(tmp_path: Path) -> None:
    lines, table = tmp_path / "a.jsonl", tmp_path / "a.csv"
    lines.write_text('{"_dlt_id": "a", "x": 1}\n{"_dlt_id": "b"}\n')
    table.write_text('x,_dlt_id\n"1,2",a\n,b\n')
    assert row_ids.ids_in(str(lines), "jsonl", "_dlt_id") == ["a", "b"]
    assert row_ids.ids_in(str(table), "csv", "_dlt_id") == ["a", "b"]
    assert row_ids.ids_in(str(lines), "jsonl", "x") is None
    assert row_ids.ids_in(str(table), "csv", "y") is None
