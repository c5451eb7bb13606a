"""Names and texts that a server writes so that an expression takes for ever over them: each is read soon."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restmill.errors import ApiError, NotData, RestmillError
from restmill.load.destination.row_ids import _VALUE
from restmill.path import Path
from restmill.run.fetch.signing import _tokens
from restmill.secrets import KEYRING, Secret
from restmill.shape.encoding import known
from restmill.spellings import LONGEST, parts
from restmill.testing import json_response, run
from restmill.testing.rig import Rig, order
from restmill.wire.auth import ClientCredentials, read_token
from restmill.wire.errors.changes import _is_time
from restmill.wire.message import Headers, Response
from restmill.wire.next_page.next_words import is_another, is_firm, is_planned

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.path import Json
    from restmill.wire.message import Request

SECONDS = 3.0
MANY = 3000
NAMES = {
    "next, of parts that are parts themselves": "next" + "pageid" * MANY + "zq",
    "next, of every part": "next" + "pagesresultsrecordsparams" * MANY + "zq",
    "another language": "weitere" + "seitenlink" * MANY + "zq",
    "Chinese": "下一页" + "令牌链接" * MANY + "吗",
    "a plan": "next" + "billingcharge" * MANY + "datetimedatetime" * MANY + "zq",
    "another page": "first" + "pageurlpages" * MANY + "zq",
    "the most of it": "maximumlimit" * MANY,
    "the most of rows": "resultrowrecord" * MANY,
    "errors": "errormessage" * MANY + "zq",
    "underscores": "a_" * MANY + "!",
    "dots": "a." * MANY + "!",
    "colons": "a:" * MANY,
    "X": "X-" * MANY,
    "capitals": "aB" * MANY + "!",
}
TEXTS = {
    "dates and a second line": "2024-01" * MANY + "\nx",
    "times and a second line": "12:34" * MANY + "\nx",
    "digits": "1" * (8 * MANY) + "x",
    "thousands": "1,000" * MANY + "x",
    "words": "a_" * MANY + "!",
    "blanks": "a" + " " * (8 * MANY) + "!",
    "sentences": "max results " * MANY,
    "depths": "only 1,000,000 " * MANY,
    "addresses": "https://api.test/things?" + "page=1&" * MANY,
    "escapes": "%25" * MANY,
    "a path of dots": "/" + "../" * MANY,
    "tokens": "Aa1=" * MANY + " ",
    "quotes": "'" * MANY,
    "brackets": "[" * MANY,
    **NAMES,
}


def answers(
    around: Callable[[int], dict[str, Json]], headers: dict[str, str]
) -> Callable[[Request], Response]:
    """A list in two pages; `around` says what stands beside the rows of each."""
    asked: list[Request] = []

    def script(request: Request) -> Response:
        asked.append(request)
        rows = [{"id": one} for one in ((), range(10), range(10, 13), ())[min(len(asked), 3)]]
        return json_response({"data": rows, **around(len(asked))}, headers=headers)

    return script


def read_soon(script: Callable[[Request], Response]) -> None:
    """Read it to its end, whatever that is, within the time; with a pager, and with none declared."""
    for pager in (order().pager, None):
        started = time.process_time()
        with suppress(RestmillError):
            run(Rig(script).read(replace(order(), pager=pager, keys=(Path("id"),))))
        assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("name", NAMES)
def test_a_key_is_read_soon(name: str) -> None:
    key = NAMES[name]
    read_soon(answers(lambda page: {key: page, "meta": {key: f"{page}", "links": [{"rel": key}]}}, {}))
    read_soon(answers(lambda _: {"next": {key: "abc"}, "paging": {key: {key: "abc"}}, "error": {key: 1}}, {}))


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read_soon(name: str) -> None:
    text = TEXTS[name]
    keys = ("message", "status", "error", "next", "total", "cursor", "has_more", "max_results", "zq")
    read_soon(answers(lambda page: dict.fromkeys(keys, text) if page > 1 else {}, {}))
    read_soon(answers(lambda page: {"zq": "fine" if page == 1 else text, "warnings": [text]}, {}))


@pytest.mark.parametrize("name", TEXTS)
def test_a_header_is_read_soon(name: str) -> None:
    text = TEXTS[name].encode("utf-8").decode("latin-1").replace("\n", " ")[:60_000]
    names = ("Link", "X-Total-Count", "X-Next-Page", "X-Warning", "X-Max-Results", "Retry-After", "RateLimit")
    read_soon(answers(lambda _: {}, dict.fromkeys(names, text)))
    read_soon(answers(lambda _: {}, {"X-Pagination": '{"next": "' + text.replace('"', "")[:9000] + '"}'}))


@pytest.mark.parametrize("name", NAMES)
def test_the_words_of_paging_take_a_name_apart_in_one_go(name: str) -> None:
    started = time.process_time()
    for one in (is_firm, is_planned, is_another):
        one(NAMES[name])
    assert time.process_time() - started < SECONDS


def test_a_long_text_with_dates_is_none() -> None:
    started = time.process_time()
    assert not _is_time("2024-01" * 100_000 + "\nx")
    assert not _is_time("x" * 100_000)
    assert _is_time("x2024-01" + "y " * 100_000)
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "text", ["xa" * 8000, "a=" * 8000, "a " * 8000, "a.-" * 5000, "a:b@" * 4000, "xa" * MANY**2]
)
def test_a_secret_is_learned_soon(text: str) -> None:
    started = time.process_time()
    parts(text)
    KEYRING.learn([Secret(text)])
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("text", ["'" + "a''" * 1000, "'" + "\\'" * 1000, "''" * 1000 + "'x"])
def test_a_literal_that_does_not_end_is_taken_apart_soon(text: str) -> None:
    started = time.process_time()
    _VALUE.findall(text)
    assert time.process_time() - started < SECONDS


def test_a_token_that_no_header_takes_is_no_token() -> None:
    auth = ClientCredentials("https://api.test/token", Secret("some-id"), Secret("some-secret"))
    document = {"access_token": "x" * (LONGEST + 1), **{f"{n}_token": f"token-{n}" for n in range(100_000)}}
    with pytest.raises(NotData, match="no header takes"):
        read_token(auth, Response(200, Headers(), b""), document, 0.0)
    assert len(list(_tokens(document))) < 100
    assert issubclass(NotData, ApiError)


@pytest.mark.parametrize(
    "name", ["unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "hex"]
)
def test_a_charset_of_no_text_is_none(name: str) -> None:
    assert not known(name)


@pytest.mark.parametrize("name", ["idna", "punycode", "undefined", "hex", "no-such-charset"])
def test_an_answer_is_a_text_whatever_charset_it_names(name: str) -> None:
    assert Response(200, Headers({"Content-Type": f"text/x; charset={name}"}), b"\\\x01\xff").text
