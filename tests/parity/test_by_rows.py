"""Parity of the way that is not the default: row by row, restmill makes of a case what dlt makes of it.

The cases are those whose tables are worth a look: hints, and what is done to a source. The rest of the suite
takes this way with RESTMILL_TEST_WAY=rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from restmill.load.columnar import eligibility, storage
from tests.parity import cases_hints, cases_source
from tests.parity.compare import differences
from tests.parity.engines import outcome_of
from tests.parity.generated import BATCHES, Served
from tests.parity.test_generated import PHASES, Folders, disagreement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.parity.case import Case


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


@pytest.fixture(autouse=True)
def _by_rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def never(*_: object) -> None:
        raise AssertionError("a batch went columnar")

    monkeypatch.setattr(storage, "tables_of", never)
    with eligibility.by_rows():
        yield


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in (*cases_hints.CASES, *cases_source.CASES)]
)
def test_by_rows_too_both_engines_make_the_same_of(case: Case, tmp_path: Path) -> None:
    for package in case.needs:
        pytest.importorskip(package)

    dlts = outcome_of(case, "dlt", tmp_path / "dlt")
    ours = outcome_of(case, "restmill", tmp_path / "restmill")

    found = differences(dlts, ours, past_end=case.may_ask_past_end, any_order=case.any_order)
    assert not found, "\n".join(["", *found])


@pytest.mark.slow
@settings(max_examples=2, phases=PHASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(batch=BATCHES)
def test_by_rows_too_generated_lists_load_alike(batch: list[Served], folders: Folders) -> None:
    found = disagreement(batch, folders)
    assert not found, "\n".join(["", *found])
