"""Bodies that are not quite UTF-8: read as declared, else as under dlt; what is lost is counted."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.utils import get_encoding_from_headers

from restmill.shape.decode import Undecodable, read_document
from restmill.shape.encoding import known, recoded

if TYPE_CHECKING:
    from restmill.path import Json

PLAIN = [{"id": 1, "t": "Müller"}]
TEXT = json.dumps(PLAIN, ensure_ascii=False)
STRAY = b'[{"id": 1, "t": "M\xc3\xbcller"}, {"id": 2, "t": "it\x92s"}]'


def read(body: bytes, content_type: str = "application/json", encoding: str = "") -> tuple[Json, str, int]:
    text, document = read_document(recoded(body, content_type, encoding), content_type, encoding)
    return document, text.encoding, text.replaced


def theirs(body: bytes, content_type: str) -> Json:
    answer = requests.Response()
    answer._content = body
    if content_type:
        answer.headers["Content-Type"] = content_type
    answer.encoding = get_encoding_from_headers(answer.headers)
    return answer.json()


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF8",
        "application/json; charset=iso-8859-1",
        'application/json; charset="windows-1252"',
        "application/json; charset=no-such",
        "application/octet-stream",
        "text/plain",
        "text/html",
        "text/plain; charset=utf-8",
        "text/json",
    ],
)
@pytest.mark.parametrize(
    "body", [TEXT.encode(), TEXT.encode("latin-1"), b'[{"id": 1, "t": "caf\xe9"}, {"id": 2}]']
)
def test_a_text_is_what_it_is_under_requests(content_type: str, body: bytes) -> None:
    found = read(body, content_type)[0]
    assert found == PLAIN if body == TEXT.encode() else found == theirs(body, content_type)


@pytest.mark.parametrize(
    "content_type", ["application/json;charset=ISO-8859-1", "text/plain", "text/html; charset=windows-1252"]
)
@pytest.mark.parametrize("text", ["Jürgen Weiß", "Łukasz Żak", "日本", "ok \u2013 quoted"])
def test_sound_utf_8_is_in_no_charset_of_one_byte(text: str, content_type: str) -> None:
    """An old servlet's default says ISO-8859-1, whatever the bytes are."""
    body = json.dumps({"name": text}, ensure_ascii=False).encode()
    found = recoded(body, content_type)
    assert (found.body, found.encoding, bool(found.denied)) == (body, "", True)
    assert read(body, content_type)[0] == {"name": text}
    asked_for = recoded(body, content_type, "iso-8859-1")
    assert asked_for.encoding == "iso8859-1", "what the config says counts before all else"
    assert not recoded(b'{"name": "plain"}', content_type).denied
    assert not recoded('{"name": "Müller"}'.encode("latin-1"), content_type).denied


@pytest.mark.parametrize(
    ("encoding", "content_type", "said"),
    [
        ("utf-8", "application/json", ""),
        ("utf-8-sig", "application/json", ""),
        ("utf-8-sig", "text/plain", ""),  # a mark says what the body is
        ("utf-16", "application/json", ""),
        ("utf-16", "text/plain", ""),
        ("utf-16-le", "application/json", ""),
        ("utf-32", "application/json", ""),
        ("iso-8859-1", "application/json; charset=iso-8859-1", "iso8859-1"),
        ("windows-1252", "application/json; charset=windows-1252", "cp1252"),
        ("iso-8859-1", "text/plain", "iso8859-1"),
        ("shift_jis", "application/json; charset=Shift_JIS", "shift_jis"),
        ("koi8-r", "text/plain; charset=koi8-r", "koi8-r"),
    ],
)
def test_what_is_declared_or_marked_is_read_without_loss(encoding: str, content_type: str, said: str) -> None:
    name = {"shift_jis": "日本", "koi8-r": "Мир"}.get(encoding, "Müller")
    body = json.dumps([{"t": name}], ensure_ascii=False).encode(encoding)
    assert read(body, content_type) == ([{"t": name}], said, 0)


