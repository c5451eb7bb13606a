"""Addresses in an answer that lead to another page of the list that was asked for, whatever their keys mean.

APIs name their next page in many languages and in words of their own. What gives it away is the address: the
path of the request with another query. Which page it is cannot be told, so such an address is not followed;
it says that there is one. Those that name another page (first, last, previous, this one) say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from restmill.path import path_of
from restmill.wire.address import NoAddress
from restmill.wire.next_page.more_signs import PLACES, SIZES, bare, envelope, plain, whole
from restmill.wire.next_page.next_words import AROUND, TOKENS, is_another, squashed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.path import Json
    from restmill.wire.message import Page, Request

_DEPTH = 5
_MOST_IN_LIST = 20
_LINKED = frozenset(("link", "links", "pages", "pagination", "paging", "pager", "nav", "navigation"))
"""Lists that may be of links."""
_GENERIC = frozenset(("href", "url", "uri", "link", "path", "value", "address", "target"))
"""Keys whose meaning is that of the object they stand in."""
_NAMES = ("rel", "relation", "label", "name", "title", "type")
"""Keys of a link in a list that say what it leads to."""
_NO_PAGES = frozenset(
    ("facets", "filter", "filters", "sort", "sorts", "sorting", "aggregations", "actions", "breadcrumbs")
) | {"formats", "export", "exports", "downloads", "languages", "related", "suggestions", "tabs", "views"}
_NO_PLACE = re.compile(
    ".*(?:format|version|key|secret|sign|signature|auth|expires|lang|locale|sort|order|orderby|fields|expand|include"
    "|since|from|to|date|time|timestamp|start|end)"
)
"""Parameters that do not say which page, unless they are known to."""
_TOKEN = re.compile(r"(?=.*\d).+|.{20,}")
"""What may be a token, and no word such as `csv` or `desc`."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the list that was asked for."""

    place: str
    """As a message names it."""
    value: str
    may_be_own: bool = False
    """Whether the key is one by which an answer gives its own address."""


def is_address(value: Json) -> bool:
    """Whether a value is an address; one of a template, `/things{?page}`, is none."""
    return (
        isinstance(value, str)
        and value.startswith(("http://", "https://", "/", "?"))
        and not {"{", " ", "\n", "[", "]"} & set(value.partition("?")[0])
        and not {"{", " ", "\n"} & set(value)
    )


def other_pages(page: Page) -> Iterator[Address]:
    """The addresses in the envelope that lead to another page, by keys that nobody knows."""
    own = frozenset(map(id, page.records if isinstance(page.records, list) else ()))
    found = [
        one for one in _addresses(page, envelope(page), (), own) if _is_own_path(page.request, one[1].value)
    ]
    targets = [page.request.following(one.value).url for _, one in found]
    for (names, one), target in zip(found, targets, strict=True):
        if any(is_another(name) or plain(name) in _NO_PAGES for name in names):
            continue
        far = _distance(page.request, one.value) - one.may_be_own
        # A list of one page has its first and its last page at one address.
        if far > 1 or (far == 1 and targets.count(target) == 1):
            yield one


def _addresses(
    page: Page, document: Json, above: tuple[str, ...], own: frozenset[int]
) -> Iterator[tuple[tuple[str, ...], Address]]:
    """What names each address, and the address; `own`: what the records are, which are left out."""
    for key, value in document.items() if isinstance(document, dict) and len(above) < _DEPTH else ():
        keys = (*above, str(key))
        if is_address(value):
            generic = bare(key) in _GENERIC
            known = above if generic else keys
            may_be_own = generic and (not above or bare(above[-1]) in AROUND)
            yield tuple(map(bare, known)), Address(f"`{path_of(keys)}`", value, may_be_own)
        elif isinstance(value, list):
            yield from _listed(page, value, keys)
        elif id(value) not in own:
            yield from _addresses(page, value, keys, own)


def _listed(
    page: Page, found: list[Json], keys: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Address]]:
    if bare(keys[-1]) not in _LINKED or found is page.records:
        return
    for link in found[:_MOST_IN_LIST]:
        names = [name for one in _NAMES if isinstance(link, dict) and isinstance(name := link.get(one), str)]
        for value in link.values() if isinstance(link, dict) else ():
            if is_address(value):
                yield tuple(map(squashed, names)), Address(f"`{path_of(keys)}`", value)


def _is_own_path(request: Request, link: str) -> bool:
    """Whether a link leads to the path of the request, be it behind a prefix that one of both lacks."""
    try:
        there = urlsplit(request.following(link).url).path
    except NoAddress:
        return False
    here = urlsplit(request.url).path
    return here == there or (len(here) > 1 < len(there) and (here.endswith(there) or there.endswith(here)))


def _distance(request: Request, link: str) -> int:
    """How sure it is that a link leads further: 0 it does not, 1 perhaps, by a `1` that is new; 2 it does."""
    before = _query(request.url)
    there = _query(request.following(link).url)
    return max((_step(name, value, before) for name, value in there.items()), default=0)


def _step(name: str, value: str, before: dict[str, str]) -> int:
    word, was = plain(name), before.get(name)
    known = word in PLACES or word in TOKENS
    if value in ("", was) or word in SIZES or (not known and _NO_PLACE.fullmatch(word)):
        return 0
    number, number_was = whole(value), whole(was)
    if number is not None and (was is None or number_was is not None):
        return min(2, max(0, number - (number_was or 0)))
    return 2 if known or _TOKEN.fullmatch(value) else 0


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
