"""`rest_api_source` and its kin: dlt's arguments, dlt's sources, and what one does to them afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.extract.exceptions import ResourceExtractionError

from restmill import rest_api, rest_api_resources, rest_api_source, sync
from restmill.errors import ConfigError
from restmill.load.prepare.plans import plan_of_mapping
from restmill.load.source import source_of
from tests.load.api import api, child, columns, counts, of, resource, rows, tables, wait_for_the_engine
from tests.load.conftest import cause_of

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.receipt.receipt import Receipt
    from tests.load.conftest import Serve


def load(source: Any, name: str = "own") -> Receipt:
    """Run a source through a pipeline of one's own; only what the tests look at is in the receipt."""
    from restmill.load.sync.run import location_of  # noqa: PLC0415
    from restmill.run.receipt.receipt import Receipt  # noqa: PLC0415

    pipeline = dlt.pipeline(name, destination="duckdb", dataset_name="api_data")
    pipeline.run(source)
    return Receipt(name, "duckdb", "api_data", "", 0.0, (), location_of(pipeline))


def test_names_sections_and_hints_are_those_of_dlt(serve: Serve) -> None:
    config = api(serve(rows=3).base_url, resource("projects"))
    plain = rest_api_source(config)
    assert (plain.name, plain.section, plain.schema.name) == ("rest_api", "rest_api", "rest_api")
    named = rest_api_source(config, name="vendor", section="vendors", max_table_nesting=1, root_key=True)
    assert (named.name, named.section, named.schema.name) == ("vendor", "vendors", "vendor")
    assert (named.max_table_nesting, named.root_key) == (1, True)
    assert named.resources["projects"].write_disposition == "merge"


def test_max_table_nesting_and_root_key_shape_the_tables(serve: Serve) -> None:
    config = api(serve(rows=12).base_url, resource("feature_flags", selector="items"))
    deep = load(rest_api_source(config, name="deep", root_key=True), "deep")
    assert "feature_flags__environments__strategies" in tables(deep)
    query = "SELECT count(DISTINCT _dlt_root_id) FROM feature_flags__environments"
    assert rows(deep, query) == [(12,)]
    flat = load(rest_api_source(config, name="flat", max_table_nesting=0), "flat")
    assert tables(flat) == {"feature_flags"}
    assert columns(flat, "feature_flags")["environments"] == "JSON"


def test_a_frozen_schema_refuses_new_columns(serve: Serve) -> None:
    config = api(serve(rows=3).base_url, resource("users"))
    frozen = rest_api_source(config, schema_contract={"tables": "evolve", "columns": "discard_value"})
    assert frozen.schema_contract == {"tables": "evolve", "columns": "discard_value"}
    config["resources"][0]["columns"] = [{"name": "id", "data_type": "bigint"}]
    receipt = load(rest_api_source(config, schema_contract="evolve"))
    assert {"id", "email"} <= set(columns(receipt, "users"))


def test_the_bare_resources(serve: Serve) -> None:
    made = rest_api_resources(api(serve(rows=3).base_url, resource("users"), resource("projects"), child()))
    assert [one.name for one in made] == ["users", "projects", "tasks"]
    assert len(list(made[0])) == 3


def test_steps_run_in_order_and_later_ones_of_dlt_after_them(serve: Serve) -> None:
    users = resource(
        "users",
        processing_steps=[
            {"filter": lambda user: user["id"] > 2},
            {"map": lambda user: {**user, "id": user["id"] * 10}},
            {"filter": lambda user: user["id"] < 60},
            {"yield_map": lambda user: ({**user, "copy": copy} for copy in (1, 2))},
        ],
    )
    source = rest_api_source(api(serve(rows=9).base_url, users))
    source.users.add_map(lambda user: {"id": user["id"], "copy": user["copy"]})
    assert list(source.users) == [{"id": i, "copy": c} for i in (30, 40, 50) for c in (1, 2)]


