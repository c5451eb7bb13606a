"""Credentials: what is added, what is replaced, and nothing shown."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from hypothesis import given
from hypothesis import strategies as st
from requests import Session

from restmill.errors import NotData, Rejected
from restmill.secrets import Redactor, Secret
from restmill.wire.auth import (
    ApiKey,
    Auth,
    Basic,
    Bearer,
    ClientCredentials,
    Token,
    describe,
    needs_token,
    read_token,
    secrets_of,
    sign,
    token_request,
)
from restmill.wire.message import Headers, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.path import Json

KEY = Secret("s3cr3t-key")
START = Request("GET", "https://api.test/things", {"a": 1}, Headers({"Accept": "json"}))
OAUTH = ClientCredentials("https://id.test/token?tenant=x", Secret("my-id"), Secret("my-secret"))
ALL: list[Auth] = [
    ApiKey(key=KEY),
    ApiKey(name="key", key=KEY, location="query"),
    ApiKey(name="key", key=KEY, location="param"),
    ApiKey(name="key", key=KEY, location="cookie"),
    Bearer(KEY),
    Basic("us\u00e9r", KEY),
    replace(OAUTH, access_token=KEY, data={"extra": KEY, "scope": "all"}),
]


def test_keys_go_where_they_are_told() -> None:
    assert sign(ApiKey(key=KEY), START).headers["Authorization"] == "s3cr3t-key"
    assert sign(ApiKey(name="X-Key", key=KEY), START).headers == START.headers.plus({"x-key": "s3cr3t-key"})
    assert sign(ApiKey(name="k", key=KEY, location="query"), START).params == {"a": 1, "k": "s3cr3t-key"}
    assert sign(Bearer(KEY), START).headers["authorization"] == "Bearer s3cr3t-key"
    basic = sign(Basic("us\u00e9r", KEY), START).headers["Authorization"]
    assert b64decode(basic.removeprefix("Basic ")).decode() == "us\u00e9r:s3cr3t-key"


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, "k=s3cr3t-key"), ("a=1", "a=1; k=s3cr3t-key"), ("k=old; a=1;", "a=1; k=s3cr3t-key")],
)
def test_a_cookie_is_added_to_the_others(before: str | None, after: str) -> None:
    request = START if before is None else START.with_header("Cookie", before)
    assert sign(ApiKey(name="k", key=KEY, location="cookie"), request).headers["Cookie"] == after


names = st.text("ab%+ &=\u00e9", min_size=1, max_size=3)


@given(names, st.lists(st.tuples(names, names), max_size=4), st.dictionaries(names, names, max_size=3))
def test_a_key_in_the_query_is_there_once_and_the_rest_stays(
    name: str, own: list[tuple[str, str]], params: dict[str, Json]
) -> None:
    linked = Request("GET", "https://api.test/x", dict(own))
    request = Request("GET", linked.url, params)
    signed = sign(ApiKey(name=name, key=KEY, location="query"), request)
    pairs = parse_qsl(urlsplit(signed.url).query, keep_blank_values=True)
    assert [value for key, value in pairs if key == name] == ["s3cr3t-key"]
    others = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    assert [pair for pair in pairs if pair[0] != name] == [pair for pair in others if pair[0] != name]
    assert sign(ApiKey(name=name, key=KEY, location="query"), signed) == signed


def test_a_link_with_an_old_key_alone_loses_its_question_mark() -> None:
    request = Request("GET", "https://api.test/x?k=old")
    assert sign(ApiKey(name="k", key=KEY, location="query"), request) == Request(
        "GET", "https://api.test/x", {"k": "s3cr3t-key"}
    )


def test_tokens_sign_as_bearers() -> None:
    with pytest.raises(ValueError, match="a token is needed"):
        sign(OAUTH, START)
    assert sign(OAUTH, START, Token(KEY, 9.0)).headers["Authorization"] == "Bearer s3cr3t-key"
    given_one = replace(OAUTH, access_token=Secret("given"))
    assert sign(given_one, START).headers["Authorization"] == "Bearer given"
    assert sign(given_one, START, Token(KEY, 9.0)).headers["Authorization"] == "Bearer s3cr3t-key"


@pytest.mark.parametrize(("lifetime", "early"), [(3600.0, 30.0), (60.0, 30.0), (40.0, 20.0), (10.0, 5.0)])
def test_a_token_is_renewed_a_little_early(lifetime: float, early: float) -> None:
    token = Token(KEY, 1000.0, lifetime)
    assert not needs_token(OAUTH, token, 1000.0 - early - 0.1)
    assert needs_token(OAUTH, token, 1000.0 - early)


def test_who_needs_a_token() -> None:
    assert needs_token(OAUTH, None, 0.0)
    assert not needs_token(replace(OAUTH, access_token=KEY), None, 0.0)
    assert not any(needs_token(auth, None, 0.0) for auth in ALL)


def test_the_token_request_is_the_one_dlt_sends() -> None:
    extra = {"scope": "all", "grant_type": "password", "code": Secret("c0de")}
    theirs = OAuth2ClientCredentials(
        client_id="my-id",
        client_secret="my-secret",
        access_token_url=OAUTH.token_url,
        access_token_request_data={**extra, "code": "c0de"},
        session=Session(),
    ).build_access_token_request()
    ours = token_request(replace(OAUTH, data=extra))
    assert (ours.method, ours.address, ours.params) == ("POST", OAUTH.token_url, {})
    assert dict(ours.headers) == theirs["headers"]
    assert ours.data == theirs["data"]
    assert list(ours.data) == list(theirs["data"])


def answered(status: int, document: Json = None) -> tuple[Response, Json]:
    return Response(status, Headers(), b"{}"), document


@pytest.mark.parametrize(
    ("expires", "lifetime"),
    [
        (60, 60.0),
        ("60", 60.0),
        (1.5, 1.5),
        (None, 3600.0),
        (0, 3600.0),
        (-1, 3600.0),
        ("soon", 3600.0),
        ("inf", 3600.0),
    ],
)
def test_a_token_is_read_with_its_lifetime(expires: Json, lifetime: float) -> None:
    token = read_token(OAUTH, *answered(200, {"access_token": "t0ken", "expires_in": expires}), 100.0)
    assert token == Token(Secret("t0ken"), 100.0 + lifetime, lifetime)


@pytest.mark.parametrize(
    ("document", "got"),
    [
        (
            {"error": "invalid_client", "error_description": "my-secret is wrong"},
            "status 400, invalid_client",
        ),
        ({"error": "my-secret is wrong"}, "status 400"),
        ({"error": ["my-secret"]}, "status 400"),
        ("my-secret", "status 400"),
        (None, "status 400"),
    ],
)
def test_a_refused_token_says_no_more_than_the_standard_words(document: Json, got: str) -> None:
    with pytest.raises(Rejected) as caught:
        read_token(OAUTH, *answered(400, document), 0.0)
    assert caught.value.problem.place.path == "POST https://id.test/token"
    assert caught.value.problem.got == got
    assert "my-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "got"),
    [
        ({"token": "t0ken", "a": 1}, "the keys token, a"),
        ({"access_token": ""}, "the keys access_token"),
        ({"access_token": 5}, "the keys access_token"),
        (["t0ken"], "no JSON object"),
    ],
)
def test_an_answer_without_a_token_is_no_data(document: Json, got: str) -> None:
    with pytest.raises(NotData) as caught:
        read_token(OAUTH, *answered(200, document), 0.0)
    assert caught.value.problem.got == got
    assert "t0ken" not in str(caught.value)


@pytest.mark.parametrize("auth", ALL)
def test_nothing_secret_is_shown(auth: Auth) -> None:
    token = None
    signed = sign(auth, START, token)
    shown = f"{auth} {auth!r} {signed} {signed!r} {describe(auth)} {token_request(OAUTH)!r}"
    for secret in ("s3cr3t-key", "my-id", "my-secret", "us\u00e9r"):
        assert secret not in shown
    redact = Redactor().plus(secrets_of(auth))
    for value in [*signed.headers.values(), signed.url]:
        assert "s3cr3t-key" not in redact(value)
    if isinstance(auth, Basic):
        assert redact(signed.headers["Authorization"]) == "Basic ***"
    assert hash(auth) == hash(replace(auth))


def test_every_secret_of_oauth_is_known() -> None:
    assert set(secrets_of(ALL[-1])) == {Secret("my-id"), Secret("my-secret"), KEY}
    assert set(secrets_of(OAUTH)) == {Secret("my-id"), Secret("my-secret")}


@pytest.mark.parametrize("face", [lambda auth: sign(auth, START), secrets_of, describe])
def test_what_is_no_auth_is_refused_loudly(face: Callable[[Any], object]) -> None:
    with pytest.raises(AssertionError):
        face("a string")


def test_auth_describes_itself() -> None:
    assert [describe(auth) for auth in ALL] == [
        "api key: header Authorization",
        "api key: query key",
        "api key: query key",
        "api key: cookie key",
        "bearer token",
        "http basic",
        "oauth2 client credentials from POST https://id.test/token",
    ]
