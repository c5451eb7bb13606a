"""A scenario's result as text, 100 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.scenarios import PEERS
from bench.summary import COMPARED, NOISY, judged, ratio, reference, summarised

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.scenarios import Scenario
    from bench.summary import Judgement, Run, Summary

WIDTH = 100
_NAME = 17
_CELLS = (7, 7, 7, 9, 7, 7, 7, 6, 6, 6, 6, 6, 4)
_HEADS = ("wall s", "CPU s", "RSS MB", "rows/s", "extr.", "norm.", "load", "wall", "CPU", "RSS", "extr.")


def title(scenario: Scenario) -> str:
    """The scenario in one line."""
    unit = "parents" if scenario.collection == "tasks" else "records"
    size = f"{scenario.rows:,} {unit}, pages of {scenario.page_size:,}, {scenario.latency_ms:g} ms"
    return f"{scenario.name}: {size}; {scenario.what}"


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
        _line("", (*_HEADS, "noise", "n")),
        *(_line(one.peer, _cells(one, to)) for one in summaries),
        *(f"  {one.peer}: {failure}" for one in summaries for failure in one.failures),
        *(_target(judgement) for judgement in judged(scenario, summaries)),
        *_warnings(summaries),
    ]
    return "\n".join(line.rstrip() for line in lines)


def legend(names: Iterable[str]) -> str:
    """Who the peers are."""
    return "\n".join(f"  {name:<{_NAME}} {PEERS[name].what}" for name in names)


def _line(name: str, cells: Sequence[str]) -> str:
    return f"{name:<{_NAME}}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, _CELLS, strict=True))


def _cells(one: Summary, to: Summary | None) -> tuple[str, ...]:
    figures = one.figures
    rate = one.rows_per_second
    return (
        _seconds(figures.get("wall")),
        _seconds(figures.get("cpu")),
        f"{figures['rss']:,.0f}" if "rss" in figures else "-",
        "-" if rate is None else f"{rate:,.0f}",
        *(_seconds(figures.get(step)) for step in ("extract", "normalize", "load")),
        *(_times(ratio(figure, to, one)) for figure in COMPARED),
        f"{one.noise:.0%}",
        str(one.runs),
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}x" if value < 100 else f"{value:.0f}x"


def _target(judgement: Judgement) -> str:
    found = "-" if judgement.ratio is None else f"{judgement.ratio:.2f}x"
    return f"  target   {judgement.text:<66} {found:>8}  {judgement.verdict}"


def _warnings(summaries: Sequence[Summary]) -> list[str]:
    noisy, runs = sum(one.noisy for one in summaries), sum(one.runs for one in summaries)
    if not noisy:
        return []
    return [f"  {noisy} of {runs} runs were noisy: others used over {NOISY:.0%} of the machine meanwhile"]
