"""The console entry: runs a command and turns whatever happens into an exit code.

0 all complete   2 config or usage   3 loaded, but not all proven complete
4 the API failed   5 the destination failed   130 interrupted, 143 by SIGTERM   1 a fault nobody foresaw
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from restmill.cli import INTERRUPTED

try:  # a second of imports, and who started us may change their mind
    import click

    from restmill.cli.app import Switches, app
    from restmill.cli.output import (
        INTERRUPTED_LATE,
        exit_code_of,
        failure_fields,
        heed_closed_pipes,
        heed_log_level,
        print_json,
    )
    from restmill.cli.signals import heeding
    from restmill.errors import STOPPED, RestmillError, SetAside
    from restmill.run.logs import redacted_logs
    from restmill.secrets import KEYRING
except KeyboardInterrupt:
    sys.stderr.write(f"{INTERRUPTED}\n")
    raise SystemExit(130) from None

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.run.receipt.receipt import Receipt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments`, those of the process unless given; returns the exit code."""
    if arguments is None:
        _in_utf8()
        heed_closed_pipes()
        heed_log_level()
    switches = Switches()
    try:
        with heeding(), redacted_logs():
            code = app.main(args=arguments, prog_name="restmill", standalone_mode=False, obj=switches)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt, Exception) as error:  # noqa: BLE001  # the last line of defence
        _tell(error, switches)
        if switches.json:
            print_json(failure_fields(error, switches.receipt))
        return exit_code_of(error)
    return code if isinstance(code, int) else 0


def _in_utf8() -> None:
    """Start again in UTF-8 mode (PEP 540) where names of files are ASCII: those of tables need not be."""
    if sys.getfilesystemencoding() == "utf-8" or os.name == "nt" or sys.flags.utf8_mode:
        return
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606  # it is us


def _of_stopped(receipt: Receipt | None) -> str:
    """What became of the data of a run that was interrupted."""
    if receipt is None:
        return INTERRUPTED
    return receipt.error.what if receipt.error else INTERRUPTED_LATE


def _show_receipt(receipt: Receipt) -> None:
    """The receipt of a run that has loaded all but what was refused."""
    from restmill.cli.views.run import show_receipt  # noqa: PLC0415  # as below
    from restmill.cli.views.sheet import Sheet  # noqa: PLC0415  # as below

    show_receipt(Sheet(), receipt)
    sys.stdout.flush()


def _tell(error: BaseException, switches: Switches) -> None:
    """Say what happened on the error stream; no traceback unless asked for."""
    if exit_code_of(error) in STOPPED:  # click turns Ctrl-C into Abort
        click.echo(_of_stopped(switches.receipt), err=True)
        return
    from restmill.cli.problems import show_error, show_unforeseen  # noqa: PLC0415  # only a failure needs it

    if switches.debug:
        sys.stderr.write(KEYRING.redact("".join(traceback.format_exception(error))))
    if isinstance(error, SetAside) and switches.receipt and not switches.json:
        _show_receipt(switches.receipt)
    if isinstance(error, RestmillError):
        show_error(error, switches.command, earlier=bool(switches.receipt and switches.receipt.earlier))
    else:
        show_unforeseen(error)
