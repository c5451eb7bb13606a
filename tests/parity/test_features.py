"""Parity, feature by feature: what dlt makes of a case, restmill makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill.errors import ConfigError
from tests.parity.cases import CASES, NOT_YET
from tests.parity.compare import differences, looked_ahead
from tests.parity.engines import outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.parity.case import Case
    from tests.parity.engines import Outcome

_REFUSED = pytest.mark.xfail(raises=ConfigError, strict=True, reason="refused by name for now")
_LEAST = 80


# dlt warns of `transform`, the old name of `convert`.
@pytest.mark.filterwarnings("ignore:The key `transform`:DeprecationWarning")
@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=name, marks=_REFUSED if name in NOT_YET else ()) for name, case in CASES.items()],
)
def test_both_engines_make_the_same_of(
    case: Case,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    for package in case.needs:
        pytest.importorskip(package)

    dlts = outcome_of(case, "dlt", tmp_path / "dlt")
    ours = outcome_of(case, "restmill", tmp_path / "restmill")

    _is_worth_comparing(case, dlts)
    found = differences(dlts, ours, past_end=case.may_ask_past_end, any_order=case.any_order)
    assert not found, "\n".join(["", *found])
    record_property("features", 1)
    record_property("ahead", looked_ahead(dlts, ours) if case.may_ask_past_end else 0)


def _is_worth_comparing(case: Case, dlts: Outcome) -> None:
    """A case that loads nothing compares nothing, unless that is its point."""
    assert bool(dlts.failed) == case.fails
    assert case.fails or (dlts.count() == 0) == case.empty


def test_enough_features_are_named() -> None:
    assert len(CASES.keys() - NOT_YET) >= _LEAST
    assert CASES.keys() >= NOT_YET
