"""A full disk under dlt's working folder: exit 5, a sentence with the path, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from restmill import sync
from restmill.errors import DestinationError
from tests.load.api import api, counts, resource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.load.conftest import Serve

ROOM = {"for a lock": "8k", "for the state": "60k", "for a part of the rows": "1m"}


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 8 kB in memory at `folder`."""
    mount = shutil.which("mount")
    if os.getuid() != 0 or mount is None:
        pytest.skip("only root may mount a small disk")
    folder.mkdir()
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(folder)], check=False)  # noqa: S603  # found by this test
    if done.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield folder
    finally:
        # Lazily: the traceback of the failure may still hold a file open.
        subprocess.run([str(shutil.which("umount")), "--lazy", str(folder)], check=True)  # noqa: S603  # as above


def resize(disk: Path, size: str) -> None:
    command = [str(shutil.which("mount")), "-o", f"remount,size={size}", str(disk)]
    subprocess.run(command, check=True)  # noqa: S603  # as above


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("size", ROOM.values(), ids=ROOM)
def test_a_full_disk(size: str, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = api(serve(rows=20_000).base_url, resource("events", limit=1000))
    with small_disk(tmp_path / "disk") as disk:
        monkeypatch.setenv("DLT_DATA_DIR", str(disk / "dlt"))
        Container()[PluggableRunContext].reload()
        resize(disk, size)
        with pytest.raises(DestinationError) as raised:
            sync(config, pipeline_name="full")
        problem = raised.value.problem
        assert str(disk) in str(problem.place)
        assert "No space left on device" in problem.got
        assert "Make room there" in problem.hint
        assert not list(disk.glob("dlt/pipelines/full/normalize/????????????????"))
        resize(disk, "50m")
        assert counts(sync(config, pipeline_name="full"), "events") == {"events": 20_000}
