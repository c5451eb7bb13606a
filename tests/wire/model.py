"""A small API in memory, good or bad as its switches say, and a reader that drives a pager as an engine does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from restmill.path import Json
from restmill.wire.message import Headers, Page, Request, Response
from restmill.wire.paging import Decision, Done, Fan, Next, Pager

START = Request("GET", "https://api.test/things")
Server = Callable[[Request], Response]


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
    """A list of `n` rows. `total` is a function of (rows on this page, size asked, start) or None: leave it out."""

    n: int
    cap: int | None = None
    total: Callable[[list[int], int, int], Json] | None = None
    past: int = 200
    key: str = "total"
    asked: list[Request] = field(default_factory=list)

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


Ask = Callable[[Request], tuple[int, Json, list[int], dict[str, str]]]


@dataclass
class Read:
    """What a read brought: its rows, how it ended, and how many requests it took."""

    rows: list[int]
    done: Done
    sent: int
    fans: int


def drive(pager: Pager, ask: Ask, ahead: int = 0) -> Read:
    """Read to the end, with up to `ahead` predicted requests answered before the truth is known."""
    request, predicted = pager.first(START), deque[tuple[Request, tuple[int, Json, list[int], dict[str, str]]]]()
    read = Read([], Done("", complete=False), 0, 0)
    for number in range(1, 1000):
        if predicted and predicted[0][0] == request:
            status, document, rows, headers = predicted.popleft()[1]
        else:
            predicted.clear()
            read.sent += 1
            status, document, rows, headers = ask(request)
        if status >= 400:
            ended = pager.past_end(request, status)
            assert ended is not None, f"status {status} on page {number}"
            return replace(read, done=ended)
        read.rows += rows
        answer = page(document, list(rows), request=request, headers=headers, number=number)
        decision: Decision = pager.after(answer)
        match decision:
            case Done():
                return replace(read, done=decision)
            case Next(following):
                request = following
            case Fan(series):
                request = series.at(0)
                read.fans += 1
                if predicted and predicted[0][0] != request:
                    predicted.clear()
                most = ahead if series.count is None else min(ahead, series.count)
                for index in range(len(predicted), most):
                    read.sent += 1
                    predicted.append((series.at(index), ask(series.at(index))))
    raise AssertionError("the read does not end")
