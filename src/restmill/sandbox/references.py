"""What the sandbox says of the next page: where it starts, its token or link, and where these stand.

APIs agree on neither. A body has a `next`, an `@odata.nextLink`, a token for which another parameter asks; a
header has a relation in other letters, or is another header. The behaviour says which.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode

from restmill.sandbox.access import CREDENTIALS
from restmill.sandbox.behaviour import Behaviour
from restmill.sandbox.listing import Page, is_count
from restmill.sandbox.message import Ask, AskError

_TOKENS = {
    "nextPageToken": ("nextPageToken",),
    "paging.nextToken": ("paging", "nextToken"),
    "pagination.next_cursor": ("pagination", "next_cursor"),
    "offset": ("offset",),
    "continue.cursor": ("continue", "cursor"),
    "LastEvaluatedKey.id": ("LastEvaluatedKey", "id"),
}
_LINKS = {
    "@odata.nextLink": ("@odata.nextLink",),
    "paging.next": ("paging", "next"),
    "links.next.href": ("links", "next", "href"),
    "d.__next": ("d", "__next"),
    "naechsteSeite": ("naechsteSeite",),
    "links.lanjut": ("links", "lanjut"),
    "list of links": ("links",),
}


def in_body(
    key: str, usual: Literal["link", "token"], link: str | None, token: str | None
) -> dict[str, object]:
    """Return what a body says under this `next_key` of the next page; None and None: there is none.

    `usual` is what the API has where nothing else is asked for; an API of links knows no keys of tokens.
    """
    if key == "list of links":
        following = [] if link is None else [{"rel": "next", "href": link}]
        return {"links": [{"rel": "self", "href": "/"}, *following]}
    if key in _LINKS:
        return _nested(_LINKS[key], link)
    if usual == "link":
        return {"next": link}
    if key == "pageInfo.endCursor":
        return {"pageInfo": {"endCursor": token, "hasNextPage": token is not None}}
    if key in _TOKENS:
        return _nested(_TOKENS[key], token)
    return {"cursors": {"next": token}, "has_more": token is not None}


def param_of(behaviour: Behaviour) -> str:
    """Return the parameter that a token goes into."""
    return "pageToken" if behaviour.next_key == "nextPageToken" else "cursor"


def token_header(behaviour: Behaviour) -> str:
    """Return the header that holds the token of the next page."""
    return behaviour.next_header if behaviour.next_header in _TOKEN_HEADERS else "NextPageToken"


_TOKEN_HEADERS = ("X-Next-Cursor", "x-ms-continuation")


def link_headers(behaviour: Behaviour, links: Mapping[str, str], number: int | None) -> dict[str, str]:
    """Return the headers that hold these links by relation; `number` is the next page's."""
    relations = {"rel=nextPage": "nextPage", "rel=NEXT": "NEXT"}
    said = {
        relations.get(behaviour.next_header, rel) if rel == "next" else rel: to for rel, to in links.items()
    }
    if behaviour.next_header == "X-Next-Page":
        return {} if number is None else {"X-Next-Page": str(number)}
    return {"Link": ", ".join(f'<{target}>; rel="{relation}"' for relation, target in said.items())}


def next_start(behaviour: Behaviour, page: Page, *, linked: bool = False) -> int | None:
    """Return where the next page starts, or None on the last one; loops are here."""
    if linked and behaviour.self_link:
        return page.start
    if behaviour.same_cursor and page.start:
        return page.start
    if behaviour.alternating_cursor and page.start >= 2 * page.limit:
        return page.start - page.limit
    end = page.start + page.limit
    return end if end < page.length or (behaviour.open_end and page.rows) else None


def token(name: str, start: int) -> str:
    """Return the cursor of this list that leads to this position."""
    return base64.b64encode(f"{name}:{start}".encode()).decode()


def token_start(name: str, given: str) -> int:
    """Return the position to which a cursor leads.

    Raises:
        AskError: 400 for a cursor of another list, or none at all.
    """
    wrong = AskError(400, "this cursor was not given out for this list")
    try:
        owner, _, start = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise wrong from None
    if owner != name or not is_count(start):
        raise wrong
    return int(start)


def link(behaviour: Behaviour, ask: Ask, changes: Mapping[str, object]) -> str:
    """Return the address that was asked for, with these parameters and without keys."""
    kept = {key: value for key, value in ask.query.items() if key not in CREDENTIALS}
    query = urlencode({**kept, **changes})
    return f"{'' if behaviour.relative_links else ask.origin}{ask.path}?{query}"


def _nested(keys: tuple[str, ...], value: object) -> dict[str, object]:
    for key in reversed(keys):
        value = {key: value}
    return value if isinstance(value, dict) else {}
