"""Secrets never show, and known values are removed from any text."""

from __future__ import annotations

import html
import json
import logging
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.secrets import MASK, Keyring, Redactor, Secret
from restmill.spellings import OURS
from restmill.wire.message import Request, requote

values = st.text(min_size=4, max_size=12).filter(
    # A word of ours stays where it is no value: see the test of these.
    lambda value: value.strip("*") and value not in MASK and not OURS & {value, value.lower(), value.strip()}
)


@given(st.text(min_size=1).filter(lambda value: value not in "Secret(***)" and value not in "['<>%]{} "))
def test_a_secret_does_not_show(value: str) -> None:
    secret = Secret(value)
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", str([secret]), f"{secret!s}"):
        assert value not in shown
    assert secret.reveal() == value


def test_a_secret_does_not_show_in_a_log_or_an_error(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("s3cret-value")
    logging.getLogger("test").warning("sent %s and %r", secret, {"key": secret})
    assert "s3cret-value" not in caplog.text
    assert "s3cret-value" not in str(ValueError(secret))


def test_secrets_compare_by_value_and_only_with_secrets() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("a"))
    assert not Secret("")
    assert Secret("a")


@given(values, st.text(max_size=5), st.text(max_size=5))
def test_a_known_value_is_removed_in_each_of_its_forms(value: str, before: str, after: str) -> None:
    redact = Redactor().plus([Secret(value)])
    encoded = b64encode(value.encode()).decode()
    for form in (value, quote(value), quote(value, safe=""), quote_plus(value), encoded):
        assert value not in redact(f"{before}|{form}|{after}").replace(MASK, "")
        assert MASK in redact(f"{before}|{form}|{after}")


def test_longer_values_go_first_and_short_ones_stay() -> None:
    redact = Redactor().plus([Secret("pass"), Secret("password"), Secret("abc")])
    assert redact("password, pass, abc") == "***, ***, abc"
    assert redact.plus([Secret("later")])("password later") == "*** ***"
    assert Redactor()("anything") == "anything"
    assert (
        Redactor().plus([Secret("a\n\n\n"), Secret("%61%62"), Secret("Key abc")])("a, ab, abc")
        == "a, ab, abc"
    )


in_a_path = values.filter(
    lambda value: (
        not {"?", "#", "/", "@", ":"} & set(value)
        and value.strip(". ") == value
        and len("".join(value.split())) >= 4  # urlsplit drops line ends; what is shorter is left alone
    )
)


@given(in_a_path)
def test_no_form_that_a_request_gives_a_value_is_left(value: str) -> None:
    redact = Redactor().plus([Secret(value)])
    at = "http://api.test/"
    for request in (
        Request("GET", f"{at}bot{value}/x"),
        Request("GET", at, params={"key": value}),
        Request("GET", f"{at}?key={value}"),
    ):
        tail = request.url.removeprefix(at)
        assert redact(tail) in (f"bot{MASK}/x", f"?key={MASK}"), tail
        assert redact(requote(tail)) in (f"bot{MASK}/x", f"?key={MASK}"), tail


@pytest.mark.parametrize(
    "form",
    [
        "S3c+ret/k%C3%A9",
        "S3c%2bret%2fk%c3%a9",
        "S3c%252Bret%252Fk%25C3%25A9",
        "s3c+ret/k\u00e9",
        "S3c+ret/k\\u00e9",
        urlsafe_b64encode("S3c+ret/k\u00e9".encode()).decode().rstrip("="),
        quote(b64encode("S3c+ret/k\u00e9".encode())),
    ],
)
def test_a_value_is_known_however_it_was_encoded(form: str) -> None:
    assert Redactor().plus([Secret("S3c+ret/k\u00e9")])(f"<{form}>") == f"<{MASK}>"


@pytest.mark.parametrize(
    ("joined", "text"),
    [
        ("Bearer tok-12345", "token tok-12345"),
        ("http://me:pass%2Fword@api.test/t/path-12345/", "GET http://api.test/t/path-12345/items"),
        ("http://me:pass%2Fword@api.test/", "it is pass/word"),
        ("http://me:pass-word@api.test/", "it is pass-word"),
        ("https://api.test/items?sig=path-12345", "sig=path-12345"),
    ],
)
def test_the_parts_of_a_joined_secret_are_secret_too(joined: str, text: str) -> None:
    redacted = Redactor().plus([Secret(joined)])(text)
    assert MASK in redacted
    assert not any(part in redacted for part in ("12345", "word"))
    assert redacted.startswith(("token ", "GET http://api.test/", "it is ", MASK))


def test_values_that_overlap_leave_nothing_behind() -> None:
    redact = Redactor().plus([Secret("abcdef"), Secret("defghijk")])
    assert redact("<abcdefghijk>") == f"<{MASK}>"
    assert "abcdef" not in repr(redact)


