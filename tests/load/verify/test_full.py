"""Verify: what is missing, extra and changed in the tables, found by reading again; nothing is written."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill import rest_api_source, sync
from restmill.errors import ConfigError, DestinationError
from restmill.load.prepare.plans import plan_of_mapping
from restmill.load.verify.full import Compared, Comparison, Target, verify
from tests.load.api import api, child, resource
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from restmill.path import Json
    from tests.load.conftest import Serve


def check(config: dict[str, Any], *names: str, name: str = "shelf", **more: Any) -> Comparison:
    """The comparison with the tables of pipeline `name`."""
    target = Target(name, more.pop("destination", None))
    return verify(plan_of_mapping(config, "isolate"), target, names, **more)


def only(comparison: Comparison) -> Compared:
    (found,) = comparison.resources
    return found


def counts(found: Compared) -> tuple[int, int, int, int, int]:
    one = found.difference
    assert one is not None
    return one.here, one.there, one.missing, one.extra, one.changed


def test_equal_after_a_run_whatever_the_data_hold(serve: Serve) -> None:
    config = api(
        serve(rows=60).base_url,
        resource("projects"),
        resource("configurations"),
        resource("resource"),
        resource("feature_flags", selector="items"),
        child(),
    )
    sync(config, pipeline_name="shelf")
    found = check(config)
    assert [(one.resource, one.equal) for one in found.resources] == [
        (name, True) for name in ("projects", "configurations", "resource", "feature_flags", "tasks")
    ]
    assert found.exit_code == 0


def test_missing_extra_and_changed_rows_are_told_by_key() -> None:
    shelf = Shelf(users=records(20))
    config = shelf.config("users")
    sync(config, pipeline_name="shelf")
    shelf.lists["/users"] = [*records(17, first=3), *records(1, first=50)]
    shelf.lists["/users"][0] = {"id": 3, "name": "other", "new": 1}  # type: ignore[index]
    found = check(config)
    users = only(found)
    assert counts(users) == (18, 20, 1, 3, 1)
    assert users.difference is not None
    assert users.difference.first == {
        "missing": ({"id": 50},),
        "extra": ({"id": 1}, {"id": 2}, {"id": 20}),
        "changed": ({"id": 3},),
    }
    assert users.difference.columns == {"name": 1, "new": 1}
    assert (users.equal, found.exit_code) == (False, 3)


def test_columns_that_change_at_every_read_can_be_left_out() -> None:
    shelf = Shelf(users=records(5, seen=1, tags=[{"at": 1, "b": 2}]))
    config = shelf.config("users")
    sync(config, pipeline_name="shelf")
    shelf.lists["/users"] = records(5, seen=2, tags=[{"at": 2, "b": 2}])
    assert only(check(config)).difference.columns == {"seen": 5, "users__tags": 5}  # type: ignore[union-attr]
    assert check(config, ignored=["seen", "users__tags.at"]).exit_code == 0
    assert check(config, ignored=["seen", "at"]).exit_code == 0


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ([{"a": 1}, {"a": 2}], [{"a": 1}], True),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}], True),
        ([{"a": [1, 2]}], [{"a": [1, 3]}], True),
        ([{"a": 1}], [], True),
        ([], [], False),
        ([{"a": None}], [{"a": None}], False),
    ],
)
def test_nested_rows_are_their_root_rows_content(before: Json, after: Json, changed: bool) -> None:
    shelf = Shelf(users=records(3, parts=before))
    config = shelf.config("users")
    sync(config, pipeline_name="shelf")
    shelf.lists["/users"] = [*records(2, parts=before), *records(1, first=3, parts=after)]
    users = only(check(config))
    assert counts(users) == (3, 3, 0, 0, int(changed))


def test_the_order_of_lists_can_be_left_out() -> None:
    shelf = Shelf(users=records(3, parts=[1, 2]))
    config = shelf.config("users")
    sync(config, pipeline_name="shelf")
    shelf.lists["/users"] = records(3, parts=[2, 1])
    assert check(config).exit_code == 3
    assert check(config, ignored=["_dlt_list_idx"]).exit_code == 0


def test_rows_that_are_marked_as_deleted_are_not_extra() -> None:
    shelf = Shelf(users=records(10))
    config = shelf.config("users", delete_missing="soft")
    sync(config, pipeline_name="shelf")
    shelf.lists["/users"] = records(9)
    assert counts(only(check(config))) == (9, 10, 0, 1, 0)
    sync(config, pipeline_name="shelf")
    assert counts(only(check(config))) == (9, 9, 0, 0, 0)


def test_a_read_that_is_not_complete_calls_nothing_extra() -> None:
    shelf = Shelf(users=records(25))
    config = shelf.config("users")
    sync(config, pipeline_name="shelf")
    config["resource_defaults"]["endpoint"]["paginator"]["maximum_offset"] = 10
    found = check(config)
    users = only(found)
    assert (users.verdict, counts(users), found.exit_code) == ("partial", (10, 25, 0, 0, 0), 3)
    assert "15 rows of the table did not come" in users.notes[0]


def test_an_api_that_fails() -> None:
    shelf = Shelf(users=400)
    assert check(shelf.config("users")).exit_code == 4


def test_tables_that_were_never_loaded_have_everything_missing() -> None:
    shelf = Shelf(users=records(3))
    assert counts(only(check(shelf.config("users")))) == (3, 0, 3, 0, 0)
    assert not Path("shelf.duckdb").exists()


def test_nothing_is_written_and_no_cursor_moves() -> None:
    shelf = Shelf(users=records(10, at="2026-01-01T00:00:00Z"))
    config = shelf.config("users")
    config["resource_defaults"]["endpoint"]["incremental"] = {"cursor_path": "at", "start_param": "since"}
    receipt = sync(config, pipeline_name="shelf")

    def prints() -> dict[str, str]:
        known = [Path(receipt.location), *Path.cwd().rglob("dlt/pipelines/shelf/**/*")]
        return {str(one): hashlib.sha256(one.read_bytes()).hexdigest() for one in known if one.is_file()}

    before = prints()
    shelf.lists["/users"] = records(12, at="2026-02-01T00:00:00Z")
    assert counts(only(check(config))) == (12, 10, 2, 0, 10)
    assert len(before) > 3
    assert prints() == before


def test_a_resource_without_a_key_is_compared_by_content() -> None:
    shelf = Shelf(users=records(5, tags=["a"]))
    config = shelf.config("users", primary_key=None, write_disposition="append")
    sync(config, pipeline_name="shelf")
    shelf.lists["/users"] = [{"id": 1, "name": "other"}, *records(4, first=2)]
    users = only(check(config))
    assert counts(users) == (5, 5, 1, 1, 0)
    assert users.difference is not None
    assert users.difference.first == {}
    assert "no primary key" in users.notes[0]


def test_of_appended_rows_the_newest_counts() -> None:
    shelf = Shelf(users=records(5, parts=[1]))
    config = shelf.config("users", write_disposition="append")
    sync(config, pipeline_name="shelf")
    shelf.lists["/users"] = [{"id": 1, "name": "new", "parts": []}, *records(4, first=2, parts=[1])]
    sync(config, pipeline_name="shelf")
    users = only(check(config))
    assert counts(users) == (5, 10, 0, 0, 0)
    assert "5 older rows with the same key are left out" in users.notes[0]


def test_rows_of_another_pipeline_are_not_extra() -> None:
    file = dlt.destinations.duckdb("both.duckdb")
    ours, theirs = Shelf(users=records(5)), Shelf(users=records(5, first=100))
    sync(ours.config("users"), pipeline_name="ours", destination=file)
    sync(theirs.config("users"), pipeline_name="theirs", destination=file)
    found = check(ours.config("users"), name="ours", destination=file)
    assert counts(only(found)) == (5, 5, 0, 0, 0)


def test_retired_rows_are_not_extra() -> None:
    shelf = Shelf(users=records(5))
    config = shelf.config("users", write_disposition={"disposition": "merge", "strategy": "scd2"})
    sync(config, pipeline_name="shelf")
    shelf.lists["/users"] = [{"id": 1, "name": "new"}, *records(3, first=2)]
    sync(config, pipeline_name="shelf")
    assert counts(only(check(config))) == (4, 4, 0, 0, 0)


def test_only_named_resources_are_read_and_foreign_ones_never() -> None:
    shelf = Shelf(users=records(5), teams=records(5))
    own = dlt.resource([{"id": 1}], name="own")
    config = shelf.config("users", "teams", own)
    sync(config, pipeline_name="shelf")
    shelf.asked.clear()
    assert [one.resource for one in check(config, "teams").resources] == ["teams"]
    assert set(shelf.asked) == {"/teams"}
    found = check(config)
    assert [(one.resource, one.difference is None) for one in found.resources] == [
        ("users", False),
        ("teams", False),
        ("own", True),
    ]
    assert found.exit_code == 0


def test_a_destination_without_sql_and_one_that_is_away(tmp_path: Path) -> None:
    config = Shelf(users=records(5)).config("users")
    with pytest.raises(ConfigError, match="SQL destinations only"):
        check(config, destination=dlt.destinations.filesystem(str(tmp_path)))
    pytest.importorskip("psycopg2", reason="the postgres extra is not installed")
    with pytest.raises(DestinationError, match="could not be read"):
        check(config, destination=dlt.destinations.postgres("postgresql://a:b@127.0.0.1:1/c"))


def test_postgres_is_compared_by_content_and_not_by_its_ways(postgres_dsn: str, serve: Serve) -> None:
    server = serve(rows=60)
    config = api(
        server.base_url,
        resource("configurations", columns={"settings": {"data_type": "json"}}),
        resource("resource"),
        resource("projects", delete_missing="soft"),
        resource("feature_flags", selector="items", max_table_nesting=0),
        child(),
    )
    there = dlt.destinations.postgres(postgres_dsn)
    receipt = sync(config, pipeline_name="verified", destination=there)
    found = check(config, name="verified", destination=there)
    assert [(one.resource, one.difference) for one in found.resources if not one.equal] == []
    assert sum(one.difference.there for one in found.resources if one.difference) == sum(
        one.rows for one in receipt.resources
    )
    server.change(rows=58)
    changed = {
        one.resource: counts(one) for one in check(config, name="verified", destination=there).resources
    }
    assert changed["projects"] == (58, 60, 0, 2, 0)


def test_tables_of_a_script_of_ones_own() -> None:
    shelf = Shelf(users=records(5))
    config = shelf.config("users")
    dlt.pipeline("script", destination="duckdb", dataset_name="shelf_data").run(rest_api_source(config))
    shelf.lists["/users"] = records(4)
    assert counts(only(check(config, name="script"))) == (4, 5, 0, 1, 0)


@pytest.mark.parametrize("first", [1, 1.5, "one", [1, 2], {"a": 1}, None])
@pytest.mark.parametrize("then", [2, 2.5, "two", "2026-01-01", [3], {"b": 2}])
def test_values_of_any_type_after_any_other_are_equal_once_loaded(first: Json, then: Json) -> None:
    shelf = Shelf(users=[{"id": 1, "value": first}])
    config = shelf.config("users")
    sync(config, pipeline_name="shelf")
    shelf.lists["/users"] = [{"id": 1, "value": then}, {"id": 2, "value": first}]
    sync(config, pipeline_name="shelf")
    assert only(check(config)).equal


def test_every_type_of_dlt_reads_the_same_from_postgres_and_the_api(postgres_dsn: str) -> None:
    values = {
        "text": "ä\u0001x",
        "double": 0.1,
        "bool": True,
        "timestamp": "2026-03-29T02:30:00.123456+02:00",
        "bigint": 2**63 - 1,
        "binary": "aGVsbG8=",
        "json": {"b": [1, {"z": None, "a": 1.0}], "a": "ü"},
        "decimal": "12345678.123456789",
        "wei": "123456789012345678901234567890",
        "date": "2026-01-31",
        "time": "23:59:59.5",
    }
    empty = dict.fromkeys(values)
    shelf = Shelf(users=[{"id": 1, **values}, {"id": 2, **empty}])
    columns = {name: {"data_type": name} for name in values}
    columns["naive"] = {"data_type": "timestamp", "timezone": False}  # type: ignore[dict-item]
    for number, record in enumerate(shelf.lists["/users"]):  # type: ignore[arg-type]
        record["naive"] = f"2026-01-01T00:00:0{number}"
    config = shelf.config("users", columns=columns)
    there = dlt.destinations.postgres(postgres_dsn)
    sync(config, pipeline_name="types", destination=there)
    found = only(check(config, name="types", destination=there))
    assert found.difference is not None
    assert (counts(found), dict(found.difference.columns)) == ((2, 2, 0, 0, 0), {})


def test_names_that_postgres_cuts_short_are_found_again(postgres_dsn: str) -> None:
    long = "a_name_that_is_much_longer_than_the_sixty_three_characters_of_postgres"
    shelf = Shelf(users=[{"id": 1, long: 1, f"{long}_too": [{long: 2, f"{long}_again": 3}]}])
    config = shelf.config("users")
    there = dlt.destinations.postgres(postgres_dsn)
    sync(config, pipeline_name="names", destination=there)
    assert only(check(config, name="names", destination=there)).equal
