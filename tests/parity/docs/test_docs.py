"""dlt's documentation, example by example: what dlt makes of one, restmill makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.parity import engines
from tests.parity.compare import differences, looked_ahead
from tests.parity.docs import advanced, basics, increments, paginators, relations
from tests.parity.docs.api import documented

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.parity.case import Case

_LEAST = 40
EXAMPLES: dict[str, Case] = {
    f"{module.__name__.rpartition('.')[2]}: {case.name}": case
    for module in (basics, relations, increments, paginators, advanced)
    for case in module.CASES
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in EXAMPLES.items()])
def test_both_engines_make_the_same_of(
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setattr(engines, "recording", documented)

    dlts = engines.outcome_of(case, "dlt", tmp_path / "dlt")
    ours = engines.outcome_of(case, "restmill", tmp_path / "restmill")

    assert bool(dlts.failed) == case.fails
    assert case.fails or (dlts.count() == 0) == case.empty
    found = differences(dlts, ours, past_end=case.may_ask_past_end, any_order=case.any_order)
    assert not found, "\n".join(["", *found])
    record_property("features", 1)
    record_property("ahead", looked_ahead(dlts, ours) if case.may_ask_past_end else 0)


def test_enough_examples_are_there() -> None:
    examples = sum(len(module.CASES) for module in (basics, relations, increments, paginators, advanced))
    assert len(EXAMPLES) == examples >= _LEAST
