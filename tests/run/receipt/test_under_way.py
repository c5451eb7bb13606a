"""A run under way has a locked file; one that nobody holds is that of a run that was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from restmill.run.receipt import archive
from restmill.run.receipt.receipt import Receipt
from restmill.run.receipt.under_way import KILLED, RUNNING

if TYPE_CHECKING:
    import pytest


def made(number: int = 1, pipeline: str = "flags") -> Receipt:
    run_id = f"20260101T0000{number:02}.000Z-{number:06x}"
    return Receipt(pipeline, "duckdb", "data", f"2026-01-01T00:00:{number:02}+00:00", 1.0, (), run_id=run_id)


def test_a_run_is_running_until_it_ends_and_then_has_its_receipt_only() -> None:
    mark = archive.begin(made())
    (seen,) = archive.stored("flags").receipts
    assert seen.error == RUNNING
    assert archive.named("000001").receipts == (seen,)
    archive.store(made())
    assert archive.stored("flags").receipts == (made(),)
    mark.end()
    assert [one.suffix for one in (archive.FOLDER / "flags").iterdir()] == [".json"]


def test_a_process_that_died_leaves_a_killed_run(pytestconfig: pytest.Config) -> None:
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from restmill.run.receipt import archive; from tests.run.receipt.test_under_way import made\n"
        "mark = archive.begin(made()); os._exit(9)"
    )
    root = str(pytestconfig.rootpath)
    subprocess.run([sys.executable, "-c", program, root], check=False)  # noqa: S603  # this interpreter
    (seen,) = archive.stored().receipts
    assert seen.error == KILLED
    assert (seen.verdict, seen.exit_code) == ("partial", 137)


def test_killed_runs_count_among_those_that_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "KEPT", 2)
    first = archive.begin(made(1))
    first._stack.close()  # as if its process had died
    Path(archive.FOLDER, "flags", f"{made(1).run_id}.open").write_bytes(archive._text_of(made(1)))
    for number in (2, 3):
        archive.store(made(number))
    assert archive.stored("flags").receipts == (made(3), made(2))


def test_a_folder_that_cannot_be_written_costs_the_run_nothing() -> None:
    archive.FOLDER.parent.mkdir(parents=True, exist_ok=True)
    archive.FOLDER.write_text("a file")
    archive.begin(made()).end()
    assert archive.FOLDER.read_text() == "a file"
