"""The command: which scenarios and peers to measure, in what order, and what was left out.

Peers take turns within a round, each round begins with another peer, so that a slow minute of the machine
meets all of them alike. Without `--full` a run ends in ten minutes and says what it has left out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench import machine, sheet
from bench.expected import Wrong, expected, verify
from bench.journal import Header, Journal
from bench.peers.job import Job
from bench.process import measured, serving
from bench.scenarios import PEERS, SCENARIOS, Scenario, custom
from bench.summary import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.expected import Tables
    from bench.process import Server
    from bench.scenarios import Collection, Figure, Peer

RESULTS = Path(__file__).parent / "results"


@dataclass(slots=True)
class Allowance:
    """The time a run may take, in seconds; a peer's last run says how long its next one will be."""

    seconds: float
    began: float = field(default_factory=time.monotonic)
    last: dict[tuple[str, str], float] = field(default_factory=dict)

    def has(self, scenario: str, peer: str) -> bool:
        """Whether another run of this peer fits."""
        return time.monotonic() - self.began + self.last.get((scenario, peer), 0.0) <= self.seconds


def main(arguments: list[str]) -> int:
    """Measure and print; 1 when a run failed or loaded something wrong."""
    options = _parser().parse_args(arguments)
    scenarios, left_out = _chosen(options)
    now = datetime.now(UTC)
    command = " ".join(["python bench/run.py", *arguments])
    header = Header(f"{now:%Y-%m-%d}", command, machine.described())
    out = options.out or RESULTS / f"{now:%Y%m%d-%H%M%S}.jsonl"
    journal = Journal(out, header)
    print("\n".join(f"{name:<9} {value}" for name, value in header.machine.items()), end="\n\n")
    print(
        sheet.legend(dict.fromkeys(peer for one in scenarios for peer in one.peers)), end="\n\n", flush=True
    )
    allowance = Allowance(60 * options.minutes if options.minutes else float("inf"))
    results, failed = [], False
    for scenario in scenarios:
        print(sheet.title(scenario), flush=True)
        journal.scenario(scenario)
        runs = []
        for run in _runs(scenario, options.repeat, allowance, left_out):
            journal.run(run)
            print(sheet.progress(run, options.repeat), flush=True)
            runs.append(run)
        failed = failed or any(run.failure for run in runs)
        results.append(sheet.result(scenario, runs))
    for what in left_out:
        journal.left_out(what)
    print("", *results, sep="\n\n")
    print("\nLeft out:\n" + "\n".join(f"  {what}" for what in left_out) if left_out else "")
    print(f"Medians of n runs each; noise is what others used of the machine. All runs: {_shown(out)}")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench/run.py",
        description="Measure restmill and its peers side by side, against a sandbox on this machine.",
        epilog="scenarios:\n" + "\n".join(f"  {sheet.title(one)}" for one in SCENARIOS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--full", action="store_true", help="every scenario and every peer, however long")
    parser.add_argument(
        "--scenario",
        action="append",
        default=[],
        choices=[one.name for one in SCENARIOS],
        help="only this one",
    )
    parser.add_argument("--peers", type=_peers, default=(), help="only these, with commas")
    parser.add_argument("--repeat", type=int, default=3, help="rounds (default: 3)")
    parser.add_argument("--minutes", type=float, help="no new run after this (default: 10; --full: no limit)")
    own = parser.add_argument_group("a scenario of your own, for all peers")
    own.add_argument("--rows", type=int, help="records (default: 100000)")
    own.add_argument("--page-size", type=int, help="records a page (default: 100)")
    own.add_argument("--latency", type=float, help="milliseconds before each answer (default: 0)")
    own.add_argument("--flat", action="store_true", help="records without lists")
    parser.add_argument("--out", type=Path, help="the results file (default: a new one in bench/results)")
    return parser


def _peers(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, text.split(",")))
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(PEERS)}")
    return names


def _chosen(options: argparse.Namespace) -> tuple[list[Scenario], list[str]]:
    """The scenarios to measure, with the peers to measure them with, and what that leaves out."""
    own = (options.rows, options.page_size, options.latency, options.flat or None)
    if any(value is not None for value in own):
        kind: Collection = "users" if options.flat else "events"
        scenarios = [custom(kind, options.rows or 100_000, options.page_size or 100, options.latency or 0.0)]
    else:
        scenarios = [one for one in SCENARIOS if not options.scenario or one.name in options.scenario]
    if options.peers:
        kept = [tuple(peer for peer in one.peers if peer in options.peers) for one in scenarios]
        scenarios = [replace(one, peers=peers) for one, peers in zip(scenarios, kept, strict=True) if peers]
    chosen_by_hand = options.full or options.scenario or options.peers or scenarios[0].name == "custom"
    if chosen_by_hand:
        return scenarios, []
    options.minutes = options.minutes or 10
    quick = [
        replace(one, peers=tuple(p for p in one.peers if p not in one.slow)) for one in scenarios if one.quick
    ]
    slow = [
        f"{one.name}: {', '.join(one.slow)} (--full has them)" for one in scenarios if one.quick and one.slow
    ]
    return quick, slow + [f"{one.name} (--full has it)" for one in scenarios if not one.quick]


def _runs(scenario: Scenario, rounds: int, allowance: Allowance, left_out: list[str]) -> Iterator[Run]:
    """Every run of a scenario; what there is no time for is added to `left_out`."""
    wanted = expected(scenario)
    with serving(scenario) as server:
        for number, name in _turns(scenario.peers, rounds):
            if allowance.has(scenario.name, name):
                run = _run(scenario, PEERS[name], server, wanted, number)
                allowance.last[scenario.name, name] = run.figures["wall"]
                yield run
            else:
                left_out.append(f"{scenario.name}: {name}, round {number} (no time)")


def _turns(peers: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """The number of the round, from 1, and the peer; each round begins with another peer."""
    for number in range(rounds):
        first = number % len(peers)
        yield from ((number + 1, peer) for peer in (*peers[first:], *peers[:first]))


def _run(scenario: Scenario, peer: Peer, server: Server, wanted: Tables, number: int) -> Run:
    """One run in a folder of its own, checked."""
    with tempfile.TemporaryDirectory(prefix="restmill-bench-") as folder:
        job = Job(
            base_url=server.base_url,
            folder=folder,
            collection=scenario.collection,
            page_size=peer.page_size or scenario.page_size,
            only_extract=scenario.only_extract,
            file_format=peer.file_format,
            parallelized=peer.parallelized,
        )
        usage = measured(peer, job, server)
        failure = usage.failure
        if not failure:
            try:
                verify(job, wanted)
            except Wrong as wrong:
                failure = f"WRONG: {wrong}"
        steps = job.reported()
    figures: dict[Figure, float] = {"wall": usage.wall, "cpu": usage.cpu, "rss": usage.rss}
    for step in ("extract", "normalize", "load"):
        if step in steps:
            figures[step] = steps[step]
    rows = sum(content.rows for content in wanted.values())
    return Run(scenario.name, peer.name, number, rows, figures, usage.noise, usage.server_cpu, failure)


def _shown(path: Path) -> str:
    return (
        str(path.resolve().relative_to(Path.cwd()))
        if path.resolve().is_relative_to(Path.cwd())
        else path.name
    )
