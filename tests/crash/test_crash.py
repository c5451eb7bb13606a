"""A few kills of the crash harness, in a process of its own; `make crash N=200` is the whole of it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.crash.harness import case_of
from tests.crash.windows import WINDOWS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

SEEDS = (4, 15, 20, 24, 37, 90)
"""Cases that were wrong once; 15 comes at any moment."""


def test_runs_that_are_killed_leave_exact_tables(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if not hasattr(os, "pidfd_open"):
        pytest.skip("the harness waits for processes as Linux does")
    program = (sys.executable, "-m", "tests.crash", "--keep", str(tmp_path / "cases"), "--seeds")
    root = str(pytestconfig.rootpath)
    done = subprocess.run(  # noqa: S603  # this interpreter
        [*program, *map(str, SEEDS)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((f"{root}/src", root))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_window_is_met_within_200_kills() -> None:
    cases = [case_of(seed, ("duckdb", "postgres")) for seed in range(200)]
    assert {case.window for case in cases} >= set(WINDOWS)
    assert {case.destination for case in cases} == {"duckdb", "postgres"}
    assert len({(case.by_rows, case.filled, case.number) for case in cases}) == 8
    assert case_of(7, ("duckdb",)) == case_of(7, ("duckdb",))
