"""Configs whose paginators, auth, endpoints or hints are wrong: one line for each mistake."""

from __future__ import annotations

import pytest

from tests.config.configs import with_endpoint
from tests.config.judging import ENDPOINT, Case, Thing, client, judge, resource

CASES: list[Case] = [
    # paginators
    (
        with_endpoint(paginator="offse"),
        f"{ENDPOINT}.paginator",
        "there is no such type of paginator",
        "'offse'",
        "Did you mean 'offset'?",
    ),
    (
        with_endpoint(paginator={"type": 7}),
        f"{ENDPOINT}.paginator.type",
        "there is no such type of paginator",
        "7",
        "One of auto,",
    ),
    (
        with_endpoint(paginator={"limit": 5}),
        f"{ENDPOINT}.paginator",
        "`type` is missing; without it this is `auto`, which has no key `limit`",
        "",
        "Add type: offset.",
    ),
    (
        with_endpoint(paginator={"type": "offset", "page_param": "p"}),
        f"{ENDPOINT}.paginator.page_param",
        "there is no key `page_param` here",
        "",
        "`page_param` is a key of type page_number.",
    ),
    (
        with_endpoint(paginator={"tpye": "offset", "limit": 5}),
        f"{ENDPOINT}.paginator.tpye",
        "there is no key `tpye` here",
        "",
        "Did you mean 'type'?",
    ),
    (
        with_endpoint(paginator={"type": "offset", "limit": 0}),
        f"{ENDPOINT}.paginator.limit",
        "must be at least 1",
        "0",
        "",
    ),
    (
        with_endpoint(paginator={"type": "offset", "offset_param": "o", "offset_body_path": "b"}),
        f"{ENDPOINT}.paginator",
        "`offset_param` and `offset_body_path` are both given",
        "",
        "Keep",
    ),
    (
        with_endpoint(paginator={"type": "offset", "limit_param": "o", "limit_body_path": "b"}),
        f"{ENDPOINT}.paginator",
        "`limit_param` and `limit_body_path` are both given",
        "",
        "Keep",
    ),
    (
        with_endpoint(paginator={"type": "page_number", "page_param": "o", "page_body_path": "b"}),
        f"{ENDPOINT}.paginator",
        "`page_param` and `page_body_path` are both given",
        "",
        "Keep",
    ),
    (
        with_endpoint(paginator={"type": "cursor", "cursor_param": "o", "cursor_body_path": "b"}),
        f"{ENDPOINT}.paginator",
        "`cursor_param` and `cursor_body_path` are both given",
        "",
        "Keep",
    ),
    (
        with_endpoint(paginator={"type": "page_number", "total_path": None, "stop_after_empty_page": False}),
        f"{ENDPOINT}.paginator",
        "nothing ends the read",
        "",
        "Give total_path, maximum_page",
    ),
    (
        with_endpoint(paginator=5),
        f"{ENDPOINT}.paginator",
        "must be a type of paginator, a mapping or a paginator object",
        "5",
        "",
    ),
    (
        with_endpoint(paginator=Thing),
        f"{ENDPOINT}.paginator",
        "must be a type of paginator, a mapping or a paginator object",
        "the class Thing",
        "Give an instance",
    ),
    (
        with_endpoint(paginator={"type": "cursor", "cursor_path": "[["}),
        f"{ENDPOINT}.paginator.cursor_path",
        "is not a JSON path that can be read",
        "'[['",
        "Such as",
    ),
    (
        with_endpoint(paginator={"type": "auto", "zzzz": 1}),
        f"{ENDPOINT}.paginator.zzzz",
        "there is no key `zzzz` here",
        "",
        "Nothing belongs here.",
    ),
    # auth: nothing below is ever shown
    (
        client(auth="berer"),
        "client.auth",
        "there is no such type of auth",
        "a text",
        "Did you mean 'bearer'?",
    ),
    (client(auth=5), "client.auth", "must be a type of auth, a mapping or an auth object", "a number", ""),
    (
        client(auth={"type": "api_key", "api_key": ["x"]}),
        "client.auth.api_key",
        "must be a text",
        "a list",
        "",
    ),
    (
        client(auth={"type": "api_key", "location": "body"}),
        "client.auth.location",
        "must be one of header, cookie, query, param",
        "a text",
        "",
    ),
    (
        client(auth={"api_key": "x", "name": "n"}),
        "client.auth",
        "`type` is missing; without it this is `bearer`, which has no key `api_key`",
        "",
        "Add type: api_key.",
    ),
    (
        client(auth={"type": "oauth2_client_credentials", "default_token_expiration": -1}),
        "client.auth.default_token_expiration",
        "must be at least 0",
        "a number",
        "",
    ),
    # endpoints
    (with_endpoint(method="put"), f"{ENDPOINT}.method", "must be one of GET, POST", "'put'", ""),
    (
        with_endpoint(data_selector="["),
        f"{ENDPOINT}.data_selector",
        "is not a JSON path that can be read",
        "'['",
        "Such as",
    ),
    (with_endpoint(data_selector=5), f"{ENDPOINT}.data_selector", "must be a JSON path", "5", ""),
    (with_endpoint(json=["a"]), f"{ENDPOINT}.json", "must be a mapping", "a list", ""),
    (
        with_endpoint(response_actions=[{"status_code": 404, "action": "ignor"}]),
        f"{ENDPOINT}.response_actions[0].action",
        "must be one of ignore",
        "'ignor'",
        "Did you mean 'ignore'?",
    ),
    (
        with_endpoint(response_actions=[{"action": "skip"}]),
        f"{ENDPOINT}.response_actions[0]",
        "the action `skip` has no condition",
        "",
        "Add status_code",
    ),
    (
        with_endpoint(response_actions=[{"status_code": 1, "action": "skip"}]),
        f"{ENDPOINT}.response_actions[0].status_code",
        "must be an HTTP status from 100 to 599",
        "1",
        "",
    ),
    (
        with_endpoint(response_actions=[{"status_code": 404}]),
        f"{ENDPOINT}.response_actions[0].action",
        "`action` is missing",
        "",
        "",
    ),
    (
        with_endpoint(response_actions=["ignore"]),
        f"{ENDPOINT}.response_actions[0]",
        "must be a mapping or a Python function",
        "'ignore'",
        "",
    ),
    # hints
    (
        resource(write_disposition={"disposition": "merge", "strategy": "upsert", "deduplicated": True}),
        "resources[0].write_disposition",
        "`deduplicated` needs strategy delete-insert",
        "",
        "",
    ),
    (
        resource(
            write_disposition={"disposition": "merge", "strategy": "scd2", "validity_column_names": ["a"]}
        ),
        "resources[0].write_disposition",
        "`validity_column_names` must be two names: valid from, valid to",
        "",
        "",
    ),
    (
        resource(write_disposition={"strategy": "scd2"}),
        "resources[0].write_disposition.disposition",
        "`disposition` is missing",
        "",
        "",
    ),
]


@pytest.mark.parametrize("case", CASES)
def test_one_mistake_is_one_problem(case: Case) -> None:
    judge(case)
