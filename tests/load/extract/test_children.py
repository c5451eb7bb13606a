"""Children: bound to their parents, in the parents' order, a broken one costing nothing but itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dlt.extract.exceptions import ResourceExtractionError

from restmill import rest_api_source, sync
from restmill.errors import ApiError, Rejected
from restmill.sandbox import task_count, tasks_of
from restmill.testing import Recorder
from tests.load.api import api, child, counts, of, resource, rows, wait_for_the_engine
from tests.load.conftest import cause_of
from tests.load.shelf import Shelf

if TYPE_CHECKING:
    from restmill.path import Json
    from tests.load.conftest import Serve


def read(config: dict[str, Any], *names: str) -> dict[str, list[Json]]:
    """The records of some resources, without a pipeline."""
    source = rest_api_source(config)
    return {name: list(source.resources[name]) for name in names}


def test_every_child_page_of_every_parent(serve: Serve) -> None:
    config = api(serve(rows=13).base_url, resource("projects"), child())
    receipt = sync(config, pipeline_name="family")
    assert counts(receipt, "projects", "tasks") == {"projects": 13, "tasks": task_count(13)}
    wanted = [(project, len(tasks_of(project))) for project in range(1, 14) if tasks_of(project)]
    query = "SELECT project_id, count(*) FROM tasks GROUP BY project_id ORDER BY project_id"
    assert rows(receipt, query) == wanted
    assert of(receipt, "tasks").reads == 13
    assert of(receipt, "tasks").pages == 14


def test_children_stand_in_their_parents_order(serve: Serve) -> None:
    tasks = read(api(serve(rows=40).base_url, resource("projects"), child()), "tasks")["tasks"]
    owners = [task["project_id"] for task in tasks]
    assert owners == sorted(owners)
    assert len({task["id"] for task in tasks}) == task_count(40)


def test_fields_of_the_parent_come_along(serve: Serve) -> None:
    config = api(serve(rows=6).base_url, resource("projects"), child(include_from_parent=["name", "owner"]))
    found = read(config, "projects", "tasks")
    names = {project["id"]: project["name"] for project in found["projects"]}
    assert found["tasks"]
    assert all(task["_projects_name"] == names[task["project_id"]] for task in found["tasks"])
    assert all(task["_projects_owner"]["id"] for task in found["tasks"])


@pytest.mark.parametrize(
    ("more", "missing"),
    [({"field": "parent_id"}, "parent_id"), ({"include_from_parent": ["parent_id"]}, "parent_id")],
)
def test_parents_without_the_field_are_skipped_and_counted(
    serve: Serve, more: dict[str, Json], missing: str
) -> None:
    config = api(serve(rows=40).base_url, resource("projects"), child(**more))
    projects = read(config, "projects")["projects"]
    without = sum(missing not in project for project in projects)
    assert 0 < without < 40
    receipt = sync(config, pipeline_name="gaps")
    tasks = of(receipt, "tasks")
    assert (receipt.exit_code, tasks.verdict, tasks.reads) == (3, "partial", 40)
    assert tasks.reason.startswith(f"{without} of 40 reads failed")
    assert "`parent_id`" in tasks.reason
    assert of(receipt, "projects").verdict == "complete"
    assert counts(receipt, "tasks")["tasks"] > 0


def test_parents_without_the_field_stop_the_run_when_asked_to(serve: Serve) -> None:
    config = api(serve(rows=40).base_url, resource("projects"), child(field="parent_id"))
    with pytest.raises(ResourceExtractionError) as caught:
        read(config, "tasks")
    error = cause_of(caught.value, ApiError)
    assert "`parent_id`" in error.problem.what
    assert "fields id, name" in error.problem.got


def test_the_reads_before_a_parent_that_stops_the_run_are_closed(serve: Serve) -> None:
    """Their engine would go on otherwise: the fixtures wait for its end."""
    source = rest_api_source(api(serve(rows=300).base_url, resource("projects"), child()))
    source.projects.add_map(lambda project: {} if project["id"] == 9 else project)
    with pytest.raises(ResourceExtractionError):
        list(source.tasks)
    del source
    wait_for_the_engine()


def test_a_broken_child_costs_only_itself(serve: Serve) -> None:
    recorder = Recorder()
    config = api(serve(rows=13, broken_child=5).base_url, resource("projects"), child())
    receipt = sync(config, pipeline_name="broken", observer=recorder)
    tasks = of(receipt, "tasks")
    assert (tasks.verdict, tasks.reads) == ("partial", 13)
    assert tasks.reason.startswith("2 of 13 reads failed")
    assert counts(receipt, "projects", "tasks") == {
        "projects": 13,
        "tasks": task_count(13) - len(tasks_of(5)) - len(tasks_of(10)),
    }


def test_a_broken_child_stops_the_run_when_asked_to(serve: Serve) -> None:
    config = api(serve(rows=13, broken_child=5).base_url, resource("projects"), child())
    with pytest.raises(Rejected) as caught:
        sync(config, pipeline_name="broken", on_error="raise")
    assert "/v1/projects/5/tasks" in str(caught.value)


@pytest.mark.parametrize("wanted", [[], ["tasks"]])
def test_children_of_a_partial_parent_are_partial(serve: Serve, wanted: list[str]) -> None:
    server = serve(rows=40, fail_statuses=[500])
    config = api(server.base_url, resource("projects", limit=10), child())
    config["resources"][0]["endpoint"]["path"] = "/v1/projects"
    config["resources"][0]["endpoint"]["paginator"]["maximum_offset"] = 20
    receipt = sync(config, pipeline_name="half", resources=wanted)
    tasks = of(receipt, "tasks")
    assert tasks.verdict == "partial"
    assert "`projects`" in tasks.reason


def test_a_childs_path_sees_the_renamed_and_processed_parent(serve: Serve) -> None:
    projects = resource(
        "projects",
        rename={"id": "project_key"},
        processing_steps=[{"filter": lambda p: p["project_key"] < 4}],
    )
    found = read(api(serve(rows=9).base_url, projects, child(field="project_key")), "tasks")
    assert {task["project_id"] for task in found["tasks"]} == {1, 3}


def test_grandchildren(serve: Serve) -> None:
    one = resource("one", "/v1/tasks/{resources.tasks.id}", limit=5)
    one["endpoint"] = {"path": "/v1/tasks/{resources.tasks.id}", "paginator": "single_page"}
    config = api(serve(rows=6).base_url, resource("projects"), child(), one)
    receipt = sync(config, pipeline_name="three")
    assert counts(receipt, "projects", "tasks", "one") == {"projects": 6, "tasks": 129, "one": 129}
    assert receipt.verdict == "complete"


def _tagged(parents: list[Json], **keys: Any) -> tuple[Any, list[str]]:
    """A receipt of `/of/<value>` for parents of which each has what it has, and the addresses asked for."""
    shelf = Shelf(parents=parents)
    for name in ("a", "b", "c", "true", "1"):
        shelf.lists[f"/of/{name}"] = [{"name": name}]
    pager = {"type": "offset", "limit": 100}
    config = {
        "client": {"base_url": "http://shelf.test", "session": shelf.session},
        "resources": [
            {"name": "parents", "endpoint": {"path": "/parents", "paginator": pager}},
            {
                "name": "child",
                **keys,
                "endpoint": {
                    "path": "/of/{resources.parents.it}",
                    "paginator": pager,
                    "data_selector": "data",
                },
            },
        ],
    }
    return config, shelf.asked


def _each(config: dict[str, Any]) -> dict[str, Any]:
    config["resources"][1]["endpoint"]["path"] = "/of/{resources.parents.it[*]}"
    return config


@pytest.mark.parametrize("value", [None, "", "  ", [], ["a"], {"a": 1}])
def test_a_parents_value_that_is_none_costs_its_own_read_only(value: Json) -> None:
    config, asked = _tagged([{"it": "a"}, {"it": value}, {"it": True}])
    receipt = sync(config, pipeline_name="nothing")
    assert sorted(set(asked)) == ["/of/a", "/of/true", "/parents"]
    found = of(receipt, "child")
    assert (found.verdict, found.rows, found.reads) == ("partial", 2, 3)
    assert found.reason.startswith("1 of 3 reads failed")
    assert "`it`" in found.reason


def test_a_list_is_read_once_for_each_element() -> None:
    config, asked = _tagged([{"it": ["a", "b", "a"]}, {"it": []}, {"it": ["c"]}])
    receipt = sync(_each(config), pipeline_name="each")
    assert sorted({one for one in asked if "of" in one}) == ["/of/a", "/of/b", "/of/c"]
    assert (of(receipt, "child").verdict, of(receipt, "child").reads) == ("complete", 3)
    assert sorted(rows(receipt, "SELECT name FROM child")) == [("a",), ("b",), ("c",)]


def test_an_element_that_is_none_costs_its_own_read_only() -> None:
    config, asked = _tagged([{"it": ["a", None, "b"]}, {"it": None}])
    receipt = sync(_each(config), pipeline_name="gap")
    assert sorted({one for one in asked if "of" in one}) == ["/of/a", "/of/b"]
    assert of(receipt, "child").verdict == "partial"
    assert of(receipt, "child").reason.startswith("2 of 4 reads failed")
