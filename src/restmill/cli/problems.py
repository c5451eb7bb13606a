"""Errors on the error stream: where, what, got, hint, and what became of the data. Without rich, to be quick.

A mistake a user can make is shown by its fields. What nobody foresaw is shown by its class and the line of
code it came from; its text only when that line is the user's own, because a library's text may quote what it
was given.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import textwrap
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from restmill.cli.text import counted, printable
from restmill.errors import ApiError, ConfigError, DestinationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from restmill.errors import Problem, RestmillError

_WIDEST = 100
_OURS = Path(__file__).parent.parent


def painted(text: str, colour: str = "", *, bold: bool = False) -> str:
    """`text` in a colour; as it is under NO_COLOR, which click itself does not heed (see no-color.org)."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=colour or None, bold=bold or None)


def show_error(error: RestmillError) -> None:
    """Every problem of the error, then one line that says what was done and what was not."""
    show_problems(error.problems)
    click.echo(painted(_consequence(error), bold=True), err=True)


def show_problems(problems: Iterable[Problem], *, style: str = "red", word: str = "") -> None:
    """Each problem: a line for where it is, then what is wrong, what was got and the hint, indented."""
    for problem in problems:
        place = printable(str(problem.place))
        if word or place:
            click.echo(painted("  ".join(part for part in (word, place) if part), style), err=True)
        got = f" (got {problem.got})" if problem.got else ""
        hint = f"  {problem.hint}" if problem.hint else ""
        click.echo(_wrapped(f"{problem.what}{got}{hint}"), err=True)


def problem_fields(problem: Problem) -> Mapping[str, str | int]:
    """A problem as a mapping fit for JSON."""
    place = problem.place
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "path": place.path,
        "what": problem.what,
        "got": problem.got,
        "hint": problem.hint,
    }


def show_unforeseen(error: BaseException) -> None:
    """One or two lines for an error of no class of ours: from the user's own code, or a fault in restmill."""
    where, own = _origin(error)
    click.echo(painted(f"{where}  {type(error).__name__}", "red"), err=True)
    text = str(error).strip()
    if own and text:
        click.echo(_wrapped(text.splitlines()[0]), err=True)
    if not own:
        click.echo(_wrapped("This is a fault in restmill, or in a library it uses."), err=True)
    click.echo(_wrapped("`--debug` shows the traceback."), err=True)


def _consequence(error: RestmillError) -> str:
    match error:
        case ConfigError():
            return f"{counted(len(error.problems), 'problem')}. Nothing was sent."
        case ApiError():
            return "The API could not be read. Nothing was loaded."
        case DestinationError():
            return "The destination could not be written."
        case _:
            return f"{counted(len(error.problems), 'problem')}."


def _wrapped(text: str) -> str:
    # Words are kept whole: a URL or a path that is broken in two cannot be copied.
    return textwrap.fill(
        printable(text),
        _WIDEST if not sys.stderr.isatty() else min(_WIDEST, shutil.get_terminal_size().columns),
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _origin(error: BaseException) -> tuple[str, bool]:
    """`file:line` of the innermost frame in the user's own code, or else of any; and which it is."""
    frames = traceback.extract_tb(error.__traceback__)
    libraries = {Path(path).resolve() for path in sysconfig.get_paths().values()}
    for frame in reversed(frames):
        path = Path(frame.filename).resolve()
        if not path.is_file() or path.is_relative_to(_OURS):
            continue
        if not any(path.is_relative_to(library) for library in libraries):
            return f"{frame.filename}:{frame.lineno}", True
    last = frames[-1] if frames else None
    return (f"{last.filename}:{last.lineno}" if last else "restmill"), False
