"""Files that are tried again when they may be staged already: they are staged once, and nothing doubles.

What was proven of them holds for one attempt; after another one dlt deduplicates, which costs time, no row.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dlt.common.storages import PackageStorage
from dlt.destinations.exceptions import DatabaseTerminalException
from dlt.destinations.impl.duckdb.duck import DuckDbCopyJob
from dlt.destinations.insert_job_client import InsertValuesLoadJob

from restmill.load.merge import distinct_keys
from tests.load.columnar.test_columnar import things
from tests.load.merge.merges import (
    NUMBERING,
    PARQUET,
    _no_proofs,
    by_rows_elsewhere,
    count,
    destination,
    flat,
    interrupt,
    lose_answers,
    merges,
    pipeline_in,
    records,
    steps,
)

if TYPE_CHECKING:
    import dlt

__all__ = ["_no_proofs", "destination"]


def test_a_file_that_is_staged_twice_because_it_was_tried_again(
    tmp_path: Path, nested: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_answers(monkeypatch)
    pipeline = pipeline_in(tmp_path)
    pipeline.run(three(nested))
    assert_merged_once(pipeline, nested)


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
    assert_merged_once(pipeline, nested)


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
    assert_merged_once(pipeline, nested)


def test_a_load_that_was_killed_elsewhere_and_goes_on_where_the_rows_were_extracted(
    tmp_path: Path, destination: Any, nested: bool
) -> None:
    """The proof is still there, as it would be in a process that has not tried to load; it holds."""
    pipeline = pipeline_in(tmp_path, destination)
    pipeline.extract(three(nested))
    pipeline.normalize()
    proofs = dict(distinct_keys._proofs)
    assert len(proofs) == 1
    interrupt(pipeline)
    distinct_keys._proofs.update(proofs)
    pipeline.load()
    assert_merged_once(pipeline, nested)


@pytest.fixture(params=[False, True], ids=["flat", "nested"])
def nested(request: pytest.FixtureRequest) -> bool:
    """Whether records have nested rows."""
    return bool(request.param)


def three(nested: bool) -> Any:
    """A resource of three records."""
    return things((records if nested else flat)(1, 2, 3), "merge", **PARQUET)


KILLED = """
import os, sys, threading
from pathlib import Path
from dlt.destinations.exceptions import DatabaseTerminalException
from dlt.destinations.impl.duckdb.duck import DuckDbCopyJob
from dlt.destinations.insert_job_client import InsertValuesLoadJob
from dlt.destinations.job_client_impl import SqlJobClientBase
from restmill.load.merge import first_load
from tests.load.merge.merges import pipeline_in
from tests.load.merge.test_staged_twice import three

first_load._beginning = lambda *_: frozenset()

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


def assert_merged_once(pipeline: dlt.Pipeline, nested: bool) -> None:
    """Every row was staged once and merged.

    Until rows of a file in doubt were taken out, this said that every row was staged twice, which left dlt to
    deduplicate so far as it does: not root rows that have nested ones, which it picks by their row ids.
    """
    assert len(merges(Path(pipeline.pipelines_dir))) == 1
    assert count(pipeline, "things", staged=True) == count(pipeline, "things") == 3
    if nested:
        assert count(pipeline, "things__tags", staged=True) == count(pipeline, "things__tags") == 6
