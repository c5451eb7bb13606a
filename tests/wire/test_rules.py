"""Response actions: matched as dlt matches them, in order."""

from __future__ import annotations

from typing import Any

import pytest
from dlt.sources.rest_api.config_setup import _handle_response_action
from hypothesis import given
from hypothesis import strategies as st
from requests import Response as TheirResponse

from restmill.wire.actions import Accept, Call, Fail, Judgement, Reauth, Retry, Rule, Skip, Stop, Verb, judge
from restmill.wire.message import Headers, Response


def answer(status: int = 200, body: str = "{}", headers: dict[str, str] | None = None) -> Response:
    return Response(status, Headers(headers), body.encode())


@pytest.mark.parametrize(
    ("response", "judgement"),
    [
        (answer(), Accept()),
        (answer(302), Accept()),
        (answer(204, ""), Skip("an empty body")),
        (answer(200, " \n"), Skip("an empty body")),
        (answer(400), Fail("status 400")),
        (answer(401, ""), Fail("status 401")),
        (answer(503), Fail("status 503")),
    ],
)
def test_without_a_rule_the_status_decides(response: Response, judgement: Judgement) -> None:
    assert judge((), response) == judgement
    assert judge((Rule(do="ignore", status=418),), response) == judgement


BY = "by the response action for status 404"


@pytest.mark.parametrize(
    ("verb", "judgement"),
    [
        ("ignore", Stop(BY)),
        ("end", Stop(BY)),
        ("skip", Skip(BY)),
        ("retry", Retry(BY)),
        ("fail", Fail(BY, declared=True)),
        ("reauth", Reauth()),
    ],
)
def test_each_word_means_one_thing(verb: Verb, judgement: Judgement) -> None:
    assert judge((Rule(do=verb, status=404),), answer(404)) == judgement


@pytest.mark.parametrize(
    ("rule", "applies"),
    [
        (Rule(do="end", header=("X-End", "")), True),
        (Rule(do="end", header=("x-end", "ye")), True),
        (Rule(do="end", header=("X-End", "no")), False),
        (Rule(do="end", header=("X-Other", "")), False),
        (Rule(do="end", empty=True), False),
        (Rule(do="end", status=200, content="key", header=("X-End", "yes")), True),
        (Rule(do="end", status=200, content="key", header=("X-End", "no")), False),
        (Rule(do="end"), False),
        (Rule(do=()), True),
    ],
)
def test_all_conditions_given_must_hold(rule: Rule, applies: bool) -> None:
    assert rule.applies(answer(200, '{"key": 1}', {"X-End": "yes"})) is applies


def test_an_unknown_word_is_refused_loudly() -> None:
    with pytest.raises(AssertionError):
        judge((Rule(do="halt", status=200),), answer())  # type: ignore[arg-type]


def test_an_empty_body_is_a_condition() -> None:
    rule = Rule(do="retry", empty=True)
    assert judge((rule,), answer(200, "")) == Retry("by the response action for an empty body")
    assert judge((rule,), answer(200, "[]")) == Accept()


def test_rules_are_tried_in_order_and_functions_do_not_end_it() -> None:
    rules = (
        Rule(do="skip", status=500),
        Rule(do=(len, repr)),
        Rule(do="ignore", status=404),
        Rule(do="fail", status=404),
    )
    first = judge(rules, answer(404))
    assert first == Call((len, repr), rules[2:])
    assert isinstance(first, Call)
    assert judge(first.rest, answer(404)) == Stop(BY)
    assert judge(first.rest, answer(200)) == Accept()


@given(
    st.sampled_from([None, 200, 404]),
    st.sampled_from([None, "", "err", "ok"]),
    st.sampled_from(["ignore", "call"]),
    st.sampled_from([200, 404]),
    st.sampled_from(["an err", "ok"]),
)
def test_rules_apply_as_in_dlt(status: int | None, content: str | None, do: str, got: int, body: str) -> None:
    theirs = TheirResponse()
    theirs.status_code, theirs._content, theirs.encoding = got, body.encode(), "utf-8"
    action: Any = {"status_code": status, "content": content, "action": print if do == "call" else "ignore"}
    matched = _handle_response_action(theirs, action) != (None, None)
    rule = Rule(do=(print,) if do == "call" else "ignore", status=status, content=content)
    assert rule.applies(answer(got, body)) is matched


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule(do="end"), "any answer"),
        (Rule(do="end", status=404, content="token abc"), "status 404 and content"),
        (Rule(do="end", header=("X-End", "abc"), empty=True), "header X-End and an empty body"),
    ],
)
def test_a_rule_names_its_conditions_without_values(rule: Rule, text: str) -> None:
    assert str(rule) == text
