"""First loads go straight into empty tables; whatever interrupts one, each row is there once in the end."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.destinations.impl.duckdb.duck import DuckDbCopyJob
from dlt.load.load import Load
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill.load.columnar import eligibility
from restmill.load.merge import distinct_keys, first_load
from tests.load.columnar.test_columnar import filled, things
from tests.load.merge.merges import (
    PARQUET,
    by_rows_elsewhere,
    count,
    destination,
    interrupt,
    lose_answers,
    merges,
    pipeline_in,
    records,
    steps,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["destination"]
ROWS = range(1, 2_001)


@pytest.fixture(autouse=True)
def _no_proofs() -> Iterator[None]:
    distinct_keys._proofs.clear()
    yield
    distinct_keys._proofs.clear()
    assert not first_load._open


def many(*ids: int, **hints: Any) -> Any:
    return things(records(*(ids or ROWS)), "merge", **PARQUET, **hints)


def staged(pipeline: dlt.Pipeline) -> bool:
    """Whether there is a staging table."""
    with pipeline.destination_client() as client:
        databases: Any = client
        with databases.with_staging_dataset():
            return bool(client.is_storage_initialized())


def content(pipeline: dlt.Pipeline) -> list[Any]:
    """Every root row with its nested rows."""
    query = (
        "SELECT a.id, a.n, b.value, b._dlt_list_idx FROM things a "
        "LEFT JOIN things__tags b ON a._dlt_id = b._dlt_parent_id ORDER BY 1, 4, 2"
    )
    with pipeline.sql_client() as client:
        return [tuple(row) for row in client.execute_sql(query) or ()]


def expected(*ids: int) -> list[Any]:
    return [(one["id"], one["n"], tag, place) for one in records(*ids) for place, tag in enumerate("ab")]


def test_the_first_load_needs_no_staging_and_the_second_merges(tmp_path: Path, destination: Any) -> None:
    pipeline = pipeline_in(tmp_path, destination)
    pipeline.run(many())
    assert (merges(tmp_path), staged(pipeline)) == ([], False)
    assert content(pipeline) == expected(*ROWS)
    pipeline.run(many(*range(1_900, 2_101)))
    assert (len(merges(tmp_path)), staged(pipeline)) == (1, True)
    assert count(pipeline, "things") == 2_100
    assert count(pipeline, "things__tags") == 4_200


def test_three_runs_leave_what_they_leave_by_rows(tmp_path: Path, destination: Any) -> None:
    columns = filled(destination, tmp_path, "merge", by_rows=False, hints=(PARQUET,) * 3)
    assert len(merges(tmp_path)) < 3
    assert columns == filled(destination, tmp_path, "merge", by_rows=True, hints=(PARQUET,) * 3)


def test_the_stored_schema_says_merge(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.run(many())
    assert pipeline.default_schema.tables["things"]["write_disposition"] == "merge"
    with pipeline.sql_client() as client:
        ((stored,),) = client.execute_sql("SELECT schema FROM _dlt_version") or (("",),)
    assert '"write_disposition":"merge"' in str(stored).replace(" ", "")
    assert "append" not in str(stored).split('"things"')[1].split('"columns"')[0]


DOUBTS: dict[str, Any] = {
    "a key twice": lambda: many(1, 2, 1),
    "a hard delete": lambda: many(columns={"n": {"hard_delete": True, "data_type": "bigint"}}),
    "upsert": lambda: things(records(1, 2), "upsert", **PARQUET),
    "no key": lambda: many().apply_hints(primary_key=()),
    "by another": lambda: steps([many(1, 2)], [by_rows_elsewhere([2, 3])]),
}


@pytest.mark.parametrize("doubt", DOUBTS.values(), ids=DOUBTS)
def test_where_there_is_a_doubt_the_first_load_is_a_merge(doubt: Any, tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.run(doubt() or many())
    assert staged(pipeline)


def test_a_table_that_has_rows_is_merged_into(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    with eligibility.by_rows():
        pipeline.run(many(1, 5))
    pipeline.run(many(1, 2))
    assert len(merges(tmp_path)) == 2
    assert count(pipeline, "things") == 3


def test_an_empty_table_that_is_there_already_is_filled(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.run(many(1, 2))
    with pipeline.sql_client() as client:
        client.execute_sql("DELETE FROM things")
        client.execute_sql("DELETE FROM things__tags")
    pipeline.run(many())
    assert merges(tmp_path) == []
    assert content(pipeline) == expected(*ROWS)


def test_a_file_that_was_committed_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = lose_answers(monkeypatch)
    pipeline = pipeline_in(tmp_path)
    pipeline.run(many())
    assert {"things", "things__tags"} <= failed
    assert content(pipeline) == expected(*ROWS)


@pytest.mark.parametrize("only", [(), ("things",), ("things__tags",)], ids=["all", "root", "nested"])
def test_a_load_that_was_interrupted_goes_on_in_the_same_process(
    tmp_path: Path, destination: Any, only: tuple[str, ...]
) -> None:
    """`only` these tables were committed without a note; of the others dlt knows."""
    pipeline = pipeline_in(tmp_path, destination)
    pipeline.extract(many())
    pipeline.normalize()
    interrupt(pipeline, only)
    assert count(pipeline, "things") == 2_000
    pipeline.load()
    assert content(pipeline) == expected(*ROWS)
    assert merges(tmp_path) == []
    pipeline.run(many(1, 2_001))
    assert count(pipeline, "things") == 2_001


@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated")  # dlt's, when it gives a package up
def test_a_root_table_that_is_refused_leaves_no_nested_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = DuckDbCopyJob.run

    def refused(self: DuckDbCopyJob) -> None:
        if self.load_table_name == "things":
            raise DestinationTerminalException("no such rows here")
        original(self)

    pipeline = pipeline_in(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(DuckDbCopyJob, "run", refused)
        with pytest.raises(PipelineStepFailed):
            pipeline.run(many())
    assert count(pipeline, "things__tags") == 0
    pipeline.run(many())
    assert (count(pipeline, "things"), count(pipeline, "things__tags")) == (2_000, 4_000)


@pytest.mark.parametrize("killed", ["things", "things__tags"])
def test_a_load_that_was_killed_and_never_goes_on_is_merged_over(
    killed: str, tmp_path: Path, destination: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Load.complete_jobs

    def complete(self: Load, load_id: str, jobs: Any, schema: Any) -> Any:
        done = {job.job_file_info().table_name for job in jobs if job.state() == "completed"}
        if killed in done:
            raise KeyboardInterrupt
        return original(self, load_id, jobs, schema)

    pipeline = pipeline_in(tmp_path, destination)
    with monkeypatch.context() as patch:
        patch.setattr(Load, "complete_jobs", complete)
        with pytest.raises(PipelineStepFailed):
            pipeline.run(many())
    pipeline.abort_packages()
    pipeline.run(many())
    assert (count(pipeline, "things"), count(pipeline, "things__tags")) == (2_000, 4_000)
    assert content(pipeline) == expected(*ROWS)


def test_what_others_have_written_meanwhile_stays(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.extract(many(*range(1, 601)))
    pipeline.normalize()
    interrupt(pipeline)
    file = dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    other = dlt.pipeline(
        "other", destination=file, dataset_name=tmp_path.name, pipelines_dir=str(tmp_path / "other")
    )
    other.run(many(*range(5_000, 5_010)))
    pipeline.load()
    ids = [*range(1, 601), *range(5_000, 5_010)]
    assert [row[0] for row in content(pipeline)] == [one for one in ids for _ in "ab"]


@pytest.mark.parametrize("written", [True, False], ids=["after all files", "before any"])
def test_keys_that_others_have_written_meanwhile_are_merged(
    written: bool, tmp_path: Path, destination: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = pipeline_in(tmp_path, destination)
    pipeline.extract(many(*range(1, 601)))
    pipeline.normalize()
    if written:
        interrupt(pipeline)
    else:
        with monkeypatch.context() as patch:
            patch.setattr(Load, "submit_job", stopped)
            with pytest.raises(PipelineStepFailed):
                pipeline.load()
    other = dlt.pipeline(
        "other", destination=destination, dataset_name=tmp_path.name, pipelines_dir=str(tmp_path / "other")
    )
    other.run(many(1, 2, 700))
    pipeline.load()
    assert [row[0] for row in content(pipeline)] == [one for one in [*range(1, 601), 700] for _ in "ab"]
    assert count(pipeline, "things__tags") == 1_202


def stopped(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_a_load_that_was_killed_goes_on_in_another_process(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    done = subprocess.run(  # noqa: S603  # this interpreter
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=pytestconfig.rootpath, check=False
    )
    assert done.returncode == 9
    pipeline = pipeline_in(tmp_path)
    assert count(pipeline, "things") == 2_000
    pipeline.load()
    assert content(pipeline) == expected(*ROWS)


KILLED = """
import os, sys, threading
from pathlib import Path
from dlt.destinations.impl.duckdb.duck import DuckDbCopyJob
from tests.load.merge.merges import pipeline_in
from tests.load.merge.test_first_load import many

original = DuckDbCopyJob.run

def killed(self):
    original(self)
    if self.load_table_name == "things":
        os._exit(9)

DuckDbCopyJob.run = killed
pipeline_in(Path(sys.argv[1])).run(many())
"""
