"""The examples against the real servers they are written for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from restmill import sync
from restmill.events import Waiting
from restmill.testing import Recorder
from tests.load.api import rows

if TYPE_CHECKING:
    from restmill.run.receipt.receipt import Receipt

pytestmark = pytest.mark.live
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
REDMINE = {"issues": 1200, "projects": 130, "time_entries": 350, "users": 13}
FLAGS = 1078


def distinct(receipt: Receipt, table: str, key: str = "id") -> tuple[int, int]:
    return rows(receipt, f"SELECT count(*), count(DISTINCT {key}) FROM {table}")[0]  # noqa: S608


@pytest.mark.parametrize("limit", [100, 500])
def test_redmine_is_complete_twice_whatever_is_asked_for(redmine: str, limit: int) -> None:
    config = Path("redmine.yaml")
    config.write_text((EXAMPLES / "redmine.yaml").read_text().replace("limit: 100", f"limit: {limit}"))
    for _ in range(2):
        receipt = sync(config)
        assert (receipt.verdict, receipt.exit_code) == ("complete", 0)
        assert {one.resource: one.rows for one in receipt.resources} == REDMINE
        assert {one.resource: one.total for one in receipt.resources} == REDMINE
        assert {table: distinct(receipt, table) for table in REDMINE} == {
            table: (count, count) for table, count in REDMINE.items()
        }
        capped = any("100" in note for one in receipt.resources for note in one.notes)
        assert capped == (limit == 500)


@pytest.mark.slow
def test_unleash_is_complete_and_its_budget_is_kept(unleash: str) -> None:
    recorder = Recorder()
    receipt = sync(EXAMPLES / "unleash.yaml", observer=recorder)
    assert (receipt.verdict, receipt.exit_code) == ("complete", 0)
    assert distinct(receipt, "features", "name") == (FLAGS, FLAGS)
    assert receipt.resources[0].total == FLAGS
    again = sync(EXAMPLES / "unleash.yaml", observer=recorder)
    assert again.verdict == "complete"
    assert distinct(again, "features", "name") == (FLAGS, FLAGS)
    # Eleven pages fit into the minute's fifteen requests, twice eleven do not: one of the two had to wait.
    assert recorder.of(Waiting)
    assert receipt.resources[0].waited + again.resources[0].waited > 0
