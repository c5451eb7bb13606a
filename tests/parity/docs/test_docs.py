"""dlt's documentation, example by example: what dlt makes of one, restmill makes of it.

The examples are those of the pages "REST API source" and "Advanced configuration", of the templates that
`dlt init rest_api` writes and of the docstrings; only their addresses lead elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.parity import server
from tests.parity.compare import differences, looked_ahead
from tests.parity.docs import advanced, basics, increments, paginators, relations
from tests.parity.docs.api import DocumentedApi
from tests.parity.engines import outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.parity.case import Case

_LEAST = 80
_LISTED = [
    (f"{module.__name__.rpartition('.')[2]}: {case.name}", case)
    for module in (basics, relations, increments, paginators, advanced)
    for case in module.CASES
]
EXAMPLES: dict[str, Case] = dict(_LISTED)


@pytest.fixture(autouse=True)
def _documented_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "RecordingSandbox", DocumentedApi)


@pytest.mark.parametrize("case", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_both_engines_make_the_same_of(
    case: Case, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dlts = outcome_of(case, "dlt", tmp_path / "dlt")
    ours = outcome_of(case, "restmill", tmp_path / "restmill")

    assert bool(dlts.failed) == case.fails
    assert case.fails or (dlts.count() == 0) == case.empty
    found = differences(dlts, ours, past_end=case.may_ask_past_end, any_order=case.any_order)
    assert not found, "\n".join(["", *found])
    record_property("features", 1)
    record_property("ahead", looked_ahead(dlts, ours) if case.may_ask_past_end else 0)


def test_a_parent_that_yields_records_one_by_one_works_too(tmp_path: Path) -> None:
    """In dlt it "will not work", says the documentation: a parent must yield lists."""
    refused = outcome_of(relations.ONE_BY_ONE, "dlt", tmp_path / "dlt")
    ours = outcome_of(relations.ONE_BY_ONE, "restmill", tmp_path / "restmill")
    by_pages = outcome_of(relations.WHOLE_PAGES, "dlt", tmp_path / "pages")

    assert refused.failed
    assert not ours.failed
    assert ours.rows == by_pages.rows
    assert ours.count() > 0


def test_enough_examples_are_there() -> None:
    assert len(EXAMPLES) == len(_LISTED), "two examples have one name"
    assert len(EXAMPLES) >= _LEAST
