"""Signs in an answer that there is more than it holds: plain words that APIs use beside their rows.

No sign is proof. They are used where nothing else is known, to call a read suspect rather than complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Page, Request

_TOTALS = frozenset(
    {"total", "count", "totalcount", "totalsize", "totalhits", "totalresults", "totalitems", "totalelements"}
    | {"totalrecords", "totalrows", "numfound", "resultcount", "itemcount", "recordcount", "rowcount"}
)
_STATED_TOTALS = _TOTALS - {"count", "resultcount", "itemcount", "recordcount", "rowcount", "totalsize"}
_MORE = frozenset(
    ("more", "hasmore", "hasnext", "hasnextpage", "hasmorepages", "hasmoreitems", "hasmoreresults")
)
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
_PLACES = frozenset(("page", "currentpage", "pagenumber", "pageindex", "offset", "skip", "startindex"))
_DEPTH = 2  # `total` or `meta.total`; deeper ones belong to the records


def sign_of_more(document: Json, rows: int) -> str:
    """A sentence on the first sign in `document` of more than `rows` rows; "" when there is none."""
    for path, name, value in _scalars(document, "", _DEPTH):
        if name in _MORE and value in (True, "true", "True"):
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
    found = list(_scalars(document, "", _DEPTH))
    counted = any(name in _TOTALS and whole(value) == rows for _, name, value in found)
    last = any(name in _MORE and value in (False, "false", "False") for _, name, value in found)
    if not rows or counted or last:
        return ""
    stated = [(f"{path}: {value}", whole(value)) for path, name, value in found if name in _STATED_SIZES]
    sizes = stated or ([(f"{asked[0]}={asked[1]}", asked[1])] if asked else [])
    for shown, size in sizes:
        if size == rows:
            return f"it holds {rows} rows, all that `{shown}` allows, and nothing says how to ask for more"
    places = (
        f"{path}: {value}" for path, name, value in found if name in _PLACES and whole(value) is not None
    )
    place = "" if stated else next(places, "")
    return (
        f"the answer says `{place}`, but neither how many rows there are nor how to ask for more"
        if place
        else ""
    )


def total_in(document: Json) -> int | None:
    """The number of all rows, where `document` or its envelope states one under a name that means no less."""
    for _, name, value in _scalars(document, "", _DEPTH):
        if name in _STATED_TOTALS and whole(value) is not None:
            return whole(value)
    return None


def total_in_headers(headers: Mapping[str, str]) -> tuple[int, str] | None:
    """The number of all rows that a response header of a usual name states, and that name."""
    for name in _TOTAL_HEADERS:
        total = header_total(headers, name)
        if total is not None:
            return total, name
    return None


def is_positional(request: Request) -> bool:
    """Whether a parameter of the request says which page, or from which row: a place, not a token."""
    parts = parse_qsl(urlsplit(request.url).query)
    names = {
        name.lower().replace("_", "").replace("-", "") for name, value in parts if whole(value) is not None
    }
    return not names.isdisjoint(_PLACES)


def any_total(page: Page) -> int | None:
    """The number of all rows that an answer states, in its document or in a header."""
    stated = total_in(page.document)
    in_header = total_in_headers(page.response.headers) if stated is None else None
    return in_header[0] if in_header else stated


def header_total(headers: Mapping[str, str], name: str) -> int | None:
    """The number in header `name`; of `items 0-99/1300` (RFC 9110, 14.4) the one behind the slash."""
    value = headers.get(name, "")
    return None if value.startswith("bytes") else whole(value.rpartition("/")[2])


_TOTAL_HEADERS = ("X-Total-Count", "X-Total", "Total-Count", "X-Records", "Content-Range")


def whole(value: Json) -> int | None:
    """A non-negative whole number, also from "123" or 123.0; None for anything else."""
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 and value == value // 1 else None


_LONGEST = 18  # digits of a number that counts anything


def _scalars(document: Json, prefix: str, depth: int) -> Iterator[tuple[str, str, Json]]:
    if not isinstance(document, Mapping) or not depth:
        return
    for key, value in document.items():
        path = f"{prefix}{key}"
        yield path, str(key).lower().replace("_", "").replace("-", ""), value
        yield from _scalars(value, f"{path}.", depth - 1)
