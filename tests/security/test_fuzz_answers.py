"""Any bytes at all, where a server's are read: nothing but an error of ours comes out, and soon."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from restmill.errors import RestmillError
from restmill.path import Path
from restmill.run.transport.requests_messages import shown
from restmill.shape.decode import Undecodable, fingerprint, read_document
from restmill.shape.encoding import recoded
from restmill.testing import run
from restmill.testing.rig import Rig, order
from restmill.wire.address import NoAddress
from restmill.wire.coding import Intake, Unread
from restmill.wire.header_fields import text_of
from restmill.wire.limits.rate_headers import is_limit, is_refusal, quota, wait_asked
from restmill.wire.limits.retry_after import seconds_of
from restmill.wire.message import Headers, Request, Response
from restmill.wire.next_page.links import links
from restmill.wire.paging.pagers import Offset
from tests.security.fuzzing import fuzz, near

DOCUMENTS = (
    b'{"data": [{"id": 1, "x": "\\u0000\\ud83d\\ude00", "n": 12345678901234567890123}], "total": 1e308}',
    b"[1, 2.5, null, true, NaN, -Infinity]",
    '{"größe": "€"}'.encode("utf-16"),
    b"<html>\xe9</html>",
    b"\xef\xbb\xbf{}",
)
CHARSETS = ["latin-1", '"punycode"', "idna", "utf-7", "zlib", "unicode_escape", "utf-16", "rot13", "cp1252"]
KINDS = ["", "application/json", "text/html", *(f"text/x; charset={name}" for name in CHARSETS)]
LINKS = (
    b'<https://a.test/2>; rel="next", </x?a=b,c>; rel=last; a="a\\"b"',
    b"<>;;;=",
    b"<a>; rel='next'",
)
PACES = (
    b"120",
    b"1, 99999999",
    b"6m0s",
    b"PT1M30S",
    b"2027-01-15T08:01:00+02:00",
    b"Fri, 31 Dec 9999 23:59:59 GMT",
    b"Fri, 31 Dec 2030 23:59:59 +9999",
    b"Mon, 01 Jan 0001 00:00:00 GMT",
    b'"default";r=0;t=99999999999',
)
COOKIES = (
    b"a=b; Path=/; Expires=Fri, 31 Dec 9999 23:59:59 GMT; Max-Age=1",
    b'a="b\\"; Domain=.x; secure',
    b"=;=",
)
ENVELOPES = (
    b'{"data": [{"id": 1}, {"id": 2}], "next": "/things?page=2", "total": 12, "meta": {"has_more": true}}',
    b'{"data": [{"id": 3}], "paging": {"cursors": {"after": "Aa1="}}, "message": "the first 1,000 rows"}',
    b'{"data": [], "nextPageToken": "x", "links": [{"rel": "next", "href": "?a"}], "errors": [{"code": 5}]}',
    '{"data": [{}], "下一页令牌": "nextpageid", "max_results": "9,000", "t": "2024-01-01 12:34"}'.encode(),
)
URLS = (
    b"https://api.test:8443/a/../b?c=%zz#d",
    b"//[::1]:1/x",
    b"?page=2",
    b"http://user:pw@caf\xc3\xa9.test/\xe9",
)


def header(raw: bytes) -> str:
    """A header's value as the transport has it."""
    return text_of(raw.decode("utf-8", "surrogateescape"))


def test_decode() -> None:
    def target(example: tuple[bytes, str, str]) -> None:
        body, kind, encoding = example
        _, document = read_document(recoded(body, kind, encoding), kind, encoding)
        fingerprint([document])

    kinds = st.sampled_from(KINDS) | near(b"text/x; charset=utf-8").map(header)
    fuzz(st.tuples(near(*DOCUMENTS), kinds, st.sampled_from(["", "utf-8", "cp1252"])), target, Undecodable)


def test_unpack() -> None:
    def target(example: tuple[bytes, str, int]) -> None:
        body, coding, status = example
        intake = Intake(status, {"Content-Encoding": coding}, 10_000)
        for at in range(0, len(body), 50):
            if not intake.take(body[at : at + 50]):
                break
        assert len(intake.whole()) <= max(10_000, 65536)

    packed = near(
        gzip.compress(DOCUMENTS[0]), zlib.compress(b" " * 10**6), gzip.compress(b"x") * 3, DOCUMENTS[0]
    )
    codings = st.sampled_from(["gzip", "deflate", "gzip, deflate", "x-gzip,gzip,", "br", "identity", "\xe9"])
    fuzz(st.tuples(packed, codings, st.sampled_from([200, 302, 500])), target, Unread)


def test_links() -> None:
    fuzz(near(*LINKS).map(header), links)


def test_retry_after_and_quotas() -> None:
    def target(example: tuple[str, str, float]) -> None:
        one, other, wall = example
        headers = Headers(
            {"Retry-After": one, "RateLimit": other, "X-RateLimit-Reset": one, "RateLimit-Remaining": other}
        )
        seconds_of(one, wall)
        quota(headers, wall)
        for status in (200, 403, 429, 503):
            is_limit(status, headers, wall)
            is_refusal(status, headers, wall)
            wait_asked(headers, wall)

    pace = near(*PACES).map(header)
    fuzz(st.tuples(pace, pace, st.sampled_from([0.0, 1.8e9, 2.5e11])), target)


@pytest.mark.filterwarnings("ignore:http.cookiejar bug")  # as it is wherever `run.foreign` is imported
def test_cookies_and_headers() -> None:
    def target(example: list[str]) -> None:
        sent = Request("GET", "https://api.test/x")
        fields = {f"X-{number}": value for number, value in enumerate(example)}
        answer = Response(200, Headers(fields), b"{}", sent.url, cookies=tuple(example), sent=sent)
        assert shown(answer).status_code == 200

    fuzz(st.lists(near(*COOKIES).map(header), max_size=4), target)


def test_whole_reads() -> None:
    def target(example: tuple[list[bytes], str, str, bool]) -> None:
        bodies, link, other, detected = example
        headers = Headers({"Link": link, "X-Next-Page": other, "X-Total-Count": other, "X-Warning": link})
        left = iter(bodies)

        def script(_: Request) -> Response:
            body = next(left, None)
            return Response(404 if body is None else 200, headers, body or b"")

        pager = None if detected else Offset(limit=2)
        run(Rig(script).read(replace(order(), pager=pager, keys=(Path("id"),))))

    bodies = st.lists(near(*ENVELOPES), min_size=1, max_size=3)
    field = near(*LINKS, *PACES).map(header)
    fuzz(st.tuples(bodies, field, field, st.booleans()), target, RestmillError)


def test_addresses() -> None:
    def target(example: str) -> None:
        following = Request("GET", "https://api.test/things?page=1").following(example)
        assert following.url
        assert following.origin
        assert following.target

    fuzz(near(*URLS).map(header), target, NoAddress)
