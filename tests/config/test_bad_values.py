"""Configs with a wrong key or value: one line for each mistake, with what was got and a hint."""

from __future__ import annotations

import pytest

from tests.config.configs import CLIENT, with_endpoint, with_resources
from tests.config.judging import ENDPOINT, Case, Thing, client, judge, resource

CASES: list[Case] = [
    # the whole
    ([], "config", "a config must be a mapping", "a list", ""),
    ({"resources": []}, "client", "`client` is missing", "", ""),
    ({"client": None, "resources": []}, "client", "`client` is missing", "", ""),
    ({"client": CLIENT}, "resources", "`resources` is missing", "", ""),
    ({"client": CLIENT, "resources": {"a": 1}}, "resources", "must be a list", "a mapping", ""),
    ({"client": CLIENT, "resources": "a"}, "resources", "must be a list", "'a'", "Put it in a list"),
    ({"client": "x", "resources": []}, "client", "must be a mapping", "'x'", ""),
    (
        {"client": CLIENT, "resources": [], 1: 2},
        "['1']",
        "a key must be a text",
        "1",
        "Put the key in quotes.",
    ),
    (
        resource(write_disposition=5),
        "resources[0].write_disposition",
        "must be one of append, merge, replace, skip, a mapping or a Python function",
        "5",
        "",
    ),
    # levels
    (
        resource(path="x"),
        "resources[0].path",
        "there is no key `path` here",
        "",
        "`path` belongs into `endpoint`.",
    ),
    (
        resource(limit=1),
        "resources[0].limit",
        "there is no key `limit` here",
        "",
        "`limit` belongs into `endpoint.paginator`.",
    ),
    (
        with_endpoint(limit=1),
        f"{ENDPOINT}.limit",
        "there is no key `limit` here",
        "",
        "`limit` belongs into `paginator`.",
    ),
    (
        with_endpoint(primary_key=1),
        f"{ENDPOINT}.primary_key",
        "there is no key `primary_key` here",
        "",
        "`primary_key` belongs into `resources[0]`.",
    ),
    (
        with_endpoint(base_url=1),
        f"{ENDPOINT}.base_url",
        "there is no key `base_url` here",
        "",
        "`base_url` belongs into `client`.",
    ),
    (
        client(resources=1),
        "client.resources",
        "there is no key `resources` here",
        "",
        "`resources` belongs at the top.",
    ),
    (
        with_endpoint(paginator={"type": "offset", "data_selector": 1}),
        f"{ENDPOINT}.paginator.data_selector",
        "there is no key `data_selector` here",
        "",
        f"`data_selector` belongs into `{ENDPOINT}`.",
    ),
    (client(zzzzzz=1), "client.zzzzzz", "there is no key `zzzzzz` here", "", "Known here: base_url, headers"),
    # scalars
    (
        client(base_url="ftp://me:pw@x"),
        "client.base_url",
        "must be a URL that begins with http:// or https:// and a host",
        "a text",
        "",
    ),
    (
        client(base_url="https://x:port"),
        "client.base_url",
        "must be a URL that begins with http:// or https:// and a host",
        "a text",
        "",
    ),
    (client(base_url=5), "client.base_url", "must be a URL", "a number", ""),
    (client(timeout=0), "client.timeout", "must be more than 0", "0", ""),
    (client(timeout=float("nan")), "client.timeout", "must be a number", "nan", ""),
    (client(timeout="5"), "client.timeout", "must be a number", "'5'", "Remove the quotes."),
    (client(retry={"max_retries": -1}), "client.retry.max_retries", "must be at least 0", "-1", ""),
    (client(retry={"max_retries": True}), "client.retry.max_retries", "must be a whole number", "true", ""),
    (
        client(retry={"max_retries": "many"}),
        "client.retry.max_retries",
        "must be a whole number",
        "'many'",
        "",
    ),
    (
        client(retry={"statuses": [429, 42]}),
        "client.retry.statuses[1]",
        "must be an HTTP status from 100 to 599",
        "42",
        "",
    ),
    (client(retry=3), "client.retry", "must be a mapping", "3", ""),
    (client(breaker={"failures": 0}), "client.breaker.failures", "must be at least 1", "0", ""),
    (client(allowed_hosts="x"), "client.allowed_hosts", "must be a list", "'x'", "Put it in a list"),
    (client(cert=[]), "client", "`cert` must be one file, or a certificate file and a key file", "", ""),
    (client(verify=5), "client.verify", "must be true or false or a text", "5", ""),
    (client(headers={"X": True}), "client.headers.X", "must be a text", "true or false", "Put it in quotes."),
    (client(headers={"X": [1]}), "client.headers.X", "must be a text", "a list", ""),
    (client(headers={1: "x"}), "client.headers['1']", "a key must be a text", "1", "Put the key in quotes."),
    (client(headers="x"), "client.headers", "must be a mapping", "a text", ""),
    (client(session="x"), "client.session", "must be a requests.Session", "'x'", ""),
    (
        client(session=Thing),
        "client.session",
        "must be a requests.Session",
        "the class Thing",
        "Give an instance",
    ),
    (resource(name=""), "resources[0].name", "must not be empty", "''", "Leave the key out"),
    (resource(name=5), "resources[0].name", "must be a text", "5", "Put it in quotes."),
    (resource(name=None), "resources[0].name", "`name` is missing", "", ""),
    (
        resource(selected="yes"),
        "resources[0].selected",
        "must be true or false",
        "'yes'",
        "Write true, without quotes.",
    ),
    (resource(selected=1), "resources[0].selected", "must be true or false", "1", ""),
    (
        resource(on_error="isolat"),
        "resources[0].on_error",
        "must be one of isolate, raise",
        "'isolat'",
        "Did you mean 'isolate'?",
    ),
    (
        resource(columnar="no"),
        "resources[0].columnar",
        "must be true or false",
        "'no'",
        "Write false, without quotes.",
    ),
    (resource(on_error=5), "resources[0].on_error", "must be one of isolate, raise", "5", ""),
    (
        resource(delete_missing="sof"),
        "resources[0].delete_missing.mode",
        "must be one of soft, hard",
        "'sof'",
        "Did you mean 'soft'?",
    ),
    (
        resource(delete_missing={"mode": "soft", "max_fraction": 2}),
        "resources[0].delete_missing.max_fraction",
        "must be at most 1",
        "2",
        "",
    ),
    (
        resource(primary_key=5),
        "resources[0].primary_key",
        "must be a text, a list or a Python function",
        "5",
        "",
    ),
    (
        resource(processing_steps=[{"map": 5}]),
        "resources[0].processing_steps[0].map",
        "must be a Python function",
        "5",
        "",
    ),
    (
        resource(write_disposition="mrge"),
        "resources[0].write_disposition",
        "must be one of append, merge, replace, skip",
        "'mrge'",
        "Did you mean 'merge'?",
    ),
    (
        resource(columns={"x": {"data_type": "txt"}}),
        "resources[0].columns.x.data_type",
        "must be one of text",
        "'txt'",
        "Did you mean 'text'?",
    ),
    (resource(columns=[{"data_type": "text"}]), "resources[0].columns[0].name", "`name` is missing", "", ""),
    (
        resource(table_name="a" * 50, file_format="a" * 50),
        "resources[0].file_format",
        "must be one of preferred",
        f"'{'a' * 37}...'",
        "",
    ),
    (with_resources(5), "resources[0]", "must be a mapping or a dlt resource", "5", ""),
    (with_resources(Thing()), "resources[0]", "must be a mapping or a dlt resource", "a Thing object", ""),
]


@pytest.mark.parametrize("case", CASES)
def test_one_mistake_is_one_problem(case: Case) -> None:
    judge(case)
