"""One command: runs it and turns whatever happens into an exit code and a document, see `main`."""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

import click

from restmill.cli import INTERRUPTED
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
from restmill.errors import STOPPED, RestmillError
from restmill.secrets import Redactor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.run.receipt import Receipt


def run(arguments: Sequence[str] | None) -> int:
    """Run the command line `arguments`, None: those of the process; returns the exit code."""
    if arguments is None:
        heed_closed_pipes()
        heed_log_level()
    switches = Switches()
    try:
        with heeding():
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


def _of_stopped(receipt: Receipt | None) -> str:
    """What became of the data of a run that was interrupted."""
    if receipt is None:
        return INTERRUPTED
    return receipt.error.what if receipt.error else INTERRUPTED_LATE


def _tell(error: BaseException, switches: Switches) -> None:
    """Say what happened on the error stream; no traceback unless asked for."""
    if exit_code_of(error) in STOPPED:  # click turns Ctrl-C into Abort
        click.echo(_of_stopped(switches.receipt), err=True)
        return
    from restmill.cli.problems import show_error, show_unforeseen  # noqa: PLC0415  # only a failure needs it

    if switches.debug:
        traceback.print_exc(file=sys.stderr)
    if isinstance(error, RestmillError):
        show_error(error, switches.command)
    else:
        show_unforeseen(error, Redactor().plus(switches.secrets))
