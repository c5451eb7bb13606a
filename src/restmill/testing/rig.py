"""A rig for engine tests: a model API, a reading on a fake clock, and everything it handed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from restmill.events import Observer, ignore
from restmill.path import Json, Path
from restmill.run.fetch.fetcher import Fetcher, Terms
from restmill.run.fetch.memory import Memory
from restmill.run.read.reading import Reading
from restmill.run.read.spec import Order
from restmill.secrets import Secret
from restmill.testing import FakeClock, FakeTransport, json_response
from restmill.wire.auth import ApiKey, Auth
from restmill.wire.limits.budget import Limits
from restmill.wire.message import Request, Response
from restmill.wire.paging.pagers import Offset, Pager
from restmill.wire.retry import Policy

HOME = "https://api.test"
KEY = ApiKey(name="api_key", key=Secret("s3cret-key"), location="query")
Script = Callable[[Request], Response | Exception]


@dataclass(frozen=True)
class Offsets:
    """Serves records {"id": 0..rows-1} at any path of the host."""

    rows: int = 1000
    cap: int = 1_000_000
    total: bool = True

    def __call__(self, request: Request) -> Response:
        """One page, by the query parameters `offset` and `limit`."""
        start, limit = int(request.params["offset"]), min(int(request.params["limit"]), self.cap)
        data = [{"id": i} for i in range(start, min(start + limit, self.rows))]
        return json_response({"data": data, **({"total": self.rows} if self.total else {})})


def terms(
    auth: Auth | None = None, policy: Policy | None = None, allowed: frozenset[str] = frozenset()
) -> Terms:
    """Terms of a read from `HOME`."""
    return Terms("things", policy or Policy(), auth, (), frozenset({HOME}), allowed)


def order(
    pager: Pager | None = None, *, most_ahead: int = 32, path: str = "/things", of: Terms | None = None
) -> Order:
    """An order for `HOME`: offset pages of 100 under `data`, unless told otherwise."""
    request = Request("GET", HOME + path)
    return Order(request, of or terms(), pager or Offset(limit=100), Path("data"), most_ahead)


class Rig:
    """A reading on a fake transport and clock, with everything it handed over."""

    def __init__(
        self,
        script: Script,
        *,
        latency: float = 0.05,
        limits: Limits | None = None,
        observer: Observer = ignore,
        chances: tuple[float, ...] = (0.0,),
    ) -> None:
        self.transport = FakeTransport(script, latency)
        self.clock = FakeClock(chances)
        self.memory = Memory(limits or Limits())
        self.observer = observer
        self.pages: list[Sequence[Json]] = []
        self.fetcher: Fetcher | None = None

    async def read(self, what: Order) -> None:
        """Read to the end; reads of one rig share their hosts' budgets."""
        self.fetcher = self.fetcher or Fetcher(self.transport, self.memory, self.clock, self.observer)
        await Reading(what, self.fetcher, self.clock, self.observer, self._put).run()

    async def _put(self, records: Sequence[Json], size: int) -> None:
        assert size >= 0
        self.pages.append(records)

    @property
    def ids(self) -> list[int]:
        """The `id` of every record handed over, in order."""
        return [record["id"] for page in self.pages for record in page]
