"""Incremental loading: the cursor moves on over two runs, and never past rows that were not read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill import rest_api_source, sync
from restmill.sandbox import task_count
from tests.load.api import api, child, counts, of, resource, rows
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.sandbox import SandboxServer
    from tests.load.conftest import Serve

SINCE = {"cursor_path": "updated_at", "start_param": "since", "initial_value": "2025-01-01T00:00:00Z"}


def since(name: str, more: dict[str, Json] | None = None, **params: Json) -> dict[str, Any]:
    """A resource that asks for what changed since the last run."""
    return resource(name, limit=10, endpoint={"incremental": {**SINCE, **(more or {})}, "params": params})


def asked(server: SandboxServer) -> list[str]:
    return [str(entry["query"].get("since")) for entry in server.log()]  # type: ignore[attr-defined]


def test_the_second_run_asks_for_what_is_new(serve: Serve) -> None:
    server = serve(rows=30)
    config = api(server.base_url, since("users"))
    first = sync(config, pipeline_name="news")
    assert set(asked(server)) == {"2025-01-01T00:00:00Z"}
    newest = rows(first, "SELECT strftime(max(updated_at), '%Y-%m-%dT%H:%M:%SZ') FROM users")[0][0]
    server.change(rows=200)
    server.reset()
    second = sync(config, pipeline_name="news")
    assert set(asked(server)) == {newest}
    assert rows(second, "SELECT count(*), count(DISTINCT id) FROM users") == [
        (counts(second, "users")["users"],) * 2
    ]
    assert 0 < of(second, "users").rows < 200


@pytest.mark.parametrize("write_disposition", ["merge", "append"])
def test_an_unchanged_api_brings_no_row_twice(serve: Serve, write_disposition: str) -> None:
    config = api(
        serve(rows=30).base_url,
        since("users"),
        defaults={"primary_key": "id", "write_disposition": write_disposition},
    )
    sync(config, pipeline_name="same")
    receipt = sync(config, pipeline_name="same")
    assert counts(receipt, "users") == {"users": 30}
    assert receipt.verdict == "complete"


def test_a_converted_value_in_the_path_of_the_request(serve: Serve) -> None:
    server = serve(rows=30)
    users = resource("users")
    users["endpoint"]["incremental"] = {
        "cursor_path": "updated_at",
        "initial_value": "2025-01-02T00:00:00Z",
        "convert": lambda value: value[:10],
    }
    users["endpoint"]["params"] = {"since": "{incremental.start_value}T12:00:00Z"}
    sync(api(server.base_url, users), pipeline_name="path")
    assert set(asked(server)) == {"2025-01-02T12:00:00Z"}


def test_the_cursor_stays_when_newest_came_first_and_the_rest_did_not(serve: Serve) -> None:
    server = serve(rows=30)
    config = api(server.base_url, since("users", None, sort="updated_at", order="desc"))
    server.change(dead_after=2)
    first = sync(config, pipeline_name="news")
    assert of(first, "users").verdict == "partial"
    assert counts(first, "users") == {"users": 20}
    assert any("cursor" in note for note in of(first, "users").notes)
    server.change(dead_after=0)
    second = sync(config, pipeline_name="news")
    assert counts(second, "users") == {"users": 30}


def test_the_cursor_moves_as_far_as_rows_in_order_came(serve: Serve) -> None:
    server = serve(rows=30, dead_after=2)
    config = api(server.base_url, since("users", {"row_order": "asc"}, sort="updated_at"))
    first = sync(config, pipeline_name="news")
    assert counts(first, "users") == {"users": 20}
    server.change(dead_after=0)
    server.reset()
    second = sync(config, pipeline_name="news")
    assert set(asked(server)) != {"2025-01-01T00:00:00Z"}
    assert counts(second, "users") == {"users": 30}


def test_children_of_every_page_of_parents_are_asked_from_the_same_value(serve: Serve) -> None:
    server = serve(rows=40)
    config = api(server.base_url, resource("projects", limit=7), child(endpoint={"incremental": SINCE}))
    first = sync(config, pipeline_name="family")
    assert counts(first, "tasks") == {"tasks": task_count(40)}
    newest = rows(first, "SELECT strftime(max(updated_at), '%Y-%m-%dT%H:%M:%SZ') FROM tasks")[0][0]
    server.reset()
    second = sync(config, pipeline_name="family")
    assert set(asked(server)) == {"None", newest}
    assert counts(second, "tasks") == {"tasks": task_count(40)}


def test_the_cursor_of_children_stays_when_one_could_not_be_read(serve: Serve) -> None:
    server = serve(rows=12, broken_child=5)
    tasks = child(endpoint={"incremental": SINCE})
    config = api(server.base_url, resource("projects"), tasks)
    first = sync(config, pipeline_name="family")
    assert of(first, "tasks").verdict == "partial"
    server.change(broken_child=0)
    second = sync(config, pipeline_name="family")
    assert counts(second, "tasks") == {"tasks": task_count(12)}


def test_the_cursor_of_children_stays_when_their_parent_was_read_in_part(serve: Serve) -> None:
    server = serve(rows=12)
    tasks = child(endpoint={"incremental": SINCE})
    projects = resource("projects", limit=6)
    projects["endpoint"]["params"] = {"order": "desc"}
    projects["endpoint"]["paginator"]["maximum_offset"] = 6
    sync(api(server.base_url, projects, tasks), pipeline_name="family")
    del projects["endpoint"]["paginator"]["maximum_offset"]
    second = sync(api(server.base_url, projects, tasks), pipeline_name="family")
    assert counts(second, "tasks") == {"tasks": task_count(12)}


def test_rows_ordered_newest_first_end_the_read_early_and_completely(serve: Serve) -> None:
    server = serve(rows=60)
    users = since("users", {"row_order": "desc", "start_param": None}, sort="updated_at", order="desc")
    config = api(server.base_url, users)
    sync(config, pipeline_name="news")
    server.reset()
    second = sync(config, pipeline_name="news")
    assert int(str(server.stats()["requests"])) == 1  # however busy the machine is
    assert (of(second, "users").verdict, counts(second, "users")) == ("complete", {"users": 60})


APPEND = {"primary_key": "id", "write_disposition": "append"}


def changing_family(serve: Serve, **defaults: Json) -> tuple[SandboxServer, dict[str, Any]]:
    """Incremental parents with children that have no cursor; one child in five is broken at first."""
    server = serve(rows=12, broken_child=5)
    return server, api(server.base_url, since("projects"), child(), defaults=defaults or None)


@pytest.mark.parametrize("row_order", [None, "asc", "desc"])
def test_the_cursor_of_parents_stays_while_a_child_fell_short(serve: Serve, row_order: str | None) -> None:
    server, config = changing_family(serve)
    order = {"sort": "updated_at", "order": row_order} if row_order else {}
    config["resources"][0]["endpoint"]["incremental"]["row_order"] = row_order
    config["resources"][0]["endpoint"]["params"] = order
    first = sync(config, pipeline_name="family")
    assert (of(first, "projects").verdict, of(first, "tasks").verdict) == ("complete", "partial")
    why = "the cursor stays: `tasks` could not be read for all rows of `projects`"
    assert why in of(first, "projects").notes
    server.change(broken_child=0)
    server.reset()
    second = sync(config, pipeline_name="family")
    assert set(asked(server)) == {"2025-01-01T00:00:00Z", "None"}
    assert counts(second, "projects", "tasks") == {"projects": 12, "tasks": task_count(12)}
    assert second.verdict == "complete"
    third = sync(config, pipeline_name="family")
    assert of(third, "tasks").reads <= 1


def test_the_cursor_of_grandparents_stays_too(serve: Serve) -> None:
    server = serve(rows=12)
    lost = child("lost", "tasks", "project_id")
    lost["endpoint"]["path"] = "/v1/no-such/{resources.tasks.project_id}"
    sync(api(server.base_url, since("projects"), child(), lost), pipeline_name="family")
    server.reset()
    lost["endpoint"]["path"] = "/v1/projects/{resources.tasks.project_id}/tasks"
    second = sync(api(server.base_url, since("projects"), child(), lost), pipeline_name="family")
    assert "2025-01-01T00:00:00Z" in asked(server)
    assert counts(second, "lost") == {"lost": task_count(12)}


def test_a_partial_append_whose_cursor_stays_is_withheld(serve: Serve) -> None:
    server = serve(rows=30, dead_after=2)
    config = api(server.base_url, since("users", None, sort="updated_at", order="desc"), defaults=APPEND)
    first = sync(config, pipeline_name="news")
    assert (of(first, "users").verdict, of(first, "users").withheld, first.tables) == ("partial", True, ())
    assert "append them twice" in of(first, "users").reason
    server.change(dead_after=0)
    second = sync(config, pipeline_name="news")
    assert rows(second, "SELECT count(*), count(DISTINCT id) FROM users") == [(30, 30)]


def test_a_partial_append_in_order_is_loaded_as_far_as_it_came(serve: Serve) -> None:
    server = serve(rows=30, dead_after=2)
    config = api(server.base_url, since("users", {"row_order": "asc"}, sort="updated_at"), defaults=APPEND)
    first = sync(config, pipeline_name="news")
    assert counts(first, "users") == {"users": 20}
    server.change(dead_after=0)
    second = sync(config, pipeline_name="news")
    assert rows(second, "SELECT count(*), count(DISTINCT id) FROM users") == [(30, 30)]


def test_appends_of_a_family_are_withheld_together(serve: Serve) -> None:
    server, config = changing_family(serve, **APPEND)
    first = sync(config, pipeline_name="family")
    assert [(one.verdict, one.withheld) for one in first.resources] == [("partial", True)] * 2
    assert (first.tables, first.exit_code) == ((), 3)
    server.change(broken_child=0)
    second = sync(config, pipeline_name="family")
    assert counts(second, "projects", "tasks") == {"projects": 12, "tasks": task_count(12)}
    third = sync(config, pipeline_name="family")
    assert counts(third, "projects", "tasks") == {"projects": 12, "tasks": task_count(12)}


def test_an_append_without_a_cursor_is_loaded_though_it_is_partial(serve: Serve) -> None:
    server = serve(rows=30, dead_after=2)
    receipt = sync(api(server.base_url, resource("users", limit=10), defaults=APPEND), pipeline_name="news")
    assert (of(receipt, "users").verdict, counts(receipt, "users")) == ("partial", {"users": 20})


def test_a_cursor_that_children_share_is_said(serve: Serve) -> None:
    config = api(serve(rows=12).base_url, resource("projects"), child(endpoint={"incremental": SINCE}))
    first = sync(config, pipeline_name="family")
    second = sync(config, pipeline_name="family")
    told = [any("one cursor serves" in note for note in of(run, "tasks").notes) for run in (first, second)]
    assert told == [False, True]


def test_appended_children_whose_own_cursor_moves_are_loaded(serve: Serve) -> None:
    server = serve(rows=12)
    lost = child("lost")
    lost["endpoint"]["path"] = "/v1/no-such/{resources.projects.id}"
    tasks = child(endpoint={"incremental": SINCE})
    config = api(server.base_url, since("projects"), tasks, lost, defaults=APPEND)
    first = sync(config, pipeline_name="family")
    assert [(one.resource, one.withheld) for one in first.resources] == [
        ("projects", True),
        ("tasks", False),
        ("lost", True),
    ]
    lost["endpoint"]["path"] = "/v1/projects/{resources.projects.id}/tasks"
    second = sync(config, pipeline_name="family")
    wanted = {"projects": 12, "tasks": task_count(12), "lost": task_count(12)}
    assert counts(second, "projects", "tasks", "lost") == wanted


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"id": 13}, "without a value"),
        ({"id": 13, "at": None}, "without a value"),
        ({"id": 13, "at": 7}, "compared"),
        ({"id": 13, "at": {"on": "2024-01-13"}}, "compared"),
        ({"id": 13, "at": ["2024-01-13"]}, "compared"),
    ],
    ids=["missing", "null", "number", "object", "list"],
)
def test_a_record_that_the_cursor_cannot_judge_costs_itself_only(bad: Json, why: str) -> None:
    """Issue 10: nothing of any resource was loaded then, and the database was blamed."""
    good = [{"id": number, "at": f"2024-01-{number:02}"} for number in range(1, 26)]
    shelf = Shelf(things=[*good[:12], bad, *good[13:]], others=records(5))
    cursor = {"cursor_path": "at", "initial_value": "2000-01-01"}
    things = {"name": "things", "endpoint": {"path": "/things", "incremental": cursor}}
    receipt = sync(shelf.config(things, "others"), pipeline_name="unjudged", dataset_name="d")
    seen = of(receipt, "things")
    assert seen.verdict == "suspect"
    assert why in seen.reason
    assert "1 record left out" in seen.reason
    assert of(receipt, "others").verdict == "complete"
    assert counts(receipt, "things", "others") == {"things": 24, "others": 5}


@pytest.mark.parametrize(("disposition", "held"), [("merge", True), ("append", False)])
def test_a_claim_that_is_not_met_holds_the_cursor_of_a_merge(disposition: str, *, held: bool) -> None:
    """Before, the next run was complete without the rows: the newest had come first."""
    newest_first = [{"id": number, "at": 100 - number} for number in range(1, 31)]
    shelf = Shelf(things=newest_first)
    shelf.cut = {"/things": 12}
    endpoint = {"path": "/things", "incremental": {"cursor_path": "at", "initial_value": 0}}
    config = shelf.config({"name": "things", "write_disposition": disposition, "endpoint": endpoint})
    first = sync(config, pipeline_name="claimed")
    assert of(first, "things").verdict == "suspect"
    assert any("cursor" in note for note in of(first, "things").notes) == held
    shelf.cut = {}
    second = sync(config, pipeline_name="claimed")
    assert counts(second, "things") == {"things": 30 if held else 12}
    for later in (second, sync(config, pipeline_name="claimed")):
        assert later.verdict == ("complete" if held else "suspect")
        assert held or "has passed rows that may be missing" in of(later, "things").reason


def test_a_doubt_that_a_cursor_has_not_moved_past_does_not_last() -> None:
    shelf = Shelf(things=[{"id": number, "at": number} for number in range(1, 4)])
    endpoint = {"path": "/things", "incremental": {"cursor_path": "at", "initial_value": 0}}
    config = shelf.config({"name": "things", "write_disposition": "append", "endpoint": endpoint})
    shelf.cut = {"/things": 0}
    assert sync(config, pipeline_name="cut").verdict != "complete"
    shelf.cut = {}
    second = sync(config, pipeline_name="cut")
    assert (second.verdict, counts(second, "things")) == ("complete", {"things": 3})


def cut_short(cut: int, count: int, **kids: Json) -> tuple[Shelf, dict[str, Any]]:
    """Parents, read by a cursor, with four kids each; of parent `cut` one comes, though all are counted."""
    shelf = Shelf(parents=[{"id": number, "at": number} for number in range(1, count + 1)])
    shelf.lists |= {f"/kids/{number}": records(4, number * 10) for number in range(1, count + 1)}
    shelf.cut = {f"/kids/{cut}": 1}
    cursor = {"cursor_path": "at", "initial_value": 0}
    config = shelf.config(
        {"name": "parents", "endpoint": {"path": "/parents", "incremental": cursor}},
        {"name": "kids", "endpoint": {"path": "/kids/{resources.parents.id}"}, **kids},
    )
    return shelf, config


def test_a_doubt_of_an_appended_child_lasts_where_its_parents_are_passed() -> None:
    shelf, config = cut_short(2, 3, write_disposition="append")
    assert of(sync(config, pipeline_name="kept"), "kids").verdict == "suspect"
    shelf.cut = {}
    second = sync(config, pipeline_name="kept")
    assert of(second, "kids").verdict == "suspect"
    assert "has passed rows that may be missing" in of(second, "kids").reason
    assert of(second, "parents").verdict == "complete"


def test_a_doubt_goes_with_the_state_of_its_resource() -> None:
    shelf = Shelf(things=[{"id": number, "at": 100 - number} for number in range(1, 31)])
    shelf.cut = {"/things": 12}
    endpoint = {"path": "/things", "incremental": {"cursor_path": "at", "initial_value": 0}}
    config = shelf.config({"name": "things", "write_disposition": "append", "endpoint": endpoint})
    first = sync(config, pipeline_name="anew")
    shelf.cut = {}
    assert sync(config, pipeline_name="anew").verdict == "suspect"
    again = rest_api_source(config, name="anew")
    dlt.attach(first.pipeline).run(again, refresh="drop_resources")
    assert sync(config, pipeline_name="anew").verdict == "complete"


def test_a_childs_claim_that_is_not_met_holds_the_cursor_of_its_parents() -> None:
    shelf, config = cut_short(3, 5)
    first = sync(config, pipeline_name="claims")
    assert of(first, "kids").verdict == "suspect"
    shelf.cut = {}
    second = sync(config, pipeline_name="claims")
    assert counts(second, "parents", "kids") == {"parents": 5, "kids": 20}
    assert second.verdict == "complete"
