"""Requests and answers as values; URLs exactly as requests prepares them."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from restmill.wire.message import Headers, Page, Request, Response, join, origin_of, requote

if TYPE_CHECKING:
    from restmill.path import Json

pieces = st.one_of(
    st.sampled_from("abAB09-._~/%?&=+ :@!$'()*,;[]|\\\"<>^`{}\u00e9\u20ac\U0001f600"),
    st.sampled_from(["%41", "%2F", "%2f", "%zz", "%", "/../", "/./", ".."]),
)
texts = st.lists(pieces, max_size=8).map("".join)
scalars = st.one_of(
    st.none(), st.integers(), st.booleans(), st.floats(allow_nan=False), texts, st.binary(max_size=3)
)
values = st.one_of(
    scalars, st.lists(scalars, max_size=3), st.tuples(scalars), st.dictionaries(texts, texts, max_size=2)
)


@given(texts, st.dictionaries(texts, values, max_size=3))
@example("%2e%2e/a%", {"a b": "c d", "n": None, "l": [1, [2, 3]]})
def test_a_url_is_the_one_that_requests_prepares(path: str, params: dict[str, Json]) -> None:
    address = f"https://API.test:8080/{path}"
    assert (
        Request("GET", address, params).url == requests.Request("GET", address, params=params).prepare().url
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://api.test",
        "https://api.test?x=1",
        "https://User:Pw@API.test/x",
        "http://[::1]:80/x",
        "https://h/a//b/",
        "http://api.test/.",
        "http://api.test/..",
        "http://api.test/a/b/..",
        "http://api.test//a",
    ],
)
def test_unusual_addresses_are_prepared_as_well(address: str) -> None:
    theirs = requests.Request("GET", address).prepare()
    assert Request("GET", address).url == theirs.url


def test_a_fragment_is_never_sent() -> None:
    assert Request("GET", "https://h/a?b=1#c", {"d": 2}).url == "https://h/a?b=1&d=2"


@given(texts)
def test_requote_is_that_of_requests(text: str) -> None:
    url = f"https://h/{text}"
    assert requote(url) == requests.utils.requote_uri(url)
    assert requote(requote(url)) == requote(url)


@pytest.mark.parametrize(
    ("base", "path", "joined"),
    [
        ("https://h/v1", "a", "https://h/v1/a"),
        ("https://h/v1/", "/a", "https://h/v1/a"),
        ("https://h/v1//", "//a/", "https://h/v1/a/"),
        ("https://h/v1", "", "https://h/v1"),
        ("", "a", "a"),
        ("https://h", "http://other/x", "http://other/x"),
    ],
)
def test_join(base: str, path: str, joined: str) -> None:
    assert join(base, path) == joined


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.test:443/x", "https://api.test"),
        ("http://api.test:443", "http://api.test:443"),
        ("http://u:p@api.test:80/x", "http://api.test"),
        ("https://api.test:8443?x", "https://api.test:8443"),
    ],
)
def test_origins(url: str, origin: str) -> None:
    assert origin_of(url) == Request("GET", url).origin == origin


def test_headers_know_no_case() -> None:
    headers = Headers({"Content-Type": "a", "X-Y": "b"})
    assert headers["content-type"] == "a"
    assert list(headers) == ["Content-Type", "X-Y"]
    assert len(headers) == 2
    assert "x-y" in headers
    assert not headers.__contains__(5)
    assert headers == Headers({"x-y": "b", "CONTENT-TYPE": "a"})
    assert hash(headers) == hash(Headers({"x-y": "b", "CONTENT-TYPE": "a"}))
    assert headers != {"Content-Type": "a", "X-Y": "b"}
    assert headers.plus({"x-y": "c"}) == Headers({"content-type": "a", "x-y": "c"})
    assert repr(headers) == "Headers(Content-Type, X-Y)"
    with pytest.raises(KeyError):
        headers["absent"]


def test_a_request_is_changed_by_copies() -> None:
    first = Request("POST", "https://h/a?own=1", {"a": 1}, json={"q": {"x": 1}})
    assert first.with_params({"a": 2, "b": 3}).params == {"a": 2, "b": 3}
    assert first.with_json_at("q.y", 2).json == {"q": {"x": 1, "y": 2}}
    assert Request("POST", "https://h").with_json_at("a.b", 1).json == {"a": {"b": 1}}
    assert first.with_header("A", "b").headers == Headers({"a": "b"})
    assert first.following("b?c=1") == Request("POST", "https://h/b?c=1", json={"q": {"x": 1}})
    assert (first.params, first.json) == ({"a": 1}, {"q": {"x": 1}})
    assert first.target == "POST https://h/a"


def test_nothing_that_may_be_secret_is_printed() -> None:
    request = Request(
        "GET", "https://h/a?key=s3cret", {"k": "s3cret"}, Headers({"A": "s3cret"}), {"p": "s3cret"}
    )
    response = Response(200, Headers({"A": "s3cret"}), b"s3cret", "https://h/a?key=s3cret")
    page = Page(request, response, {"p": "s3cret"}, ["s3cret"])
    assert "s3cret" not in f"{request}{request!r}{response!r}{page!r}"
    assert repr(request) == "Request(GET https://h/a)"
    assert pickle.loads(pickle.dumps(page)) == page  # noqa: S301  # our own bytes


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        (None, "h\u00e9".encode(), "h\u00e9"),
        ("application/json", "h\u00e9".encode(), "h\u00e9"),
        ("text/html; charset=ISO-8859-1", b"h\xe9", "h\u00e9"),
        ('text/html; Charset = "latin-1"', b"h\xe9", "h\u00e9"),
        ("text/html; charset=klingon", "h\u00e9".encode(), "h\u00e9"),
        ("text/html", b"h\xe9", "h\ufffd"),
    ],
)
def test_the_text_of_an_answer_follows_its_charset(content_type: str | None, body: bytes, text: str) -> None:
    headers = Headers({"Content-Type": content_type} if content_type else {})
    assert Response(200, headers, body).text == text


def test_the_media_type_has_no_parameters() -> None:
    assert Response(200, Headers({"content-type": " Text/HTML ; charset=x"}), b"").content_type == "text/html"
    assert Response(200, Headers(), b"").content_type == ""
