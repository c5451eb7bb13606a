"""Bytes to a document: nothing rounded, nothing guessed; a body that is no JSON is named, never quoted."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from restmill.shape.decode import Undecodable, document_of, fingerprint, keys_of, storable_document

if TYPE_CHECKING:
    from restmill.path import Json

EDGES = [2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**64 + 1, 10**30, -(2**63), -(2**63) - 1, -(10**25)]
numbers = st.one_of(st.integers(), st.sampled_from(EDGES), st.floats(allow_nan=False, allow_infinity=False))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
documents = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)


def exactly(document: Json) -> str:
    """A text that tells 1 from 1.0 and from True, which `==` does not."""
    return repr(document)


@given(documents, st.sampled_from([None, 0, 2]))
def test_every_document_comes_back_exactly(document: Json, indent: int | None) -> None:
    body = json.dumps(document, indent=indent, ensure_ascii=False).encode()
    assert exactly(document_of(body)) == exactly(document)


@pytest.mark.parametrize("number", EDGES)
@pytest.mark.parametrize(
    "frame", ["%d", "[%d]", '{"a":%d}', '{"a": %d }', "[1,%d,2]", "[\n%d\n]", "[[%d],0]", " %d\n"]
)
def test_integers_of_any_length_stay_integers(frame: str, number: int) -> None:
    body = (frame % number).encode()
    assert exactly(document_of(body)) == exactly(json.loads(body))


def test_long_digits_that_are_no_integers_change_nothing() -> None:
    body = (
        b'{"a": "1234567890123456789012", "b": 1.1234567890123456789012, "c": "x, 1234567890123456789012, y"}'
    )
    assert document_of(body) == json.loads(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("document", [{"name": "Zoë Müller"}, [{"id": 1}, {"id": 10**20}], {"a": "😀"}])
def test_unicode_in_every_encoding_of_json(encoding: str, document: Json) -> None:
    body = json.dumps(document, ensure_ascii=False).encode(encoding)
    assert document_of(body) == document


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", '"latin-1"', "ISO-8859-1; profile=x"])
def test_a_declared_charset_counts_when_the_body_is_no_unicode(charset: str) -> None:
    body = '[{"name": "Zoë Müller"}]'.encode("latin-1")
    assert document_of(body, f"application/json; charset={charset}") == [{"name": "Zoë Müller"}]


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=no-such", ""])
def test_broken_utf8_is_not_guessed_at(content_type: str) -> None:
    with pytest.raises(Undecodable):
        document_of('[{"name": "Zoë"}]'.encode("latin-1"), content_type)


def test_nan_and_infinity_are_numbers() -> None:
    document = document_of(b'{"a": NaN, "b": Infinity, "c": -Infinity}')
    assert math.isnan(document.pop("a"))
    assert document == {"b": math.inf, "c": -math.inf}


@pytest.mark.parametrize("body", [b"", b" ", b"\r\n\t ", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_an_empty_body_is_no_document(body: bytes) -> None:
    assert document_of(body) is None


SECRET = "hunter2-in-the-body"
BROKEN = [
    (f"<!DOCTYPE html><html><body>{SECRET}</body></html>", "text/html", "HTML instead of JSON"),
    (f"\n  <HTML><title>{SECRET}", "", "HTML instead of JSON"),
    (f"login {SECRET}", "text/html", "HTML instead of JSON"),
    (f'<?xml version="1.0"?><error>{SECRET}</error>', "application/xml", "XML instead of JSON"),
    (f'{{"data": [{{"id": 1, "name": "{SECRET}', "application/json", "broken or truncated JSON"),
    (f'[{{"id": "{SECRET}"}}, ', "", "broken or truncated JSON"),
    (f'{{"a": 1}}{{"b": "{SECRET}"}}', "application/json", "broken or truncated JSON"),
    (f"OK {SECRET}", "text/plain", "no JSON (text/plain"),
    (f"OK {SECRET}", "", "no JSON (no content type"),
    ("[" * 100_000, "application/json", "broken or truncated JSON"),
    ("[" + "9" * 5_000 + "]", "application/json", "broken or truncated JSON"),
]


@pytest.mark.parametrize(("body", "content_type", "said"), BROKEN)
def test_what_is_no_json_is_named_and_not_quoted(body: str, content_type: str, said: str) -> None:
    with pytest.raises(Undecodable) as caught:
        document_of(body.encode(), content_type)
    assert said in str(caught.value)
    assert f"{len(body):,} bytes" in str(caught.value)
    assert SECRET not in str(caught.value)


@given(st.dictionaries(texts, documents, min_size=1), st.data())
def test_a_truncated_object_never_passes_for_a_whole_one(document: Json, data: st.DataObject) -> None:
    body = json.dumps(document).encode()
    cut = body[: data.draw(st.integers(1, len(body) - 1))]
    with pytest.raises(Undecodable):
        document_of(cut)


@given(st.binary(max_size=60))
@example(b'"\xff"')
@example(b"\xff\xfe")
@example(b"\x00\x00\xfe\xff")
def test_any_bytes_are_a_document_or_undecodable(body: bytes) -> None:
    with suppress(Undecodable):
        json.dumps(document_of(body))


@given(st.lists(documents, max_size=4))
def test_equal_pages_have_equal_fingerprints(records: list[Json]) -> None:
    again = document_of(json.dumps(records).encode())
    assert fingerprint(records) == fingerprint(again)


@pytest.mark.parametrize("number", [1, 2**64, -(10**30)])
def test_a_changed_record_changes_the_fingerprint(number: int) -> None:
    assert fingerprint([{"id": number}, {"id": 5}]) != fingerprint([{"id": number}, {"id": 6}])


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"items": [], "total": 3}, "keys items, total"),
        ({str(i): i for i in range(10)}, "keys 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"),
        ({}, "no keys"),
        ([1], "a list"),
        (None, "NoneType"),
        ("text", "str"),
    ],
)
def test_what_an_answer_offers_is_said_by_names_only(document: Json, said: str) -> None:
    assert keys_of(document) == said


def test_orjson_alone_would_round() -> None:
    """The reason for the detour: when this fails, `document_of` may use orjson for everything."""
    assert isinstance(orjson.loads(b"[18446744073709551616]")[0], float)


def test_a_storable_document_holds_no_value_that_a_table_cannot() -> None:
    body = b'{"rows": [{"id": 18446744073709551616, "cut": "a\\ud83d", "plain": 7}]}'
    assert storable_document(body) == {"rows": [{"id": Decimal(2**64), "cut": "a\ufffd", "plain": 7}]}
    assert storable_document(b'[{"id": 9223372036854775807}]') == [{"id": 2**63 - 1}]
    assert storable_document(b'["a\\u0000b", "\\\\u0000"]') == ["ab", "\\u0000"]
