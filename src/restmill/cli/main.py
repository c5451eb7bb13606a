"""The console entry: runs a command and turns whatever happens into an exit code.

0 all complete   2 config or usage   3 loaded, but not all proven complete
4 the API failed   5 the destination failed   130 interrupted   1 a fault nobody foresaw
"""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

import click

from restmill.cli.app import Switches, app
from restmill.errors import Interrupted, RestmillError
from restmill.secrets import Redactor

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED = "interrupted: nothing was loaded; run again to start over"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments`, those of the process unless given; returns the exit code."""
    switches = Switches()
    try:
        code = app.main(args=arguments, prog_name="restmill", standalone_mode=False, obj=switches)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt, Interrupted):  # click turns Ctrl-C into Abort
        return _interrupted()
    except RestmillError as error:
        return _refused(error, switches)
    except Exception as error:  # noqa: BLE001  # the last line of defence: no traceback unless asked for
        return _interrupted() if _from_ctrl_c(error) else _unforeseen(error, switches)
    return code if isinstance(code, int) else 0


def _interrupted() -> int:
    click.echo(_INTERRUPTED, err=True)
    return Interrupted.exit_code


def _from_ctrl_c(error: BaseException) -> bool:
    """Whether Ctrl-C is behind an error: dlt wraps it as the failure of whatever step it met."""
    behind: list[BaseException | None] = [error]
    seen: set[int] = set()
    while behind:
        one = behind.pop()
        if isinstance(one, KeyboardInterrupt):
            return True
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            behind += [one.__cause__, one.__context__]
    return False


def _refused(error: RestmillError, switches: Switches) -> int:
    from restmill.cli.problems import show_error  # noqa: PLC0415  # only a failure needs it

    if switches.debug:
        traceback.print_exc(file=sys.stderr)
    show_error(error, switches.command)
    return error.exit_code


def _unforeseen(error: Exception, switches: Switches) -> int:
    from restmill.cli.problems import show_unforeseen  # noqa: PLC0415  # only a failure needs it

    if switches.debug:
        traceback.print_exc(file=sys.stderr)
    show_unforeseen(error, Redactor().plus(switches.secrets))
    return 1
