"""What the tests of merges share: records with keys, databases to merge into, and the SQL that dlt ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.common.storages import PackageStorage
from dlt.destinations.impl.duckdb.duck import DuckDbCopyJob
from dlt.extract import DltSource
from dlt.load.load import Load
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill.load.merge import distinct_keys, first_load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NUMBERING = "ROW_NUMBER()"
"""How dlt finds keys that come twice."""
PARQUET = {"file_format": "parquet"}
Record = dict[str, Any]


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


def by_rows_elsewhere(ids: Sequence[int]) -> Any:
    """A resource of dlt's own that writes the same table row by row."""
    return dlt.resource(
        flat(*ids), name="others", table_name="things", primary_key="id", write_disposition="merge"
    )


def steps(*parts: list[Any]) -> list[DltSource]:
    """Sources that are extracted one after the other into one package."""
    schema = dlt.Schema("shared")
    return [DltSource(schema, "tests", part) for part in parts]


@pytest.fixture(params=["duckdb", "postgres"])
def destination(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A database that takes Parquet files."""
    if request.param == "duckdb":
        return dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    pytest.importorskip("adbc_driver_postgresql", reason="PostgreSQL takes Parquet files through ADBC only")
    return dlt.destinations.postgres(request.getfixturevalue("postgres_dsn"))


@pytest.fixture(autouse=True)
def _no_proofs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No proof of another test; and first loads are merges, too."""
    monkeypatch.setattr(first_load, "_beginning", lambda *_: frozenset())
    distinct_keys._proofs.clear()
    yield
    distinct_keys._proofs.clear()


def lose_answers(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Let DuckDB commit the first file of each table and report it as failed; the tables, as they come."""
    original, failed = DuckDbCopyJob.run, set[str]()

    def committed_then_failed(self: DuckDbCopyJob) -> None:
        original(self)
        if self.load_table_name not in failed:
            failed.add(self.load_table_name)
            raise OSError("the answer was lost")

    monkeypatch.setattr(DuckDbCopyJob, "run", committed_then_failed)
    return failed


def interrupt(pipeline: dlt.Pipeline, only: tuple[str, ...] = ()) -> None:
    """End a load when all files are written and dlt has noted those of other tables than `only`, if any."""
    note = PackageStorage.save_pending_transition

    def interrupted(self: Load, load_id: str, jobs: Any, schema: Any) -> Any:
        if jobs and all(job.state() == "completed" for job in jobs):
            raise KeyboardInterrupt
        return jobs, [], None

    def noted(self: PackageStorage, load_id: str, file_name: str, *args: Any) -> None:
        if only and file_name.split(".", maxsplit=1)[0] not in only:
            note(self, load_id, file_name, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Load, "complete_jobs", interrupted)
        patch.setattr(PackageStorage, "save_pending_transition", noted)
        with pytest.raises(PipelineStepFailed) as failed:
            pipeline.load()
    assert isinstance(failed.value.__cause__, KeyboardInterrupt)
