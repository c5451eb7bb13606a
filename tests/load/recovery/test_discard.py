"""`restmill discard`: what was read and not loaded goes at the user's word, and the next run is exact."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.load.load import Load

from restmill import sync
from restmill.cli.main import main
from restmill.errors import RestmillError
from restmill.load.prepare.plans import plan_of_mapping
from restmill.load.source import source_of
from restmill.load.sync.discard import discard
from restmill.load.sync.run import pipeline_of
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from pathlib import Path

    from restmill.load.sync.discard import Waiting
    from restmill.load.sync.run import Where
    from restmill.run.receipt.receipt import Receipt

NAME = "let_go"
CURSOR = {"cursor_path": "at", "initial_value": "2000-01-01"}
RESOURCES = (
    {"name": "things", "endpoint": {"path": "/things", "incremental": CURSOR}},
    {"name": "others", "endpoint": "/others", "write_disposition": "append"},
)
YAML = f"""
client: {{base_url: http://shelf.test}}
pipeline: {{name: {NAME}, dataset_name: DATASET, destination: DESTINATION}}
resources: [things, others]
"""


@pytest.fixture(params=["duckdb", "postgres"])
def target(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Where:
    """Where the rows go; the command finds the credentials where dlt does."""
    destination: Any = request.param
    if destination == "postgres":
        dsn = request.getfixturevalue("postgres_dsn")
        monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", dsn)
        destination = dlt.destinations.postgres(dsn)
    dataset = f"d_{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"  # tests share a server
    return {"destination": destination, "pipeline_name": NAME, "dataset_name": dataset}


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(things=records(25, at="2024-01-01"), others=records(5))


@pytest.fixture
def file(tmp_path: Path, target: Where) -> str:
    kind = target["destination"] if isinstance(target["destination"], str) else "postgres"
    path = tmp_path / "config.yaml"
    path.write_text(YAML.replace("DESTINATION", kind).replace("DATASET", str(target["dataset_name"])))
    return str(path)


def run(shelf: Shelf, target: Where) -> Receipt:
    return sync(shelf.config(*RESOURCES, write_disposition="append"), **target)


def away(*_: object, **__: object) -> None:
    """A destination that cannot be reached."""
    raise ConnectionError("refused")


def leave(shelf: Shelf, target: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that finds its destination away."""
    with monkeypatch.context() as patched:
        patched.setattr(SqlJobClientBase, "initialize_storage", away)
        with pytest.raises(RestmillError):
            run(shelf, target)
    assert pending()


def pending() -> bool:
    return bool(dlt.attach(NAME).has_pending_data)


def exact(target: Where, things: int = 25, others: int = 5) -> bool:
    """Whether each row is there once."""
    pipeline = dlt.attach(NAME, destination=target["destination"], dataset_name=str(target["dataset_name"]))
    with pipeline.sql_client() as client:
        found = [
            client.execute_sql(f"SELECT count(*), count(DISTINCT id) FROM {table}")  # noqa: S608
            for table in ("things", "others")
        ]
    return [tuple(one[0]) for one in found if one] == [(things, things), (others, others)]


def test_with_nothing_there_nothing_is_asked(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discard", file]) == 0
    assert capsys.readouterr().out.strip() == "nothing was let go"


def test_at_a_pipe_nothing_goes_without_yes(
    file: str,
    shelf: Shelf,
    target: Where,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    leave(shelf, target, monkeypatch)
    assert main(["discard", file]) == 2
    shown = capsys.readouterr()
    assert "others (1 file), things (1 file)" in shown.out
    assert "say --yes" in shown.err
    assert pending()
    assert main(["discard", file, "--yes"]) == 0
    assert "let go; the next run reads it again" in capsys.readouterr().out
    assert not pending()
    assert run(shelf, target).verdict == "complete"
    assert exact(target)


def test_as_json(
    file: str,
    shelf: Shelf,
    target: Where,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    leave(shelf, target, monkeypatch)
    capsys.readouterr()
    assert main(["discard", file, "--json", "--yes"]) == 0
    (gone,) = json.loads(capsys.readouterr().out)["discarded"]
    assert gone["tables"] == {"others": 1, "things": 1}
    assert gone["loaded"] == []


def test_whoever_says_no_keeps_it(shelf: Shelf, target: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(shelf, target, monkeypatch)
    plan = plan_of_mapping(shelf.config(*RESOURCES))
    assert discard(plan, lambda _: False, **target) == ()
    assert pending()
    assert run(shelf, target).verdict == "complete"


@pytest.mark.parametrize("text", ["resources: [", "client: {base_url: http://x.test}\nresource: []\n"])
def test_a_wrong_config_lets_go_of_nothing(
    text: str, tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(shelf, {"destination": "duckdb", "pipeline_name": NAME, "dataset_name": "d"}, monkeypatch)
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    assert main(["discard", str(path), "--yes"]) == 2
    assert pending()


def test_of_another_pipeline_nothing_goes(
    file: str, shelf: Shelf, target: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(shelf, target, monkeypatch)
    assert main(["discard", file, "--yes", "--pipeline", "another"]) == 0
    assert pending()


def test_several_packages_go_and_the_cursor_is_where_it_was_before_the_first(
    shelf: Shelf, target: Where
) -> None:
    """A script may extract twice before it loads."""
    plan = plan_of_mapping(shelf.config(*RESOURCES, write_disposition="append"), "isolate")
    run(shelf, target)
    pipeline = pipeline_of(plan, **target)
    for first in (26, 51):
        added = records(25, first, at=f"2024-02-{first:02}"[:10] if first < 30 else "2024-03-01")
        shelf.lists["/things"] = [*shelf.lists["/things"], *added]  # type: ignore[misc]
        pipeline.extract(source_of(plan, NAME))
    shown: list[Waiting] = []
    assert len(discard(plan, lambda found: not shown.extend(found), **target)) == 2  # type: ignore[func-returns-value]
    assert [set(one.tables) for one in shown] == [{"things", "others"}] * 2
    shelf.lists["/others"] = []
    assert run(shelf, target).verdict == "complete"
    assert exact(target, things=75)


def test_what_was_loaded_in_part_goes_out_again(
    file: str, shelf: Shelf, target: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One table is in the destination already, the other never got there."""
    submit = Load.submit_job

    def only_others(self: Any, file_path: str, *more: Any, **named: Any) -> Any:
        if "things" in file_path:
            raise ConnectionError("gone")
        return submit(self, file_path, *more, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Load, "submit_job", only_others)
        with pytest.raises(RestmillError):
            run(shelf, target)
    assert pending()
    assert main(["discard", file, "--yes"]) == 0
    assert not pending()
    assert run(shelf, target).verdict == "complete"
    assert exact(target)
