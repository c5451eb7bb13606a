"""The file of a measurement: JSON lines, each with its kind, written as things happen.

The first line is the header, a scenario stands before its runs, what was left out stands last.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from bench.scenarios import Scenario, Target
from bench.summary import Run

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Header:
    """When, how and where a measurement was made."""

    date: str
    command: str
    machine: dict[str, str]


@dataclass(slots=True)
class Measurement:
    """Everything that one results file holds."""

    header: Header
    scenarios: list[Scenario] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class Journal:
    """Appends to a results file; each line is on disk before the next thing is measured."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        self._append("header", asdict(header))

    def scenario(self, scenario: Scenario) -> None:
        """The runs of this scenario follow."""
        self._append("scenario", asdict(scenario))

    def run(self, run: Run) -> None:
        """One run has ended."""
        self._append("run", asdict(run))

    def left_out(self, what: str) -> None:
        """Something was not measured."""
        self._append("left_out", {"what": what})

    def _append(self, kind: str, values: dict[str, Any]) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps({"kind": kind, **values}) + "\n")


def read(path: Path) -> Measurement:
    """The measurement in a results file.

    Raises:
        ValueError: the file has no header.
    """
    found: Measurement | None = None
    for line in path.read_text().splitlines():
        values = json.loads(line)
        kind = values.pop("kind")
        if kind == "header":
            found = Measurement(Header(**values))
        elif found is None:
            raise ValueError(f"{path.name} does not begin with a header")
        else:
            _take(found, kind, values)
    if found is None:
        raise ValueError(f"{path.name} is empty")
    return found


def _take(measurement: Measurement, kind: str, values: dict[str, Any]) -> None:
    match kind:
        case "scenario":
            measurement.scenarios.append(_scenario(values))
        case "run":
            measurement.runs.append(Run(**values))
        case "left_out":
            measurement.left_out.append(values["what"])
        case _:
            raise ValueError(f"a results file has no {kind!r}")


def _scenario(values: dict[str, Any]) -> Scenario:
    """The scenario as it was: JSON knows no tuples."""
    values["targets"] = tuple(Target(**target) for target in values["targets"])
    values["known"] = tuple((name, value) for name, value in values["known"])
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }
    return Scenario(**fields)
