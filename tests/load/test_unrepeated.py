"""Where no key comes twice, dlt's merge does not ask; where one may, it keeps one row of it."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import pyarrow as pa
import pytest
from dlt.common.storages import PackageStorage
from dlt.destinations.exceptions import DatabaseTerminalException
from dlt.destinations.impl.duckdb.duck import DuckDbCopyJob
from dlt.destinations.insert_job_client import InsertValuesLoadJob
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.extract import DltSource
from dlt.load.load import Load
from dlt.pipeline.exceptions import PipelineStepFailed
from hypothesis import given
from hypothesis import strategies as st

from restmill.load import unrepeated, upstream
from tests.load.test_columnar import RUNS, filled, rows_of, things

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HINT = "x-stage-data-deduplicated"
NUMBERING = "ROW_NUMBER()"
PARQUET = {"file_format": "parquet"}
Record = dict[str, Any]
FOLLOWUPS = "create_table_chain_completed_followup_jobs"


def records(*ids: Any) -> list[Record]:
    """Records with two nested rows each."""
    return [{"id": key, "n": place, "tags": ["a", "b"]} for place, key in enumerate(ids)]


def flat(*ids: Any) -> list[Record]:
    """Records without nested rows."""
    return [{"id": key} for key in ids]


def pipeline_in(folder: Path, destination: Any = None) -> dlt.Pipeline:
    """A pipeline of its own, into DuckDB unless told otherwise."""
    into = destination or dlt.destinations.duckdb(str(folder / "x.duckdb"))
    return dlt.pipeline(folder.name, destination=into, dataset_name=folder.name, pipelines_dir=str(folder))


def merges(folder: Path, table: str = "things") -> list[str]:
    """What dlt ran to merge a table, load by load."""
    return [path.read_text() for path in sorted(folder.glob(f"*/load/loaded/*/completed_jobs/{table}.*.sql"))]


def count(pipeline: dlt.Pipeline, table: str, *, staged: bool = False) -> int:
    with pipeline.sql_client() as client:
        name = client.get_qualified_table_names(table)[int(staged)]
        found = client.execute_sql(f"SELECT count(*) FROM {name}")  # noqa: S608  # a name of the schema's
        assert found
        return int(found[0][0])


@pytest.fixture(params=["duckdb", "postgres"])
def destination(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A database that takes Parquet files."""
    if request.param == "duckdb":
        return dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    pytest.importorskip("adbc_driver_postgresql", reason="PostgreSQL takes Parquet files through ADBC only")
    # Where dlt makes ids unique, PostgreSQL refuses rows that are staged twice.
    return dlt.destinations.postgres(request.getfixturevalue("postgres_dsn"), create_indexes=False)


def test_distinct_keys_are_merged_without_asking_into_the_same_tables(
    tmp_path: Path, destination: Any
) -> None:
    """Three runs, of which the later ones update rows: (schema, rows) as by rows."""
    columns = filled(destination, tmp_path, "merge", by_rows=False, hints=(PARQUET,) * 3)
    mine = merges(tmp_path)
    assert len(mine) == len(RUNS)
    assert not any(NUMBERING in sql for sql in mine)
    rows = filled(destination, tmp_path, "merge", by_rows=True, hints=(PARQUET,) * 3)
    assert columns == rows
    assert sum(NUMBERING in sql for sql in merges(tmp_path)) == len(RUNS)


@pytest.mark.parametrize(
    ("ids", "left"),
    [
        pytest.param([1, 2, 1], [1, 2], id="in a page"),
        pytest.param([*range(1200), 0], range(1200), id="in pages far apart"),
        pytest.param(["1", 1, 2], [1, 2], id="by their type"),
        pytest.param([1, "01", 2], [1, 2], id="by their type, from text"),
    ],
)
def test_a_key_that_comes_twice_leaves_one_row(
    tmp_path: Path, destination: Any, ids: list[Any], left: Sequence[int]
) -> None:
    pipeline = pipeline_in(tmp_path, destination)
    hints: Any = {"columns": {"id": {"data_type": "bigint"}}, **PARQUET}
    pipeline.run(things(records(*ids), "merge", **hints))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql
    assert count(pipeline, "things", staged=True) == len(ids)
    assert count(pipeline, "things") == len(left)
    assert count(pipeline, "things__tags") == 2 * len(left)


