"""What the server has seen: the last requests, and counts of all of them."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

_KEPT = 10_000
_HIDDEN = ("api_key", "key", "token", "access_token", "client_secret")


@dataclass(frozen=True, slots=True)
class Entry:
    """One answered request; `query` is as sent, `ms` the time until the answer was ready."""

    method: str
    path: str
    query: str
    status: int
    ms: float

    def shown(self, key: str) -> dict[str, object]:
        """Return the entry for JSON; the value of a key, wherever it stands in the query, is `***`."""
        query = {
            name: "***" if name in _HIDDEN or (key and value == key) else value
            for name, value in parse_qsl(self.query, keep_blank_values=True)
        }
        return {
            "method": self.method,
            "path": self.path,
            "query": query,
            "status": self.status,
            "ms": round(self.ms, 3),
        }


@dataclass(slots=True)
class Journal:
    """Counters and the last ten thousand requests. A request is in flight from `arrived` to `left`."""

    requests: int = 0
    tokens: int = 0
    max_in_flight: int = 0
    _in_flight: int = 0
    _statuses: Counter[int] = field(default_factory=Counter)
    _paths: Counter[str] = field(default_factory=Counter)
    _entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def arrived(self) -> None:
        """Count a request that has just been read."""
        self.requests += 1
        self._in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self._in_flight)

    def left(self, entry: Entry | None) -> None:
        """Count a request that is over; None when it was cancelled before it had an answer."""
        self._in_flight -= 1
        if entry is not None:
            self._statuses[entry.status] += 1
            self._paths[entry.path] += 1
            self._entries.append(entry)

    def log(self, key: str) -> list[dict[str, object]]:
        """Return the last requests, oldest first."""
        return [entry.shown(key) for entry in self._entries]

    def stats(self) -> Mapping[str, object]:
        """Return the counts; keys of `statuses` are texts, as in JSON."""
        return {
            "requests": self.requests,
            "max_in_flight": self.max_in_flight,
            "token_requests": self.tokens,
            "statuses": {str(status): count for status, count in sorted(self._statuses.items())},
            "paths": dict(self._paths),
        }

    def reset(self) -> None:
        """Forget everything but the requests that are still in flight."""
        self.requests = self.tokens = 0
        self.max_in_flight = self._in_flight
        self._statuses.clear()
        self._paths.clear()
        self._entries.clear()
