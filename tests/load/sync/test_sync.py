"""A whole run into DuckDB: tables, verdicts, second runs, and what happens when a part is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt
import pytest

from restmill import rest_api_source, sync
from restmill.errors import ApiError, ConfigError
from restmill.events import PageRead, StageBegan
from restmill.testing import Recorder
from tests.load.api import KEY, api, child, columns, counts, of, resource, rows, tables

if TYPE_CHECKING:
    from tests.load.conftest import Serve


def test_a_mapping_becomes_tables_and_the_second_run_merges(serve: Serve) -> None:
    server = serve(key=KEY)
    config = api(server.base_url, resource("projects"), resource("feature_flags", selector="items"))
    recorder = Recorder()
    first = sync(config, pipeline_name="two", dataset_name="two_data", observer=recorder)
    assert (first.verdict, first.exit_code) == ("complete", 0)
    assert (first.pipeline, first.destination, first.dataset) == ("two", "duckdb", "two_data")
    assert [(one.resource, one.rows, one.pages, one.total) for one in first.resources] == [
        ("projects", 130, 2, 130),
        ("feature_flags", 130, 2, 130),
    ]
    assert tables(first) == {
        "projects",
        "projects__members",
        "feature_flags",
        "feature_flags__tags",
        "feature_flags__environments",
        "feature_flags__environments__strategies",
    }
    assert columns(first, "projects")["budget"] == "DOUBLE"
    assert columns(first, "projects")["updated_at"] == "TIMESTAMP WITH TIME ZONE"
    assert [event.stage for event in recorder.of(StageBegan) if isinstance(event, StageBegan)] == [
        "extract",
        "normalize",
        "load",
    ]
    assert len(recorder.of(PageRead)) == 4
    before = counts(first, *tables(first))
    second = sync(config, pipeline_name="two", dataset_name="two_data")
    assert counts(second, *tables(second)) == before
    assert rows(second, "SELECT count(*), count(DISTINCT id), min(id), max(id) FROM projects") == [
        (130, 130, 1, 130)
    ]


def test_only_named_resources_are_read(serve: Serve) -> None:
    server = serve()
    config = api(server.base_url, resource("projects"), resource("users"), child())
    receipt = sync(config, pipeline_name="some", resources=["users"])
    assert [one.resource for one in receipt.resources] == ["users"]
    assert tables(receipt) == {"users"}
    assert set(server.stats()["paths"]) == {"/v1/users"}  # type: ignore[call-overload]


def test_a_child_alone_reads_its_parent_and_loads_only_itself(serve: Serve) -> None:
    config = api(serve(rows=13).base_url, resource("projects"), child())
    receipt = sync(config, pipeline_name="some", resources=["tasks"])
    assert [(one.resource, one.verdict) for one in receipt.resources] == [("tasks", "complete")]
    assert tables(receipt) == {"tasks", "tasks__checklist"}


def test_an_unknown_name_gets_a_suggestion_and_nothing_is_sent(serve: Serve) -> None:
    server = serve()
    with pytest.raises(ConfigError) as caught:
        sync(api(server.base_url, resource("projects")), resources=["project", "xyzzy"])
    hints = [problem.hint for problem in caught.value.problems]
    assert hints == ["Did you mean 'projects'?", "There are: projects."]
    assert server.stats()["requests"] == 0


def test_what_an_earlier_run_left_is_loaded_first(serve: Serve) -> None:
    server = serve(rows=5)
    interrupted = dlt.pipeline("kept", destination="duckdb", dataset_name="api_data")
    interrupted.extract(rest_api_source(api(server.base_url, resource("projects"))))
    receipt = sync(api(server.base_url, resource("users")), pipeline_name="kept")
    assert tables(receipt) >= {"users", "projects"}
    assert counts(receipt, "users", "projects") == {"users": 5, "projects": 5}
    assert [one.resource for one in receipt.resources] == ["users"]


def test_one_bad_resource_costs_the_others_nothing(serve: Serve) -> None:
    config = api(serve(rows=7).base_url, resource("users"), resource("nothing", "/v1/no-such"))
    receipt = sync(config, pipeline_name="isolated")
    assert (receipt.verdict, receipt.exit_code) == ("partial", 3)
    assert of(receipt, "users").verdict == "complete"
    assert of(receipt, "nothing").verdict == "partial"
    assert "404" in of(receipt, "nothing").reason
    assert counts(receipt, "users") == {"users": 7}


def test_when_nothing_came_the_receipt_says_so(serve: Serve) -> None:
    receipt = sync(api(serve().base_url, resource("nothing", "/v1/no-such")), pipeline_name="nothing")
    assert receipt.exit_code == 4


def test_raise_loads_nothing(serve: Serve) -> None:
    config = api(serve(rows=7).base_url, resource("users"), resource("nothing", "/v1/no-such"))
    with pytest.raises(ApiError) as caught:
        sync(config, pipeline_name="raised", on_error="raise")
    assert caught.value.exit_code == 4
    assert "GET" in caught.value.problem.place.path
    receipt = sync(api(config["client"]["base_url"], resource("projects")), pipeline_name="raised")
    assert "users" not in tables(receipt)


@pytest.mark.parametrize("name", ["my-flags", "2nd", "Größe", "x" * 70])
def test_any_pipeline_name_that_dlt_takes_is_taken(serve: Serve, name: str) -> None:
    receipt = sync(api(serve(rows=1).base_url, resource("users")), pipeline_name=name, dataset_name="d")
    assert receipt.pipeline == name
    assert counts(receipt, "users") == {"users": 1}


def test_a_pipeline_name_that_dlt_does_not_take_is_a_mistake_in_the_config(serve: Serve) -> None:
    with pytest.raises(ConfigError, match=r"pipeline\.name"):
        sync(api(serve().base_url, resource("users")), pipeline_name="flags.daily")


def test_a_misspelt_keyword_is_no_keyword(serve: Serve) -> None:
    with pytest.raises(TypeError, match="datset_name"):
        sync(api(serve().base_url, resource("users")), datset_name="d")  # type: ignore[call-arg]


def test_a_host_that_is_a_number_makes_a_name_without_a_warning(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    config = api(serve(rows=1).base_url, resource("users"))
    del config["pipeline"]
    receipt = sync(config)
    assert counts(receipt, "users") == {"users": 1}
    assert not [record for record in caplog.records if record.name == "dlt"]


def test_an_empty_list_is_complete(serve: Serve) -> None:
    config = api(serve(rows=0).base_url, resource("projects"), child())
    receipt = sync(config, pipeline_name="empty")
    assert [(one.resource, one.verdict, one.rows) for one in receipt.resources] == [
        ("projects", "complete", 0),
        ("tasks", "complete", 0),
    ]
    assert receipt.exit_code == 0
