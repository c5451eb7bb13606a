"""`Behaviour`: every way in which the sandbox can be good or bad, as one frozen value.

The defaults are a well-behaved API. A change makes a new value; nothing is switched in place. Each switch
says what it means and how its value is read, so the command line, the control route and the docs know the
same switches.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self, TypeVar, get_args

from restmill.errors import ConfigError, Place, Problem, did_you_mean
from restmill.sandbox import switches
from restmill.sandbox.disguise import ErrorKind
from restmill.sandbox.switches import Reader

T = TypeVar("T")

TotalMode = Literal[
    "present",
    "missing",
    "zero_past_end",
    "page",
    "string",
    "wrong",
    "too_high",
    "null",
    "first_page",
    "capped",
]
PastEnd = Literal["empty", 404, 416, 400]
NextKey = Literal[
    "usual",
    "@odata.nextLink",
    "paging.next",
    "links.next.href",
    "d.__next",
    "list of links",
    "nextPageToken",
    "paging.nextToken",
    "pagination.next_cursor",
    "pageInfo.endCursor",
    "offset",
    "continue.cursor",
    "LastEvaluatedKey.id",
    "naechsteSeite",
    "links.lanjut",
]
NextHeader = Literal["usual", "rel=nextPage", "rel=NEXT", "X-Next-Page", "X-Next-Cursor", "x-ms-continuation"]
Encoding = Literal["utf-8", "latin-1", "windows-1252", "utf-16", "stray", "mislabelled"]


class SwitchError(ConfigError):
    """A switch that does not exist, or a value it cannot take; the place's path is the switch's name."""


def _refused(switch: str, what: str, hint: str = "") -> SwitchError:
    return SwitchError(Problem(Place(path=switch), what, hint=hint))


def _switch(default: T, read: Reader, meaning: str) -> T:
    return field(default=default, metadata={"read": read, "meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The switches. Durations are in seconds, rates are shares of all requests between 0 and 1.

    Raises:
        SwitchError: a value is outside what its switch takes.
    """

    rows: int = _switch(
        1300, switches.whole, "records in each collection; tasks follow from the number of projects"
    )
    seed: int = _switch(1, switches.whole, "what all data and all chance depend on")
    key: str = _switch("", switches.text, "the API key to ask for; empty: none is asked for")
    token_ttl_s: float = _switch(
        3600.0, switches.seconds, "lifetime of a token from /oauth/token; then it gets a 401"
    )
    latency_s: float = _switch(0.0, switches.seconds, "wait before each answer")
    slow: float = _switch(0.0, switches.rate, "rate of requests that wait `slow_s` longer")
    slow_s: float = _switch(1.0, switches.seconds, "the extra wait of a slow request")
    fail_rate: float = _switch(0.0, switches.rate, "rate of requests answered with one of `fail_statuses`")
    fail_statuses: tuple[int, ...] = _switch((429, 503), switches.statuses, "the statuses of failed requests")
    retry_after: float | str | None = _switch(
        None,
        switches.retry_after,
        'Retry-After of failed requests: none, seconds, or "date" for an HTTP date',
    )
    truncate: float = _switch(0.0, switches.rate, "rate of 200 answers whose JSON is cut in the middle")
    html: float = _switch(0.0, switches.rate, "rate of 200 answers that are an HTML page")
    disconnect: float = _switch(0.0, switches.rate, "rate of answers where the connection drops half-way")
    max_faults: int = _switch(
        3,
        switches.whole,
        "no request meets more faults in a row than this (0: no bound); a rate of 1 has no bound",
    )
    dead_after: int = _switch(0, switches.whole, "after this many requests everything is 503 (0: never)")
    rate_limit: int = _switch(
        0, switches.whole, "requests per window, told in RateLimit-* headers (0: no limit)"
    )
    rate_limit_told: bool = _switch(
        True, switches.flag, "headers tell of `rate_limit`, and when to come again"
    )
    rate_window_s: float = _switch(60.0, switches.seconds, "length of the window of `rate_limit`")
    default_limit: int = _switch(50, switches.whole, "page size when none is asked for")
    cap: int = _switch(0, switches.whole, "largest page size, applied without a word (0: none)")
    cap_to_default: bool = _switch(
        False, switches.flag, "a page size above `cap` becomes the default, not the cap"
    )
    cap_above: int = _switch(0, switches.whole, "page sizes up to this one are granted, whatever `cap` says")
    short_pages: bool = _switch(
        False, switches.flag, "every second page by offset or cursor holds one record less than asked for"
    )
    limit_ignored: bool = _switch(False, switches.flag, "every page has the default size")
    offset_ignored: bool = _switch(False, switches.flag, "every page is the first page")
    total: TotalMode = _switch(  # noqa: RUF009 - the reader it holds is a pure function
        "present",
        switches.one_of(*get_args(TotalMode)),
        "what totals say: present (the truth), missing, zero_past_end, page (the length of this page), "
        "string, wrong (a tenth too low), too_high (by 7), null, first_page (the truth, there only), "
        "capped (never more than 100)",
    )
    past_end: PastEnd = _switch(  # noqa: RUF009 - same
        "empty",
        switches.one_of(*get_args(PastEnd)),
        "what a page past the end is: empty (a 200 without records), 404, 416 or 400",
    )
    same_cursor: bool = _switch(False, switches.flag, "the cursor or next link of page 2 leads to page 2")
    alternating_cursor: bool = _switch(
        False, switches.flag, "the cursor or next link of page 3 leads back to page 2"
    )
    self_link: bool = _switch(False, switches.flag, "next links point at the page they are on")
    next_key: NextKey = _switch(  # noqa: RUF009 - same
        "usual",
        switches.one_of(*get_args(NextKey)),
        "where bodies have their cursor or next link: usual (see the routes), or as named; keys of tokens "
        "are for /cursor only, and a `nextPageToken` goes into `pageToken`",
    )
    next_header: NextHeader = _switch(  # noqa: RUF009 - same
        "usual",
        switches.one_of(*get_args(NextHeader)),
        "where headers have their cursor or next link: usual (see the routes), another relation, or "
        "another header",
    )
    open_end: bool = _switch(
        False, switches.flag, "the last page, too, has a cursor or next link, which leads to an empty page"
    )
    scroll: bool = _switch(
        False,
        switches.flag,
        "cursors are one token for all pages, also behind the last; each request with it gets the next page",
    )
    relative_links: bool = _switch(False, switches.flag, "next links have no host")
    empty_middle: bool = _switch(
        False,
        switches.flag,
        "one page in the middle is empty, as if its records were deleted; the rest follow it",
    )
    no_content_middle: bool = _switch(False, switches.flag, "as `empty_middle`, but 204 without a body")
    no_body_middle: bool = _switch(False, switches.flag, "one page in the middle is a 200 without a body")
    odd_middle: bool = _switch(
        False, switches.flag, "one page in the middle has its records under another name, `hits`"
    )
    html_from: int = _switch(0, switches.whole, "from this page on, every page is HTML (0: never)")
    error_from: int = _switch(
        0, switches.whole, "from this page on, every page is an error object with status 200 (0: never)"
    )
    errors: float = _switch(0.0, switches.rate, "rate of 200 answers that are an error object")
    error_kind: ErrorKind = _switch(  # noqa: RUF009 - same
        "ok",
        switches.one_of(*get_args(ErrorKind)),
        "what such errors look like: a flag, status or code that flips, a fault, an error of JSON-RPC or "
        "GraphQL, null or an object for the list, warnings, a number that flips",
    )
    partial_from: int = _switch(
        0,
        switches.whole,
        "from this page on, half of the records of every page are missing, and a sign of `error_kind` "
        "stands beside the rest, not in bare arrays (0: never)",
    )
    truncate_from: int = _switch(
        0, switches.whole, "from this page on, the JSON of every page is cut in the middle (0: never)"
    )
    unstable_order: bool = _switch(
        False, switches.flag, "ties are ordered anew on each page: only sort=id makes pages fit together"
    )
    duplicates: float = _switch(
        0.0, switches.rate, "rate of records listed twice in a row; totals count them once"
    )
    insert_while_paging: int = _switch(
        0, switches.whole, "new records in front of an unsorted list after each page"
    )
    delete_while_paging: int = _switch(
        0, switches.whole, "records gone from the front of an unsorted list after each page"
    )
    broken_child: int = _switch(0, switches.whole, "every n-th project answers 404 for its tasks (0: none)")
    grouped: bool = _switch(
        False,
        switches.flag,
        "each element of a list holds none, one or two records under `items`; totals count elements",
    )
    encoding: Encoding = _switch(  # noqa: RUF009 - same
        "utf-8",
        switches.one_of(*get_args(Encoding)),
        "what the bodies of lists are in; stray is UTF-8 with one byte that is not; mislabelled is UTF-8 "
        "that is said to be ISO-8859-1",
    )
    encoding_told: bool = _switch(True, switches.flag, "Content-Type says what `encoding` says")
    gzip: bool = _switch(False, switches.flag, "bodies are compressed for clients that accept it")

    def __post_init__(self) -> None:
        for switch in dataclasses.fields(self):
            try:
                value = switch.metadata["read"](getattr(self, switch.name))
            except ValueError as error:
                raise _refused(switch.name, f"takes {error}") from None
            object.__setattr__(self, switch.name, value)
        for name in ("default_limit", "rate_window_s"):
            if not getattr(self, name):
                raise _refused(name, "takes a number above 0")

    def changed(self, changes: Mapping[str, object]) -> Self:
        """Return the behaviour with some switches set; values may be JSON, Python or a command line's text.

        Raises:
            SwitchError: an unknown switch (with the nearest name as hint) or a value it cannot take.
        """
        names = [switch.name for switch in dataclasses.fields(self)]
        for name in changes:
            if name not in names:
                raise _refused(name, "there is no such switch", did_you_mean(name, names))
        # Every value is checked by its own reader as the new value is made.
        return dataclasses.replace(self, **dict(changes))  # type: ignore[arg-type]

    def described(self) -> dict[str, object]:
        """Return all switches as a mapping fit for JSON, the key hidden."""
        return {**dataclasses.asdict(self), "key": "***" if self.key else ""}

    @property
    def faulty(self) -> bool:
        """True when some requests meet a fault by chance, so that attempts need counting."""
        return any((self.fail_rate, self.truncate, self.html, self.errors, self.disconnect, self.slow))


SWITCHES: tuple[tuple[str, str], ...] = tuple(
    (switch.name, switch.metadata["meaning"]) for switch in dataclasses.fields(Behaviour)
)
"""Each switch and what it means, in the order of the class."""
