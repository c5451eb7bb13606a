"""Parity on generated data: random records, random paging, random hints; 25 lists in each batch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.parity.case import Case
from tests.parity.compare import differences
from tests.parity.engines import outcome_of
from tests.parity.generated import BATCHES, Served

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.parity.case import Config
    from tests.parity.engines import Outcome

_BATCHES = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 21
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: a batch is bisected instead, which finds the list that differs in a few runs."""


class Folders:
    """Fresh folders below one that nobody else uses."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._made = 0

    def fresh(self) -> Path:
        """A folder nobody has used."""
        self._made += 1
        return self._root / str(self._made)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


@pytest.mark.slow
@settings(max_examples=_BATCHES, phases=PHASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(batch=BATCHES)
def test_generated_lists_load_alike(
    batch: list[Served], folders: Folders, record_property: Callable[[str, object], None]
) -> None:
    found = disagreement(batch, folders)
    assert not found, "\n".join(["", *found])
    record_property("examples", len(batch))


def disagreement(batch: list[Served], folders: Folders) -> list[str]:
    """What the engines disagree about, in the smallest part of the batch that shows it.

    One list that dlt cannot load spoils its whole batch; then the parts are compared, and a list that
    neither engine loads is no disagreement.
    """
    dlts, ours = outcomes(batch, folders.fresh())
    found = differences(dlts, ours, past_end=True, any_order=True)
    if not found and not dlts.failed:
        return []
    if len(batch) == 1:
        return found and [f"{batch}", *found]
    middle = len(batch) // 2
    inside = disagreement(batch[:middle], folders) or disagreement(batch[middle:], folders)
    return inside or found


def outcomes(batch: list[Served], folder: Path) -> tuple[Outcome, Outcome]:
    """What dlt and restmill make of these lists as the resources of one source."""
    case = Case("generated", lambda api: config_for(batch, api), lists=batch, any_order=True, fails=True)
    return outcome_of(case, "dlt", folder / "dlt"), outcome_of(case, "restmill", folder / "restmill")


def config_for(batch: list[Served], api: str) -> Config:
    """One config that reads all lists of the batch."""
    return {
        "client": {"base_url": api},
        "resources": [served.resource(number) for number, served in enumerate(batch)],
    }
