"""The second look at children: the lists of those parents whose rows seem to have vanished are read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill import sync
from tests.load.api import of, rows
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.receipt.receipt import Receipt

TASKS = {"name": "tasks", "endpoint": "teams/{resources.teams.id}/tasks", "include_from_parent": ["id"]}
NOTES = {"name": "notes", "endpoint": "tasks/{resources.tasks.id}/notes", "include_from_parent": ["id"]}
ANONYMOUS = {key: value for key, value in TASKS.items() if key != "include_from_parent"}
HARD: Json = {"mode": "hard", "max_fraction": 0.5}


def shelf_of(teams: int, tasks: int) -> Shelf:
    shelf = Shelf(teams=records(teams))
    shelf.lists |= {f"/teams/{team}/tasks": records(tasks, first=100 * team) for team in range(1, teams + 1)}
    return shelf


def run(shelf: Shelf, *resources: Json, names: tuple[str, ...] = ()) -> Receipt:
    shelf.asked.clear()
    config = shelf.config("teams", *(resources or (TASKS,)), delete_missing=HARD)
    return sync(config, pipeline_name="second", resources=names)


def per_team(receipt: Receipt) -> dict[int, int]:
    return dict(rows(receipt, "SELECT id // 100, count(*) FROM tasks GROUP BY ALL ORDER BY ALL"))


def without(number: int, first: int, count: int) -> list[Json]:
    return [one for one in records(count, first) if one["id"] != number]


def shifting(shelf: Shelf, path: str, first: int, count: int) -> None:
    """As the list's second page is asked for, its second row is gone, and another stands at the end."""
    shelf.lists[path] = records(count, first)
    shelf.turns[path] = [[*without(first + 1, first, count), *records(1, first=first + 50)]]


def test_a_childs_row_that_one_read_has_missed_stays() -> None:
    shelf = shelf_of(4, 14)
    run(shelf)
    shifting(shelf, "/teams/2/tasks", 200, 14)
    receipt = run(shelf)
    assert per_team(receipt) == {1: 14, 2: 15, 3: 14, 4: 14}
    assert (of(receipt, "tasks").verdict, of(receipt, "teams").verdict) == ("suspect", "complete")


def test_only_the_parents_whose_rows_are_looked_for_are_read_again() -> None:
    shelf = shelf_of(4, 14)
    run(shelf)
    shelf.lists["/teams/2/tasks"] = without(203, 200, 14)
    receipt = run(shelf)
    assert per_team(receipt) == {1: 14, 2: 13, 3: 14, 4: 14}
    children = {path: shelf.asked.count(path) for path in shelf.asked if path != "/teams"}
    assert children == {f"/teams/{team}/tasks": 4 if team == 2 else 2 for team in (1, 2, 3, 4)}
    looked = {name: of(receipt, name).second_look for name in ("tasks", "teams")}
    assert looked == {"tasks": 2, "teams": shelf.asked.count("/teams") - of(receipt, "teams").requests}
    last = "SELECT resource, second_look FROM _restmill_runs ORDER BY started DESC, resource LIMIT 2"
    assert dict(rows(receipt, last)) == looked


def test_children_in_one_page_each_need_none() -> None:
    shelf = shelf_of(4, 5)
    run(shelf)
    shelf.lists["/teams/2/tasks"] = records(4, first=200)
    receipt = run(shelf)
    assert (per_team(receipt)[2], of(receipt, "tasks").second_look) == (4, 0)
    assert sum(one.requests for one in receipt.resources) == len(shelf.asked)


@pytest.mark.parametrize("tasks", [TASKS, ANONYMOUS])
@pytest.mark.parametrize("names", [(), ("tasks",)])
def test_the_children_of_a_parent_that_one_read_has_missed_stay(
    tasks: dict[str, Json], names: tuple[str, ...]
) -> None:
    shelf = shelf_of(14, 2)
    run(shelf, tasks)
    shelf.lists["/teams/950/tasks"] = records(2, first=95000)
    shelf.lists["/teams"] = records(14)
    shelf.turns["/teams"] = [[*without(2, 1, 14), *records(1, first=950)]]
    receipt = run(shelf, tasks, names=names)
    assert per_team(receipt)[11] == 2
    assert of(receipt, "tasks").verdict == "suspect"
    assert "found 2 of 2 that" in of(receipt, "tasks").reason
    settled = run(shelf, tasks, names=names)
    assert (2 in per_team(settled), per_team(settled)[11]) == (False, 2)


def test_the_children_of_a_parent_that_is_gone_go() -> None:
    shelf = shelf_of(14, 2)
    run(shelf)
    shelf.lists["/teams"] = without(5, 1, 14)
    receipt = run(shelf)
    assert 5 not in per_team(receipt)
    assert (of(receipt, "tasks").second_look, of(receipt, "teams").second_look) == (0, 2)


def test_where_a_list_cannot_be_read_again_the_rows_of_all_stay() -> None:
    shelf = shelf_of(4, 14)
    run(shelf)
    for team in (2, 3):
        shelf.lists[f"/teams/{team}/tasks"] = records(13, 100 * team)
    shelf.turns["/teams/3/tasks"] = [None, 400]
    receipt = run(shelf)
    assert per_team(receipt) == {1: 14, 2: 14, 3: 14, 4: 14}
    assert (of(receipt, "tasks").verdict, receipt.exit_code) == ("complete", 0)
    assert "the second look proves nothing" in of(receipt, "tasks").notes[-1]


def test_where_the_parents_are_not_proven_those_that_are_read_twice_are_judged() -> None:
    shelf = shelf_of(15, 12)
    tasks = {**TASKS, "primary_key": ["id", "_teams_id"]}
    run(shelf, tasks)
    paging: Json = {"paginator": {"type": "offset", "limit": 10, "maximum_offset": 10}}
    teams = {"name": "teams", "endpoint": paging}
    config = shelf.config(teams, tasks, delete_missing=HARD)
    shelf.lists |= {f"/teams/{team}/tasks": records(11, 100 * team) for team in (2, 14)}
    receipt = sync(config, pipeline_name="second")
    left = per_team(receipt)
    assert (left[2], left[14], of(receipt, "teams").verdict) == (11, 12, "partial")


def test_grandchildren_are_looked_for_under_all_their_parents() -> None:
    """Were the teams narrowed to those whose tasks are looked for, tasks of others would seem to be gone."""
    shelf = shelf_of(3, 12)
    shelf.lists |= {
        f"/tasks/{task}/notes": records(1, first=10 * task)
        for team in (1, 2, 3)
        for task in range(100 * team, 100 * team + 12)
    }
    run(shelf, TASKS, NOTES)
    shelf.lists["/teams/1/tasks"] = without(105, 100, 12)
    shelf.lists["/tasks/303/notes"] = []
    shelf.lists["/tasks/250/notes"] = records(1, first=2500)
    shifting(shelf, "/teams/2/tasks", 200, 12)
    receipt = run(shelf, TASKS, NOTES)
    found = {one for (one,) in rows(receipt, "SELECT id FROM notes")}
    assert {2100, 3030, 1050} <= found
    assert (of(receipt, "tasks").verdict, of(receipt, "notes").verdict) == ("suspect", "suspect")
    settled = run(shelf, TASKS, NOTES)
    found = {one for (one,) in rows(settled, "SELECT id FROM notes")}
    assert ({1050, 2010, 3030} & found, 2100 in found) == (set(), True)
    assert (of(settled, "tasks").deleted, of(settled, "notes").deleted, settled.exit_code) == (2, 3, 0)
