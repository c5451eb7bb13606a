"""Signs in an answer that there is more than it holds: plain words that APIs use beside their rows.

No sign is proof. They are used where nothing else is known, to call a read suspect rather than complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from restmill.wire.next_page.compounds import LONGEST
from restmill.wire.next_page.next_words import CUT, LAST, LEFT, MORE, PAGE_COUNTS

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Page, Request

_TOTALS = frozenset(
    {"total", "count", "totalcount", "totalsize", "totalhits", "totalresults", "totalitems", "totalelements"}
    | {"totalrecords", "totalrows", "numfound", "resultcount", "itemcount", "recordcount", "rowcount"}
    | {"totalmatches", "totalfound", "totalentries", "totalobjects", "totalrecordcount", "totalrowcount"}
    | {
        "recordstotal",
        "numresults",
        "numberofresults",
        "totalnumberofresults",
        "totalnumberofitems",
        "nbhits",
    }
)
COUNTS = frozenset({"resultcount", "itemcount", "recordcount", "rowcount", "totalsize", "entrycount"}) | {
    f"{number}{what}"
    for number in ("numberof", "numof", "num", "nof", "no", "nrof")
    for what in ("records", "rows", "items", "entries", "matches", "hits", "elements", "objects")
}
"""Names of a number that may as well be that of the page."""
LOOSE_COUNTS = frozenset({"count", "hits", "matches", "found", "matched"})
"""Names of a number that may as well be how many were asked for."""
STATED_TOTALS = _TOTALS - COUNTS - {"count"}
SIZES = frozenset(
    (
        "limit",
        "size",
        "count",
        "rows",
        "top",
        "perpage",
        "pagesize",
        "pagelimit",
        "maxresults",
        "resultsperpage",
    )
)
"""Names of parameters that ask for so many rows, without - and _."""
_STATED_SIZES = SIZES - {"size", "count", "rows", "top"}  # those may count anything, in an answer
PLACES = frozenset(("page", "currentpage", "pagenumber", "pageindex", "offset", "skip", "startindex"))
_DEPTH = 2  # `total` or `meta.total`; deeper ones belong to the records


def sign_of_more(document: Json, rows: int) -> str:
    """A sentence on the first sign in `document` of more than `rows` rows; "" when there is none."""
    for path, name, value in scalars(document):
        if name in MORE and value in (True, "true", "True"):
            return f"the answer says `{path}: true`, but nothing says how to ask for more"
        number = whole(value)
        if name in _TOTALS and number is not None and number > rows:
            said = f"the answer says `{path}: {number}`, but holds {rows} rows"
            return f"{said}, and nothing says how to ask for more"
    return ""


def sign_of_paging(document: Json, rows: int, asked: tuple[str, int] | None) -> str:
    """A sentence on the first sign that `rows` rows are one page of several; "" when there is none.

    `asked` is the parameter that asked for so many rows, with its value. An answer that counts all its rows,
    says that there are no more, or holds fewer than its own limit, is the whole list.
    """
    found = list(scalars(document))
    counted = any(
        (name in _TOTALS and whole(value) == rows) or (name in PAGE_COUNTS and whole(value) == 1)
        for _, name, value in found
    )
    last = any(name in MORE and value in (False, "false", "False") for _, name, value in found)
    if not rows or counted or last:
        return ""
    stated = [(f"{path}: {value}", whole(value)) for path, name, value in found if name in _STATED_SIZES]
    sizes = stated or ([(f"{asked[0]}={asked[1]}", asked[1])] if asked else [])
    for shown, size in sizes:
        if size == rows:
            return f"it holds {rows} rows, all that `{shown}` allows, and nothing says how to ask for more"
    places = (
        f"{path}: {value}" for path, name, value in found if name in PLACES and whole(value) is not None
    )
    place = "" if stated else next(places, "")
    return (
        f"the answer says `{place}`, but neither how many rows there are nor how to ask for more"
        if place
        else ""
    )


def envelope(page: Page) -> Json:
    """The document without a record that it is, or holds as an object: its fields say nothing of a list."""
    return page.once(_envelope)


def _envelope(page: Page) -> Json:
    records = page.records
    if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], dict):
        return page.document
    return _without(page.document, records[0])


def _without(document: Json, record: Json) -> Json:
    if document is record:
        return None
    if not isinstance(document, dict):
        return document
    return {key: _without(value, record) for key, value in document.items()}


def is_more(name: str, value: Json) -> bool | None:
    """Whether a value under this plain name says that more follows (True), or nothing (False); else None."""
    if name in LEFT:
        left = whole(value)
        return None if left is None else left > 0
    if not isinstance(value, bool):
        said = isinstance(value, str | int) and name in MORE
        return _WORDS.get(str(value).strip().lower()) if said else None
    if name in LAST:
        return not value
    return value if name in MORE or (value and name in CUT) else None


_WORDS = dict.fromkeys(("true", "yes", "y", "1"), True) | dict.fromkeys(("false", "no", "n", "0"), False)


def starts_behind(request: Request) -> bool:
    """Whether the request asks for a page, or from a row, behind the first."""
    parts = parse_qsl(urlsplit(request.url).query)
    return any((whole(value) or 0) > 1 for name, value in parts if plain(name) in PLACES)


def is_positional(request: Request) -> bool:
    """Whether a parameter of the request says which page, or from which row: a place, not a token."""
    parts = parse_qsl(urlsplit(request.url).query)
    names = {
        name.lower().replace("_", "").replace("-", "") for name, value in parts if whole(value) is not None
    }
    return not names.isdisjoint(PLACES)


def whole(value: Json) -> int | None:
    """A non-negative whole number, also from "123" or 123.0; None for anything else.

    One with more digits than anything counts stays a number, the largest there is: the answer states it, so
    that what came is no whole list, but no table and no later run is to choke on it.
    """
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return min(int(value), _MOST) if 0 <= value < inf and value == value // 1 else None


_LONGEST = 18  # digits of a number that counts anything
_MOST = 10**_LONGEST - 1


def plain(key: object) -> str:
    """A key without case, `-`, `_`, `@` and a prefix such as `hydra:`; OData's count is called a total.

    Of a key that is longer than any word, its start: expressions that look for words in it take their time.
    """
    name = str(key)[:LONGEST].lower()
    if name in _ODATA_COUNTS:
        return "totalcount"
    return name.rpartition(":")[2].replace("_", "").replace("-", "").lstrip("@$")


_ODATA_COUNTS = frozenset(("@odata.count", "odata.count", "__count", "@count"))


def bare(key: object) -> str:
    """The plain name of a key, without what stands in front of a dot, and of a header, without its `X`."""
    return plain(key).rpartition(".")[2]


def speaks_of_paging(around: Mapping[str, Json], but: str) -> bool:
    """Whether an object has other words of the paging than `but`: sizes, places, totals, the page before."""
    words = {bare(key) for key in around} - {but}
    return not words.isdisjoint(_PAGING_WORDS)


def objects_in_headers(headers: Mapping[str, str]) -> Iterator[tuple[str, Json]]:
    """The headers that hold a JSON object, as `X-Pagination` does at times: name, and object."""
    for name, value in headers.items():
        if value.startswith("{") and len(value) <= _LONGEST_HEADER:
            try:
                found = json.loads(value)
            except ValueError:
                continue
            yield name, found


_LONGEST_HEADER = 10_000
_PAGING_WORDS = (
    SIZES
    | PLACES
    | _TOTALS
    | MORE
    | {
        "before",
        "previous",
        "prev",
        "previouspage",
        "prevpage",
        "previouscursor",
        "prevcursor",
        "beforecursor",
    }
)


def scalars(document: Json, prefix: str = "", depth: int = _DEPTH) -> Iterator[tuple[str, str, Json]]:
    """The values of an envelope: where each stands, its plain name, and the value; objects, too."""
    if not isinstance(document, Mapping) or not depth:
        return
    for key, value in document.items():
        path = f"{prefix}{key}"
        yield path, plain(key), value
        if isinstance(value, Mapping):
            yield from scalars(value, f"{path}.", depth - 1)
