"""Guesses from the first answer, where the config says nothing: dlt's rules, in dlt's order.

What is guessed is said in a sentence. Where dlt's guess would lose rows in silence, the same pager is taken,
but it reads on (page numbers that may start at 0 or 1) or calls its end suspect (one page with signs of
more).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from restmill.path import Json, Path, path_of
from restmill.wire.next_page.more_signs import bare, plain, sign_of_more, sign_of_paging, whole
from restmill.wire.next_page.next_words import is_firm, is_planned
from restmill.wire.next_page.pointers import flag, pointers
from restmill.wire.paging.numbered import asked_size
from restmill.wire.paging.pagers import (
    Cursor,
    HeaderCursor,
    HeaderLink,
    JsonLink,
    PageNumber,
    Pager,
    SinglePage,
    links,
)
from restmill.wire.paging.totals import pages_in_headers, total_in_headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.wire.message import Page, Request
    from restmill.wire.next_page.pointers import Pointer

_RECORD_KEYS = frozenset(
    ("data", "items", "results", "entries", "records", "rows", "entities", "payload", "content", "objects")
) | {"values"}
_NEXT = re.compile("next")
_NEXT_LINK = re.compile("href|url")
_TOTAL_PAGES = re.compile("(?:total_pages|pages|totalpages)$")
_PAGE_KEYS = frozenset(("page", "currentpage", "pagenumber", "number"))
_PLACEHOLDER = re.compile(r"\{[a-zA-Z0-9.\-_]+\}")
_SENTENCE = 3  # words
_LIST_DEPTH = 3  # dlt looks for lists under at most two objects

_Found = tuple[tuple[str, ...], Json]


def single_entity_path(path: str) -> bool:
    """Whether a path ends in a placeholder, so that it names one object (`/users/{id}`) and not a list."""
    return _PLACEHOLDER.search(PurePosixPath(path).name) is not None


def detect_selector(document: Json) -> Path:
    """Where the records are: the first list with a usual name, else the first list, else the document."""
    if not isinstance(document, dict):
        return Path("$")
    found = list(_lists(document, ()))
    usual = (keys for keys in found if keys[-1] in _RECORD_KEYS)
    keys = next(usual, found[0] if found else ())
    return path_of(keys)


def detect_pager(page: Page) -> tuple[Pager, str]:
    """The pager that the first answer of a list suggests, and a sentence on what was seen."""
    if links(page.response.headers.get("Link", "")).get("next"):
        return HeaderLink(), "pages by the Link header, rel=next"
    following = next(_entries(page.document, ()), None)
    if following and isinstance(following[1], str) and following[1].startswith(("http", "/", "?")):
        path = path_of(following[0])
        return JsonLink(path), f"pages by the link at `{path}`"
    pages = next(_page_counts(page.document, ()), None)
    if pages and whole(pages[1]) is not None:
        path = path_of(pages[0])
        # An answer that is one record has no pages: what counts them would be a field of it, and end nothing.
        return _without_list(page, path) if _is_lone(page) else _by_number(page, path)
    if following:
        path = path_of(following[0])
        param = _param(following[0][-1], following[1]) or "cursor"
        return Cursor(path, param), f"pages by the cursor at `{path}`, sent as `{param}` (a guess)"
    return _pointed(page) or _counted_in_header(page) or _single(page)


def _counted_in_header(page: Page) -> tuple[PageNumber, str] | None:
    """Pages by number, where a header counts them and it is known with which number the first one goes."""
    pages, name = pages_in_headers(page.response.headers) or (0, "")
    asked = {plain(key) for key in page.request.params} & _PAGE_KEYS
    if pages < 2 or asked or not page.length or page.request.method != "GET":
        return None
    headers = page.response.headers
    stated = (whole(headers.get(key)) for key in ("X-Page", "X-Current-Page", "X-Pagination-Current-Page"))
    first = 1 if "X-WP-TotalPages" in headers else next((one for one in stated if one in (0, 1)), None)
    if first is None:
        return None
    return PageNumber(base_page=first, total_path=None, total_header=name), (
        f"pages by number from {first}, as many as the header `{name}` says"
    )


def _pointed(page: Page) -> tuple[Pager, str] | None:
    """The pager for a pointer that dlt does not look for; None where none can be followed."""
    key, more = flag(page)
    for one in map(_single_token, pointers(page) if more is not False else ()):
        if one.rel:
            return HeaderLink(one.rel), f"pages by the Link header, rel={one.rel}"
        if one.is_link and one.path:
            return JsonLink(one.path), f"pages by the link at {one.place}"
        param = one.param or _param(one.key, one.value)
        if not param or page.request.method != "GET" or not (one.firm or page.length):
            continue
        if one.header:
            return HeaderCursor(one.key, param), f"pages by {one.place}, sent as `{param}` (a guess)"
        told = Path(key) if more and one.path and "." not in key.strip(".") and not one.firm else None
        pager = Cursor(one.path or Path("$"), param, None, not one.firm, told)
        return pager, f"pages by the cursor at {one.place}, sent as `{param}` (a guess)"
    return None


def _single_token(one: Pointer) -> Pointer:
    """The one parameter in a `continue` object of MediaWiki, whose keys are names of parameters."""
    if bare(one.key) != "continue" or not isinstance(one.value, dict) or one.path is None:
        return one
    names = [str(name) for name in one.value if bare(name) != "continue"]
    if len(names) != 1 or not isinstance(one.value[names[0]], str | int):
        return one
    path = path_of((*one.path.keys, names[0]))
    return replace(one, place=f"`{path}`", value=one.value[names[0]], path=path, key=names[0], param=names[0])


def as_dlt_sends(pager: Pager | None, request: Request) -> tuple[Cursor, Request] | None:
    """A cursor that dlt detects, and its request, as dlt sends it: as `cursor`; None where that was so."""
    if not isinstance(pager, Cursor) or pager.cursor_param in (None, "cursor") or pager.cursor_body_path:
        return None
    token = request.params.get(pager.cursor_param)
    if token is None or not _NEXT.match(pager.cursor_path.text.rpartition(".")[2].lower()):
        return None
    others = {name: value for name, value in request.params.items() if name != pager.cursor_param}
    return replace(pager, cursor_param="cursor"), replace(request, params={**others, "cursor": token})


def _param(key: str, value: Json) -> str:
    """The parameter that APIs take such a token by; "" when there is no custom, and for objects and lists."""
    if not isinstance(value, str | int | float):
        return ""
    name = bare(key)
    if name in ("nextpage", "nextpagenumber", "xnextpage"):
        return "page" if whole(value) is not None else ""
    snake, camel = _PARAMS.get(name.removeprefix("x").removeprefix("ms"), ("", ""))
    return snake if "_" in key else camel


_PARAMS = {
    "nextpagetoken": ("page_token", "pageToken"),
    "nexttoken": ("next_token", "nextToken"),
    "nextcursor": ("cursor", "cursor"),
    "nextpagecursor": ("cursor", "cursor"),
    "nextoffset": ("offset", "offset"),
    "nextstartindex": ("start_index", "startIndex"),
    "nextcontinuationtoken": ("continuation_token", "continuationToken"),
    "nextcursormark": ("cursor_mark", "cursorMark"),
    "nextcursorstr": ("cursor", "cursor"),
    "nextposition": ("position", "position"),
    "nextmaxid": ("max_id", "maxId"),
    "nextscrollid": ("scroll_id", "scrollId"),
    "nextstartingafter": ("starting_after", "startingAfter"),
    "nextpaginationtoken": ("pagination_token", "paginationToken"),
    "nextpagingtoken": ("paging_token", "pagingToken"),
    "nextpagekey": ("page_key", "pageKey"),
    "nextpagestate": ("page_state", "pageState"),
    "nextskip": ("skip", "skip"),
    "nextstart": ("start", "start"),
    "nextpagestart": ("start", "start"),
    "nextmarker": ("marker", "marker"),
    "nextbookmark": ("bookmark", "bookmark"),
    "continuationtoken": ("continuation_token", "continuationToken"),
    "continuation": ("continuation", "continuation"),
    "continue": ("continue", "continue"),
    "paginationtoken": ("pagination_token", "paginationToken"),
    "resumptiontoken": ("resumption_token", "resumptionToken"),
    "endcursor": ("after", "after"),
    "startafter": ("start_after", "startAfter"),
    "after": ("after", "after"),
    "startingafter": ("starting_after", "startingAfter"),
    "aftercursor": ("after", "after"),
    "cursor": ("cursor", "cursor"),
    "offset": ("offset", "offset"),
    "pagingtoken": ("paging_token", "pagingToken"),
    "resumetoken": ("resume_token", "resumeToken"),
    "scrollid": ("scroll_id", "scrollId"),
    "skiptoken": ("skiptoken", "$skiptoken"),
    "bookmark": ("bookmark", "bookmark"),
}
"""Plain names of tokens -> the parameters for them, for keys in snake_case and for others."""


def _is_lone(page: Page) -> bool:
    """Whether the whole answer is the one record."""
    return len(page.records) == 1 and page.records[0] is page.document


def _without_list(page: Page, pages: Path) -> tuple[SinglePage, str]:
    """For an answer that counts pages and has no list: a thing, such as a book, or what is left of a page."""
    thing = any(plain(key) in ("id", "uuid", "key", "name", "title") for key in page.document or ())
    said = "" if thing else f"the answer counts its pages (`{pages}`), but has no list"
    return SinglePage(said), f"a single page: {said or 'the answer is one record'}"


def _single(page: Page) -> tuple[SinglePage, str]:
    entity = _is_lone(page)
    rows = page.length
    more = sign_of_more(page.document, rows) or _more_in_headers(page)
    more = more or sign_of_paging(page.document, rows, asked_size(page.request))
    suspect = "" if entity else more
    return SinglePage(suspect), f"a single page: {suspect or 'nothing points to another one'}"


def _more_in_headers(page: Page) -> str:
    """A sentence when a header states more rows than the answer holds; "" when none does."""
    total, name = total_in_headers(page.response.headers) or (0, "")
    if total <= page.length:
        return ""
    said = f"the header `{name}` says {total}, but the answer holds {page.length} rows"
    return f"{said}, and nothing says how to ask for more"


def _by_number(page: Page, total: Path) -> tuple[PageNumber, str]:
    """By dlt, pages count from 0 here. The answer or the request may say with which number this page goes."""
    sources = (
        page.document,
        *(v for v in _values(page.document) if isinstance(v, dict)),
        page.request.params,
    )
    stated = (
        whole(v) for s in sources if isinstance(s, dict) for k, v in s.items() if _plain(k) in _PAGE_KEYS
    )
    first = next((number for number in stated if number in (0, 1)), None)
    if first is not None:
        return PageNumber(
            base_page=first, total_path=total
        ), f"pages by number from {first}, as many as `{total}` says"
    pager = PageNumber(total_path=total, base_known=False)
    return pager, f"pages by number, as many as `{total}` says; whether from 0 or from 1 is a guess"


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


def _values(document: Json) -> list[Json]:
    return list(document.values()) if isinstance(document, dict) else []


def _lists(document: dict[str, Json], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Key paths of the lists in `document`, in document order, depth first."""
    for key, value in document.items():
        if isinstance(value, list):
            yield (*above, key)
        elif isinstance(value, dict) and len(above) + 1 < _LIST_DEPTH:
            yield from _lists(value, (*above, key))


