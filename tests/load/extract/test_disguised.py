"""Errors in disguise, end to end: no table is shrunk, nothing is deleted though both looks meet the same."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from restmill import sync
from tests.load.api import of, rows
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    import requests

    from restmill.path import Json
    from restmill.run.receipt.receipt import Receipt

LIES: dict[str, Json] = {
    "error object": {"error": {"code": 429, "message": "slow down"}},
    "success false": {"success": False, "data": None},
    "code beside an empty list": {"code": 40001, "data": []},
    "null": {"data": None},
    "status": {"status": "error", "data": []},
    "a fault": {"fault": {"faultstring": "quota"}},
}
HARD: Json = {"mode": "hard", "max_fraction": 1.0, "allow_empty": True}


class Lying(Shelf):
    """A shelf without totals that answers `lie` from row `start` on, once it was honest so many times."""

    def __init__(self, count: int) -> None:
        super().__init__(users=records(count))
        self.totals = False
        self.lie: Json = None
        self.start, self.stop = 0, 1000
        self.honest = 0
        self.served: Counter[int] = Counter()

    def send(self, request: requests.PreparedRequest, *args: Any, **keys: Any) -> requests.Response:
        response = super().send(request, *args, **keys)
        document = {"code": 0, "status": "ok", **response.json()}
        offset = int(parse_qs(urlsplit(str(request.url)).query)["offset"][0])
        self.served[offset] += 1
        lies = self.start <= offset < self.stop and self.served[offset] > self.honest
        if self.lie is not None and lies:
            document = {**document, **self.lie} if self.lie.get("data") == "kept" else self.lie
        if document.get("data") == "kept":
            document["data"] = response.json()["data"]
        response._content = json.dumps(document).encode()
        return response


def run(shelf: Lying, **defaults: Json) -> Receipt:
    shelf.served.clear()
    return sync(shelf.config("users", **defaults), pipeline_name="disguised")


def ids(receipt: Receipt) -> list[Any]:
    return [one for (one,) in rows(receipt, "SELECT id FROM users ORDER BY id")]


@pytest.mark.parametrize("start", [0, 20])
@pytest.mark.parametrize("name", LIES)
def test_a_table_is_not_replaced_by_what_came_before_an_error(name: str, start: int) -> None:
    if name == "null" and not start:
        return  # an API may well say so that there is nothing
    shelf = Lying(40)
    run(shelf, write_disposition="replace")
    shelf.lie, shelf.start = LIES[name], start
    receipt = run(shelf, write_disposition="replace")
    users = of(receipt, "users")
    assert (users.verdict, users.withheld, receipt.exit_code != 0) == ("partial", True, True)
    assert ids(receipt) == list(range(1, 41))


@pytest.mark.parametrize("name", LIES)
def test_nothing_is_deleted_because_both_reads_met_the_same_error(name: str) -> None:
    shelf = Lying(40)
    run(shelf, delete_missing=HARD)
    shelf.lie, shelf.start = LIES[name], 20
    receipt = run(shelf, delete_missing=HARD)
    users = of(receipt, "users")
    assert (users.verdict, users.deleted) == ("partial", 0)
    assert ids(receipt) == list(range(1, 41))


@pytest.mark.parametrize("name", LIES)
def test_a_second_look_that_meets_an_error_proves_nothing(name: str) -> None:
    shelf = Lying(40)
    run(shelf, delete_missing=HARD)
    shelf.lists["/users"] = [one for one in records(40) if one["id"] != 35]
    shelf.lie, shelf.start, shelf.honest = LIES[name], 20, 1
    receipt = run(shelf, delete_missing=HARD)
    users = of(receipt, "users")
    assert (users.deleted, users.second_look > 0) == (0, True)
    assert any("the second look proves nothing" in note for note in users.notes)
    assert ids(receipt) == list(range(1, 41))


def test_rows_beside_errors_are_loaded_and_nothing_is_deleted() -> None:
    shelf = Lying(40)
    run(shelf, delete_missing=HARD)
    shelf.lists["/users"] = records(39)
    shelf.lie = {"errors": [{"message": "shard timed out"}], "data": "kept"}
    shelf.start, shelf.stop = 30, 39
    receipt = run(shelf, delete_missing=HARD)
    users = of(receipt, "users")
    assert (users.verdict, users.deleted, receipt.exit_code) == ("suspect", 0, 3)
    assert "page 4 has `errors`" in users.notes
    assert ids(receipt) == list(range(1, 41))
