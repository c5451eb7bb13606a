"""A server's text is read in time that grows with its length, whatever it holds."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.wire.limits.rate_headers import quota, retry_after
from restmill.wire.message import Headers
from restmill.wire.next_page.links import links

_LINK = re.compile(
    r"<(?P<target>[^>]*)>(?P<params>(?:\s*;\s*[^\s;=,<]*(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\",;]*))?)*)"
)
_PARAM = re.compile(r";\s*([^\s;=,<]+)\s*(?:=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\",;]*)))?")


def by_expression(header: str) -> dict[str, str]:
    """The header as a regular expression takes it apart: right, and in quadratic time."""
    found = {}
    for link in _LINK.finditer(header):
        params: dict[str, str] = {}
        for name, quoted, token in _PARAM.findall(link["params"]):
            params.setdefault(name.lower(), quoted or token.strip().strip("'"))
        for relation in params.get("rel", "").lower().split():
            found[relation] = link["target"].strip()
    return found


@pytest.mark.parametrize(
    "header",
    [
        '<https://a.test/2>; rel="next"',
        "<https://a.test/2>; rel=next",
        "<https://a.test/2>;rel='next'",
        '<https://a.test/2?a=b,c;d>; rel="next", <https://a.test/9>; rel="last"',
        '<https://a.test/2>; title="a, b; c=\\"d\\""; rel="next prev"',
        '<https://a.test/2> ; REL = "Next"',
        '<https://a.test/2>; rel="first"; rel="next"',
        "<>; rel=next",
        '<https://a.test/2>; rel="next',
        '</a>, </b>; rel=next; crossorigin, ; </c>; rel="last"',
    ],
)
def test_a_header_is_read_as_before(header: str) -> None:
    assert links(header) == by_expression(header)


@given(st.text(alphabet="<>;=\",\\ relnxt'/?", max_size=24))
def test_any_short_header_names_no_link_that_the_expression_did_not(header: str) -> None:
    assert set(links(header).values()) <= {target.strip() for target in re.findall(r"<([^>]*)>", header)}


LONG = 100_000
HOSTILE = {
    "params without end": "<x>" + "; a" * LONG,
    "quotes escaped": '<x>; a="' + '\\"' * LONG,
    "open brackets": "<" * LONG,
    "blanks": "<x>" + " " * LONG,
    "blanks around =": "<x>;" + " " * LONG + "=" + " " * LONG,
    "links without end": "<x>" * LONG,
    "quotes left open": '<x>; a="' * LONG,
    "equal signs": "<x>;" + "=" * LONG,
    "commas": "<x>;rel=," * LONG,
    "semicolons": "<x>" + ";" * LONG,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_link_header_takes_no_time(name: str) -> None:
    started = time.process_time()
    links(HOSTILE[name])
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    "text", ['"' * LONG + "r=" * LONG, "r" + " " * LONG, "remaining=" * LONG, "9" * LONG]
)
def test_a_hostile_quota_takes_no_time(text: str) -> None:
    started = time.process_time()
    headers = Headers({"RateLimit": text, "Retry-After": text, "X-RateLimit-Remaining": text})
    quota(headers, 0.0)
    retry_after(headers, 0.0)
    assert time.process_time() - started < 3
