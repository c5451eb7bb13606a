"""A small API in memory, good or bad as its switches say, and a reader that drives a pager to the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from restmill.path import Json
from restmill.wire.message import Headers, Page, Request, Response
from restmill.wire.paging.pagers import Done, Fan, Next, Pager, Series

START = Request("GET", "https://api.test/things")


def page(
    document: Json = None,
    records: list[Json] | None = None,
    *,
    request: Request = START,
    headers: dict[str, str] | None = None,
    number: int = 1,
) -> Page:
    """A page that was accepted; its records are `items` unless given."""
    found = document.get("items", []) if records is None and isinstance(document, dict) else records or []
    return Page(request, Response(200, Headers(headers), b"{}"), document, found, number)


@dataclass
class Api:
    """A list of `n` rows. `total` makes a total from a page's rows, size and start; None leaves it out."""

    n: int
    cap: int | None = None
    total: Callable[[list[int], int, int], Json] | None = None
    past: int = 200
    key: str = "total"

    def window(self, start: int, size: int) -> tuple[int, Json, list[int]]:
        """Status, document and rows of the page from `start`."""
        size = size if self.cap is None else min(size, self.cap)
        rows = list(range(self.n))[start : start + size]
        if start >= self.n and start and self.past != 200:
            return self.past, {"error": "no such page"}, []
        document: dict[str, Json] = {"items": rows}
        if self.total is not None:
            document[self.key] = self.total(rows, size, start)
        return 200, document, rows


Got = tuple[int, Json, list[int], dict[str, str]]
"""Status, document, rows and headers of an answer."""
Ask = Callable[[Request], Got]


@dataclass
class Read:
    """One read as an engine does it: what it brought, how it ended, and how many requests it took."""

    pager: Pager
    ask: Ask
    ahead: int
    """How many predicted requests are answered before the truth is known."""
    rows: list[int] = field(default_factory=list)
    done: Done = field(default_factory=lambda: Done("", complete=False))
    sent: int = 0
    predicted: deque[tuple[Request, Got]] = field(default_factory=deque)

    def answer_to(self, request: Request) -> Got:
        """The answer, predicted or asked for now."""
        if self.predicted and self.predicted[0][0] == request:
            return self.predicted.popleft()[1]
        self.predicted.clear()
        self.sent += 1
        return self.ask(request)

    def predict(self, series: Series) -> None:
        """Ask for what the series foretells, behind what is predicted already."""
        if self.predicted and self.predicted[0][0] != series.at(0):
            return
        most = self.ahead if series.count is None else min(self.ahead, series.count)
        for index in range(len(self.predicted), most):
            self.sent += 1
            self.predicted.append((series.at(index), self.ask(series.at(index))))

    def step(self, request: Request, number: int) -> Request | Done:
        """Read one page; the next request, or the end."""
        status, document, rows, headers = self.answer_to(request)
        if status >= 400:
            ended = self.pager.past_end(request, status)
            assert ended is not None, f"status {status} on page {number}"
            return ended
        self.rows += rows
        match self.pager.after(page(document, list(rows), request=request, headers=headers, number=number)):
            case Done() as done:
                return done
            case Next(following):
                return following
            case Fan(series):
                self.predict(series)
                return series.at(0)


def drive(pager: Pager, ask: Ask, ahead: int = 0) -> Read:
    """Read to the end."""
    read, request = Read(pager, ask, ahead), pager.first(START)
    for number in range(1, 1000):
        following = read.step(request, number)
        if isinstance(following, Done):
            read.done = following
            return read
        request = following
    raise AssertionError("the read does not end")
