"""What meets a server's text beyond its headers: values, keys, messages. The time grows with the length."""

from __future__ import annotations

import time

import pytest

from restmill.load.destination.row_ids import _VALUE
from restmill.secrets import without_credentials
from restmill.shape.collation import Collation, Reading, instant
from restmill.shape.decode import Undecodable, document_of
from restmill.wire.message import Headers, Response
from restmill.wire.next_page.more_signs import plain

LONG = 200_000
TEXTS = [
    *("?" * LONG, "&" * LONG, "://" * LONG, "token " * LONG, "bearer" + " " * LONG, "http://" * LONG),
    *("," * LONG, "," * LONG + "1", "1" + " " * LONG, "Mon" + " " * LONG, "2024-01-01T" + "0" * LONG),
    *("'" * LONG, "E'" * LONG, "'" + "\\" * LONG, "charset=" * LONG, "a" * LONG + "\x00", "-1 " * LONG),
]


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_a_long_text_takes_little_time(number: int) -> None:
    text = TEXTS[number]
    started = time.process_time()
    without_credentials(text)
    instant(text)
    Reading(text, Collation()) < Reading(f"{text}1", Collation())  # noqa: B015  # compared for its time
    plain(text)
    assert Response(200, Headers({"Content-Type": text}), b"x").text == "x"
    _VALUE.findall(text)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("charset", ["idna", "punycode", "utf-7", "unicode_escape", "zlib", "rot13"])
def test_no_charset_takes_long_either(charset: str) -> None:
    started = time.process_time()
    with pytest.raises(Undecodable):
        document_of(b"\xff" + b"a." * LONG, f"application/json; charset={charset}")
    assert time.process_time() - started < 5
