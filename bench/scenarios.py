"""What is measured: the peers, the scenarios, and the targets each scenario has to meet.

A target compares one figure of one peer with the same figure of another peer in the same run, or with a
figure that is known beforehand. Nothing here is compared across runs or machines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

CONCURRENCY = 16
"""Requests in flight that the targets assume: restmill's ceiling unless a config sets another."""

Figure: TypeAlias = Literal["wall", "cpu", "rss", "extract", "normalize", "load"]
"""wall, cpu and the steps in seconds; rss in MB."""
Collection: TypeAlias = Literal["events", "users", "tasks"]


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to do the job, run in a process of its own."""

    name: str
    module: str
    """A module of `bench.peers`."""
    what: str
    page_size: int = 0
    """Asks for this many records a page, whatever the scenario says."""
    file_format: str = ""
    parallelized: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    """dlt's settings, as environment variables."""


PEERS = {
    peer.name: peer
    for peer in (
        Peer("dlt", "with_dlt", "dlt.sources.rest_api, no setting touched"),
        Peer("dlt_parallel", "with_dlt", "the same, `parallelized=True`", parallelized=True),
        Peer("dlt_parquet", "with_dlt", "the same, loader_file_format parquet", file_format="parquet"),
        Peer(
            "dlt_tuned",
            "with_dlt",
            "pages of 1,000, parquet, parallelized, 2 normalize workers, files of 20,000 records",
            page_size=1000,
            file_format="parquet",
            parallelized=True,
            settings=(("NORMALIZE__WORKERS", "2"), ("SOURCES__DATA_WRITER__FILE_MAX_ITEMS", "20000")),
        ),
        Peer("restmill", "with_restmill", "dlt's script with one import changed"),
        Peer("hand", "by_hand", "a requests loop and DuckDB inserts; no retry, no state"),
        Peer("floor", "floor", "aiohttp x16 and DuckDB's JSON reader; columns known, no retry, no state"),
    )
}


@dataclass(frozen=True, slots=True)
class Target:
    """`figure` of `peer` against the same figure of `other`, in one of two directions."""

    figure: Figure
    other: str
    """A peer, or one of the scenario's `known` figures."""
    times: float
    at_most: bool = False
    """False: at least `times` as fast as `other`. True: at most `times` of `other`."""
    peer: str = "restmill"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One amount of work, done by several peers in turn."""

    name: str
    what: str
    collection: Collection
    rows: int
    """Records of the collection; for `tasks`, records of their parent `projects`."""
    page_size: int
    latency_ms: float
    peers: tuple[str, ...]
    only_extract: bool = False
    targets: tuple[Target, ...] = ()
    known: tuple[tuple[str, float], ...] = ()
    """Figures that need no measuring, by name."""
    quick: bool = False
    """Part of a run without `--full`."""
    slow: tuple[str, ...] = ()
    """Peers that only `--full` measures: they alone would take most of the time."""

    @property
    def pages(self) -> int:
        """Requests that carry all records at the scenario's own page size."""
        return -(-self.rows // self.page_size)

    @property
    def dlt(self) -> str:
        """The peer that the ratios are taken against: dlt as it comes, or the first of its kind here."""
        return next((name for name in self.peers if PEERS[name].module == "with_dlt"), "")


ALL = tuple(PEERS)[:1] + tuple(PEERS)[2:]
"""Every peer for a top-level collection: `dlt_parallel` differs in child resources only."""
_IDEAL = "pages x latency / 16"

SCENARIOS = (
    Scenario(
        name="fetch-50ms",
        what="extract step alone",
        collection="events",
        rows=100_000,
        page_size=100,
        latency_ms=50,
        peers=("dlt", "restmill"),
        only_extract=True,
        targets=(Target("extract", "dlt", 8), Target("extract", _IDEAL, 2, at_most=True)),
        known=((_IDEAL, 1000 * 0.050 / CONCURRENCY),),
        quick=True,
    ),
    Scenario(
        name="children-50ms",
        what="merge into DuckDB",
        collection="tasks",
        rows=200,
        page_size=1000,
        latency_ms=50,
        peers=("dlt", "dlt_parallel", "restmill"),
        targets=(Target("wall", "dlt", 10), Target("extract", "dlt", 10)),
        quick=True,
    ),
    Scenario(
        name="nested-100k",
        what="nested records, merge into DuckDB",
        collection="events",
        rows=100_000,
        page_size=100,
        latency_ms=0,
        peers=ALL,
        targets=(
            Target("wall", "dlt", 10),
            Target("wall", "dlt_parquet", 5),
            Target("wall", "hand", 1),
            Target("wall", "floor", 3, at_most=True),
        ),
        quick=True,
        slow=("dlt", "dlt_tuned"),
    ),
    Scenario(
        name="nested-10k",
        what="nested records, merge into DuckDB",
        collection="events",
        rows=10_000,
        page_size=100,
        latency_ms=0,
        peers=ALL,
    ),
    Scenario(
        name="whole-50ms",
        what="nested records, merge into DuckDB",
        collection="events",
        rows=100_000,
        page_size=100,
        latency_ms=50,
        peers=ALL,
        targets=(Target("wall", "dlt", 10),),
    ),
    Scenario(
        name="flat-100k",
        what="records without lists, merge into DuckDB",
        collection="users",
        rows=100_000,
        page_size=100,
        latency_ms=0,
        peers=ALL,
    ),
    Scenario(
        name="nested-1m",
        what="nested records, merge into DuckDB",
        collection="events",
        rows=1_000_000,
        page_size=1000,
        latency_ms=0,
        peers=("dlt_tuned", "restmill", "hand", "floor"),
        targets=(Target("wall", "floor", 2, at_most=True), Target("rss", "1 GB", 1, at_most=True)),
        known=(("1 GB", 1000.0),),
    ),
    Scenario(
        name="extract-1m",
        what="nested records, fetched and shaped, not loaded",
        collection="events",
        rows=1_000_000,
        page_size=1000,
        latency_ms=0,
        peers=("restmill",),
        only_extract=True,
        targets=(Target("rss", "300 MB", 1, at_most=True),),
        known=(("300 MB", 300.0),),
    ),
)


def custom(collection: Collection, rows: int, page_size: int, latency_ms: float) -> Scenario:
    """The scenario of the command line's own figures: all peers, no targets."""
    what = "records without lists" if collection == "users" else "nested records"
    return Scenario(
        name="custom",
        what=f"{what}, merge into DuckDB",
        collection=collection,
        rows=rows,
        page_size=page_size,
        latency_ms=latency_ms,
        peers=ALL,
    )
