"""A plan in words: everything that is sent is shown, and nothing that is secret."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import dlt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.config.model.config import Opaque
from restmill.plan.describe import Described, as_json, describe
from restmill.secrets import Secret
from restmill.wire.limits.budget import Limits
from restmill.wire.retry import Policy
from tests.plan.planning import USERS, planned

if TYPE_CHECKING:
    from restmill.path import Json

POSTS = {
    "name": "posts",
    "primary_key": ["id", "lang"],
    "write_disposition": {"disposition": "merge", "strategy": "upsert"},
    "columns": {"id": {"data_type": "bigint"}},
    "table_name": str,
    "max_table_nesting": 2,
    "include_from_parent": ["name"],
    "rename": {"user.id": "user_key"},
    "processing_steps": [{"map": dict}],
    "endpoint": {
        "path": "users/{resources.users.id}/posts",
        "method": "POST",
        "params": {
            "since": {"type": "incremental", "cursor_path": "at", "initial_value": "2024"},
            "tags": ["a", "{resources.users.tag}"],
            "on": True,
            "nothing": None,
            "api_key": "abc",
        },
        "headers": {"X-A": "1"},
        "json": {"query": {"a": 1}},
        "paginator": {"type": "cursor", "cursor_path": "next"},
        "data_selector": "items",
        "response_actions": [{"status_code": 404, "action": "ignore"}],
    },
}


def one(resource: Json, **client: Json) -> Described:
    plan = planned(USERS, resource, client={"base_url": "https://api.example.com/v1", **client})
    return next(found for found in describe(plan).resources if found.name == resource["name"])


def test_a_resource_in_words() -> None:
    found = one(POSTS, auth={"token": "t0ken"})
    assert found == Described(
        name="posts",
        request="POST https://api.example.com/v1/users/{resources.users.id}/posts",
        params={
            "since": "set by the cursor",
            "tags": "a, {resources.users.tag}",
            "on": "true",
            "nothing": "left out",
            "api_key": "***",
        },
        headers=("X-A",),
        body="JSON: query",
        auth="bearer token",
        pages=found.pages,
        records="items",
        rules=("status 404: ignore",),
        parent="users: id, tag, with name",
        cursor="at, from 2024, sent as since",
        steps=("map dict",),
        rename={"user.id": "user_key"},
        table={
            "table_name": "str",
            "write_disposition": "disposition: merge, strategy: upsert",
            "primary_key": "id, lang",
            "max_table_nesting": "2",
        },
        load="rows: `table_name` is a function of the record",
        retry="3 times on 429, 500, 502, 503, 504 and where the host says when, after 1, 2, 4 s",
        on_error="raise",
        notes=found.notes,
    )
    assert found.pages.startswith("cursor")
    assert any("read once for each record" in note for note in found.notes)


def test_what_is_detected_says_so() -> None:
    found = one({"name": "x"})
    assert (found.pages, found.records, found.auth, found.parent, found.cursor, found.body) == (
        "detected",
        "detected",
        "none",
        "",
        "",
        "",
    )


@pytest.mark.parametrize(("data", "body"), [({"a": "b"}, "form: a"), ("text", "raw"), (b"bytes", "raw")])
def test_bodies_are_named_and_not_shown(data: Json, body: str) -> None:
    assert one({"name": "x", "endpoint": {"path": "x", "method": "POST", "data": data}}).body == body


def test_cursors_in_words() -> None:
    own: dlt.sources.incremental[int] = dlt.sources.incremental("a.b", initial_value=0)
    assert one({"name": "x", "endpoint": {"params": {"s": own}}}).cursor == "a.b, from 0, sent as s"
    incremental = {"cursor_path": "t", "start_param": "s", "end_param": "e"}
    found = one({"name": "x", "endpoint": {"incremental": incremental}})
    assert found.cursor == "t, sent as s, sent as e"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Policy(max_retries=0), "none"),
        (Policy(frozenset({500}), 1), "once on 500 and where the host says when, after 1 s"),
        (Policy(frozenset(), 2, 10, max_wait=5), "2 times where the host says when, after 1, 5 s"),
        (
            Policy(frozenset({500}), 9, 1),
            "9 times on 500 and where the host says when, after 1, 1, 1, 1, 1, ... s",
        ),
    ],
)
def test_patience_in_words(policy: Policy, words: str) -> None:
    plan = planned(USERS)
    patient = replace(plan, resources=(replace(plan.resource("users"), retry=policy),))
    assert describe(patient).resources[0].retry == words


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(), "at most 16 requests at a time; halts after 10 failures in a row"),
        (Limits(1, requests_per_second=2.5, failures=3),
         "at most 1 request at a time, 2.5 per second; halts after 3 failures in a row"),
        (Limits(8, requests_per_second=2, burst=5),
         "at most 8 requests at a time, 2 per second after a burst of 5; halts after 10 failures in a row"),
    ],
)  # fmt: skip
def test_budgets_in_words(limits: Limits, words: str) -> None:
    assert describe(replace(planned(USERS), limits=limits)).budget == words


@pytest.mark.parametrize(
    ("client", "words"),
    [
        ({}, "timeout 60 s"),
        ({"timeout": 1.5, "verify": False}, "timeout 1.5 s, certificates are not checked"),
        ({"proxy": "http://me:secret@p:1", "verify": "/ca.pem", "cert": "c.pem"},
         "timeout 60 s, through http://p:1, certificates by /ca.pem, with a client certificate"),
    ],
)  # fmt: skip
def test_connections_in_words(client: Json, words: str) -> None:
    plan = planned(USERS, client={"base_url": "https://h", **client})
    assert describe(plan).connection == words


def test_the_plan_as_a_whole() -> None:
    client = {"base_url": "https://me:pass@h/v1", "auth": "bearer", "allowed_hosts": ["b", "a"]}
    plan = planned(USERS, dlt.resource([1], name="own"), client=client, pipeline={"name": "p"})
    found = describe(plan)
    assert found.base_url == "https://h/v1"
    assert found.allowed_hosts == ("a", "b")
    assert found.pipeline == "p -> duckdb, dataset p_dataset"
    assert found.notes == ("client.auth: not given, so looked up in dlt's secrets: token",)
    assert found.resources[0].request == "GET https://h/v1/users"
    assert found.resources[1] == Described("own", "a dlt resource of your own, passed on untouched")


def test_objects_are_shown_by_their_class() -> None:
    plan = planned(USERS, pipeline={"destination": Ellipsis})
    own = replace(plan.resource("users"), auth=Opaque(1.5, "a"), pager=Opaque({}, "p"))
    found = describe(replace(plan, resources=(own,)))
    assert found.pipeline == "api_example_com -> an object of class ellipsis, dataset api_example_com_dataset"
    assert (found.resources[0].auth, found.resources[0].pages) == (
        "an object of class float",
        "an object of class dict",
    )


@given(st.text(alphabet="abcXYZ0189/+=&? ", min_size=8))
def test_no_secret_is_in_a_description(secret: str) -> None:
    auth = {"type": "api_key", "name": "k", "api_key": secret, "location": "query"}
    endpoint = {
        "path": "x/{key}/y",
        "params": {"key": Secret(secret), "sig": Secret(secret), "cursor": Secret(secret)},
        "headers": {"X-Key": Secret(secret)},
        "data": {"key": Secret(secret)},
        "incremental": {"cursor_path": "a", "initial_value": secret},
    }
    client = {"base_url": f"https://h/v1?key={secret}", "auth": auth}
    shown = json.dumps(as_json(planned({"name": "x", "endpoint": endpoint}, client=client)))
    assert secret not in shown
    assert json.dumps(secret)[1:-1] not in shown


def test_the_json_is_plain() -> None:
    shown = as_json(planned(USERS, POSTS))
    assert json.loads(json.dumps(shown))["resources"][1]["name"] == "posts"


def test_how_tables_depart_from_dlts() -> None:
    keys = {"quarantine": True, "empty_columns": "text", "widen_numbers": True}
    told = describe(planned("x", {"name": "y", **keys}, dlt.resource([1], name="own")))
    shown = {"quarantine": "true", "empty_columns": "text", "widen_numbers": "true"}
    assert [one.departures for one in told.resources] == [{}, shown, {}]
    # Of the three only `quarantine` says something: what it cannot see, so that nobody relies on it for that.
    *others, unseen = told.resources[1].notes
    assert tuple(others) == describe(planned("x", "y")).resources[1].notes
    assert "unique and check constraints" in unseen


@pytest.mark.parametrize(
    ("more", "note"),
    [
        (
            {"columnar": False, "empty_columns": "text"},
            "`empty_columns` has no effect: records go to dlt row by row (`columnar` is false)",
        ),
        (
            {"write_disposition": {"disposition": "merge", "strategy": "scd2"}},
            "`quarantine`: the earlier row of a refused record is retired, as of one that did not come",
        ),
    ],
)
def test_what_a_departure_does_not_do_is_a_note(more: Json, note: str) -> None:
    plan = planned({"name": "y", "quarantine": True, **more})
    assert note in describe(plan).resources[0].notes


def test_how_records_are_loaded_and_why() -> None:
    told = describe(planned("x", {"name": "y", "columnar": False}, dlt.resource([1], name="own")))
    assert [one.load for one in told.resources] == [
        "columns, if the destination takes Parquet files",
        "rows: `columnar` is false",
        "",
    ]
