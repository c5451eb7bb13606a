"""Quiet logs, one worker for dlt's loads, and the way of the records.

restmill's records go columnar, as they do by default. RESTMILL_TEST_WAY=rows sends them row by row instead,
the whole suite through; some cases are always run in both ways (`test_by_rows.py`).
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from restmill.load.columnar import eligibility
from tests.parity.case import Case
from tests.parity.engines import outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.parity.case import Config
    from tests.parity.engines import Outcome

Both: TypeAlias = "Callable[..., tuple[Outcome, Outcome]]"


@pytest.fixture(autouse=True)
def _quiet_dlt(monkeypatch: pytest.MonkeyPatch) -> None:
    """For these tests only: other tests of the same process rely on dlt asking the destination."""
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")
    monkeypatch.setenv("LOAD__WORKERS", "1")
    monkeypatch.setenv("NORMALIZE__WORKERS", "1")
    monkeypatch.setenv("RESTORE_FROM_DESTINATION", "false")


@pytest.fixture(autouse=True)
def _way() -> Iterator[None]:
    """The way that RESTMILL_TEST_WAY names."""
    with eligibility.by_rows() if os.environ.get("RESTMILL_TEST_WAY") == "rows" else nullcontext():
        yield


@pytest.fixture
def both(tmp_path: Path) -> Callable[..., tuple[Outcome, Outcome]]:
    """Runs a case through dlt and through restmill; either may fail."""

    def run(config: Callable[[str], Config], **keys: Any) -> tuple[Outcome, Outcome]:
        case = Case("difference", config, fails=True, **keys)
        return outcome_of(case, "dlt", tmp_path / "dlt"), outcome_of(case, "restmill", tmp_path / "restmill")

    return run


# dlt leaves the sockets of its session to the garbage collector, and a server that stops may leave a
# connection that came in its last moment. Neither is restmill's; its own tests ignore no warning.
_LEFT_OPEN = (
    r"ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning",
    r"ignore:Exception ignored in. <function _SelectorTransport:pytest.PytestUnraisableExceptionWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Both engines' garbage is none of these tests' business."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            for warning in _LEFT_OPEN:
                item.add_marker(pytest.mark.filterwarnings(warning))
