"""From runs to a verdict: medians of each peer, ratios to dlt, and the targets that were met or missed."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from bench.scenarios import PEERS, Scenario, Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.scenarios import Figure

NOISY = 0.2
"""Share of all cores that others may use before a run counts as noisy."""
FIGURES: tuple[Figure, ...] = ("wall", "cpu", "rss", "extract", "normalize", "load")
COMPARED: tuple[Figure, ...] = ("wall", "cpu", "rss", "extract")
"""The figures whose ratios are shown."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one peer. Seconds, MB; a figure is missing where the peer has no such step."""

    scenario: str
    peer: str
    round: int
    rows: int
    """Records of all top-level resources together."""
    figures: Mapping[Figure, float]
    noise: float
    server_cpu: float
    failure: str = ""
    """Why the run does not count: it ended badly, or what it loaded is wrong."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The medians of a peer's correct runs."""

    peer: str
    runs: int
    rows: int
    figures: Mapping[Figure, float]
    noise: float
    noisy: int
    """How many of the runs were noisy."""
    failures: tuple[str, ...] = ()

    @property
    def rows_per_second(self) -> float | None:
        """Records per second of wall time."""
        return self.rows / self.figures["wall"] if "wall" in self.figures else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """One target and how it came out; `ratio` is None when a side was not measured."""

    target: Target
    text: str
    ratio: float | None

    @property
    def verdict(self) -> str:
        """`met`, `MISSED` or `not measured`."""
        if self.ratio is None:
            return "not measured"
        times = self.target.times
        return "met" if (self.ratio <= times if self.target.at_most else self.ratio >= times) else "MISSED"


def summarised(scenario: Scenario, runs: Sequence[Run]) -> list[Summary]:
    """One summary for each peer that was run, in the scenario's order."""
    own = [run for run in runs if run.scenario == scenario.name]
    ran = [peer for peer in scenario.peers if any(run.peer == peer for run in own)]
    return [_summary(peer, [run for run in own if run.peer == peer]) for peer in ran]


def ratio(figure: Figure, to: Summary | None, of: Summary) -> float | None:
    """How many times less of `figure` one peer takes than another."""
    mine, other = of.figures.get(figure), to and to.figures.get(figure)
    return other / mine if mine and other else None


def reference(scenario: Scenario, summaries: Sequence[Summary]) -> Summary | None:
    """The peer that ratios are taken against: the first of dlt's that was measured."""
    measured = [one for one in summaries if PEERS[one.peer].module == "with_dlt" and one.runs]
    return measured[0] if scenario.dlt and measured else None


def judged(scenario: Scenario, summaries: Sequence[Summary]) -> list[Judgement]:
    """Every target of the scenario."""
    return [_judgement(target, scenario, {one.peer: one for one in summaries}) for target in scenario.targets]


def _summary(peer: str, runs: Sequence[Run]) -> Summary:
    good = [run for run in runs if not run.failure]
    figures = {
        figure: median(run.figures[figure] for run in good)
        for figure in FIGURES
        if good and all(figure in run.figures for run in good)
    }
    return Summary(
        peer=peer,
        runs=len(good),
        rows=runs[0].rows,
        figures=figures,
        noise=median(run.noise for run in runs),
        noisy=sum(run.noise > NOISY for run in good),
        failures=tuple(f"round {run.round}: {run.failure}" for run in runs if run.failure),
    )


def _judgement(target: Target, scenario: Scenario, summaries: Mapping[str, Summary]) -> Judgement:
    known = dict(scenario.known).get(target.other)
    other = known if known is not None else _figure(summaries, target.other, target.figure)
    mine = _figure(summaries, target.peer, target.figure)
    found = None if not (mine and other) else mine / other if target.at_most else other / mine
    against = target.other if known is None else f"{target.other} ({known:,.4g})"
    how = f"at most {target.times:g}x" if target.at_most else f"at least {target.times:g}x less than"
    return Judgement(target, f"{target.peer}: {target.figure} {how} {against}", found)


def _figure(summaries: Mapping[str, Summary], peer: str, figure: Figure) -> float | None:
    return summaries[peer].figures.get(figure) if peer in summaries else None
