"""Pointers: what an answer says of a page behind it, by the names that APIs use: links, tokens, flags.

A pager reads one of them, where its config says; detection follows those whose use is known. A token may be a
text, a number, an object or a list. Firm ones (`next...`) are left out on a last page, loose ones may stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from restmill.path import Json, Path, path_of
from restmill.wire.next_page.links import links
from restmill.wire.next_page.more_signs import (
    PLACES,
    SIZES,
    bare,
    envelope,
    is_more,
    objects_in_headers,
    plain,
    scalars,
    speaks_of_paging,
    whole,
)
from restmill.wire.next_page.next_words import (
    AROUND,
    COMMON,
    INSIDE,
    LOOSE,
    NOTHING,
    OFFSETS,
    is_another,
    is_firm,
)
from restmill.wire.next_page.other_pages import is_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from restmill.wire.message import Page, Request

_DEPTH = 5
_MOST_LINKS = 20
_TOKEN = re.compile(
    r"(?!\d{4}-\d\d|\d+:\d\d)(?=.*[A-Za-z])(?=.*[\d/=_+]|.*[a-z][A-Z])[^\s@]{6,}"
)  # no date, no time of day
"""A text that is a token, where a number of a row is usual."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """One sign of a page that follows: where it stands, and what it holds. The value is never shown."""

    place: str
    """As a message names it: `paging.next`, the header X-Next-Page."""
    value: Json
    path: Path | None = None
    header: str = ""
    rel: str = ""
    firm: bool = True
    key: str = ""
    """The key or header as it is spelt."""
    param: str = ""
    """The parameter that it goes into, where the answer says so."""
    beside: tuple[str, ...] = ()
    """The keys of the object that it stands in."""

    @property
    def is_offset(self) -> bool:
        """Whether it is the number of a row, by a name that may be that of the first row of the page."""
        return not self.firm and bare(self.key) in OFFSETS

    @property
    def is_link(self) -> bool:
        """Whether it is an address, and not a token."""
        return isinstance(self.value, str) and self.value.startswith(("http://", "https://", "/", "?"))


def pointers(page: Page) -> Iterator[Pointer]:
    """All pointers of an answer that hold something: those of its headers, then those of its envelope."""
    for rel, target in links(page.response.headers.get("Link", "")).items():
        if is_firm(bare(rel.rpartition("/")[2])) and _holds(target):
            yield Pointer(f"the Link header, rel={rel}", target, header="link", rel=rel)
    for name, value in page.response.headers.items():
        word = re.sub("^x(ms)?", "", plain(name))
        continues = word.startswith("continuation")
        if (is_firm(word) or continues or word in LOOSE) and name.lower() != "link" and _holds(value):
            firm = continues or word not in LOOSE
            yield Pointer(f"the header {name}", value, header=name.lower(), key=name, firm=firm)
    for name, inside in objects_in_headers(page.response.headers):
        for one in _inside(page, inside, ()):
            yield replace(
                one, place=f"the header {name}, {one.place}", path=None, header=name.lower(), key=""
            )
    yield from _inside(page, envelope(page), ())


def _inside(page: Page, document: Json, above: tuple[str, ...]) -> Iterator[Pointer]:
    for key, value in document.items() if isinstance(document, dict) and len(above) < _DEPTH else ():
        keys, name = (*above, str(key)), bare(key)
        if isinstance(value, list) and name in ("link", "links"):
            yield from _linked(value, keys)
        firm = is_firm(name)
        if not (firm or name in LOOSE or name in OFFSETS):
            yield from _inside(page, value, keys) if isinstance(value, dict) else ()
            continue
        found = _held(page, name, value, keys)
        if isinstance(found, list):
            yield from found
        elif _counts(name, above, document, found[1], page):
            path = path_of(found[0])
            yield Pointer(f"`{path}`", found[1], path, firm=firm, key=str(key), beside=above)


def _held(
    page: Page, name: str, value: Json, keys: tuple[str, ...]
) -> tuple[tuple[str, ...], Json] | list[Pointer]:
    """What a pointer holds, itself or in its object, and where; else the pointers that are inside of it."""
    if isinstance(value, dict):
        named = [(key, bare(key)) for key in value]
        found = ((*keys, key) for inner in INSIDE for key, word in named if word == inner)
        scalar = next(((at, one) for at in found if _holds(one := value[at[-1]])), None)
        if scalar:
            return scalar
        others = list(_inside(page, value, keys)) if name != "continue" else []
        return others if others or not _is_token_object(name, value) else (keys, value)
    if isinstance(value, list):
        listed = value is not page.records and _is_token_list(value)
        return (keys, value) if listed else []
    leads = _leads_on(page, keys[-1], name, value) if name in OFFSETS else _holds(value)
    return (keys, value) if leads else []


def _leads_on(page: Page, key: str, name: str, value: Json) -> bool:
    """Whether an offset is not that of this page: a token, or the number of the row behind the first page."""
    number = whole(value)
    if number is None:
        return isinstance(value, str) and _TOKEN.fullmatch(value.strip()) is not None
    sent = {plain(one) for one in (*page.request.params, *(_body(page.request)))}
    counts = name not in ("marker", "position", "scroll") and plain(key) not in sent
    return counts and page.number == 1 and page.length > 1 and number in (page.length, page.length + 1)


def _is_token_object(name: str, value: dict[str, Json]) -> bool:
    """Whether an object is a token as a whole, as keys of DynamoDB and MediaWiki are: no word of paging."""
    words = [bare(key) for key in value]
    paging = (word in LOOSE or word in SIZES or is_firm(word) or is_another(word) for word in words)
    mixed = any(one and word != "id" for word, one in zip(words, paging, strict=True))
    return (name == "continue" or not mixed) and _is_filled(value, _DEPTH)


def _is_token_list(value: list[Json]) -> bool:
    """Whether a list is a token, as that of Elasticsearch is, or holds the query for a page."""
    if any(isinstance(one, dict) for one in value):
        return any(
            bare(key) in PLACES and _holds(one[key]) for one in value if isinstance(one, dict) for key in one
        )
    return any(map(_holds, value))


def _is_filled(value: Json, depth: int) -> bool:
    if isinstance(value, dict | list) and depth:
        inside = value.values() if isinstance(value, dict) else value
        return any(_is_filled(one, depth - 1) for one in inside)
    return _holds(value)


def _counts(name: str, above: tuple[str, ...], around: dict[str, Json], value: Json, page: Page) -> bool:
    """Whether a word that may mean anything is of the paging, by where it stands or by being an address."""
    if name not in COMMON or not above or is_address(value) or bare(above[-1]) in AROUND:
        return True
    return speaks_of_paging(around, name) or any(one is page.records for one in around.values())


def _linked(found: list[Json], keys: tuple[str, ...]) -> Iterator[Pointer]:
    """Links in a list of objects, `{"rel": "next", "href": ...}`, as of HAL, Atom and JSON:API."""
    for link in found[:_MOST_LINKS]:
        if not (isinstance(link, dict) and is_firm(bare(link.get("rel") or link.get("relation") or ""))):
            continue
        relation = "rel" if "rel" in link else "relation"
        target = next((key for key in ("href", "url", "uri", "link") if _holds(link.get(key))), None)
        if target:
            text = f"{path_of(keys)}[?(@.{relation}=='{link[relation]}')].{target}"
            yield Pointer(f"`{text}`", link[target], Path(text))


def _holds(value: Json) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return value > 0 if not isinstance(value, str) else value.strip().lower() not in NOTHING


def _body(request: Request) -> dict[str, Json]:
    return request.json if isinstance(request.json, dict) else {}


def flag(page: Page) -> tuple[str, bool | None]:
    """What an answer says of itself: the key, and whether more follows; None when it says nothing."""
    return page.once(_flag)


def _flag(page: Page) -> tuple[str, bool | None]:
    said = [(path, is_more(bare(name), value)) for path, name, value in scalars(envelope(page))]
    headers = ((name, is_more(re.sub("^x", "", plain(name)), value)) for name, value in _texts(page))
    within = (
        (f"{header}, {path}", is_more(name, value))
        for header, inside in objects_in_headers(page.response.headers)
        for path, name, value in scalars(inside)
    )
    known = [(path, more) for path, more in (*said, *headers, *within) if more is not None]
    return next((one for one in known if not one[1]), known[0] if known else ("", None))


def _texts(page: Page) -> Iterator[tuple[str, Json]]:
    """Headers, those that say true or false as what they say."""
    headers: Mapping[str, str] = page.response.headers
    return (
        (name, {"true": True, "false": False}.get(value.lower(), value)) for name, value in headers.items()
    )