@pytest.mark.parametrize("encoding", ["windows-1252", "cp1252", "latin-1", "ISO-8859-15"])
@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "", "text/html"])
def test_the_encoding_of_the_config_counts_before_all_else(encoding: str, content_type: str) -> None:
    document, _, replaced = read(TEXT.encode(encoding), content_type, encoding)
    assert (document, replaced) == (PLAIN, 0)


def test_utf8_in_the_config_undoes_what_the_type_of_a_text_means() -> None:
    assert read(TEXT.encode(), "text/html", "utf-8") == (PLAIN, "", 0)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
def test_a_stray_byte_costs_one_character_and_is_counted(content_type: str) -> None:
    document, _, replaced = read(STRAY, content_type)
    assert document == [{"id": 1, "t": "Müller"}, {"id": 2, "t": "it\ufffds"}]
    assert replaced == 1
    assert read('["\ufffd a"]'.encode(), content_type)[2] == 0  # it came so


def undecodable(body: bytes, content_type: str = "application/json") -> Undecodable:
    with pytest.raises(Undecodable) as caught:
        read(body, content_type)
    return caught.value


@pytest.mark.parametrize("cut", range(2, 40))
def test_a_body_that_breaks_off_may_come_whole(cut: int) -> None:
    body = b'[{"id": -12.5e3, "t": "M\xc3\xbcller", "on": true, "x": null, "u": "\\u00e4"}, {"id": 2}]'
    assert undecodable(body[:cut]).passing
    assert undecodable(body[: -cut // 2]).passing


@pytest.mark.parametrize(
    ("body", "content_type", "said", "passing"),
    [
        (b"id,name\n1,a\n2,b\n", "text/csv", "CSV", False),
        (b"id;name\n1;a\n", "text/plain", "CSV", False),
        (b"id\tname\n1\ta\n", "", "CSV", False),
        (b"id,name\n1,M\xfcller\n", "application/json", "CSV", False),
        (b'{"id": 1}\n{"id": 2}\n', "application/json", "JSON Lines", False),
        (b'{"id": 1}\r\n{"id": 2}', "", "JSON Lines", False),
        (b'[1, "a"]\n[2, "b"]\n', "", "JSON Lines", False),
        (b'{"id": 1}\n{"id": "M\xfcller"}', "application/x-ndjson", "JSON Lines", False),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff", "application/json", "gzip", False),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff", "text/plain", "gzip", False),
        (b"PK\x03\x04\x14\x00", "", "a zip archive", False),
        (b"%PDF-1.7", "", "PDF", False),
        (b"PAR1\x15\x04", "", "Parquet", False),
        (b'<?xml version="1.0"?><rss/>', "application/rss+xml", "XML", False),
        (b"<Error><Code>x</Code></Error>", "", "XML", False),
        (b"<!doctype html><html></html>", "text/html", "HTML", True),
        (b"OK", "text/plain", "no JSON (text/plain", False),
        (b'{"a": 1}{"b": 2, "c": [1, 2, 3, 4, 5]}', "application/json", "broken or truncated JSON", False),
        (b'{"a": oops, "b": 2, "c": [1, 2, 3, 4, 5]}', "application/json", "broken or truncated JSON", False),
    ],
)
def test_what_is_no_json_is_called_what_it_is(
    body: bytes, content_type: str, said: str, passing: bool
) -> None:
    error = undecodable(body, content_type)
    assert said in str(error)
    assert error.passing is passing


@given(st.binary(max_size=80), st.sampled_from(["", "text/plain", "application/json", "x/y; charset=utf-7"]))
def test_any_bytes_are_a_document_or_undecodable(body: bytes, content_type: str) -> None:
    for encoding in ("", "utf-16", "shift_jis"):
        with suppress(Undecodable):
            json.dumps(read(body, content_type, encoding)[0], default=str).encode()


@pytest.mark.parametrize("name", ["utf-8", "UTF8", "latin-1", "windows-1252", "shift_jis", "utf-16"])
def test_encodings_that_are_known(name: str) -> None:
    assert known(name)


@pytest.mark.parametrize("name", ["", "no-such", "base64", "hex", "zip", "rot13", "a\0b"])
def test_encodings_that_are_none(name: str) -> None:
    assert not known(name)
