"""Alone: runs of one pipeline share dlt's working folder. There is one at a time, and it leaves no rest."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING
from urllib.parse import quote

from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.common.storages.normalize_storage import NormalizeStorage

from restmill.errors import Busy, Place, Problem
from restmill.load.failures.dlt_errors import raise_explained
from restmill.run.lock import Taken, locked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt import Pipeline

_HINT = "Wait until it ends, or give this run a pipeline of its own with `--pipeline`."


@contextmanager
def alone(pipeline: str) -> Iterator[None]:
    """Let nobody else run this pipeline until the block ends.

    The lock's file stands beside dlt's working folder, not in it: `dlt pipeline drop` deletes that.

    Raises:
        Busy: somebody runs it now.
        DestinationError: dlt's folder cannot be written.
    """
    path = Path(get_dlt_pipelines_dir()) / f".{quote(pipeline, safe=' ')}.lock"
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"))
        except Taken as taken:
            what = "another run of this pipeline is under way"
            raise Busy(Problem(Place(f"pipeline {pipeline}"), what, str(taken.holder), _HINT)) from taken
        except OSError as error:
            raise_explained(error)
        yield


@contextmanager
def no_leftovers(pipeline: Pipeline) -> Iterator[None]:
    """When the block raises, delete what its extract step has written and never committed."""
    home = Path(pipeline._get_normalize_storage().storage.storage_path)  # noqa: SLF001  # dlt leaves its folders there
    before = {*home.glob("*/"), home / NormalizeStorage.EXTRACTED_FOLDER}
    try:
        yield
    except BaseException:
        for folder in {*home.glob("*/")} - before:
            rmtree(folder)
        raise
