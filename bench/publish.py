"""From a results file to docs/benchmarks.md: tables between two marks of the page, and a picture."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from bench import journal
from bench.chart import chart
from bench.scenarios import PEERS
from bench.sheet import HEADS, cells, size_of, warnings
from bench.summary import COMPARED, judged, reference, summarised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bench.journal import Measurement
    from bench.scenarios import Scenario

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, PICTURE = DOCS / "benchmarks.md", DOCS / "benchmarks.svg"
MARKS = re.compile(r"(<!-- measured -->\n).*?(<!-- end of measured -->)", re.DOTALL)


def main(arguments: list[str]) -> int:
    """Write the page's tables and the picture from one results file; 1 when the file cannot be used."""
    parser = argparse.ArgumentParser(prog="bench/report.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, help="a file of bench/results")
    results = parser.parse_args(arguments).results
    try:
        measurement = journal.read(results)
    except (OSError, ValueError) as error:
        print(f"cannot read the results: {error}")
        return 1
    text = PAGE.read_text()
    if not MARKS.search(text):
        print(f"docs/{PAGE.name} has lost its marks: {MARKS.pattern}")
        return 1
    block = "\n".join(page(measurement))
    PAGE.write_text(MARKS.sub(lambda found: f"{found[1]}\n{block}\n{found[2]}", text))
    PICTURE.write_text(chart(measurement))
    print(f"wrote docs/{PAGE.name} and docs/{PICTURE.name}")
    return 0


def page(measurement: Measurement) -> Iterator[str]:
    """The lines between the marks."""
    header = measurement.header
    versions = ", ".join(f"{name} {value}" for name, value in header.machine.items() if name != "machine")
    yield f"Measured on {header.date}, {header.machine['machine']}; {versions}."
    yield f"Command: `{header.command}`.\n"
    yield f"![Seconds each peer takes, by scenario]({PICTURE.name})\n"
    names = dict.fromkeys(run.peer for run in measurement.runs)
    yield from _table(("peer", "what it is"), ((f"`{name}`", PEERS[name].what) for name in names))
    for scenario in measurement.scenarios:
        yield from _section(scenario, measurement)
    if measurement.left_out:
        yield "### Left out of this run\n"
        yield from (f"- {what}" for what in measurement.left_out)
        yield ""


def _section(scenario: Scenario, measurement: Measurement) -> Iterator[str]:
    summaries = summarised(scenario, measurement.runs)
    to = reference(scenario, summaries)
    yield f"### {scenario.name}\n"
    yield f"{size_of(scenario)[:1].upper()}{size_of(scenario)[1:]}; {scenario.what}.\n"
    heads = (*HEADS[: -len(COMPARED)], *(f"{name} vs {to.peer if to else 'dlt'}" for name in COMPARED))
    rows = [(f"`{one.peer}`", *cells(one, to)) for one in summaries]
    yield from _table(("peer", *heads, "noise", "runs"), rows)
    targets = judged(scenario, summaries)
    if targets:
        found = [
            (one.text, "-" if one.ratio is None else f"{one.ratio:.2f}x", one.verdict) for one in targets
        ]
        yield from _table(("target", "measured", "verdict"), found)
    notes = [f"{one.peer}, {failure}" for one in summaries for failure in one.failures]
    notes += [line.strip() for line in warnings(summaries)]
    yield from (f"- {note}" for note in notes)
    if notes:
        yield ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
    yield ""
