"""Print what the tests of this folder measured but, rightly, do not assert."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a measured start: its CPU seconds."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if isinstance(value, float) and "test_imports" in report.nodeid:
                terminalreporter.write_line(f"{name}: {value:.2f} s CPU")