def test_renaming_comes_before_steps_keys_and_columns(serve: Serve) -> None:
    seen: list[Json] = []

    def look(user: Json) -> Json:
        seen.append(user["user_key"])
        return user

    users = resource(
        "users",
        rename={"id": "user_key", "preferences.theme.dark": "dark"},
        primary_key="user_key",
        columns={"user_key": {"data_type": "text"}},
        processing_steps=[{"map": look}],
    )
    config = api(serve(rows=5).base_url, users)
    receipt = sync(config, pipeline_name="renamed")
    again = sync(config, pipeline_name="renamed")
    assert seen == [1, 2, 3, 4, 5] * 2
    assert counts(again, "users") == {"users": 5}
    found = columns(receipt, "users")
    assert (found["user_key"], found["dark"]) == ("VARCHAR", "BOOLEAN")
    assert not {"id", "preferences__theme__dark"} & set(found)
    assert "preferences__language" in found


def test_a_ready_resource_of_dlt_among_the_others(serve: Serve) -> None:
    @dlt.resource(name="chosen", primary_key="id", write_disposition="merge")
    def chosen() -> Any:
        yield [{"id": 2}, {"id": 1}]

    tasks = child(parent="chosen")
    config = api(serve(rows=5).base_url, chosen, resource("users"), tasks)
    receipt = sync(config, pipeline_name="mixed")
    assert counts(receipt, "chosen", "users") == {"chosen": 2, "users": 5}
    assert {row[0] for row in rows(receipt, "SELECT DISTINCT project_id FROM tasks")} == {1}
    assert [one.resource for one in receipt.resources] == ["users", "tasks"]
    assert receipt.verdict == "complete"
    assert of(receipt, "tasks").reads == 2


def test_the_whole_config_from_the_environment(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(rows=5)
    config = api(server.base_url, resource("users"))
    for key in ("client", "resources", "resource_defaults"):
        monkeypatch.setenv(f"SOURCES__REST_API__{key.upper()}", json.dumps(config[key]))
    assert len(list(rest_api().users)) == 5


def test_mistakes_are_our_own_errors_before_anything_runs() -> None:
    with pytest.raises(ConfigError) as caught:
        rest_api_source(
            {
                "client": {"base_url": "http://127.0.0.1"},
                "resources": [{"nam": "x"}, {"name": "y", "endpoint": {"pth": "z"}}],
            }
        )
    assert len(caught.value.problems) > 1


def test_a_failing_step_stays_its_own_error(serve: Serve) -> None:
    def broken(user: Json) -> Json:
        raise LookupError(user["id"])

    config = api(serve(rows=3).base_url, resource("users", processing_steps=[{"map": broken}]))
    with pytest.raises(ResourceExtractionError) as caught:
        list(rest_api_source(config).users)
    assert cause_of(caught.value, LookupError).args == (1,)


@pytest.mark.parametrize("way", ["limit", "error"])
def test_an_early_end_cancels_what_is_on_its_way(serve: Serve, way: str) -> None:
    server = serve(rows=5000, latency_s=0.02)
    source = rest_api_source(api(server.base_url, resource("users", limit=10)))
    if way == "limit":
        assert len(list(source.users.add_limit(2))) == 20
    else:
        source.users.add_map(lambda user: 1 // (15 - user["id"]))
        with pytest.raises(ResourceExtractionError):
            list(source.users)
    wait_for_the_engine()
    assert int(str(server.stats()["requests"])) < 60


def test_a_source_is_read_once_for_each_time_it_is_asked(serve: Serve) -> None:
    server = serve(rows=30)
    config = api(server.base_url, resource("users", limit=10))
    source = rest_api_source(config)
    assert len(list(source.users)) == 30
    assert len(list(rest_api_source(config).users)) == 30
    assert server.stats()["requests"] == 2 * (3 + 1)  # a total met by a full page is looked behind


def test_an_iteration_that_is_left_stops_reading_with_its_source(serve: Serve) -> None:
    """Only back-pressure would hold it otherwise, until the process ends."""
    source = rest_api_source(api(serve(rows=20_000).base_url, resource("users", limit=100)))
    assert next(iter(source.users))["id"]
    del source
    wait_for_the_engine()


@pytest.mark.parametrize(
    ("one", "other"), [("a-b", "a_b"), ("A", "a"), ("a__b", "a_b"), ("x" * 70, "x" * 64)]
)
def test_names_that_dlt_would_make_one_stay_two(one: str, other: str) -> None:
    plan = plan_of_mapping(api("http://127.0.0.1:9", resource("users")))
    schemas = [source_of(plan, name).schema.name for name in (one, other)]
    assert len(set(schemas)) == 2
    assert schemas[1] == other
