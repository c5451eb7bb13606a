"""Where vanished rows can be deleted, where not, and that nothing is sent where it cannot be."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill import rest_api_source, sync
from restmill.errors import ConfigError
from restmill.events import Noted
from restmill.run.observers import watching
from restmill.testing import Recorder
from tests.load.api import of
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from pathlib import Path

    from restmill.path import Json

psycopg2 = pytest.importorskip("psycopg2", reason="the postgres extra is not installed")


def query(dsn: str, text: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(text)
            return list(cursor.fetchall())
    finally:
        connection.close()


@pytest.mark.parametrize("strategy", ["delete-insert", "upsert"])
@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_postgres(postgres_dsn: str, mode: str, strategy: str) -> None:
    dataset = f"missing_{mode}_{strategy[:6]}"
    shelf = Shelf(teams=records(3))
    emails = [{"address": "a"}, {"address": "b"}]
    shelf.lists |= {f"/teams/{team}/users": records(10, 100 * team, emails=emails) for team in (1, 2, 3)}
    users = {"name": "users", "endpoint": "teams/{resources.teams.id}/users", "include_from_parent": ["id"]}
    users |= {"primary_key": ["id", "_teams_id"]}
    merge = {"disposition": "merge", "strategy": strategy}
    config = shelf.config("teams", users, delete_missing={"mode": mode}, write_disposition=merge)

    def load(deleted: int) -> None:
        destination = dlt.destinations.postgres(postgres_dsn)
        receipt = sync(config, pipeline_name=dataset, dataset_name=dataset, destination=destination)
        assert of(receipt, "users").deleted == deleted

    load(0)
    shelf.lists |= {"/teams/1/users": records(9, 100, emails=emails), "/teams/2/users": 400}
    load(1)
    condition = "_restmill_deleted_at IS NULL" if mode == "soft" else "true"
    live = f"SELECT count(*) FROM {dataset}.users WHERE {condition}"  # noqa: S608  # names of this test
    assert query(postgres_dsn, live) == [(29,)]
    nested = 58 if mode == "hard" else 60
    assert query(postgres_dsn, f"SELECT count(*) FROM {dataset}.users__emails") == [(nested,)]  # noqa: S608
    shelf.lists["/teams/1/users"] = records(10, 100, emails=emails)
    load(0)
    assert query(postgres_dsn, live) == [(30,)]


def test_two_pipelines_in_one_postgres_dataset(postgres_dsn: str) -> None:
    first, second = Shelf(users=records(10)), Shelf(users=records(10, first=101))
    for shelf, name in ((first, "one"), (second, "two")):
        shelf.lists["/users"] = records(10, first=1 if name == "one" else 101)
        destination = dlt.destinations.postgres(postgres_dsn)
        config = shelf.config("users", delete_missing="hard")
        sync(config, pipeline_name=name, dataset_name="shared_by_two", destination=destination)
    first.lists["/users"] = records(9)
    config = first.config("users", delete_missing="hard")
    destination = dlt.destinations.postgres(postgres_dsn)
    sync(config, pipeline_name="one", dataset_name="shared_by_two", destination=destination)
    assert query(postgres_dsn, "SELECT count(*), max(id) FROM shared_by_two.users") == [(19, 110)]


def test_a_destination_without_sql_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    shelf = Shelf(users=records(3))
    config = shelf.config("users", delete_missing="hard")
    with pytest.raises(ConfigError) as caught:
        sync(config, pipeline_name="files", destination=dlt.destinations.filesystem(str(tmp_path)))
    (problem,) = caught.value.problems
    assert (problem.place.path, problem.got) == ("pipeline.destination", "filesystem")
    assert shelf.asked == []
    assert sync(shelf.config("users"), pipeline_name="fine").exit_code == 0


@pytest.mark.parametrize("second", ["Users", "own"])
def test_a_table_that_two_resources_share_is_refused(second: str) -> None:
    shelf = Shelf(users=records(3))
    own = dlt.resource([{"id": 1}], name="own", table_name="users")
    config = shelf.config(
        {"name": "users", "delete_missing": "hard"}, own if second == "own" else {"name": "Users"}
    )
    with pytest.raises(ConfigError, match="another resource loads into the table `users`"):
        sync(config, pipeline_name="shared")
    assert shelf.asked == []


def test_a_pipeline_of_ones_own_is_told_that_nothing_will_be_deleted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shelf, seen = Shelf(users=records(3)), Recorder()
    with watching(seen), caplog.at_level(logging.WARNING, "restmill"):
        source = rest_api_source(shelf.config("users", delete_missing="soft"))
    assert [(event.resource, "does nothing" in event.text) for event in seen.of(Noted)] == [("users", True)]  # type: ignore[attr-defined]
    assert "`restmill run` and `restmill.sync` delete" in caplog.text
    pipeline = dlt.pipeline("plain", destination="duckdb", dataset_name="plain_data")
    pipeline.run(source)
    with pipeline.sql_client() as client:
        found = client.execute_sql("SELECT count(*), count(_restmill_deleted_at) FROM users")
    assert found == [(3, 0)]


def test_a_column_model_and_a_mark_go_together() -> None:
    columns: Json = [{"name": "name", "data_type": "text", "precision": 20}]
    shelf = Shelf(users=records(10))
    config = shelf.config("users", delete_missing="soft", columns=columns)
    sync(config, pipeline_name="columns")
    shelf.lists["/users"] = records(9)
    assert of(sync(config, pipeline_name="columns"), "users").deleted == 1
