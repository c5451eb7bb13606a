"""A measurement as a picture: one panel a scenario, one bar a peer, its seconds split by step.

Panels have scales of their own: a bar is to be compared with the other bars of its panel only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from bench.sheet import size_of, times
from bench.summary import ratio, reference, summarised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.journal import Measurement
    from bench.scenarios import Figure, Scenario
    from bench.summary import Summary

WIDTH = 860
_LEFT, _RIGHT = 150, 130
_BAR, _ROW, _HEAD, _GAP = 16, 24, 52, 18
_STEPS = {
    "start": ("#b8b8b8", "start, imports, end"),
    "extract": ("#2f6fde", "extract"),
    "normalize": ("#e0912f", "normalize"),
    "load": ("#3f9d5a", "load"),
}
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}"
    ".t{font-weight:600;font-size:15px}.s{fill:#666;font-size:12px}.own{font-weight:700}.e{text-anchor:end}"
)


def chart(measurement: Measurement) -> str:
    """The picture of all scenarios that have a correct run."""
    body: list[str] = []
    top = 44
    for scenario in measurement.scenarios:
        shown = [one for one in summarised(scenario, measurement.runs) if one.runs]
        if shown:
            body += _panel(scenario, shown, top)
            top += _HEAD + _ROW * len(shown) + _GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}"'
    )
    lines = [
        f'{head} role="img" aria-label="Seconds each peer takes, by scenario">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{top}" rx="6" fill="#fff"/>',
        *_legend(),
        *body,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _legend() -> Iterator[str]:
    left = 20
    for colour, name in _STEPS.values():
        yield f'<rect x="{left}" y="16" width="12" height="12" rx="2" fill="{colour}"/>'
        yield _text(left + 18, 26, name, "s")
        left += 48 + 7 * len(name)
    yield _text(left + 18, 26, "2.0x: takes half of what dlt takes", "s")


def _panel(scenario: Scenario, summaries: list[Summary], top: int) -> Iterator[str]:
    figure: Figure = "extract" if scenario.only_extract else "wall"
    longest = max(one.figures.get(figure, 0.0) for one in summaries)
    scale = (WIDTH - _LEFT - _RIGHT) / longest if longest else 0.0
    to = reference(scenario, summaries)
    yield _text(20, top + 20, scenario.name, "t")
    yield _text(20, top + 38, f"{size_of(scenario)}; {scenario.what}", "s")
    for number, one in enumerate(summaries):
        y = top + _HEAD + number * _ROW
        own = "own" if one.peer.startswith("restmill") else ""
        yield _text(_LEFT - 10, y + 13, one.peer, f"e {own}".strip())
        right = float(_LEFT)
        for step, seconds in _parts(one, only_extract=scenario.only_extract):
            width = seconds * scale
            colour = _STEPS[step][0]
            yield f'<rect x="{right:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>'
            right += width
        label = f"{one.figures.get(figure, 0.0):.1f} s, {times(ratio(figure, to, one))}"
        yield _text(int(right) + 8, y + 13, label, own)


def _parts(one: Summary, *, only_extract: bool) -> Iterable[tuple[str, float]]:
    """The parts of a bar: they add up to the figure that is shown."""
    if only_extract:
        return [("extract", one.figures["extract"])]
    steps = [(step, one.figures.get(step, 0.0)) for step in ("extract", "normalize", "load")]
    # Medians of steps need not add up to the median of the whole.
    rest = max(0.0, one.figures["wall"] - sum(seconds for _, seconds in steps))
    return [("start", rest), *steps]


def _text(x: int, y: int, text: str, kind: str) -> str:
    marked = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{marked}>{escape(text)}</text>'
