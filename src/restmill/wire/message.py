"""Request, Response and Page: frozen values that pass between the machines.

A request keeps its parameters as they were declared (a list is a repeated key, None is left out) and becomes
text only in `url`, by the rules of `requests`, so that the same config puts the same bytes on the wire as
under dlt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, TypeVar, cast
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from restmill.path import Json, set_at
from restmill.wire.address import flaw_of, joined

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
Record: TypeAlias = dict[str, Json]
_Read = TypeVar("_Read")
Trust: TypeAlias = Literal["home", "named", "foreign"]
"""What goes along with a request. `home`: all that the user's session and certificate add. `named`: to a host
that the config names for one thing (tokens), without the session. `foreign`: without the certificate, too."""

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_ESCAPE = re.compile("%[0-9a-fA-F]{2}")
_LOGIN = re.compile(r"\A((?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//)[^/?#]*@")
_HEX = re.compile("[0-9a-fA-F]{2}")
_IN_PATH = "!$&'()*+,;=:@/"
_IN_QUERY = _IN_PATH + "?"
_UNRESERVED = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"


class Headers(Mapping[str, str]):
    """Header fields, looked up without regard to case (RFC 9110, 5.1); iterates names as given."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        self._fields = {name.lower(): (name, value) for name, value in (fields or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and _lowered(self) == _lowered(other)

    def __hash__(self) -> int:
        return hash(frozenset(_lowered(self).items()))

    def __repr__(self) -> str:
        return f"Headers({', '.join(self)})"  # names only: values may be credentials

    def plus(self, fields: Mapping[str, str]) -> Headers:
        """These fields, overridden by `fields`."""
        return Headers({**dict(self.items()), **fields})


def _lowered(headers: Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One HTTP request before credentials are added.

    `address` is absolute and may have a query string of its own (a next link); `params` are appended to it.
    At most one of `json` and `data` is set; `data` is a mapping (form), str or bytes.
    """

    method: Method
    address: str
    params: Mapping[str, Json] = field(default_factory=dict)
    headers: Headers = field(default_factory=Headers)
    json: Json = None
    data: Json = None
    trust: Trust = "home"

    @property
    def url(self) -> str:
        """The whole URL as sent, percent-encoded once; an address that is none stays as it is."""
        if flaw_of(self.address):
            return self.address
        parts = urlsplit(self.address)
        query = "&".join(q for q in (_escaped(parts.query, _IN_QUERY), _encode(self.params)) if q)
        path = _escaped(_without_dots(parts.path), _IN_PATH) or "/"
        login, at, host = parts.netloc.rpartition("@")
        return requote(urlunsplit((parts.scheme, f"{login}{at}{host.lower()}", path, query, "")))

    @property
    def origin(self) -> str:
        """Scheme, host and port, lower case, the default port left out: what a credential is bound to."""
        return origin_of(self.address)

    @property
    def target(self) -> str:
        """METHOD and address without login, query string and fragment: what errors and progress may show."""
        return f"{self.method} {without_login(self.address).partition('?')[0].partition('#')[0]}"

    def __repr__(self) -> str:
        return f"Request({self.target})"  # parameters and bodies may be credentials

    def with_params(self, params: Mapping[str, Json]) -> Request:
        """This request with `params` set or replaced."""
        return replace(self, params={**self.params, **params})

    def with_json_at(self, dotted: str, value: Json) -> Request:
        """This request with `value` at a dotted path of its JSON body."""
        return replace(self, json=set_at(self.json or {}, dotted, value))

    def with_field(self, name: str, value: Json) -> Request:
        """This request with one field of its form set or replaced; `data` is a mapping, or pairs."""
        if isinstance(self.data, Mapping):
            return replace(self, data={**self.data, name: value})
        kept = [pair for pair in self.data if pair[0] != name]
        return replace(self, data=[*kept, (name, value)])

    def field(self, name: str) -> Json:
        """What one field of the form holds; None when nothing."""
        if isinstance(self.data, Mapping):
            return self.data.get(name)
        return next((pair[1] for pair in self.data if pair[0] == name), None)

    def with_header(self, name: str, value: str) -> Request:
        """This request with one header set or replaced."""
        return replace(self, headers=self.headers.plus({name: value}))

    def following(self, link: str) -> Request:
        """This request sent to a next link: relative ones are resolved, parameters dropped (as in dlt).

        Raises:
            NoAddress: no request can be sent there.
        """
        return replace(self, address=joined(self.url, link), params={})


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer, its body whole and unpacked. `seconds` runs from sending to the last byte."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    url: str = field(default="", repr=False)
    seconds: float = 0.0
    encoding: str = ""
    """What the body is in, if a user's function has said so."""
    reason: str = field(default="", repr=False)
    """The phrase beside the status, where the transport knows it."""
    cookies: tuple[str, ...] = field(default=(), repr=False)
    """The `Set-Cookie` fields one by one: they cannot be joined (RFC 9110, 5.3)."""
    sent: Request | None = field(default=None, repr=False, compare=False)
    """What it answers, as it was sent, with credentials: for nobody but the user's own code."""
    hops: tuple[Response, ...] = field(default=(), repr=False, compare=False)
    """The redirects that led here."""
    guise: object = field(default=None, repr=False, compare=False)
    """What the user's own code sees of it: one object for all of that code. None: nobody has looked."""
    said: Callable[[], Json] | None = field(default=None, repr=False, compare=False)
    """The user's own reading of the body, where there is one."""

    @property
    def content_type(self) -> str:
        """The media type without parameters, lower case; "" when not given."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, by its declared charset, else UTF-8; bytes that do not fit become U+FFFD."""
        declared = _CHARSET.search(self.headers.get("Content-Type", ""))
        try:
            charset = self.encoding or (declared[1] if declared else "utf-8")
            return self.body.decode(charset, "replace")
        except (LookupError, ValueError):  # a charset that nobody knows, or that is for no text
            return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Paged:
    """What a page holds of the list that is paged, where its records are not the elements of that list."""

    elements: Sequence[Json] | None = field(repr=False)
    """None: they cannot be told."""
    sizes: tuple[int, ...] = ()
    """How long the lists are that are paged side by side; mostly there is one."""

    @property
    def counted(self) -> bool:
        """Whether a total can be compared with the elements: they are of one list."""
        return self.elements is not None and len(self.sizes) <= 1

    def step(self, limit: int) -> int:
        """How far an offset of `limit` elements moves; of lists that are side by side the longest counts."""
        if self.elements is None or len(self.elements) in (0, limit):
            return limit
        return len(self.elements) if self.counted else min(limit, max(self.sizes))


@dataclass(frozen=True, slots=True)
class Page:
    """An accepted answer: its request, the decoded document, and the records the selector found in it."""

    request: Request
    response: Response
    document: Json = field(repr=False)
    records: Sequence[Json] = field(repr=False)
    number: int = 1
    """1 for the first page of a read."""
    paged: Paged | None = None
    """None: the records are the elements of the list that is paged."""
    claimed_before: int | None = None
    """The number of all rows, or pages, that an earlier page stated: it holds where this one is silent."""
    _found: dict[Callable[[Page], object], object] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def once(self, reading: Callable[[Page], _Read]) -> _Read:
        """What `reading` makes of this page, found out once: an answer may have a million keys."""
        if reading not in self._found:
            self._found[reading] = reading(self)
        return cast("_Read", self._found[reading])

    @property
    def elements(self) -> Sequence[Json]:
        """The elements of the list that is paged; the records where these cannot be told."""
        if self.paged is None or self.paged.elements is None:
            return self.records
        return self.paged.elements

    @property
    def countable(self) -> bool:
        """Whether a total can be compared with `elements`."""
        return self.paged is None or self.paged.counted

    @property
    def length(self) -> int:
        """How many `elements` there are: none is the end of a list that stops at an empty page."""
        return len(self.elements)


def origin_of(url: str) -> str:
    """Scheme, host and port of `url`, lower case, the default port left out (RFC 6454, 4).

    What is no URL is an origin of its own: nothing is at home there, and nothing is sent.
    """
    if flaw_of(url):
        return url
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port}" if parts.port and parts.port != default else ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}{port}"


