"""A summary of how many cells of the matrix were compared, from all workers together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line with the number of cells."""
    found = [
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "cells" and isinstance(value, int)
    ]
    if found:
        terminalreporter.write_line(f"matrix of lies: {sum(found):,} cells, each right or not complete")
