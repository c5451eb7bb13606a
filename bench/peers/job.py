"""What one peer is asked to do, and what it reports: the only thing the peers share besides the pipeline.

A job travels to the peer's process as JSON on its command line; the seconds of each step come back in a file.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DATASET = "synced"
PARENTS_A_PAGE = 20
"""Small pages of parents: dlt's `parallelized` works on several pages at a time."""


@dataclass(frozen=True, slots=True)
class Job:
    """One sync of one collection of the sandbox into a new DuckDB file."""

    base_url: str
    folder: str
    """An empty folder for the database, dlt's working files and the report."""
    collection: str
    """A collection of the sandbox; `tasks` is read as the children of `projects`."""
    page_size: int
    only_extract: bool = False
    """Stop after dlt's extract step: the records are on disk, nothing is loaded."""
    file_format: str = ""
    """dlt's `loader_file_format`; the destination's own choice when empty."""
    parallelized: bool = False

    @classmethod
    def given(cls) -> Job:
        """The job on the command line of this process."""
        return cls(**json.loads(sys.argv[1]))

    def as_argument(self) -> str:
        """The job as `given` reads it."""
        return json.dumps(asdict(self))

    @property
    def database(self) -> str:
        """The DuckDB file to load into."""
        return str(Path(self.folder) / "data.duckdb")

    @property
    def url(self) -> str:
        """The address of the collection."""
        return f"{self.base_url}/v1/{self.collection}"

    def report(self, steps: Mapping[str, float]) -> None:
        """Leave the seconds of each step for whoever started this process."""
        self._report.write_text(json.dumps(dict(steps)))

    def reported(self) -> dict[str, float]:
        """What the peer left; empty when it did not come so far."""
        if not self._report.exists():
            return {}
        return {str(step): float(seconds) for step, seconds in json.loads(self._report.read_text()).items()}

    @property
    def _report(self) -> Path:
        return Path(self.folder) / "steps.json"
