"""What a killed run has left in dlt's working folder: whatever it is, the next run is not stuck with it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill import sync
from restmill.load.recovery import killed_runs
from restmill.run.receipt.receipt import Earlier
from tests.load.api import api, counts, of, resource, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.load.conftest import Serve


def things(*ids: int) -> Any:
    return dlt.resource([{"id": one} for one in ids], name="things", write_disposition="append")


@pytest.fixture
def pipeline(tmp_path: Path) -> dlt.Pipeline:
    into = dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    made = dlt.pipeline("kept", destination=into, dataset_name="kept_data", pipelines_dir=str(tmp_path))
    made.run(things(0))
    return made


def ids(pipeline: dlt.Pipeline) -> list[int]:
    with pipeline.sql_client() as client:
        return [row[0] for row in client.execute_sql("SELECT id FROM things ORDER BY id") or ()]


def folders(pipeline: dlt.Pipeline) -> set[str]:
    """What is in the folders of the steps, finished packages left out."""
    home = Path(pipeline.working_dir)
    found = [*home.glob("normalize/*"), *home.glob("normalize/extracted/*"), *home.glob("load/n*/*")]
    return {str(one.relative_to(home)) for one in found if one.name[0] != "."} - {"normalize/extracted"}


def normalized_twice(pipeline: dlt.Pipeline, home: Path) -> None:
    """Killed between the rename of the normalized package and the end of the extracted one."""
    pipeline.extract(things(1))
    (package,) = (home / "normalize" / "extracted").glob("*")
    copy = shutil.copytree(package, home / "copy")
    pipeline.normalize()
    copy.rename(package)


def half_of_the_extracted_gone(pipeline: dlt.Pipeline, home: Path) -> None:
    normalized_twice(pipeline, home)
    (package,) = (home / "normalize" / "extracted").glob("*")
    shutil.rmtree(package / "new_jobs")


def an_extract_that_never_committed(pipeline: dlt.Pipeline, home: Path) -> None:
    orphan = home / "normalize" / "0123456789abcdef" / "1.5" / "new_jobs"
    orphan.mkdir(parents=True)
    (orphan / "things.1.0.typed-jsonl").write_text("...")
    pipeline.extract(things(1))


def a_normalize_that_never_committed(pipeline: dlt.Pipeline, home: Path) -> None:
    pipeline.extract(things(1))
    (package,) = (home / "normalize" / "extracted").glob("*")
    shutil.copytree(package, home / "load" / "new" / package.name)


def a_rename_file_by_file(pipeline: dlt.Pipeline, home: Path) -> None:
    """As dlt does it when it may open no more files: both halves are incomplete."""
    a_normalize_that_never_committed(pipeline, home)
    (package,) = (home / "load" / "new").glob("*")
    shutil.copytree(package, home / "load" / "normalized" / package.name)


def marked_as_complete(pipeline: dlt.Pipeline, home: Path) -> None:
    pipeline.extract(things(1))
    pipeline.normalize()
    (package,) = (home / "load" / "normalized").glob("*")
    (package / "package_completed.json").write_text("loaded")


def unready_files(pipeline: dlt.Pipeline, home: Path) -> None:
    pipeline.extract(things(1))
    for folder in (home, home / "load" / "normalized"):
        (folder / "0123456789abcdef").write_text("{")


LEFT: tuple[Callable[[dlt.Pipeline, Path], None], ...] = (
    normalized_twice,
    half_of_the_extracted_gone,
    an_extract_that_never_committed,
    a_normalize_that_never_committed,
    a_rename_file_by_file,
    marked_as_complete,
    unready_files,
)


@pytest.mark.parametrize("leave", LEFT, ids=[one.__name__ for one in LEFT])
def test_what_is_left_is_put_right_and_loaded_once(
    leave: Callable[[dlt.Pipeline, Path], None], pipeline: dlt.Pipeline
) -> None:
    home = Path(pipeline.working_dir)
    leave(pipeline, home)
    killed_runs.recover(pipeline)
    pipeline.run()
    assert ids(pipeline) == [0, 1]
    assert folders(pipeline) == set()
    assert not list(home.glob("0*"))


def test_a_package_that_is_loaded_already_is_not_loaded_again(pipeline: dlt.Pipeline) -> None:
    home = Path(pipeline.working_dir)
    (package,) = (home / "load" / "loaded").glob("*")
    shutil.copytree(package, home / "load" / "normalized" / package.name)
    killed_runs.recover(pipeline)
    assert not pipeline.has_pending_data


def test_nothing_is_touched_where_nothing_was_killed(pipeline: dlt.Pipeline) -> None:
    pipeline.extract(things(1))
    before = folders(pipeline)
    killed_runs.recover(pipeline)
    assert folders(pipeline) == before != set()


def test_finished_packages_do_not_pile_up(pipeline: dlt.Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(killed_runs, "KEPT", 3)
    for one in range(1, 5):
        pipeline.run(things(one))
        killed_runs.tidy(pipeline)
    loaded = sorted(Path(pipeline.working_dir, "load", "loaded").glob("*"))
    assert len(loaded) == 3
    assert [any(one.glob("completed_jobs/*")) for one in loaded] == [False, False, True]


def test_packages_with_failed_jobs_are_kept(pipeline: dlt.Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(killed_runs, "KEPT", 1)
    (package,) = Path(pipeline.working_dir, "load", "loaded").glob("*")
    failed = package / "failed_jobs" / "things.1.0.jsonl"
    failed.write_text("{}")
    for one in (1, 2):
        pipeline.run(things(one))
        killed_runs.tidy(pipeline)
    assert failed.is_file()
    assert len(list(package.parent.glob("*"))) == 2


def extracted_by_a_killed_run(config: Any, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dlt.Pipeline, at, killed)
        with pytest.raises(KeyboardInterrupt):
            sync(config, pipeline_name="kept")


def test_the_next_run_says_what_it_has_loaded_for_an_earlier_one(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(rows=30)
    config = api(server.base_url, resource("users"), resource("projects", write_disposition="append"))
    extracted_by_a_killed_run(config, monkeypatch, "normalize")
    server.change(rows=31)
    receipt = sync(config, pipeline_name="kept")
    (earlier,) = receipt.earlier
    assert isinstance(earlier, Earlier)
    assert earlier.rows == {"users": 30, "projects": 30}
    assert str(earlier) == "loaded first, left by an earlier run: 30 of users, 30 of projects"
    assert of(receipt, "users").rows == 31
    assert counts(receipt, "users", "projects") == {"users": 31, "projects": 61}
    assert sync(config, pipeline_name="kept").earlier == ()


def test_a_partial_read_that_is_withheld_is_withheld_from_the_next_run_too(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(rows=30)
    config = api(
        server.base_url, resource("users", limit=10, write_disposition="replace"), resource("projects")
    )
    sync(config, pipeline_name="kept")
    server.change(dead_after=1)
    extracted_by_a_killed_run(config, monkeypatch, "normalize")
    receipt = sync(config, pipeline_name="kept")
    assert of(receipt, "users").withheld
    assert rows(receipt, "SELECT count(*) FROM users") == [(30,)]
