"""The slow ones run by `make security` only; no test learns the secrets, or the pipelines, of another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from restmill.run.session import session
from restmill.secrets import KEYRING
from tests.load.api import wait_for_the_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WANTED = "RESTMILL_TEST_SECURITY"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow ones out, unless they are asked for."""
    if os.environ.get(WANTED):
        return
    slow = [one for one in items if "tests/security" in one.nodeid and one.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [one for one in items if one not in slow]


@pytest.fixture(autouse=True)
def _strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Own pipelines, an empty keyring, and no engine that outlives its test."""
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setattr(session, "_LINGER", 0.1)
    KEYRING.forget()
    yield
    wait_for_the_engine()
