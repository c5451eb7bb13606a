"""Paging: in each style every record exactly once, and each style's own envelope, selections and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.sandbox import COLLECTIONS, Behaviour, collection, task_count
from restmill.sandbox.pages import Desk
from tests.sandbox.client import WALKS, links, without_network

if TYPE_CHECKING:
    from tests.sandbox.conftest import Serve

styles = pytest.mark.parametrize("style", WALKS)


def expected_ids(name: str, rows: int) -> list[object]:
    return [record["id"] for record in collection(name, rows, 1).records()]


@styles
@given(rows=st.integers(0, 40), size=st.integers(1, 45), name=st.sampled_from(("projects", "feature_flags")))
def test_each_style_gives_every_record_exactly_once(style: str, rows: int, size: int, name: str) -> None:
    fetch = without_network(Desk(Behaviour(rows=rows)))
    assert WALKS[style](fetch, name, size) == expected_ids(name, rows)


@styles
def test_each_style_gives_every_record_over_the_wire(serve: Serve, style: str) -> None:
    assert WALKS[style](serve(), "resource", 50) == expected_ids("resource", 130)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_collection_is_served(serve: Serve, name: str) -> None:
    rows = task_count(30) if name == "tasks" else 30
    assert serve(rows=30)(f"/all/{name}").array == [*collection(name, rows, 1).records()]


def test_offset_envelope(serve: Serve) -> None:
    fetch = serve()
    assert {key: value for key, value in fetch("/v1/projects").json.items() if key != "data"} == {
        "total": 130,
        "offset": 0,
        "limit": 50,
    }
    assert fetch("/v1/projects", {"offset": 120, "limit": 100}).ids() == list(range(121, 131))
    assert list(fetch("/v1/feature_flags", {"limit": 1}).json) == ["items", "total", "offset", "limit"]


def test_page_number_envelopes(serve: Serve) -> None:
    fetch = serve()
    by_page = fetch("/v1/users", {"page": 3, "per_page": 60}).json
    assert [len(by_page.pop("data")), by_page] == [10, {"total": 130, "page": 3, "per_page": 60}]  # type: ignore[arg-type]
    pages = fetch("/pages/users", {"page": 0, "size": 60, "base": 0}).json
    assert [len(pages.pop("results")), pages] == [60, {"total_pages": 3, "page": 0}]  # type: ignore[arg-type]


def test_link_header_names_its_neighbours(serve: Serve) -> None:
    fetch = serve()
    found = links(fetch("/header-links/users", {"page": 2, "per_page": 60, "sort": "name", "api_key": "k"}))
    where = f"{fetch.base_url}/header-links/users?per_page=60&sort=name"
    wanted = {"next": 3, "first": 1, "prev": 1, "last": 3}
    for relation, page in wanted.items():
        assert set(found[relation].split("?")[1].split("&")) == {"per_page=60", "sort=name", f"page={page}"}
        assert found[relation].startswith(where.split("?", maxsplit=1)[0])
    assert "next" not in links(fetch("/header-links/users", {"page": 3, "per_page": 60}))


def test_one_record_by_its_id(serve: Serve) -> None:
    fetch = serve()
    assert fetch("/v1/resource/res-7").json == collection("resource", 130, 1).record(6)
    missing = fetch("/v1/resource/res-131")
    assert (missing.status, missing.message) == (404, "there is no such record in resource ")


def test_children_of_one_parent(serve: Serve) -> None:
    fetch = serve()
    first = fetch("/v1/projects/1/tasks", {"limit": 100})
    assert first.json["total"] == 120
    rest = fetch("/v1/projects/1/tasks", {"offset": 100, "limit": 100})
    assert {record["project_id"] for record in first.records() + rest.records()} == {1}
    assert len(first.records() + rest.records()) == 120
    assert fetch("/v1/projects/2/tasks").records() == []
    assert fetch("/v1/projects/131/tasks").status == 404


def test_children_of_all_parents_are_all_tasks() -> None:
    fetch = without_network(Desk(Behaviour(rows=25)))
    by_parent = [
        identity
        for project in range(1, 26)
        for identity in fetch(f"/v1/projects/{project}/tasks", {"limit": 500}).ids()
    ]
    assert sorted(map(str, by_parent)) == sorted(str(record["id"]) for record in fetch("/all/tasks").array)


@given(st.integers(0, 129), st.integers(0, 129))
def test_since_and_until_select_by_update_time(first: int, second: int) -> None:
    fetch = without_network(Desk(Behaviour(rows=130)))
    times = [str(record["updated_at"]) for record in collection("users", 130, 1).records()]
    since, until = sorted((times[first], times[second]))
    found = fetch("/v1/users", {"since": since, "until": until, "limit": 200})
    wanted = [index + 1 for index, time in enumerate(times) if since <= time < until]
    assert (found.ids(), found.json["total"]) == (wanted, len(wanted))


@pytest.mark.parametrize(
    "since", ["2025-01-02T17:12:22Z", "2025-01-02T19:12:22+02:00", "1735837942", "2025-01-02T17:12:21.2Z"]
)
def test_times_may_be_written_in_several_ways(serve: Serve, since: str) -> None:
    fetch = serve()
    wanted = fetch("/v1/users", {"since": "2025-01-02T17:12:22", "limit": 200}).ids()
    assert 62 in wanted, "it was updated in that very second"
    assert fetch("/v1/users", {"since": since, "limit": 200}).ids() == wanted


def test_a_plus_sign_that_was_not_encoded_is_explained(serve: Serve) -> None:
    reply = serve()("/v1/users?since=2025-01-02T20:01:38+02:00")
    assert reply.status == 400
    assert "%2B" in reply.message


@pytest.mark.parametrize("field", ["name", "value", "scope", "tags", "sensitive", "updated_by", "expires_at"])
def test_any_field_sorts_both_ways(serve: Serve, field: str) -> None:
    fetch = serve()
    up = fetch("/v1/configurations", {"sort": field, "limit": 200})
    down = fetch("/v1/configurations", {"sort": field, "order": "desc", "limit": 200})
    assert sorted(map(str, up.ids())) == sorted(map(str, down.ids())) == sorted(map(str, range(1, 131)))
    keys = [orjson.dumps(record.get(field)) for record in up.records()]
    runs = [key for place, key in enumerate(keys) if place == 0 or keys[place - 1] != key]
    assert len(runs) == len(set(runs)), "equal values stand together"
    assert [record.get(field) is None for record in up.records()] == sorted(
        record.get(field) is None for record in up.records()
    )
    assert orjson.dumps(down.records()[0].get(field)) == keys[-1]


def test_search_filters_by_equal_fields(serve: Serve) -> None:
    fetch = serve()
    body = {"filter": {"status": "active", "public": True}, "limit": 200}
    found = fetch("/search/projects", method="POST", body=body)
    wanted = [
        record["id"]
        for record in collection("projects", 130, 1).records()
        if record["status"] == "active" and record["public"] is True
    ]
    assert 0 < len(wanted) < 130
    assert (found.ids(), found.json["total"]) == (wanted, len(wanted))


@pytest.mark.parametrize(
    ("target", "part"),
    [
        ("/v1/users?limit=0", "limit"),
        ("/v1/users?limit=many", "limit"),
        ("/v1/users?offset=-1", "offset"),
        ("/v1/users?offset=" + "9" * 5000, "offset"),
        ("/v1/users?page=0", "page"),
        ("/pages/users?page=0", "page"),
        ("/v1/users?sort=nam", "Did you mean 'name'?"),
        ("/v1/users?order=up", "asc or desc"),
        ("/v1/users?since=yesterday", "times"),
        ("/v1/users?since=1e300", "times"),
        ("/cursor/users?cursor=nonsense", "cursor"),
        ("/cursor/users?cursor=dGFza3M6NTA=", "cursor"),
    ],
)
def test_a_wrong_parameter_is_a_400_that_names_it(serve: Serve, target: str, part: str) -> None:
    reply = serve()(target)
    assert reply.status == 400
    assert part in reply.message


@pytest.mark.parametrize("body", [b"{", b"[1]", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_a_400(serve: Serve, body: bytes) -> None:
    assert serve()("/search/users", method="POST", body=body).status == 400


def test_an_unknown_path_names_the_nearest_and_all_others(serve: Serve) -> None:
    reply = serve()("/v1/project")
    assert reply.status == 404
    assert "Did you mean '/v1/projects'?" in reply.message
    error = reply.json["error"]
    assert isinstance(error, dict)
    assert len(error["known"]) == 11 * len(COLLECTIONS)


def test_every_known_path_answers() -> None:
    fetch = without_network(Desk(Behaviour(rows=3)))
    error = fetch("/nowhere").json["error"]
    assert isinstance(error, dict)
    for path in error["known"]:
        assert fetch(path, method="POST" if path.startswith("/search") else "GET", body={}).status == 200, (
            path
        )


def test_a_wrong_method_is_a_405(serve: Serve) -> None:
    reply = serve()("/v1/users", method="DELETE")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


def test_head_has_headers_and_no_body(serve: Serve) -> None:
    reply = serve()("/array/users", method="HEAD")
    assert (reply.status, reply.headers["X-Records"], reply.body) == (200, "130", b"")


def test_csv_quotes_what_needs_it(serve: Serve) -> None:
    reply = serve(rows=20)("/csv/projects", {"limit": 20})
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.body.startswith(b"id,name,status,owner,budget,members,")
    assert b'"They said ""ship it"" and we did."' in reply.body


def test_the_root_lists_the_routes(serve: Serve) -> None:
    assert serve()("/").json["collections"] == list(COLLECTIONS)


def test_order_alone_turns_the_list_round(serve: Serve) -> None:
    assert serve()("/v1/users", {"order": "desc", "limit": 3}).ids() == [130, 129, 128]


def test_a_filter_that_is_no_object_is_a_400(serve: Serve) -> None:
    reply = serve()("/search/users", method="POST", body={"filter": "role=owner"})
    assert (reply.status, reply.message) == (400, "filter is an object of field and value ")
