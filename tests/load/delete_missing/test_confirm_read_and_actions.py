"""The second look where functions of the user look at the answers: it calls none, and says what it costs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from dlt.sources.helpers.rest_client.exceptions import IgnoreResponseException

from restmill import sync
from restmill.events import StageBegan
from restmill.testing import Recorder
from tests.load.api import of, rows
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import Response

    from restmill.path import Json
    from restmill.run.receipt.receipt import Receipt

HARD: Json = {"mode": "hard", "max_fraction": 0.5}


def read(shelf: Shelf, *actions: Callable[..., Any], **endpoint: Json) -> Receipt:
    paged = {"data_selector": "data", "paginator": {"type": "offset", "limit": 10}}
    users = {"name": "users", "endpoint": {**paged, "response_actions": [*actions], **endpoint}}
    return sync(shelf.config(users, delete_missing=HARD), pipeline_name="second")


def ids(receipt: Receipt) -> set[Any]:
    return {found for (found,) in rows(receipt, "SELECT id FROM users")}


def missing_one(shelf: Shelf) -> None:
    """A row of the first page goes behind it, so that the next page lacks one; all others live."""
    shelf.turns["/users"] = [[*(one for one in records(20) if one["id"] != 5), *records(1, first=900)]]


def _with(response: Response, change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    document = response.json()
    return {**document, "data": [change(row) for row in document["data"]]}


def _prefixed(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "id": f"u{row['id']}"}


def in_content(response: Response) -> None:
    response._content = json.dumps(_with(response, _prefixed)).encode()


def in_json(response: Response) -> None:
    document = _with(response, _prefixed)
    response.json = lambda **_: document  # type: ignore[method-assign]


def in_encoding(response: Response) -> None:
    response.encoding = "utf-16"
    response._content = response.content.decode().encode("utf-16")


def in_headers(response: Response) -> None:
    response.headers["X-Total"] = "20"


def in_attributes(response: Response) -> None:
    response.page = 1  # type: ignore[attr-defined]


def by_the_end(response: Response) -> None:
    if "offset=10" in response.request.path_url and "seen" in vars(by_the_end):
        raise IgnoreResponseException
    vars(by_the_end)["seen"] = True


CHANGING = [in_content, in_json, in_encoding, in_headers, in_attributes]


@pytest.mark.parametrize("action", CHANGING, ids=lambda one: one.__name__)
def test_where_an_action_changes_the_answers_no_row_goes(action: Callable[[Response], None]) -> None:
    shelf = Shelf(users=records(20))
    before = ids(read(shelf, action))
    missing_one(shelf)
    receipt = read(shelf, action)
    assert before <= ids(receipt)
    users = of(receipt, "users")
    assert (users.deleted, users.second_look) == (0, 0)
    assert users.notes[-1] == (
        "vanished rows stay: the second look proves nothing: a response action changes the answers, "
        "and is called for the run's own reads only"
    )


def test_such_a_resource_is_not_read_again_and_others_are() -> None:
    shelf = Shelf(users=records(20), teams=records(20))
    users = {"name": "users", "endpoint": {"path": "users", "response_actions": [in_content]}}
    config = shelf.config(users, "teams", delete_missing=HARD)
    config["resource_defaults"]["endpoint"]["response_actions"] = []
    sync(config, pipeline_name="second")
    shelf.lists = {"/users": records(17), "/teams": records(17)}
    shelf.asked.clear()
    receipt = sync(config, pipeline_name="second")
    assert (of(receipt, "users").deleted, of(receipt, "teams").deleted) == (0, 3)
    assert of(receipt, "teams").second_look == 2
    assert shelf.asked.count("/users") == of(receipt, "users").requests


def test_children_of_a_parent_whose_answers_are_changed_stay() -> None:
    paths = {f"/teams/t{number}": records(12, first=number * 100) for number in range(3)}
    shelf = Shelf(teams=records(3, first=0))
    shelf.lists |= paths

    def renamed(response: Response) -> None:
        document = _with(response, lambda row: {**row, "id": f"t{row['id']}"})
        response.json = lambda **_: document  # type: ignore[method-assign]

    teams = {
        "name": "teams",
        "delete_missing": None,
        "endpoint": {"path": "teams", "response_actions": [renamed]},
    }
    users = {
        "name": "users",
        "endpoint": {"path": "teams/{resources.teams.id}"},
        "include_from_parent": ["id"],
        "delete_missing": HARD,
    }
    config = shelf.config(teams, users)
    sync(config, pipeline_name="second")
    shelf.lists["/teams/t1"] = records(11, first=100)
    receipt = sync(config, pipeline_name="second")
    assert (len(ids(receipt)), of(receipt, "users").deleted) == (36, 0)
    assert "a response action changes the answers" in of(receipt, "users").notes[-1]


def test_no_action_is_called_for_it_and_one_that_only_looks_costs_nothing() -> None:
    shelf = Shelf(users=records(20))
    seen: list[str] = []

    def noting(response: Response) -> None:
        response.raise_for_status()
        assert (response.text, response.json(), response.links) is not None
        seen.append(response.request.path_url)

    read(shelf, noting)
    shelf.lists["/users"] = records(17)
    seen.clear()
    receipt = read(shelf, noting)
    users = of(receipt, "users")
    assert (users.deleted, users.second_look, len(ids(receipt))) == (3, 2, 17)
    assert seen == ["/users?offset=0&limit=10", "/users?offset=10&limit=10"]


def test_actions_are_called_again_after_the_second_look() -> None:
    shelf = Shelf(users=records(20))
    seen: list[int] = []

    def noting(response: Response) -> None:
        seen.append(response.status_code)

    config = shelf.config("users", delete_missing=HARD)
    config["resource_defaults"]["endpoint"]["response_actions"] = [noting]
    for count in (20, 17, 17):
        seen.clear()
        shelf.lists["/users"] = records(count)
        sync(config, pipeline_name="second")
        assert len(seen) == 2


def test_an_action_that_ends_the_list_lets_no_row_go() -> None:
    vars(by_the_end).clear()
    shelf = Shelf(users=records(20))
    before = ids(read(shelf, by_the_end))
    assert ids(read(shelf, by_the_end)) == before


def test_the_run_is_not_told_that_it_looks_when_it_does_not() -> None:
    shelf = Shelf(users=records(20))
    read(shelf, in_content)
    missing_one(shelf)
    heard = Recorder()
    users = {"name": "users", "endpoint": {"path": "users", "response_actions": [in_content]}}
    sync(shelf.config(users, delete_missing=HARD), pipeline_name="second", observer=heard)
    assert "look" not in [one.stage for one in heard.events if isinstance(one, StageBegan)]