def _entries(document: Json, above: tuple[str, ...]) -> Iterator[_Found]:
    """Scalars under keys that begin with `next`, or under `href` or `url` of such an object.

    What is planned (`next_run_at`) and what is a sentence are no pages, though dlt would ask for them.
    """
    for key, value in document.items() if isinstance(document, dict) else ():
        if _NEXT.match(key.lower()) and not is_planned(key):
            inner = value.items() if isinstance(value, dict) else ()
            named = [((*above, key, name), one) for name, one in inner if _NEXT_LINK.match(name.lower())]
            found = [((*above, key), value), *named]
            yield from ((keys, one) for keys, one in found if _may_lead(keys[-1], one))
        yield from _entries(value, (*above, key))


def _may_lead(key: str, value: Json) -> bool:
    """Whether a value may be a token or a link: a scalar, and no sentence under a key that names no page."""
    if isinstance(value, str) and not is_firm(key):
        return len(value.split()) < _SENTENCE
    return isinstance(value, str | int | float)


def _page_counts(document: Json, above: tuple[str, ...]) -> Iterator[_Found]:
    """Scalars under keys that mean the number of pages."""
    for key, value in document.items() if isinstance(document, dict) else ():
        if _TOTAL_PAGES.match(key.lower()) and isinstance(value, str | int | float):
            yield (*above, key), value
        yield from _page_counts(value, (*above, key))
