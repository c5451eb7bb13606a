"""The known differences of incremental loading, see `test_differences`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.parity.case import Config, one

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.parity.conftest import Both
    from tests.parity.engines import Outcome


def _answer(**incremental: Any) -> Callable[..., Config]:
    cursor = {"cursor_path": "at", **incremental}
    return lambda api: one(
        api, "made/answer", incremental=cursor, data_selector="$", paginator="single_page", primary_key="id"
    )


def _cursors(both: Both, records: list[Any], runs: int = 1, **incremental: Any) -> tuple[Outcome, Outcome]:
    return both(_answer(**incremental), documents={"answer": records}, runs=runs)


def _mark(outcome: Outcome) -> Any:
    resource: Any = next(iter(outcome.state["rest_api"]["resources"].values()))
    return resource["incremental"]["at"]["last_value"]


@pytest.mark.parametrize(
    ("initial", "newer"),
    [("9", "10"), ("2024-10-26T10:00:00-05:00", "2024-10-26T09:30:00-06:00"), ("12/31/2024", "01/13/2025")],
)
def test_cursor_values_are_times_and_numbers(both: Both, initial: str, newer: str) -> None:
    dlts, ours = _cursors(both, [{"id": 1, "at": newer}], initial_value=initial)
    assert (dlts.count(), ours.count()) == (0, 1)
    assert _mark(ours) == newer


def test_cursor_value_that_is_a_date(both: Both) -> None:
    records = [{"id": 1, "at": "2024-05-01T10:00:00Z"}, {"id": 2, "at": "2023-05-01T10:00:00Z"}]
    dlts, ours = _cursors(both, records, initial_value=date(2024, 1, 1))
    assert dlts.failed
    assert ours.count() == 1


def test_cursor_in_the_future(both: Both) -> None:
    records = [{"id": 1, "at": "2024-01-01T00:00:00Z"}, {"id": 2, "at": "9999-12-31T23:59:59Z"}]
    dlts, ours = _cursors(both, records, runs=2)
    assert dlts.rows == ours.rows
    assert (_mark(dlts), _mark(ours)) == ("9999-12-31T23:59:59Z", "2024-01-01T00:00:00Z")


def test_cursor_path_to_several_values(both: Both) -> None:
    records = [{"id": 1, "parts": [{"at": "2024-01-01"}, {"at": "2024-01-02"}]}]
    dlts, ours = _cursors(both, records, cursor_path="parts[*].at")
    assert (dlts.failed, dlts.count()) == ("", 1)
    assert ours.failed


def test_lag_beyond_the_calendar(both: Both) -> None:
    dlts, ours = _cursors(both, [{"id": 1, "at": "2024-01-01T00:00:00Z"}], runs=2, lag=1e12)
    assert dlts.failed
    assert not ours.failed
