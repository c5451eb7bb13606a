"""Secrets never show, and known values are removed from any text."""

from __future__ import annotations

import logging
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from restmill.secrets import MASK, Redactor, Secret

if TYPE_CHECKING:
    import pytest

values = st.text(min_size=4, max_size=12).filter(lambda value: value.strip("*") and value not in MASK)


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
