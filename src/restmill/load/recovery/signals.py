"""Signals that ask a run to end, while dlt is at work: heard by its steps, and never forgotten.

In its normalize and load steps dlt lets what it is doing come to an end and raises afterwards. A signal that
comes when nothing is left to do it drops, and the run would go on with its next stage.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dlt.common.runtime import signals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt import Pipeline


@contextmanager
def heeding_signals(pipeline: Pipeline) -> Iterator[None]:
    """Let a signal that comes within the block be raised at its end, if dlt has not raised it before.

    Not where dlt is told to leave signals alone (`runtime.intercept_signals`).

    Raises:
        KeyboardInterrupt: dlt's `SignalReceivedException`.
    """
    if not pipeline.runtime_config.intercept_signals:
        yield
        return
    with signals.intercepted_signals():
        yield
        signals.raise_if_signalled()
