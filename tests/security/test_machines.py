"""Bad machines: links where files are to be, full disks, streams that take nothing, odd environments."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from restmill.cli.main import main
from restmill.errors import ConfigError, DestinationError
from restmill.load.failures.dlt_errors import explained
from restmill.load.failures.settings import ensure_readable
from restmill.run.lock import locked
from restmill.run.receipt.archive import json_of

CONFIG = 'client: {base_url: "http://127.0.0.1:1"}\nresources:\n  - {name: a, endpoint: {path: /a}}\n'


def test_a_lock_follows_no_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "lock").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic link"), locked(tmp_path / "lock", "now"):
        pass
    assert victim.read_text() == "precious"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("IO Error: Could not write file: No space left on device"),
        ValueError("database or disk is full"),
        RuntimeError('could not extend file "base/1/2": No space left on device'),
    ],
)
def test_a_full_disk_is_the_destinations_error_whoever_met_it(error: Exception) -> None:
    found = explained(error)
    assert isinstance(found, DestinationError)
    assert found.problem.place.file or "/" in found.problem.got


BROKEN = {
    "left open": b'a = 1\nk = "s3cr3t\n',
    "no quotes": b"a = 1\nk = s3cr3t\n",
    "no key": b'a = 1\n= "s3cr3t"\n',
    "twice": b'a = 1\na = "s3cr3t"\n',
    "a table left open": b'a = 1\n[b\nk = "s3cr3t"\n',
    "YAML": b"a = 1\nk: s3cr3t\n",
    "a NUL": b'a = 1\nk = "s3cr3t\x00"\n',
    "half of a pair": b'a = 1\nk = "s3cr3t\\ud800"\n',
}


@pytest.mark.parametrize("file", ["secrets.toml", "config.toml"])
@pytest.mark.parametrize("name", BROKEN)
def test_dlts_files_are_wrong_at_a_line_and_not_repeated(tmp_path: Path, file: str, name: str) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / file).write_bytes(BROKEN[name])
    with pytest.raises(ConfigError) as caught:
        ensure_readable()
    place = caught.value.problem.place
    assert (place.file, place.line) == (f".dlt/{file}", 2)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("content", ['k = "é"\n'.encode("latin-1"), 'k = "x"\n'.encode("utf-16")])
def test_dlts_files_that_are_no_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "secrets.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"\.dlt/secrets\.toml"):
        ensure_readable()


def test_check_does_not_trip_over_dlts_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)
    (tmp_path / ".dlt" / "secrets.toml").mkdir(parents=True)
    (tmp_path / ".dlt" / "config.toml").write_bytes(b"\xff\xfe")
    assert main(["check", "c.yaml"]) == 0


@pytest.mark.parametrize("value", ["\ud800", 10**30, -(10**30), float("nan"), b"x", Path("x"), "\x00"])
def test_anything_can_be_said_in_json(value: object) -> None:
    assert json_of({"x": value, 1: value}).decode()


STREAMS = ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>&1"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("streams", STREAMS)
def test_a_stream_that_takes_nothing_is_no_error(tmp_path: Path, streams: str) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)
    command = f"exec '{sys.executable}' -m restmill check c.yaml --json {streams}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False, cwd=tmp_path)  # noqa: S603, S607
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "settings",
    [{"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"RUNTIME__LOG_LEVEL": "BOGUS"}],
)
def test_an_odd_environment_is_no_fault(tmp_path: Path, settings: dict[str, str]) -> None:
    (tmp_path / "größe.yaml").write_text(CONFIG, encoding="utf-8")
    environment = {**os.environ, **settings}
    command = [sys.executable, "-m", "restmill", "check", "größe.yaml"]
    done = subprocess.run(command, capture_output=True, check=False, cwd=tmp_path, env=environment)  # noqa: S603
    assert done.returncode == 0, done.stderr