def without_login(url: str) -> str:
    """`url` without the user name and password before its host (RFC 3986, 3.2.1), be it sound or not."""
    return _LOGIN.sub(r"\1", url)


def join(base_url: str, path: str) -> str:
    """Join as dlt does: one slash between base and path; an absolute path replaces the base; "" keeps it."""
    scheme, colon, _ = path.lstrip().partition(":")
    if (colon and scheme.lower() in ("http", "https")) or not base_url:
        return path
    return f"{base_url.rstrip('/')}/{path.lstrip('/')}" if path else base_url


def _encode(params: Mapping[str, Json]) -> str:
    pairs = []
    for key, value in params.items():
        many = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]
        pairs += [(key, one) for one in many if one is not None]
    return urlencode(pairs, doseq=True)


def _without_dots(path: str) -> str:
    """`path` with its `.` and `..` segments resolved (RFC 3986, 5.2.4), as urllib3 does it."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if kept[:1] != [""]:
        kept.insert(0, "")
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/".join(kept)


def _escaped(part: str, allowed: str) -> str:
    """A path or query by urllib3's rule: `%` stays if each one begins an escape (then in capitals)."""
    part, escapes = _ESCAPE.subn(lambda match: match[0].upper(), part)
    return quote(part, safe=allowed + "%" if escapes == part.count("%") else allowed)


def requote(url: str) -> str:
    """Percent-encode what may not stand in a URL; what is encoded already stays (requests' `requote_uri`)."""
    safe = "!#$%&'()*+,/:;=?@[]~"
    pieces = url.split("%")
    for i, piece in enumerate(pieces[1:], start=1):
        code = piece[:2]
        if _HEX.fullmatch(code):
            char = unquote(f"%{code}")
            pieces[i] = char + piece[2:] if char in _UNRESERVED else f"%{piece}"
        elif len(code) == 2 and code.isalnum():
            return quote(url, safe=safe.replace("%", ""))  # no escape at all: nothing was encoded yet
        else:
            pieces[i] = f"%{piece}"
    return quote("".join(pieces), safe=safe)
