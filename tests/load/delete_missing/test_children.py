"""Vanished rows of children: judged within each parent, because one that failed proves nothing of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from restmill import sync
from tests.load.api import of, rows
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.receipt.receipt import Evidence, Receipt

MOVABLE: dict[str, Json] = {
    "name": "tasks",
    "endpoint": "teams/{resources.teams.id}/tasks",
    "include_from_parent": ["id"],
}
"""A task has the same key in every team."""
TASKS: dict[str, Json] = {**MOVABLE, "primary_key": ["id", "_teams_id"]}
ANONYMOUS = {key: value for key, value in MOVABLE.items() if key != "include_from_parent"}
HARD = {"mode": "hard", "max_fraction": 0.5}


def tasks_of(*teams: int, count: int = 4) -> dict[str, list[Json] | int]:
    return {f"/teams/{team}/tasks": records(count, first=100 * team) for team in teams}


def shelf_of(teams: int = 5) -> Shelf:
    shelf = Shelf(teams=records(teams))
    shelf.lists |= tasks_of(*range(1, teams + 1))
    return shelf


def run(shelf: Shelf, tasks: Json = None, *names: str, missing: Json = None) -> Receipt:
    config = shelf.config("teams", tasks or TASKS, delete_missing=missing or HARD)
    return sync(config, pipeline_name="family", resources=names)


def per_team(receipt: Receipt) -> dict[int, int]:
    query = "SELECT id // 100, count(*) FROM tasks GROUP BY ALL ORDER BY ALL"
    return dict(rows(receipt, query))


def test_a_childs_vanished_rows_go() -> None:
    shelf = shelf_of()
    run(shelf)
    shelf.lists |= tasks_of(2, count=3)
    receipt = run(shelf)
    assert per_team(receipt) == {1: 4, 2: 3, 3: 4, 4: 4, 5: 4}
    assert (of(receipt, "tasks").deleted, receipt.exit_code) == (1, 0)


def test_a_parent_with_an_empty_list_has_none_left() -> None:
    shelf = shelf_of()
    run(shelf)
    shelf.lists["/teams/2/tasks"] = []
    assert per_team(run(shelf)) == {1: 4, 3: 4, 4: 4, 5: 4}


def test_rows_of_a_parent_that_failed_stay_and_the_others_are_judged() -> None:
    shelf = shelf_of()
    run(shelf)
    shelf.lists |= {**tasks_of(2, 3, count=3), "/teams/3/tasks": 400}
    receipt = run(shelf)
    assert per_team(receipt) == {1: 4, 2: 3, 3: 4, 4: 4, 5: 4}
    tasks: Evidence = of(receipt, "tasks")
    assert (tasks.verdict, tasks.deleted, receipt.exit_code) == ("partial", 1, 3)


def test_children_of_a_parent_that_is_gone_go_with_it() -> None:
    shelf = shelf_of()
    run(shelf)
    shelf.lists |= {"/teams": records(4), "/teams/5/tasks": 404, "/teams/3/tasks": 400}
    receipt = run(shelf)
    assert per_team(receipt) == {1: 4, 2: 4, 3: 4, 4: 4}
    assert rows(receipt, "SELECT count(*) FROM teams") == [(4,)]


def test_where_the_parents_are_not_proven_only_those_that_were_read_are_judged() -> None:
    shelf = shelf_of(15)
    run(shelf)
    config = shelf.config("teams", TASKS, delete_missing=HARD)
    config["resources"][0] = {"name": "teams", "endpoint": {"paginator": {"type": "offset", "limit": 10, "maximum_offset": 10}}}  # fmt: skip  # noqa: E501
    shelf.lists |= tasks_of(2, 14, count=3)
    receipt = sync(config, pipeline_name="family")
    assert of(receipt, "teams").verdict == "partial"
    left = per_team(receipt)
    assert (left[2], left[14], left[15], sum(left.values())) == (3, 4, 4, 59)
    assert rows(receipt, "SELECT count(*) FROM teams") == [(15,)]


def test_a_child_read_alone_is_judged_all_the_same() -> None:
    shelf = shelf_of()
    run(shelf)
    shelf.lists |= {"/teams": records(4), **tasks_of(2, count=3)}
    receipt = run(shelf, None, "tasks")
    assert per_team(receipt) == {1: 4, 2: 3, 3: 4, 4: 4}
    assert rows(receipt, "SELECT count(*) FROM teams") == [(5,)]


@pytest.mark.parametrize(("failing", "left"), [(False, 3), (True, 4)])
def test_rows_that_do_not_say_whose_they_are_go_only_when_everything_was_read(
    failing: bool, left: int
) -> None:
    shelf = shelf_of()
    run(shelf, ANONYMOUS)
    shelf.lists |= tasks_of(2, count=3)
    if failing:
        shelf.lists["/teams/3/tasks"] = 400
    receipt = run(shelf, ANONYMOUS)
    assert per_team(receipt)[2] == left
    assert per_team(receipt)[3] == 4


def test_a_row_that_may_have_moved_to_a_parent_that_failed_stays() -> None:
    shelf = shelf_of()
    run(shelf, MOVABLE)
    moved = [*records(4, first=300), *records(1, first=203)]
    shelf.lists |= {**tasks_of(2, count=3), "/teams/3/tasks": 400}
    receipt = run(shelf, MOVABLE)
    assert per_team(receipt)[2] == 4
    assert of(receipt, "tasks").deleted == 0
    assert "may have moved" in str(of(receipt, "tasks").notes)
    shelf.lists["/teams/3/tasks"] = moved
    receipt = run(shelf, MOVABLE)
    assert rows(receipt, "SELECT _teams_id FROM tasks WHERE id = 203") == [(3,)]
    shelf.lists["/teams/3/tasks"] = records(4, first=300)
    assert (of(run(shelf, MOVABLE), "tasks").deleted, per_team(receipt)[2]) == (1, 3)


def test_a_row_that_may_have_moved_to_a_parent_that_was_not_seen_stays() -> None:
    shelf = shelf_of(15)
    run(shelf, MOVABLE)
    config = shelf.config("teams", MOVABLE, delete_missing=HARD)
    config["resources"][0] = {"name": "teams", "endpoint": {"paginator": {"type": "offset", "limit": 10, "maximum_offset": 10}}}  # fmt: skip  # noqa: E501
    shelf.lists |= tasks_of(2, count=3)
    assert of(sync(config, pipeline_name="family"), "tasks").deleted == 0


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 5], ["a", "b", "c", "d", "e"], [1.5, 2.5, 3.5, 4.5, 5.5]])
def test_keys_are_compared_where_that_is_sure(values: list[Any]) -> None:
    """A failed parent's rows stay whatever its key is; the others' are judged when the key can be named."""
    shelf = Shelf(teams=[{"id": value} for value in values])
    shelf.lists |= {f"/teams/{value}/tasks": records(4, 100 * (n + 1)) for n, value in enumerate(values)}
    run(shelf)
    shelf.lists[f"/teams/{values[1]}/tasks"] = 400
    shelf.lists[f"/teams/{values[0]}/tasks"] = records(3, 100)
    sure = not isinstance(values[0], float)
    assert per_team(run(shelf)) == {1: 3 if sure else 4, 2: 4, 3: 4, 4: 4, 5: 4}


def test_grandchildren_of_a_parent_that_is_gone() -> None:
    shelf = shelf_of(3)
    shelf.lists |= {f"/tasks/{team * 100}/notes": records(2, 1000 * team) for team in (1, 2, 3)}
    tasks = {**TASKS, "processing_steps": [{"filter": lambda task: task["id"] % 100 == 0}]}
    notes = {"name": "notes", "endpoint": "tasks/{resources.tasks.id}/notes", "include_from_parent": ["id"]}
    notes |= {"primary_key": ["id", "_tasks_id"]}
    config = shelf.config("teams", tasks, notes, delete_missing=HARD)
    sync(config, pipeline_name="three")
    shelf.lists |= {"/teams": records(2), "/tasks/100/notes": 400}
    receipt = sync(config, pipeline_name="three")
    query = "SELECT id FROM notes ORDER BY id"
    assert [found for (found,) in rows(receipt, query)] == [1000, 1001, 2000, 2001]


@pytest.mark.parametrize("tasks", [TASKS, MOVABLE, ANONYMOUS])
def test_parents_that_are_asked_for_what_is_new_say_nothing_of_the_others(tasks: dict[str, Json]) -> None:
    def teams(*numbers: int, at: int) -> list[Json]:
        return [{"id": number, "at": at + number} for number in numbers]

    shelf = shelf_of(6)
    shelf.lists["/teams"] = teams(1, 2, 3, 4, at=0)
    new: Json = {"incremental": {"cursor_path": "at", "initial_value": 0, "start_param": "since"}}
    config = shelf.config({"name": "teams", "endpoint": new}, {**tasks, "delete_missing": HARD})
    sync(config, pipeline_name="family")
    shelf.lists |= {"/teams": teams(5, 2, at=10), **tasks_of(2, 3, count=3)}
    receipt = sync(config, pipeline_name="family")
    told = tasks is TASKS
    assert per_team(receipt) == {1: 4, 2: 3 if told else 4, 3: 4, 4: 4, 5: 4}
    stays = "vanished rows stay: `teams` is asked only for what is new"
    assert any(note.startswith(stays) for note in of(receipt, "tasks").notes) == (not told)
