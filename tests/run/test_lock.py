"""One at a time: the lock of the operating system, which ends with its holder."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from restmill.run.lock import Holder, Taken, locked

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from restmill.run.lock import locked
with locked(Path(sys.argv[1]), "then"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_holds_it_and_since_when(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.lock"
    with locked(path, "noon"), pytest.raises(Taken) as caught, locked(path, "one"):
        pass
    assert caught.value.holder == Holder(os.getpid(), "noon")
    assert str(caught.value) == f"process {os.getpid()}, since noon"
    with locked(path, "two"):
        pass
    assert path.read_text() == ""


def test_a_lock_ends_with_its_holder_however_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    words = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:  # noqa: S603
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Taken, match=f"process {holder.pid}, since then"), locked(path, "now"):
            pass
        holder.kill()
        holder.wait()
        with locked(path, "now"):
            assert str(os.getpid()) in path.read_text()


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"pid": "x", "since": 1}'])
def test_a_holder_that_has_not_said_who_it_is(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with locked(path, "noon"):
        path.write_text(text)
        with pytest.raises(Taken, match="another process"), locked(path, "one"):
            pass


def test_the_block_s_own_error_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with pytest.raises(KeyError), locked(path, "noon"):
        raise KeyError
    with locked(path, "one"):
        pass


def test_a_file_system_without_locks_is_no_reason_not_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(_descriptor: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("restmill.run.lock._lock", none)
    with locked(tmp_path / "a.lock", "noon"):
        assert "No locks available" in caplog.text
