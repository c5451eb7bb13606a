"""Result windows: how far into a list a server lets its readers come, by what an answer says of it.

Search engines give the first 10,000 rows of a list, whatever it holds. Some say so, in a header or beside the
rows: `X-Result-Window: 10000`, `max_result_window`. Such a number is no total: a list that ends exactly there
may go on where nobody can ask for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from restmill.wire.next_page.more_signs import STATED_TOTALS, envelope, plain, scalars, whole

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Page

_WINDOW = re.compile("(result|search|row|record|hit|item|match|scroll|paging|pagination)s?(set)?(max)?window")
_DEEPEST = re.compile(
    "(max|maximum|highest|limit)[a-z]*(offset|skip|depth|startindex)"
    "|(offset|skip|depth|pagination|paging)(limit|max|maximum|cap)(ed|edto)?$"
)
_MOST = re.compile(
    "(max|maximum|limit|cap|capped|most)[a-z]*(result|row|record|hit|item|match|object|entr|window)"
    "|(result|row|record|hit|item|match|total|search|list)[a-z]*(limit|max|maximum|cap|capped|cappedat|ceiling)$"
    "|trunc[a-z]*(at|after|to)$|hardlimit$"
)
_OTHER = re.compile(
    "rate|quota|request|retr|credit|time|second|minute|hour|daily|byte|length|remain|perpage|pagesize|score"
)
_NUMBER = re.compile(r"\d{1,3}(?:[,_']\d{3})+|\d+")
_DEPTH, _LOOKED_AT = 4, 300
_WORDS = re.compile(
    r"(result|search|query).?window|max.?result|too deep|deep.pag|search_?after"
    r"|(scroll|cursor).{0,12}(api|pagina)"
    r"|(use|using|with|via|require\w*) (the |a )?(cursor|scroll|keyset)|cursor.{0,30}(required|instead)"
    r"|max\w* (\w+ ){0,2}(offset|skip|depth|(number of )?(results|records|rows|hits|items))"
    r"|(more than|only|beyond|(the )?first|(at )?most) [\d,._']{3,} (\w+ )?"
    r"(results|records|rows|hits|items|entries|matches)"
    r"|(limit|from|size|offset|skip|start) ?\+ ?(limit|from|size|offset|rows)",
    re.IGNORECASE,
)
"""What a server says that is asked beyond the depth it allows."""


@dataclass(frozen=True, slots=True)
class Window:
    """How many rows can be read at most, and where an answer says so."""

    rows: int
    where: str
    sure: bool = True
    """Whether the name can mean nothing else; `max_results` may as well be a total."""
    offset: bool = False
    """Whether a page may still begin there."""


def window_in(page: Page) -> Window | None:
    """The window that an answer states in a header or in its envelope; None when it states none."""
    headers = ((f"the header `{name}`", plain(name), value) for name, value in page.response.headers.items())
    values = islice(scalars(envelope(page), depth=_DEPTH), _LOOKED_AT)
    found = (*headers, *((f"`{path}`", name, value) for path, name, value in values))
    windows = [one for where, name, value in found if (one := _window(where, name, value))]
    return min(windows, key=lambda one: not one.sure, default=None)


def forbids_depth(text: str) -> bool:
    """Whether an error says that the list cannot be read so far; it may say that there is nothing, too."""
    return _WORDS.search(text[:_LONGEST]) is not None


_LONGEST = 4_000


def _window(where: str, name: str, value: Json) -> Window | None:
    if name in STATED_TOTALS or _OTHER.search(name):
        return None
    sure, offset = _WINDOW.search(name) is not None, _DEEPEST.search(name) is not None
    rows = _number(value) if sure or offset or _MOST.search(name) else None
    return Window(rows, where, sure, offset) if rows else None


def _number(value: Json) -> int | None:
    """A number of rows, also from "10,000" and "max=10000"."""
    found = _NUMBER.search(value) if isinstance(value, str) else None
    return whole(re.sub(r"\D", "", found[0]) if found else value)