@pytest.mark.parametrize("word", ["complete", "restmill", "total", "load"])
def test_a_word_of_ours_is_removed_where_it_stands_as_a_value_only(word: str) -> None:
    redact = Redactor().plus([Secret(word)])
    sentence = f"restmill run: complete, the total of a load (in{word}) at /{word}"
    assert redact(sentence) == sentence
    assert redact(f"GET http://api.test/a?key={word}&page=2") == f"GET http://api.test/a?key={MASK}&page=2"


ODD = "c4nary/+7=f3&a'9%41b {1}\u00e9"


@pytest.mark.parametrize(
    "form",
    [
        quote_plus(ODD),  # a blank is +, and + is %2B
        quote_plus(ODD).lower(),
        quote(quote_plus(ODD), safe=""),
        quote(ODD, safe=""),
        ODD.replace(" ", "+"),
        ODD.upper(),
        html.escape(ODD),
        html.escape(ODD, quote=False),
        ODD.encode().decode("latin-1"),
        json.dumps(repr(ODD))[1:-1],
        b64encode(f"some-id:{quote_plus(ODD)}".encode()).decode(),  # RFC 6749, 2.3.1
        "".join(f"%{byte:02x}" for byte in ODD.encode()),
    ],
)
def test_a_value_of_odd_characters_is_known_in_every_spelling(form: str) -> None:
    redacted = Redactor().plus([Secret(ODD)])(f"before {form} after")
    assert redacted.startswith("before ")
    assert MASK in redacted
    assert redacted.endswith("after")


CANARY = "c4nary/Key+7=f3&a9%41b"


@pytest.mark.parametrize(
    "form",
    [
        CANARY.encode().hex(),
        CANARY.encode().hex().upper(),
        b64encode(b"user:" + CANARY.encode()).decode(),
        b64encode(b"a user:" + CANARY.encode() + b"&more").decode(),
        urlsafe_b64encode(b"id:" + CANARY.encode() + b"x").decode(),
        CANARY.replace("/", "\\/"),
        CANARY.replace("&", "&amp;"),
        quote(quote(quote(CANARY, safe=""), safe=""), safe=""),
        "".join(f"%{byte:02x}" for byte in CANARY.encode()),
        CANARY.lower(),
    ],
)
def test_a_value_is_known_in_every_spelling(form: str) -> None:
    redacted = Redactor().plus([Secret(CANARY)])(f"<{form}>")
    assert MASK in redacted
    assert form[8:-8] not in redacted


@pytest.mark.parametrize(
    ("given", "alone"),
    [
        ("postgresql://loader:P4ssword@127.0.0.1:1/db", "P4ssword"),
        ("postgresql://loader:P4ss%2Fword@127.0.0.1:1/db?sslmode=require", "P4ss/word"),
        ("snowflake://loader:P4ssword@account/db?warehouse=w", "P4ssword"),
        ("loader:P4ssword@127.0.0.1", "P4ssword"),
        ("md:db?motherduck_token=P4ssword", "P4ssword"),
        ("host=127.0.0.1 user=loader password=P4ssword dbname=db", "P4ssword"),
        ("host=h password='P4ss word' user=u", "P4ss word"),
        ("Driver={ODBC};Server=h;UID=u;PWD=P4ssword;", "P4ssword"),
        ("AccountName=a;AccountKey=P4ssword==;EndpointSuffix=x", "P4ssword=="),
        ('{"type": "service_account", "private_key": "P4ssword-of-a-key"}', "P4ssword-of-a-key"),
        ("-----BEGIN KEY-----\nMIIP4sswordabcdef\n-----END KEY-----", "MIIP4sswordabcdef"),
        ("Token token=P4ssword", "P4ssword"),
    ],
)
def test_a_secret_within_a_secret_is_removed_alone(given: str, alone: str) -> None:
    assert Redactor().plus([Secret(given)])(f"it is <{alone}>") == f"it is <{MASK}>"


@pytest.mark.parametrize("name", ["127.0.0.1", "loader", "db", "account", "service_account"])
def test_what_is_no_secret_in_a_connection_string_stays(name: str) -> None:
    redact = Redactor().plus([Secret("postgresql://loader:P4ssword@127.0.0.1:1/db")])
    assert redact(f"no connection to {name}") == f"no connection to {name}"


def test_the_keyring_learns_while_the_process_runs() -> None:
    ring = Keyring()
    assert ring.redact("tok-12345") == "tok-12345"
    ring.learn([Secret("tok-12345"), Secret("")])
    assert ring.redact("a tok-12345 b") == f"a {MASK} b"
    assert ring.finds("x=tok%2D12345")
    ring.forget()
    assert not ring.finds("tok-12345")
