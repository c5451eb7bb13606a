"""SIGTERM while dlt normalizes or loads: heard, raised at the end of the step, and never forgotten."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill.errors import interruption_code
from restmill.load.recovery.signals import heeding_signals

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pipeline(tmp_path: Path) -> dlt.Pipeline:
    into = dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    return dlt.pipeline("signals", destination=into, dataset_name="kept_data", pipelines_dir=str(tmp_path))


def raised_in(pipeline: dlt.Pipeline, step: Any) -> BaseException:
    with pytest.raises(KeyboardInterrupt) as raised, heeding_signals(pipeline):
        step()
    return raised.value


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_that_comes_when_all_is_done_is_raised(
    number: signal.Signals, code: int, pipeline: dlt.Pipeline
) -> None:
    def load() -> None:
        pipeline.load()
        signal.raise_signal(number)

    pipeline.extract([{"id": 1}], table_name="things")
    pipeline.normalize()
    assert interruption_code(raised_in(pipeline, load)) == code
    assert not pipeline.has_pending_data


def test_dlt_may_be_told_to_leave_signals_alone(
    pipeline: dlt.Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline.runtime_config, "intercept_signals", False)
    before = signal.getsignal(signal.SIGTERM)
    with heeding_signals(pipeline):
        assert signal.getsignal(signal.SIGTERM) is before
