"""The routes: every collection in every paging style, over the same records.

A style reads its own parameters, cuts one page and dresses it: envelope or bare array, totals and next pages
in the body or in headers. Bodies are joined from bytes that were serialised once. What a style may get wrong
is in the behaviour; what a request may get wrong is an `AskError`.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

from restmill.errors import did_you_mean
from restmill.sandbox import references
from restmill.sandbox.behaviour import Behaviour
from restmill.sandbox.data import KINDS, Collection, collection
from restmill.sandbox.disguise import beside, usual
from restmill.sandbox.faults import encoded, spoilt_page
from restmill.sandbox.listing import Drift, Listing, Page, Selection, number, page_size
from restmill.sandbox.message import JSON_TYPE, Answer, Ask, AskError, document
from restmill.sandbox.records import task_count


@dataclass(slots=True)
class Desk:
    """What the routes know besides the request: the behaviour, how far each list has drifted, and scrolls.

    `scrolls`: where each scroll goes on, by its token.
    """

    behaviour: Behaviour
    drifts: dict[str, Drift] = field(default_factory=dict)
    scrolls: dict[str, int] = field(default_factory=dict)

    def collection(self, name: str) -> Collection:
        """Return the collection of this name, in the size the behaviour gives it."""
        rows = self.behaviour.rows
        return collection(name, task_count(rows) if name == "tasks" else rows, self.behaviour.seed)

    def listing(self, ask: Ask, name: str, *, snapshot: bool = False, parent: int | None = None) -> Listing:
        """Return the list that is asked for; a snapshot does not see rows come and go."""
        found = self.collection(name)
        drift = Drift() if snapshot else self.drifts.get(name, Drift())
        return Listing(found, Selection.asked(ask, found, parent), self.behaviour, drift)

    def start(self, asked: int) -> int:
        """Return where the page starts: where it was asked to, unless the server ignores that."""
        return 0 if self.behaviour.offset_ignored else asked

    def size(self, asked: int, start: int) -> int:
        """Return how many records the page from `start` has; every second one may be short of one."""
        return asked - (self.behaviour.short_pages and asked > 1 and start // asked % 2 == 0)

    def served(self, name: str) -> None:
        """Note that a page of this list went out: other users add and delete records meanwhile."""
        new, gone = self.behaviour.insert_while_paging, self.behaviour.delete_while_paging
        if new or gone:
            old = self.drifts.get(name, Drift())
            rows = self.collection(name).rows
            self.drifts[name] = Drift(old.inserted + new, min(old.deleted + gone, rows))


Style = Callable[[Desk, Ask, str], Answer]


def _offset(desk: Desk, ask: Ask, name: str, parent: int | None = None) -> Answer:
    size = page_size(ask, desk.behaviour)
    by_page = "page" in ask.fields
    place = number(ask, ["page"], 1, least=1) if by_page else number(ask, ["offset"], 0)
    start = desk.start((place - 1) * size if by_page else place)
    short = size if by_page else desk.size(size, start)
    page = desk.listing(ask, name, parent=parent).page(start, short, size)
    where = {"page": place, "per_page": size} if by_page else {"offset": place, "limit": size}
    desk.served(name)
    records = "items" if name == "feature_flags" else "data"
    rest = {**totals(desk.behaviour, page, "total"), **where}
    return _dressed(desk, page, _envelope(desk, records, page, rest))


def _search(desk: Desk, ask: Ask, name: str) -> Answer:
    return _offset(desk, ask, name)


def _pages(desk: Desk, ask: Ask, name: str) -> Answer:
    size = page_size(ask, desk.behaviour)
    base = number(ask, ["base"], 1)
    asked = number(ask, ["page"], base, least=base)
    page = desk.listing(ask, name).page(desk.start((asked - base) * size), size)
    desk.served(name)
    rest = {**totals(desk.behaviour, page, "total_pages", per=size), "page": asked}
    return _dressed(desk, page, _envelope(desk, "results", page, rest))


def _cursor(desk: Desk, ask: Ask, name: str) -> Answer:
    page, token = _after_token(desk, ask, name)
    param = references.param_of(desk.behaviour)
    link = None if token is None else references.link(desk.behaviour, ask, {param: token})
    rest = references.in_body(desk.behaviour.next_key, "token", link, token)
    return _dressed(desk, page, _envelope(desk, "data", page, rest))


def _header_cursor(desk: Desk, ask: Ask, name: str) -> Answer:
    page, token = _after_token(desk, ask, name)
    headers = {} if token is None else {references.token_header(desk.behaviour): token}
    return _dressed(desk, page, _array(page), headers)


def _links(desk: Desk, ask: Ask, name: str) -> Answer:
    page = _numbered(desk, ask, name)
    follow = references.next_start(desk.behaviour, page, linked=True)
    link = None if follow is None else _link(desk, ask, page, follow)
    rest = references.in_body(desk.behaviour.next_key, "link", link, None)
    return _dressed(desk, page, _envelope(desk, "data", page, rest))


def _header_links(desk: Desk, ask: Ask, name: str) -> Answer:
    page = _numbered(desk, ask, name)
    follow = references.next_start(desk.behaviour, page, linked=True)
    starts = {"next": follow, "first": 0}
    if page.start:
        starts["prev"] = max(page.start - page.limit, 0)
    if desk.behaviour.total == "present":
        starts["last"] = max(page.length - 1, 0) // page.limit * page.limit
    links = {
        relation: _link(desk, ask, page, start) for relation, start in starts.items() if start is not None
    }
    number = None if follow is None else follow // page.limit + 1
    told = references.link_headers(desk.behaviour, links, number)
    headers = {**told, **_header_totals(desk.behaviour, page, "X-Total-Count")}
    return _dressed(desk, page, _array(page), headers)


def _plain_array(desk: Desk, ask: Ask, name: str) -> Answer:
    start = desk.start(number(ask, ["offset"], 0))
    size = page_size(ask, desk.behaviour)
    page = desk.listing(ask, name).page(start, desk.size(size, start), size)
    desk.served(name)
    return _dressed(desk, page, _array(page), _header_totals(desk.behaviour, page, "X-Records"))


def _all(desk: Desk, ask: Ask, name: str) -> Answer:
    page = _whole(desk, ask, name)
    return _dressed(desk, page, _array(page))


def _jsonl(desk: Desk, ask: Ask, name: str) -> Answer:
    body = b"".join(row + b"\n" for row in _whole(desk, ask, name).rows)
    return Answer(200, body, content_type="application/x-ndjson")


def _csv(desk: Desk, ask: Ask, name: str) -> Answer:
    """Dress records as RFC 4180: a header line, nested values as JSON text, nothing for null and absent."""
    text = io.StringIO(newline="")
    fields = desk.collection(name).fields
    writer = csv.writer(text)
    writer.writerow(fields)
    for row in _whole(desk, ask, name).rows:
        record = orjson.loads(row)
        writer.writerow([_cell(record.get(field_name)) for field_name in fields])
    return Answer(200, text.getvalue().encode(), content_type="text/csv; charset=utf-8")


STYLES: dict[str, Style] = {
    "v1": _offset,
    "pages": _pages,
    "cursor": _cursor,
    "links": _links,
    "header-links": _header_links,
    "header-cursor": _header_cursor,
    "array": _plain_array,
    "all": _all,
    "search": _search,
    "csv": _csv,
    "jsonl": _jsonl,
}

_METHODS = {"search": ("POST",), "cursor": ("GET", "HEAD", "POST"), "oauth": ("POST",)}
_READ = ("GET", "HEAD")

ROUTES: tuple[tuple[str, str], ...] = (
    (
        "GET /v1/C?offset=&limit=",
        'offset pages of 50: {"data", "total", "offset", "limit"}; feature_flags: "items"',
    ),
    ("GET /v1/C?page=&per_page=", 'the same by page number from 1: {"data", "total", "page", "per_page"}'),
    ("GET /v1/C/{id}", "one record, or 404"),
    (
        "GET /v1/projects/{id}/tasks?offset=&limit=",
        "the tasks of one project; the first one has more than a page",
    ),
    (
        "GET /pages/C?page=&size=&base=",
        '{"results", "total_pages", "page"}; the first page is number `base`, 0 or 1',
    ),
    (
        "GET /cursor/C?cursor=&limit=",
        '{"data", "cursors": {"next"}, "has_more"}; next is null on the last page',
    ),
    ("POST /cursor/C", "the same with cursor, offset and limit in a JSON body"),
    ("GET /links/C?page=", '{"data", "next"}; next is a URL, null on the last page'),
    ("GET /header-links/C?page=", "bare array; Link header (RFC 8288) and X-Total-Count"),
    ("GET /header-cursor/C?cursor=", "bare array; the next cursor is in the header NextPageToken"),
    ("GET /array/C?offset=&limit=", "bare array; the total is in the header X-Records"),
    ("GET /all/C", "the whole list as one bare array"),
    ("POST /search/C", "offset, limit and filter ({field: value}) in a JSON body; answers as /v1/C"),
    ("GET /csv/C", "all records as CSV, or the part that offset and limit name"),
    ("GET /jsonl/C", "all records as JSON lines, or the part that offset and limit name"),
    ("POST /oauth/token", "client credentials for a bearer token: {access_token, token_type, expires_in}"),
    ("GET /_sandbox/behaviour", "the switches as they stand"),
    ("POST /_sandbox/behaviour", "set the switches in the JSON body"),
    ("GET /_sandbox/log", "the last requests: method, path, query (keys hidden), status, ms"),
    ("GET /_sandbox/stats", "requests, most in flight, tokens, and requests by status and by path"),
    ("DELETE /_sandbox/log", "forget log, counters, faults and drift; start afresh"),
)
"""Each route and what it answers. C is a collection: see `KINDS`."""


def respond(desk: Desk, ask: Ask) -> Answer:
    """Answer one request whose key has been checked.

    Raises:
        AskError: the path, the method or a parameter is not one of ours.
    """
    match ask.parts:
        case (style, name) if style in STYLES and name in KINDS:
            _allowed(ask, _METHODS.get(style, _READ))
            return STYLES[style](desk, ask, name)
        case ("v1", name, identity) if name in KINDS:
            _allowed(ask, _READ)
            return _one(desk, name, identity)
        case ("v1", "projects", identity, "tasks"):
            _allowed(ask, _READ)
            return _tasks(desk, ask, identity)
        case ("",):
            return document({"collections": list(KINDS), "routes": dict(ROUTES)})
        case _:
            raise unknown(ask.path)


def unknown(path: str) -> AskError:
    """Return the 404 for a path nobody serves, with the nearest that somebody does."""
    known = [f"/{style}/{name}" for style in STYLES for name in KINDS]
    near = did_you_mean(path, known)
    return AskError(404, "there is no such path", near or "GET / lists the routes", known=known)


def totals(behaviour: Behaviour, page: Page, name: str, per: int = 1) -> dict[str, int | str | None]:
    """Return the total under its name, as true as the behaviour wants it.

    `per` is 1 for a total of records, the page size for a total of pages.
    """
    true = -(-page.total // per)
    said: dict[str, int | str | None] = {
        "present": true,
        "zero_past_end": 0 if page.past_end else true,
        "page": -(-len(page.rows) // per),
        "string": str(true),
        "wrong": true - -(-true // 10),
        "too_high": true + 7,
        "null": None,
        "capped": min(true, 100 // per),
    }
    if behaviour.total == "first_page":
        return {} if page.start else {name: true}
    return {} if behaviour.total == "missing" else {name: said[behaviour.total]}


def _header_totals(behaviour: Behaviour, page: Page, name: str) -> dict[str, str]:
    return {key: str(value) for key, value in totals(behaviour, page, name).items() if value is not None}


def _allowed(ask: Ask, methods: tuple[str, ...]) -> None:
    if ask.method not in methods:
        raise AskError(405, f"this path takes {' and '.join(methods)}", headers={"Allow": ", ".join(methods)})


def _one(desk: Desk, name: str, identity: str) -> Answer:
    found = desk.collection(name)
    index = found.position(identity)
    if index is None:
        raise AskError(404, f"there is no such record in {name}")
    return Answer(200, found.encoded([index])[0])


def _tasks(desk: Desk, ask: Ask, identity: str) -> Answer:
    index = desk.collection("projects").position(identity)
    broken = desk.behaviour.broken_child
    if index is None or (broken and (index + 1) % broken == 0):
        raise AskError(404, "there is no such project")
    return _offset(desk, ask, "tasks", parent=index + 1)


def _numbered(desk: Desk, ask: Ask, name: str) -> Page:
    size = page_size(ask, desk.behaviour)
    page = desk.listing(ask, name).page(desk.start((number(ask, ["page"], 1, least=1) - 1) * size), size)
    desk.served(name)
    return page


def _after_token(desk: Desk, ask: Ask, name: str) -> tuple[Page, str | None]:
    """Return the page that a token asks for, or the first one, and the token of the next one."""
    token = str(ask.fields.get(references.param_of(desk.behaviour)) or "")
    if desk.behaviour.scroll:
        return _scrolled(desk, ask, name, token)
    start = references.token_start(name, token) if token else number(ask, ["offset"], 0)
    page = _snapshot(desk, ask, name, start)
    follow = references.next_start(desk.behaviour, page)
    return page, None if follow is None else references.token(name, follow)


def _scrolled(desk: Desk, ask: Ask, name: str, token: str) -> tuple[Page, str]:
    token = token or f"scroll-{len(desk.scrolls) + 1}"
    page = _snapshot(desk, ask, name, desk.scrolls.get(token, 0))
    desk.scrolls[token] = page.start + page.limit
    return page, token


def _snapshot(desk: Desk, ask: Ask, name: str, start: int) -> Page:
    # Cursors remember where they are: records that come and go in front of them do not move them.
    size = page_size(ask, desk.behaviour)
    return desk.listing(ask, name, snapshot=True).page(start, desk.size(size, start), size)


def _whole(desk: Desk, ask: Ask, name: str) -> Page:
    listing = desk.listing(ask, name)
    start = number(ask, ["offset"], 0)
    return listing.page(start, number(ask, ["limit"], max(2 * listing.collection.rows, 1), least=1))


def _link(desk: Desk, ask: Ask, page: Page, start: int) -> str:
    return references.link(desk.behaviour, ask, {"page": start // page.limit + 1})


def _dressed(desk: Desk, page: Page, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
    if page.past_end and desk.behaviour.past_end != "empty":
        raise AskError(desk.behaviour.past_end, "this page is past the end of the list")
    if page.blank and desk.behaviour.no_content_middle:
        return Answer(204, b"", headers or {})
    answer = Answer(200, body, headers or {}, JSON_TYPE)
    return encoded(spoilt_page(answer, desk.behaviour, page), desk.behaviour)


def _envelope(desk: Desk, records: str, page: Page, rest: Mapping[str, object]) -> bytes:
    """Return `{records: [...], **rest}`, with signs of errors where due; `rest` has a key or more."""
    behaviour, rows = desk.behaviour, page.rows
    around: Mapping[str, object] = {}
    if behaviour.error_from or behaviour.errors or behaviour.partial_from:
        around = usual(behaviour.error_kind)
    if behaviour.partial_from and page.number >= behaviour.partial_from and rows:
        rows, around = rows[: len(rows) // 2], beside(behaviour.error_kind)
    told = orjson.dumps({**rest, **around})
    return b'{"%b":[%b],%b' % (records.encode(), b",".join(rows), told[1:])


def _array(page: Page) -> bytes:
    return b"[%b]" % b",".join(page.rows)


def _cell(value: object) -> object:
    match value:
        case None:
            return ""
        case bool() | dict() | list():
            return orjson.dumps(value).decode()
        case _:
            return value