def test_a_key_of_two_columns(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    for second in ("a", "b"):
        rows: list[Record] = [{"id": 1, "part": "b"}, {"id": 1, "part": second}, {"id": 2, "part": second}]
        resource = things(rows, "merge")
        resource.apply_hints(primary_key=["id", "part"])
        pipeline.run(resource)
    assert [NUMBERING in sql for sql in merges(tmp_path)] == [False, True]
    assert count(pipeline, "things") == 4


@pytest.mark.parametrize(
    ("hints", "ids"),
    [
        pytest.param({"data_type": "double"}, [1.5, 2.5], id="a type that is not compared bit by bit"),
        pytest.param({"data_type": "text", "precision": 5}, ["a", "b"], id="texts that may be cut"),
        pytest.param({"data_type": "text", "nullable": True}, ["a", None, None], id="keys that are missing"),
    ],
)
def test_keys_that_prove_nothing(tmp_path: Path, hints: Record, ids: list[Any]) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.run(things(records(*ids), "merge", columns={"id": hints}))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql


def test_more_keys_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = pipeline_in(tmp_path)
    for most in (8 * 2000, 8 * 2000 - 1):
        monkeypatch.setattr(unrepeated, "_MOST_BYTES", most)
        pipeline.run(things(records(*range(2000)), "merge"))
    assert [NUMBERING in sql for sql in merges(tmp_path)] == [False, True]


def test_ids_that_come_with_nested_records_may_repeat(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.run(things([{"id": key, "tags": [{"_dlt_id": "same", "v": 1}]} for key in (1, 2)], "merge"))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql
    assert count(pipeline, "things__tags") == 1


def by_rows_elsewhere(ids: Sequence[int]) -> Any:
    """A resource of dlt's own that writes the same table row by row."""
    return dlt.resource(
        flat(*ids), name="others", table_name="things", primary_key="id", write_disposition="merge"
    )


def as_arrow_elsewhere(ids: Sequence[int]) -> Any:
    """A resource of dlt's own that writes the same table as an Arrow table."""
    names = [str(key) for key in ids]
    table = pa.table({"id": pa.array(ids, pa.int64()), "_dlt_load_id": names, "_dlt_id": names})
    return dlt.resource(
        [table], name="others", table_name="things", primary_key="id", write_disposition="merge"
    )


def steps(*parts: list[Any]) -> list[DltSource]:
    """Sources that are extracted one after the other into one package."""
    schema = dlt.Schema("shared")
    return [DltSource(schema, "tests", part) for part in parts]


@pytest.mark.parametrize("others", [by_rows_elsewhere, as_arrow_elsewhere])
@pytest.mark.parametrize("apart", [False, True], ids=["in one step", "in two steps of one package"])
def test_a_table_that_others_write_as_well(
    tmp_path: Path, others: Callable[[Sequence[int]], Any], apart: bool
) -> None:
    pipeline = pipeline_in(tmp_path)
    mine, theirs = things(flat(1, 2, 3), "merge"), others([3, 4])
    pipeline.run(steps([mine], [theirs]) if apart else steps([mine, theirs]))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql
    assert count(pipeline, "things", staged=True) == 5
    assert count(pipeline, "things") == 4


def test_two_columnar_resources_of_one_table_are_judged_together(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    for second in ([3, 4], [5, 6]):
        more = things(records(*second), "merge", table_name="things").with_name("more")
        pipeline.run([things(records(1, 2, 3), "merge"), more])
    assert [NUMBERING in sql for sql in merges(tmp_path)] == [True, False]
    assert count(pipeline, "things") == 6


def test_a_file_that_is_staged_twice_because_it_was_tried_again(
    tmp_path: Path, nested: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, failed = DuckDbCopyJob.run, set[str]()

    def committed_then_failed(self: DuckDbCopyJob) -> None:
        original(self)
        if self.load_table_name not in failed:
            failed.add(self.load_table_name)
            raise OSError("the answer was lost")

    monkeypatch.setattr(DuckDbCopyJob, "run", committed_then_failed)
    pipeline = pipeline_in(tmp_path)
    pipeline.run(three(nested))
    assert_merged_from_doubles(pipeline, nested)


def test_a_file_that_was_tried_again_is_a_doubt_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What became of the first try is not known: a database may still commit it."""
    original, failed = DuckDbCopyJob.run, set[str]()

    def failed_first(self: DuckDbCopyJob) -> None:
        if self.load_table_name not in failed:
            failed.add(self.load_table_name)
            raise OSError("no answer")
        original(self)

    monkeypatch.setattr(DuckDbCopyJob, "run", failed_first)
    pipeline = pipeline_in(tmp_path)
    pipeline.run(things(records(1, 2, 3), "merge"))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql
    assert count(pipeline, "things", staged=True) == count(pipeline, "things") == 3


def test_as_many_rows_that_are_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file with our rows fails and is let go; then another one brings the same number."""
    monkeypatch.setenv("LOAD__RAISE_ON_FAILED_JOBS", "false")
    fail, insert, noted = PackageStorage.fail_job, InsertValuesLoadJob.run, threading.Event()

    def refused(self: DuckDbCopyJob) -> None:
        raise DatabaseTerminalException(ValueError(self.load_table_name))

    def failed(self: PackageStorage, *args: Any, **kwargs: Any) -> str:
        path = fail(self, *args, **kwargs)
        noted.set()
        return path

    def inserted(self: InsertValuesLoadJob) -> None:
        assert self.load_table_name != "things" or noted.wait(30)
        insert(self)

    monkeypatch.setattr(DuckDbCopyJob, "run", refused)
    monkeypatch.setattr(PackageStorage, "fail_job", failed)
    monkeypatch.setattr(InsertValuesLoadJob, "run", inserted)
    pipeline = pipeline_in(tmp_path)
    pipeline.run(steps([things(flat(1, 2, 3), "merge")], [by_rows_elsewhere([4, 4, 5])]))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql
    assert count(pipeline, "things", staged=True) == 3
    assert count(pipeline, "things") == 2


def test_a_load_that_was_interrupted_and_goes_on_in_the_same_process(
    tmp_path: Path, destination: Any, nested: bool
) -> None:
    pipeline = pipeline_in(tmp_path, destination)
    pipeline.extract(three(nested))
    pipeline.normalize()
    interrupt(pipeline)
    pipeline.load()
    assert_merged_from_doubles(pipeline, nested)


def test_a_load_that_was_killed_and_goes_on_in_another_process(
    tmp_path: Path, pytestconfig: pytest.Config, nested: bool
) -> None:
    done = subprocess.run(  # noqa: S603  # this interpreter
        [sys.executable, "-c", KILLED, str(tmp_path), "nested" * nested],
        cwd=pytestconfig.rootpath,
        check=False,
    )
    assert done.returncode == 9
    pipeline = pipeline_in(tmp_path)
    pipeline.load()
    assert_merged_from_doubles(pipeline, nested)


def test_a_load_that_was_killed_elsewhere_and_goes_on_where_the_rows_were_extracted(
    tmp_path: Path, destination: Any, nested: bool
) -> None:
    """The proof is still there, as it would be in a process that has not tried to load; it does not hold."""
    pipeline = pipeline_in(tmp_path, destination)
    pipeline.extract(three(nested))
    pipeline.normalize()
    proofs = dict(unrepeated._proofs)
    assert len(proofs) == 1
    interrupt(pipeline)
    unrepeated._proofs.update(proofs)
    pipeline.load()
    assert_merged_from_doubles(pipeline, nested)


@pytest.fixture(params=[False, True], ids=["flat", "nested"])
def nested(request: pytest.FixtureRequest) -> bool:
    """Whether records have nested rows."""
    return bool(request.param)


def three(nested: bool) -> Any:
    """A resource of three records."""
    return things((records if nested else flat)(1, 2, 3), "merge", **PARQUET)


def interrupt(pipeline: dlt.Pipeline) -> None:
    """End a load when all files are staged and dlt has not noted any of them: it will stage them again."""

    def interrupted(self: Load, load_id: str, jobs: Any, schema: Any) -> Any:
        if jobs and all(job.state() == "completed" for job in jobs):
            raise KeyboardInterrupt
        return jobs, [], None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Load, "complete_jobs", interrupted)
        patch.setattr(PackageStorage, "save_pending_transition", lambda *_: None)
        with pytest.raises(PipelineStepFailed) as failed:
            pipeline.load()
    assert isinstance(failed.value.__cause__, KeyboardInterrupt)


KILLED = """
import os, sys, threading
from pathlib import Path
from dlt.destinations.exceptions import DatabaseTerminalException
from dlt.destinations.impl.duckdb.duck import DuckDbCopyJob
from dlt.destinations.insert_job_client import InsertValuesLoadJob
from dlt.destinations.job_client_impl import SqlJobClientBase
from tests.load.test_unrepeated import pipeline_in, three

original, staged, lock = DuckDbCopyJob.run, [], threading.Lock()
nested = bool(sys.argv[2])

def killed_when_all_is_staged(self):
    original(self)
    if self.load_table_name.startswith("_dlt"):
        return
    with lock:
        staged.append(self.load_table_name)
        if len(staged) == 1 + nested:
            os._exit(9)
    threading.Event().wait()

DuckDbCopyJob.run = killed_when_all_is_staged
pipeline_in(Path(sys.argv[1])).run(three(nested))
"""


def assert_merged_from_doubles(pipeline: dlt.Pipeline, nested: bool) -> None:
    """Every row was staged twice, and dlt was left to deduplicate, so far as it does.

    Two staged copies of a root row have one row id, and with nested tables dlt picks root rows by row id.
    """
    (sql,) = merges(Path(pipeline.pipelines_dir))
    assert NUMBERING in sql
    assert count(pipeline, "things", staged=True) == 6
    if not nested:
        assert count(pipeline, "things") == 3
    else:
        assert count(pipeline, "things__tags", staged=True) == 12
        assert count(pipeline, "things__tags") == 6


def test_the_stored_schema_knows_nothing_of_it(tmp_path: Path) -> None:
    """Its version is the one that dlt alone stores."""
    hashes = []
    for alone in (False, True):
        folder = tmp_path / str(alone)
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            if alone:
                patch.setattr(SqlJobClientBase, FOLLOWUPS, upstream.original_followups)
            pipeline = dlt.pipeline(
                "same",
                destination=dlt.destinations.duckdb(str(folder / "x.duckdb")),
                pipelines_dir=str(folder),
            )
            for _ in range(2):
                pipeline.run(things(records(1, 2, 3), "merge"))
        assert [NUMBERING in sql for sql in merges(folder)] == [alone, alone]
        with pipeline.sql_client() as client:
            stored = client.execute_sql("SELECT schema, version_hash FROM _dlt_version")
        assert stored
        assert [row[1] for row in stored] == [pipeline.default_schema.version_hash]
        texts = [row[0] for row in stored] + [path.read_text() for path in folder.rglob("*schema*.json")]
        assert len(texts) > 2
        assert not any(HINT in text for text in texts)
        hashes.append(pipeline.default_schema.version_hash)
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("ids", [[1, 2, 3], [1, 2, 3, 3]])
def test_the_hint_of_a_config_still_counts(tmp_path: Path, ids: list[int]) -> None:
    pipeline = pipeline_in(tmp_path)
    resource = things(records(*ids), "merge")
    way: Any = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}
    resource.apply_hints(write_disposition=way)
    pipeline.run(resource)
    (sql,) = merges(tmp_path)
    assert NUMBERING not in sql
    assert count(pipeline, "things") == len(ids)


@pytest.mark.parametrize("disposition", ["append", "replace", "upsert", "insert-only", "scd2"])
def test_nothing_is_proven_where_nothing_is_deduplicated(tmp_path: Path, disposition: str) -> None:
    pipeline = pipeline_in(tmp_path, dlt.destinations.postgres("postgresql://nobody@localhost/none"))
    pipeline.extract(things(records(1, 2, 3), disposition, **PARQUET))
    assert unrepeated._proofs == {}


def test_a_proof_of_another_key(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.extract(things(records(1, 2, 3), "merge"))
    ((load, proof),) = unrepeated._proofs.items()
    unrepeated._proofs[load] = replace(proof, keys=proof.keys | {"n"})
    pipeline.normalize()
    pipeline.load()
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql


def test_a_destination_whose_texts_are_not_known_to_be_compared_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrepeated, "_DESTINATIONS", {"postgres"})
    pipeline_in(tmp_path).run(things(records(1, 2, 3), "merge"))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql


def test_a_proof_is_spent_by_the_load(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.extract(things(records(1, 2, 3), "merge"))
    assert len(unrepeated._proofs) == 1
    pipeline.normalize()
    pipeline.load()
    assert unrepeated._proofs == {}
    assert rows_of(pipeline, "things")


@pytest.fixture(autouse=True)
def _no_proofs() -> Iterator[None]:
    unrepeated._proofs.clear()
    yield
    unrepeated._proofs.clear()


keys = st.tuples(st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1), st.sampled_from(["", "a", "A", "a "]))


@given(st.lists(keys, max_size=12), st.booleans())
def test_repeats_as_a_set_would(rows: list[tuple[int, str]], in_order: bool) -> None:
    rows = sorted(rows) if in_order else rows
    table = pa.table(
        {"n": pa.array([row[0] for row in rows], pa.int64()), "t": [row[1] for row in rows]},
        schema=pa.schema({"n": pa.int64(), "t": pa.string()}),
    )
    assert unrepeated.repeats(table) == (len(set(rows)) < len(rows))
    for place, name in enumerate(table.column_names):
        assert unrepeated.repeats(table.select([name])) == (len({row[place] for row in rows}) < len(rows))
