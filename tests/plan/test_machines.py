"""Paginators, auth, retry, limits and actions become the machines of the wire."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.errors import ConfigError
from restmill.path import Path
from restmill.plan.spec import Note, Transport
from restmill.secrets import Secret
from restmill.wire import auth
from restmill.wire.actions import Rule
from restmill.wire.limits.budget import Limits
from restmill.wire.paging import pagers
from restmill.wire.retry import Policy
from tests.plan.planning import USERS, notes, planned

if TYPE_CHECKING:
    from restmill.path import Json


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("auto", None),
        ("single_page", pagers.SinglePage()),
        ("json_response", pagers.JsonLink()),
        ({"type": "json_link", "next_url_path": "links.next"}, pagers.JsonLink(Path("links.next"))),
        ({"type": "header_link", "links_next_key": "n"}, pagers.HeaderLink("n")),
        ({"type": "header_cursor", "cursor_key": "K", "cursor_param": "c"}, pagers.HeaderCursor("K", "c")),
        ({"type": "cursor", "cursor_path": "a.b", "has_more_path": None}, pagers.Cursor(Path("a.b"))),
        ({"type": "offset", "limit": 10}, pagers.Offset(10)),
        ({"type": "offset", "limit": 10, "total_path": None}, pagers.Offset(10, total_path=None)),
        ({"type": "offset", "offset": None, "limit": 1}, pagers.Offset(1)),
        ({"type": "page_number"}, pagers.PageNumber(base_known=False)),
        ({"type": "page_number", "base_page": 1, "maximum_page": 3}, pagers.PageNumber(1, maximum_page=3)),
        ({"type": "page_number", "page": 1}, pagers.PageNumber(page=1)),
    ],
)  # fmt: skip
def test_paginators_become_pagers(declared: Json, expected: pagers.Pager | None) -> None:
    assert (
        planned({"name": "x", "endpoint": {"path": "x", "paginator": declared}}).resource("x").pager
        == expected
    )


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, pagers.JsonLink()),
        ({"paginator": None}, pagers.JsonLink()),
        ({"paginator": "auto"}, pagers.JsonLink()),
        ({"paginator": {"type": "auto"}}, pagers.JsonLink()),
        ({"paginator": "header_link"}, pagers.HeaderLink()),
        ({"path": "x/{resources.users.id}"}, pagers.SinglePage()),
        ({"path": "x/{resources.users.id}", "paginator": "auto"}, pagers.JsonLink()),
    ],
)
def test_the_clients_paginator_counts_where_an_endpoint_has_none_or_auto(
    own: Json, expected: pagers.Pager
) -> None:
    client = {"base_url": "https://h", "paginator": "json_link"}
    assert planned(USERS, {"name": "x", "endpoint": own}, client=client).resource("x").pager == expected


def test_a_path_that_ends_in_a_placeholder_is_one_record() -> None:
    plan = planned(USERS, {"name": "x", "endpoint": "users/{resources.users.id}"})
    assert plan.resource("x").selector == Path("$")
    assert plan.resource("x").pager == pagers.SinglePage()
    said = "the path ends in a placeholder: the whole answer is the record and there is one page"
    assert said in notes(plan, "x")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"data_selector": "item"}, ["the path ends in a placeholder: there is one page"]),
        ({"paginator": "single_page"}, ["the path ends in a placeholder: the whole answer is the record"]),
        ({"data_selector": "item", "paginator": "single_page"}, []),
    ],
)
def test_a_single_record_is_noted_only_as_far_as_it_is_guessed(more: Json, said: list[str]) -> None:
    plan = planned(USERS, {"name": "x", "endpoint": {"path": "users/{resources.users.id}", **more}})
    assert [text for text in notes(plan, "x") if "ends in a placeholder" in text] == said


@pytest.mark.parametrize(
    ("client", "endpoint", "expected"),
    [
        (None, {}, None),
        ({"token": "t"}, {}, auth.Bearer(Secret("t"))),
        ({"token": "t"}, {"auth": None}, None),
        ({"token": "t"}, {"auth": {"token": "u"}}, auth.Bearer(Secret("u"))),
        ("bearer", {}, auth.Bearer(Secret(""))),
        ({"type": "api_key", "name": "k", "api_key": "v", "location": "query"}, {},
         auth.ApiKey(name="k", key=Secret("v"), location="query")),
        ({"type": "http_basic", "username": "u", "password": "p"}, {}, auth.Basic("u", Secret("p"))),
        ({"type": "http_basic", "password": "p"}, {}, auth.Basic("", Secret("p"))),
        ({"type": "oauth2_client_credentials", "access_token_url": "https://h/t", "client_id": "i",
          "client_secret": "s", "access_token_request_data": {"scope": "x"},
          "default_token_expiration": 60}, {},
         auth.ClientCredentials("https://h/t", Secret("i"), Secret("s"), {"scope": "x"}, 60.0)),
    ],
)  # fmt: skip
def test_the_endpoints_auth_wins_even_when_it_is_none(
    client: Json, endpoint: Json, expected: auth.Auth | None
) -> None:
    block = {"base_url": "https://h"} | ({"auth": client} if client is not None else {})
    assert (
        planned({"name": "x", "endpoint": {"path": "x", **endpoint}}, client=block).resource("x").auth
        == expected
    )


def test_credentials_that_are_missing_are_noted() -> None:
    client = {"base_url": "https://h", "auth": "http_basic"}
    endpoint = {"path": "x", "auth": {"type": "api_key", "name": "k"}}
    plan = planned({"name": "x", "endpoint": endpoint}, client=client)
    assert Note("client.auth", "not given, so looked up in dlt's secrets: username, password") in plan.notes
    assert Note("x", "not given, so looked up in dlt's secrets: api_key") in plan.notes


def test_every_secret_of_the_credentials_is_known_to_the_plan() -> None:
    client = {"base_url": "https://h", "auth": {"type": "http_basic", "username": "name", "password": "pass"}}
    assert {Secret("pass"), Secret("name:pass")} <= set(planned("x", client=client).secrets)


def test_an_endpoints_retry_overrides_the_clients_key_by_key() -> None:
    client = {"base_url": "https://h", "retry": {"statuses": [500], "max_retries": 9, "max_wait": None}}
    endpoint = {"path": "x", "retry": {"max_retries": 1, "backoff_factor": 3}}
    plan = planned("y", {"name": "x", "endpoint": endpoint}, client=client)
    assert plan.resource("y").retry == Policy(frozenset({500}), 9, lasting=False)
    assert plan.resource("x").retry == Policy(frozenset({500}), 1, 3, lasting=False)
    assert planned("x").resource("x").retry == Policy()


def test_limits_and_transport_carry_what_was_written() -> None:
    client = {
        "base_url": "https://h",
        "rate_limit": {"requests_per_second": 2, "burst": 3, "concurrency": 5},
        "breaker": {"failures": 7},
        "timeout": 9,
        "max_response_bytes": 5,
        "proxy": "http://p:1",
        "verify": False,
        "cert": ["c", "k"],
        "allowed_hosts": ["CDN.example.com"],
    }
    plan = planned("x", client=client)
    assert plan.limits == Limits(concurrency=5, requests_per_second=2, burst=3, failures=7, patience=8.75)
    assert plan.transport == Transport(9, "http://p:1", verify=False, cert=("c", "k"), max_response_bytes=5)
    assert plan.allowed_hosts == {"cdn.example.com"}


def test_what_is_not_written_is_the_machines_own_default() -> None:
    plan = planned("x", client={"base_url": "https://h", "cert": "one.pem", "rate_limit": {}, "breaker": {}})
    assert plan.limits == Limits(patience=8.75)  # 1 + 2 + 4 s, a quarter longer at most
    assert plan.transport == Transport(cert=("one.pem",))
    assert planned("x").transport == Transport()


def test_response_actions_become_rules_in_order() -> None:
    actions = [
        {"status_code": 404, "action": "ignore"},
        {"content": "gone", "action": "end"},
        {"header": {"X-State": "busy"}, "action": "retry"},
        {"status_code": 200, "empty": True, "action": "skip"},
    ]
    resource = planned({"name": "x", "endpoint": {"path": "x", "response_actions": actions}}).resource("x")
    assert resource.actions == (
        Rule(do="ignore", status=404),
        Rule(do="end", content="gone"),
        Rule(do="retry", header=("X-State", "busy")),
        Rule(do="skip", status=200, empty=True),
    )


KINDS: dict[str, type[pagers.Offset | pagers.PageNumber | pagers.Cursor]] = {
    "offset": pagers.Offset,
    "page_number": pagers.PageNumber,
    "cursor": pagers.Cursor,
}
options = st.fixed_dictionaries(
    {"type": st.sampled_from(["offset", "page_number", "cursor"])},
    optional={
        "limit": st.integers(1, 3),
        "total_path": st.sampled_from([None, "total"]),
        "stop_after_empty_page": st.booleans(),
        "has_more_path": st.sampled_from([None, "more"]),
        "maximum_offset": st.sampled_from([None, 1]),
        "maximum_page": st.sampled_from([None, 1]),
        "offset_param": st.sampled_from([None, "o"]),
        "offset_body_path": st.sampled_from([None, "a.o"]),
        "limit_body_path": st.sampled_from([None, "a.l"]),
        "page_param": st.sampled_from([None, "p"]),
        "page_body_path": st.sampled_from([None, "a.p"]),
        "cursor_param": st.sampled_from([None, "c"]),
        "cursor_body_path": st.sampled_from([None, "a.c"]),
    },
)


@given(options)
def test_a_paginator_that_passes_the_check_contradicts_nothing(declared: dict[str, Json]) -> None:
    known = {one.name for one in fields(KINDS[declared["type"]])} | {"type"}
    declared = {name: value for name, value in declared.items() if name in known}
    try:
        pager = planned({"name": "x", "endpoint": {"path": "x", "paginator": declared}}).resource("x").pager
    except ConfigError:
        return
    assert isinstance(pager, pagers.Offset | pagers.PageNumber | pagers.Cursor)
    assert pagers.conflicts(pager) == ()


@pytest.mark.parametrize(
    ("keys", "lasting"),
    [({}, True), ({"statuses": [503]}, True), ({"max_retries": 3}, False), ({"backoff_factor": 2}, False)],
)
def test_retries_go_on_in_an_outage_unless_the_config_has_a_rhythm(
    keys: dict[str, object], lasting: bool
) -> None:
    client = {"base_url": "https://h", "retry": keys}
    assert planned("y", {"name": "x", "endpoint": "x"}, client=client).resource("y").retry.lasting is lasting
