"""What a read leaves unfollowed: signs in its last answer that there is more, and signs that there is not.

A pager reads one pointer, where its config says. Any other that is left when the read ends says that rows
may be missing: the config looked elsewhere. Firm ones (`next...`) are left out on a last page. Loose ones
(`after`, a continuation, an address whose key nobody knows) may stay, so they count on a first page only. An
answer that says it is the last is believed.

And where the pager would go on, the answer may say that it is the last: some servers never stop to give a
next page. Then what comes next is asked for, as dlt asks for it, and proves the end if it brings nothing new.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from restmill.path import Path, path_of
from restmill.wire.address import NoAddress
from restmill.wire.next_page.more_signs import PLACES, SIZES, envelope, plain, scalars, whole
from restmill.wire.next_page.next_words import NOTHING, is_another
from restmill.wire.next_page.other_pages import other_pages
from restmill.wire.next_page.pointers import Pointer, flag, pointers
from restmill.wire.paging.linked import Cursor, HeaderCursor, HeaderLink, JsonLink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from restmill.path import Json
    from restmill.wire.errors.envelopes import Keys
    from restmill.wire.message import Page, Request
    from restmill.wire.paging.pagers import Pager


def flagged(page: Page, pager: Pager | None) -> str:
    """A sentence when the last answer says that more follows; "" when it does not, or the pager knows."""
    key, more = flag(page)
    own = getattr(pager, "has_more_path", None)
    if not more or (own is not None and own.find(page.document)):
        return ""
    return f"the last answer says that there is more (`{key}`)"


def pointed(
    page: Page,
    pager: Pager | None,
    known: Callable[[Request], bool],
    *,
    firm_only: bool = False,
    fresh: frozenset[Keys] = frozenset(),
) -> str:
    """A sentence on a pointer of the last answer that nobody followed; "" when there is none.

    `known`: whether a request was made before. A pointer that leads there, or back, is no page that follows.
    `fresh`: places that held nothing on the pages before. What stands on all pages may stay on the last one;
    what begins there does not.
    """
    declared = isinstance(pager, Cursor) and pager.stop_after_empty_page and not page.length
    if declared or flag(page)[1] is False:
        return ""
    loose = page.length > 0 and not firm_only
    first = loose and page.number == 1
    for one in (*pointers(page), *(_addresses(page, pager) if first else ())):
        begun = loose and one.path is not None and one.path.keys in fresh
        counts = one.firm or first or begun
        if counts and not _is_own(one, page, pager) and not _leads_back(one, page, known):
            return f"a next page was not asked for: the last answer has {one.place}"
    alike = _like_sent(page, fresh) if loose and isinstance(pager, Cursor) else ""
    return alike and f"a next page was not asked for: the last answer has `{alike}`, spelt like a cursor"


def said_last(page: Page, pager: Pager | None, *, met: bool) -> str:
    """Why the page that a pager goes on to may be none; "" where nothing says so. `met`: a total is met."""
    key, more = flag(page)
    if more is False:
        return f"the answer says that it is the last (`{key}`)"
    match pager:
        case Cursor(cursor_path=place):
            value = place.first(page.document)
        case HeaderCursor(cursor_key=place):
            value = page.response.headers.get(place)
        case _:
            value = None
    if value == -1 or (isinstance(value, str) and value.strip().lower() in NOTHING):
        return f"what stands at `{place}` means that there is no next page"
    return "the total that the server states is reached" if met else ""


def _like_sent(page: Page, fresh: frozenset[Keys]) -> str:
    """Where something new is spelt as the cursor that this page was asked for by."""
    body = page.request.json if isinstance(page.request.json, dict) else {}
    sent = [value for value in (*page.request.params.values(), *body.values()) if isinstance(value, str)]
    places = sorted(keys for keys in fresh if not is_another(keys[-1])) if sent else []
    values = ((keys, path_of(keys).first(page.document)) for keys in places)
    return next((".".join(keys) for keys, value in values if any(_alike(value, one) for one in sent)), "")


def _alike(value: Json, sent: str) -> bool:
    """Whether two tokens are of one make: the same but for their numbers, or long ones that begin alike."""
    if not isinstance(value, str) or value == sent or not _LETTER.search(sent) or " " in value:
        return False
    near = abs(len(value) - len(sent)) <= _FEW and value[:_HEAD] == sent[:_HEAD]
    return (len(sent) >= _LONG and near) or _DIGITS.sub("0", value) == _DIGITS.sub("0", sent)


_LETTER = re.compile(r"[^\W\d_]")
_DIGITS = re.compile(r"\d+")
_LONG = 12
_HEAD = 4
_FEW = 4
"""Characters of a long token; those that it may begin with; those by which two may differ in length."""


def _addresses(page: Page, pager: Pager | None) -> Iterator[Pointer]:
    """Other pages of the list; none where the answer has what the pager goes by, and nothing in it."""
    if isinstance(pager, Cursor | JsonLink) and _path_of(pager).find(page.document):
        return
    yield from (Pointer(one.place, one.value, firm=False) for one in other_pages(page))


def _path_of(pager: Cursor | JsonLink) -> Path:
    return pager.cursor_path if isinstance(pager, Cursor) else pager.next_url_path


def _is_own(one: Pointer, page: Page, pager: Pager | None) -> bool:
    """Whether the pager itself goes by this pointer, and has decided on it."""
    match pager:
        case Cursor(cursor_path=path) | JsonLink(next_url_path=path):
            if one.path is None:
                return False
            found = path.first(page.document)
            inside = path.plain and one.path.plain and path.keys[: len(one.path.keys)] == one.path.keys
            return found == one.value or (inside and bool(found)) or _is_edge(one, page, path)
        case HeaderLink(links_next_key=rel):
            return one.rel == rel.lower()
        case HeaderCursor(cursor_key=name):
            return one.header == name.lower()
        case _:
            return False


def _is_edge(one: Pointer, page: Page, own: Path) -> bool:
    """Whether a cursor is one of two that name the edges of this page, beside where the next one would be.

    Graph APIs leave `cursors: {before, after}` on a last page, and leave out `next`.
    """
    around = path_of(one.beside).first(page.document) if one.beside else None
    both = isinstance(around, dict) and any(around.get(key) for key in ("before", "startCursor"))
    near = own.keys[:-1]
    return both and not one.firm and bool(near) and one.beside[: len(near)] == near


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
    number = None if one.is_offset else whole(one.value)
    places = [value for _, name, value in scalars(envelope(page)) if name in PLACES]
    places += [value for key, value in request.params.items() if plain(key) in PLACES]
    return str(one.value) in sent or any(number <= (whole(at) or 0) for at in places if number is not None)
