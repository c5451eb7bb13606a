"""No answer is without end: not packed, not dripping, not by its headers; whoever sends the requests."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import threading
import time
import zlib
from typing import TYPE_CHECKING

import pytest

from restmill.run.transport.protocol import Failed, Transport
from restmill.wire.coding import MOST_OF_ERROR
from restmill.wire.message import Request, Response
from tests.security.answers import MOST, head, ours, serving, theirs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DOCUMENT = b'{"data": [{"id": 1}]}'
BIG = b'{"data": [' + b" " * (20 * MOST) + b"]}"
TRANSPORTS = pytest.mark.parametrize("transport", [ours, theirs])


def sent(transport: Transport, pieces: Callable[[], Iterable[bytes]]) -> Response:
    async def main(address: str) -> Response:
        try:
            return await transport.send(Request("GET", f"{address}/x"))
        finally:
            await transport.close()

    with serving(pieces) as address:
        return asyncio.run(main(address))


def bare(data: bytes) -> bytes:
    """Deflate without zlib's head, as some servers send it."""
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(data) + engine.flush()


PACKED = {
    "not": ("identity", DOCUMENT),
    "gzip": ("gzip", gzip.compress(DOCUMENT)),
    "x-gzip": ("X-GZIP", gzip.compress(DOCUMENT)),
    "two members": ("gzip", gzip.compress(DOCUMENT[:5]) + gzip.compress(DOCUMENT[5:])),
    "padding behind": ("gzip", gzip.compress(DOCUMENT) + bytes(9)),
    "deflate": ("deflate", zlib.compress(DOCUMENT)),
    "bare deflate": ("deflate", bare(DOCUMENT)),
    "twice": ("gzip, gzip", gzip.compress(gzip.compress(DOCUMENT))),
    "a name that nobody knows": ("x-lies", DOCUMENT),
}


@TRANSPORTS
@pytest.mark.parametrize("name", PACKED)
def test_a_sound_body_is_unpacked(transport: Callable[[], Transport], name: str) -> None:
    coding, body = PACKED[name]
    assert sent(transport(), lambda: [head(f"Content-Encoding: {coding}"), body]).body == DOCUMENT


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize("name", PACKED)
def test_in_whatever_pieces_it_comes(name: str, step: int) -> None:
    coding, body = PACKED[name]
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    assert sent(ours(), lambda: [head(f"Content-Encoding: {coding}"), *pieces]).body == DOCUMENT


def endless(piece: bytes) -> Iterator[bytes]:
    yield from itertools.repeat(piece, 100_000)


TOO_LARGE: dict[str, Callable[[], Iterable[bytes]]] = {
    "gzip": lambda: [head("Content-Encoding: gzip"), gzip.compress(BIG)],
    "deflate": lambda: [head("Content-Encoding: deflate"), zlib.compress(BIG)],
    "gzip twice": lambda: [head("Content-Encoding: gzip, gzip"), gzip.compress(gzip.compress(BIG))],
    "plain": lambda: [head(), BIG],
    "endless": lambda: itertools.chain([head()], endless(b" " * 65536)),
    "in chunks": lambda: itertools.chain(
        [head("Transfer-Encoding: chunked")], endless(b"10000\r\n" + b" " * 65536 + b"\r\n")
    ),
}


@TRANSPORTS
@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_body_beyond_the_bound_is_an_error_of_ours(transport: Callable[[], Transport], name: str) -> None:
    with pytest.raises(Failed, match="larger than the 1,000,000 bytes") as caught:
        sent(transport(), TOO_LARGE[name])
    assert caught.value.final
    assert caught.value.ours


@TRANSPORTS
@pytest.mark.parametrize("status", ["403 X", "500 X", "302 X"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_body_that_nobody_reads_is_cut(
    transport: Callable[[], Transport], status: str, packed: bool
) -> None:
    fields = ["Location: /y", *(["Content-Encoding: gzip"] if packed else [])]
    body = [gzip.compress(BIG)] if packed else endless(b"<" * 65536)
    response = sent(transport(), lambda: itertools.chain([head(*fields, status=status)], body))
    assert response.status == int(status[:3])
    assert len(response.body) == MOST_OF_ERROR


WRONG = {
    "no gzip": (["Content-Encoding: gzip"], DOCUMENT),
    "zlib cut short": (["Content-Encoding: deflate"], zlib.compress(DOCUMENT * 99)[:-9]),
    "brotli, which nobody asked for": (["Content-Encoding: br"], b"\x8b\x02\x80abc"),
    "packed four times": (["Content-Encoding: gzip, gzip, gzip, gzip"], gzip.compress(DOCUMENT)),
    "headers that join to a book": ([*["Link: " + "<" * 60_000] * 9], DOCUMENT),
    "a header line without end": (["X-A: " + "a" * 200_000], DOCUMENT),
    "headers without end": ([f"X-{number}: a" for number in range(9_000)], DOCUMENT),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_fails_in_words(name: str) -> None:
    fields, body = WRONG[name]
    with pytest.raises(Failed):
        sent(ours(), lambda: [head(*fields), body])


def drip(first: bytes, rest: bytes) -> Iterator[bytes]:
    yield first
    for _ in range(60):
        _NOBODY.wait(0.1)
        yield rest


_NOBODY = threading.Event()
"""What the server waits for between two bytes, and never comes."""


DRIPS: dict[str, Callable[[], Iterable[bytes]]] = {
    "a body": lambda: drip(head("Content-Length: 100000"), b" "),
    "headers": lambda: drip(b"HTTP/1.1 200 OK\r\n", b"X-A: a\r\n"),
    "one header": lambda: drip(b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    "chunks": lambda: drip(head("Transfer-Encoding: chunked"), b"1\r\n \r\n"),
}


@TRANSPORTS
@pytest.mark.parametrize("name", DRIPS)
def test_an_answer_that_drips_ends_with_the_timeout(transport: Callable[..., Transport], name: str) -> None:
    started = time.monotonic()
    with pytest.raises(Failed, match=r"no answer within 0\.5 s"):
        sent(transport(timeout=0.5), DRIPS[name])
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("Location: /caf\xe9", "Location", "/caf\xe9"),
        ("X-Cursor: \xe9\xe8", "X-Cursor", "\xe9\xe8"),
        ("Content-Type: text/caf\xe9; charset=caf\xe9", "Content-Type", "text/caf\xe9; charset=caf\xe9"),
        ("X-A: gr\xc3\xb6\xc3\x9fe", "X-A", "größe"),
    ],
)
def test_bytes_that_are_no_utf8_are_latin_1(line: str, name: str, value: str) -> None:
    response = sent(ours(), lambda: [head(line), DOCUMENT])
    assert response.headers[name] == value
    assert response.headers[name].encode()
