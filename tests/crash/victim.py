"""One run of the command line in a process of its own, which may kill itself at a window.

The process is a fork of the harness, which has imported everything once and has no threads: that takes a
tenth of the time of a fresh interpreter. It has a folder, a session and settings of its own.
"""

from __future__ import annotations

import os
import select
import sys
import traceback
from contextlib import ExitStack
from typing import TYPE_CHECKING, NoReturn

from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from restmill.cli.main import main
from restmill.load.columnar import eligibility
from tests.crash.windows import arm

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.crash.windows import Window


def start(
    folder: Path,
    arguments: Sequence[str],
    settings: Mapping[str, str],
    death: tuple[Window, int, signal.Signals] | None = None,
    *,
    by_rows: bool = False,
) -> int:
    """Begin `restmill *arguments` in `folder`; returns the process's id."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _live(folder, arguments, settings, death, by_rows=by_rows)
    return child


def _live(
    folder: Path,
    arguments: Sequence[str],
    settings: Mapping[str, str],
    death: tuple[Window, int, signal.Signals] | None,
    *,
    by_rows: bool,
) -> NoReturn:
    code = 70
    try:
        os.chdir(folder)
        output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.update(settings, DLT_DATA_DIR=str(folder / "dlt"), HOME=str(folder))
        Container()[PluggableRunContext].reload()
        with ExitStack() as stack:
            if by_rows:
                stack.enter_context(eligibility.by_rows())
            if death is not None:
                arm(*death)
            code = main(arguments)
    except BaseException:  # noqa: BLE001  # told, and the process ends here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def has_ended(child: int, seconds: float) -> bool:
    """Whether a process ends within so many seconds."""
    descriptor = os.pidfd_open(child)
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def end_of(child: int) -> int:
    """How a process has ended: its exit code, or minus the number of the signal that killed it."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
