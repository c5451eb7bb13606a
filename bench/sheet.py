"""A scenario's result as text, 100 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.peers.job import PARENTS_A_PAGE
from bench.scenarios import PEERS
from bench.summary import COMPARED, NOISY, judged, ratio, reference, summarised

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.scenarios import Scenario
    from bench.summary import Judgement, Run, Summary

WIDTH = 100
_NAME = 17
_CELLS = (7, 7, 7, 9, 7, 7, 7, 6, 6, 6, 6, 6, 4)
HEADS = ("wall s", "CPU s", "RSS MB", "rows/s", "extr.", "norm.", "load", "wall", "CPU", "RSS", "extr.")


def title(scenario: Scenario) -> str:
    """The scenario in one line."""
    return f"{scenario.name}: {size_of(scenario)}; {scenario.what}"


def size_of(scenario: Scenario) -> str:
    """How much work, and how far away the API is."""
    if scenario.collection == "tasks":
        size = f"{scenario.rows:,} parents in pages of {PARENTS_A_PAGE}, a page of children each"
    else:
        size = f"{scenario.rows:,} records in pages of {scenario.page_size:,}"
    return f"{size}, {scenario.latency_ms:g} ms away"


def progress(run: Run, rounds: int) -> str:
    """One run in one line."""
    shown = [
        f"{name} {run.figures[name]:8.2f} s" for name in ("wall", "extract", "cpu") if name in run.figures
    ]
    ended = run.failure or "correct"
    noise = f"noise {run.noise:4.0%}"
    return f"  {run.round}/{rounds}  {run.peer:<{_NAME}} {'   '.join([*shown, noise])}   {ended}"


def result(scenario: Scenario, runs: Sequence[Run]) -> str:
    """The scenario's table, its targets and what went wrong."""
    summaries = summarised(scenario, runs)
    to = reference(scenario, summaries)
    against = f"times less than {to.peer}" if to else ""
    gap = " " * (_NAME + sum(_CELLS[:4]))
    lines = [
        title(scenario),
        f"{gap}{'seconds a step':>{sum(_CELLS[4:7])}}{against:>{sum(_CELLS[7:11])}}",
        _line("", (*HEADS, "noise", "n")),
        *(_line(one.peer, cells(one, to)) for one in summaries),
        *(f"  {one.peer}: {failure}" for one in summaries for failure in one.failures),
        *(_target(judgement) for judgement in judged(scenario, summaries)),
        *warnings(summaries),
    ]
    return "\n".join(line.rstrip() for line in lines)


def legend(names: Iterable[str]) -> str:
    """Who the peers are."""
    return "\n".join(f"  {name:<{_NAME}} {PEERS[name].what}" for name in names)


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:<{_NAME}}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, _CELLS, strict=True))


def cells(one: Summary, to: Summary | None) -> tuple[str, ...]:
    """The figures of one peer under `HEADS`, its noise and the number of its runs."""
    figures = one.figures
    rate = one.rows_per_second
    return (
        _seconds(figures.get("wall")),
        _seconds(figures.get("cpu")),
        f"{figures['rss']:,.0f}" if "rss" in figures else "-",
        "-" if rate is None else f"{rate:,.0f}",
        *(_seconds(figures.get(step)) for step in ("extract", "normalize", "load")),
        *(times(ratio(figure, to, one)) for figure in COMPARED),
        f"{one.noise:.0%}",
        str(one.runs),
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def times(value: float | None) -> str:
    """A ratio with as many digits as can be believed."""
    return "-" if value is None else f"{value:.1f}x" if value < 100 else f"{value:.0f}x"


def _target(judgement: Judgement) -> str:
    found = "-" if judgement.ratio is None else f"{judgement.ratio:.2f}x"
    return f"  target   {judgement.text:<66} {found:>8}  {judgement.verdict}"


def warnings(summaries: Sequence[Summary]) -> list[str]:
    """What a reader must know before believing the figures."""
    noisy, runs = sum(one.noisy for one in summaries), sum(one.runs for one in summaries)
    if not noisy:
        return []
    return [f"  {noisy} of {runs} runs were noisy: others used over {NOISY:.0%} of the machine meanwhile"]
