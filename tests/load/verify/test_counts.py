"""The cheap looks of verify: totals alone, and a sample of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from restmill import sync
from restmill.load.prepare.plans import plan_of_mapping
from restmill.load.verify.counts import count
from restmill.load.verify.full import Comparison, Target, verify
from restmill.load.verify.sample import Sampled
from restmill.testing import json_response
from restmill.wire.message import Page, Request
from restmill.wire.paging.pagers import Offset
from tests.load.api import api, resource
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from tests.load.conftest import Serve


def counted(config: dict[str, Any]) -> Comparison:
    return count(plan_of_mapping(config, "isolate"), Target("shelf"))


def sample(config: dict[str, Any], pages: int) -> Comparison:
    return verify(plan_of_mapping(config, "isolate"), Target("shelf"), pages=pages)


def test_totals_by_one_request_each() -> None:
    shelf = Shelf(users=records(30), teams=records(30))
    config = shelf.config("users", "teams", delete_missing="soft")
    sync(config, pipeline_name="shelf")
    shelf.lists |= {"/users": records(29), "/teams": records(31)}
    shelf.asked.clear()
    found = counted(config)
    assert shelf.asked == ["/users", "/teams"]
    numbers = [
        (one.difference.here, one.difference.there, one.difference.missing, one.difference.extra)
        for one in found.resources
        if one.difference
    ]
    assert numbers == [(29, 30, 0, 1), (31, 30, 1, 0)]
    assert found.exit_code == 3
    sync(config, pipeline_name="shelf")
    assert counted(config).exit_code == 0


@pytest.mark.parametrize(
    ("disposition", "said"),
    [
        ({"disposition": "merge", "strategy": "upsert"}, ""),
        ({"disposition": "replace"}, ""),
        ({"disposition": "append"}, "not counted: it appends, so its table holds more than the API"),
    ],
)
def test_a_disposition_with_options_is_counted_like_its_word(disposition: Any, said: str) -> None:
    shelf = Shelf(users=records(30))
    config = shelf.config({"name": "users", "write_disposition": disposition})
    sync(config, pipeline_name="shelf")
    (found,) = counted(config).resources
    assert [*found.notes, ""][0] == said
    assert (found.difference is not None) is (said == "")


def test_what_a_total_says_nothing_about_is_not_compared() -> None:
    shelf = Shelf(users=records(3), teams=records(3), logs=records(3))
    shelf.lists["/teams/1/tasks"] = []
    config = shelf.config(
        {"name": "users", "processing_steps": [{"filter": lambda _: True}]},
        {"name": "logs", "write_disposition": "append"},
        "teams",
        {"name": "tasks", "endpoint": "teams/{resources.teams.id}/tasks"},
    )
    shelf.totals = False
    found = counted(config)
    assert [one.notes[0].removeprefix("not counted: ")[:12] for one in found.resources] == [
        "its processi",
        "it appends, ",
        "the API stat",
        "it is read f",
    ]
    assert found.exit_code == 3
    assert shelf.asked == ["/teams"]


def test_an_api_that_fails_to_count() -> None:
    assert counted(Shelf(users=400).config("users")).exit_code == 4


def test_a_sample_asks_for_so_many_pages_and_judges_what_came(serve: Serve) -> None:
    server = serve(rows=130)
    config = api(server.base_url, resource("users", limit=10))
    sync(config, pipeline_name="shelf")
    before = server.stats()["requests"]
    found = sample(config, 3)
    assert server.stats()["requests"] == before + 3  # type: ignore[operator]
    (users,) = found.resources
    assert users.difference is not None
    assert (users.difference.here, users.difference.there) == (30, 130)
    assert (users.sampled, users.difference.extra, found.exit_code) == (True, 0, 0)


def test_a_sample_finds_missing_and_changed_rows() -> None:
    shelf = Shelf(users=records(100))
    config = shelf.config("users")
    sync(config, pipeline_name="shelf")
    shelf.lists["/users"] = [{"id": 1, "name": "new"}, {"id": 500}, *records(98, first=2)]
    found = sample(config, 2)
    assert found.resources[0].difference is not None
    assert found.resources[0].difference.first == {"missing": ({"id": 500},), "changed": ({"id": 1},)}
    assert found.exit_code == 3


@pytest.mark.parametrize("seed", range(20))
def test_a_sample_is_spread_and_never_longer_than_asked(seed: int) -> None:
    pager, asked = Sampled(Offset(limit=10), 4, seed), []
    shelf = Shelf(users=records(95))
    shelf_page = _pages(shelf)
    request = pager.first(Request("GET", "http://shelf.test/users"))
    for number in range(1, 10):
        asked.append(int(request.params["offset"]))
        decision = pager.after(shelf_page(request, number))
        if not hasattr(decision, "request"):
            break
        request = decision.request
    assert asked == sorted(set(asked))
    assert len(asked) <= 4
    assert max(asked) < 95


def _pages(shelf: Shelf) -> Any:
    """A function from a request to the page that the shelf would give."""

    def page(request: Request, number: int) -> Page:
        rows = shelf.lists["/users"]
        assert isinstance(rows, list)
        start = int(request.params["offset"])
        some = rows[start : start + 10]
        document = {"data": some, "total": len(rows)}
        return Page(request, json_response(document), document, some, number)

    return page
