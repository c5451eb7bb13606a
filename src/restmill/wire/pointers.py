"""Pointers: what an answer says of a page behind it, by the names that APIs use: links, tokens, flags.

A pager reads one of them, where its config says. Any other that is left when the read ends says that rows
may be missing: the config looked elsewhere. Firm ones (`next...`) are left out on a last page. Loose ones
(`after`, a continuation) may stay, so they count on a first page only. An answer that says it is the last is
believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from restmill.path import Json, Path, path_of
from restmill.wire.address import NoAddress
from restmill.wire.links import links
from restmill.wire.references import Cursor, HeaderCursor, HeaderLink, JsonLink
from restmill.wire.signs import PLACES, SIZES, envelope, is_more, plain, scalars, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from restmill.wire.message import Page, Request
    from restmill.wire.paging import Pager

_FIRM = re.compile(
    "next(page|results?|records?|set|items?|chunk)?"
    "(url|uri|link|href|token|cursor|key|marker|offset|start|index|number|num|no|from|position|params?|query"
    "|path|request|id|after|since|bookmark|skip|pointer)?"
)
_LOOSE = frozenset(
    ("continuationtoken", "continuation", "continuationkey", "continue", "endcursor", "after", "startafter")
) | {"cursor", "bookmark", "resumptiontoken", "paginationtoken", "lastevaluatedkey", "nextbatch"}
_AROUND = frozenset(
    ("link", "links", "paging", "pagination", "page", "pages", "pageinfo", "paginginfo", "pager", "cursor")
) | {"cursors", "meta", "metadata", "responsemetadata", "info", "navigation", "nav", "d", "result", "results"}
"""Objects in which even a plain word such as `next` or `after` is of the paging."""
_INSIDE = ("href", "url", "uri", "link", "path", "cursor", "token", "after", "page", "offset", "value", "id")
_NOTHING = frozenset(("", "null", "none", "nil", "false", "undefined", "#", "0", "-1"))
_DEPTH = 5
_MOST_LINKS = 20


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

    @property
    def is_link(self) -> bool:
        """Whether it is an address, and not a token."""
        return isinstance(self.value, str) and self.value.startswith(("http://", "https://", "/", "?"))


def bare(key: object) -> str:
    """The plain name of a key, without what stands in front of a dot, and of a header, without its `X`."""
    return plain(key).rpartition(".")[2]


def pointers(page: Page) -> Iterator[Pointer]:
    """All pointers of an answer that hold something: those of its headers, then those of its envelope."""
    for rel, target in links(page.response.headers.get("Link", "")).items():
        if _FIRM.fullmatch(bare(rel.rpartition("/")[2])):
            yield Pointer(f"the Link header, rel={rel}", target, header="link", rel=rel)
    for name, value in page.response.headers.items():
        word = re.sub("^x(ms)?", "", plain(name))
        if (_FIRM.fullmatch(word) or word in ("continuation", "continuationtoken")) and _holds(value):
            yield Pointer(f"the header {name}", value, header=name.lower(), key=name)
    yield from _inside(envelope(page), ())


def _inside(document: Json, above: tuple[str, ...]) -> Iterator[Pointer]:
    for key, value in document.items() if isinstance(document, dict) and len(above) < _DEPTH else ():
        keys, name = (*above, str(key)), bare(key)
        if isinstance(value, list) and name in ("link", "links"):
            yield from _linked(value, keys)
        firm = _FIRM.fullmatch(name) is not None
        if not (firm or name in _LOOSE):
            yield from _inside(value, keys)
            continue
        found = _scalar(value, keys)
        if found is None:
            yield from _inside(value, keys)
        elif _counts(name, above, found[1]):
            path = path_of(found[0])
            yield Pointer(f"`{path}`", found[1], path, firm=firm, key=str(key))


def _scalar(value: Json, keys: tuple[str, ...]) -> tuple[tuple[str, ...], Json] | None:
    """What a pointer holds, itself or in its object, and where; None when it holds nothing."""
    if isinstance(value, dict):
        named = [(key, bare(key)) for key in value]
        found = ((*keys, key) for inner in _INSIDE for key, name in named if name == inner)
        return next(((at, one) for at in found if _holds(one := value[at[-1]])), None)
    return (keys, value) if _holds(value) else None


def _counts(name: str, above: tuple[str, ...], value: Json) -> bool:
    """Whether a word that may mean anything is of the paging, by where it stands or by being an address."""
    link = isinstance(value, str) and value.startswith(("http://", "https://", "/", "?"))
    common = name == "next" or (name in _LOOSE and not name.startswith("continuation"))
    return link or not above or not common or bare(above[-1]) in _AROUND


def _linked(found: list[Json], keys: tuple[str, ...]) -> Iterator[Pointer]:
    """Links in a list of objects, `{"rel": "next", "href": ...}`, as of HAL, Atom and JSON:API."""
    for link in found[:_MOST_LINKS]:
        if not (
            isinstance(link, dict) and _FIRM.fullmatch(bare(link.get("rel") or link.get("relation") or ""))
        ):
            continue
        relation = "rel" if "rel" in link else "relation"
        target = next((key for key in ("href", "url", "uri", "link") if _holds(link.get(key))), None)
        if target:
            text = f"{path_of(keys)}[?(@.{relation}=='{link[relation]}')].{target}"
            yield Pointer(f"`{text}`", link[target], Path(text))


def _holds(value: Json) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return value > 0 if not isinstance(value, str) else value.strip().lower() not in _NOTHING


def flag(page: Page) -> tuple[str, bool | None]:
    """What an answer says of itself: the key, and whether more follows; None when it says nothing."""
    said = [(path, is_more(name, value)) for path, name, value in scalars(envelope(page))]
    headers = ((name, is_more(re.sub("^x", "", plain(name)), value)) for name, value in _texts(page))
    known = [(path, more) for path, more in (*said, *headers) if more is not None]
    return next((one for one in known if not one[1]), known[0] if known else ("", None))


def _texts(page: Page) -> Iterator[tuple[str, Json]]:
    """Headers, those that say true or false as what they say."""
    headers: Mapping[str, str] = page.response.headers
    return (
        (name, {"true": True, "false": False}.get(value.lower(), value)) for name, value in headers.items()
    )


def flagged(page: Page, pager: Pager | None) -> str:
    """A sentence when the last answer says that more follows; "" when it does not, or the pager knows."""
    key, more = flag(page)
    own = getattr(pager, "has_more_path", None)
    if not more or (own is not None and own.find(page.document)):
        return ""
    return f"the last answer says that there is more (`{key}`)"


def pointed(
    page: Page, pager: Pager | None, known: Callable[[Request], bool], *, firm_only: bool = False
) -> str:
    """A sentence on a pointer of the last answer that nobody followed; "" when there is none.

    `known`: whether a request was made before. A pointer that leads there, or back, is no page that follows.
    """
    declared = isinstance(pager, Cursor) and pager.stop_after_empty_page and not page.length
    if declared or flag(page)[1] is False:
        return ""
    for one in pointers(page):
        first = page.number == 1 and page.length > 0 and not firm_only
        if (one.firm or first) and not _is_own(one, page, pager) and not _leads_back(one, page, known):
            return f"a next page was not asked for: the last answer has {one.place}"
    return ""


def _is_own(one: Pointer, page: Page, pager: Pager | None) -> bool:
    """Whether the pager itself goes by this pointer, and has decided on it."""
    match pager:
        case Cursor(cursor_path=path) | JsonLink(next_url_path=path):
            return one.path is not None and path.first(page.document) == one.value
        case HeaderLink(links_next_key=rel):
            return one.rel == rel.lower()
        case HeaderCursor(cursor_key=name):
            return one.header == name.lower()
        case _:
            return False


def _leads_back(one: Pointer, page: Page, known: Callable[[Request], bool]) -> bool:
    """Whether a pointer leads to where the read has been: it is an echo, or a last page's own address."""
    request = page.request
    if one.is_link:
        try:
            following = request.following(str(one.value))
        except NoAddress:
            return False
        return following.url == request.url or known(following)
    body = request.json if isinstance(request.json, dict) else {}
    asked = (*request.params.items(), *body.items())
    sent = {str(value) for key, value in asked if plain(key).lstrip("$") not in SIZES}  # 5 rows, not token 5
    number = whole(one.value)
    places = [value for _, name, value in scalars(envelope(page)) if name in PLACES]
    places += [value for key, value in request.params.items() if plain(key) in PLACES]
    return str(one.value) in sent or any(number <= (whole(at) or 0) for at in places if number is not None)
