"""Errors on the error stream: where, what, got, hint, and what became of the data. Without rich, to be quick.

A mistake a user can make is shown by its fields. What nobody foresaw is shown by the line of code it came
from and by the innermost error's class and first line. A library's text may quote what it was given, so known
secrets, query strings and credentials are taken out of it, and it is cut short.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
import textwrap
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from restmill.cli.text import counted, grouped, printable, shortened
from restmill.errors import (
    ApiError,
    Busy,
    CodeError,
    ConfigError,
    DestinationError,
    Incomplete,
    Refused,
    SetAside,
    Unusable,
)
from restmill.secrets import KEYRING, without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from restmill.errors import Problem, RestmillError

_WIDEST = 100
_LONGEST = 200
_SENDING = ("run", "check", "plan", "preview", "verify")
"""Commands that send, or say what another would send, and find a wrong config before they do."""
_OURS = Path(__file__).parent.parent


def painted(text: str, colour: str = "", *, bold: bool = False) -> str:
    """`text` in a colour; as it is under NO_COLOR, which click itself does not heed (see no-color.org)."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=colour or None, bold=bold or None)


def show_error(error: RestmillError, command: str = "", *, earlier: bool = False) -> None:
    """Every problem of the error, then one line that says what `command` has done and what it has not.

    `earlier`: what an earlier run had left was loaded first.
    """
    show_problems(error.problems)
    told = _consequence(error, command)
    if earlier:
        told = told.replace(
            "Nothing was loaded.", "Nothing of this run was loaded; what an earlier one had read was."
        )
    click.echo(painted(told, bold=True), err=True)


def show_problems(problems: Iterable[Problem], *, style: str = "red", word: str = "") -> None:
    """Each problem: a line for where it is, then what is wrong, what was got and the hint, indented."""
    for one in problems:
        problem = one.cleaned(KEYRING.redact)
        place = printable(str(problem.place))
        if word or place:
            click.echo(painted("  ".join(part for part in (word, place) if part), style), err=True)
        got = f" (got {problem.got})" if problem.got else ""
        told = grouped(f"{problem.what}{got}")
        click.echo(_wrapped(f"{_closed(told)} {problem.hint}" if problem.hint else told), err=True)


def _closed(sentence: str) -> str:
    """The sentence with the mark that ends it, for another one to follow."""
    return sentence if sentence.endswith((".", "?", "!", ":")) else f"{sentence}."


def problem_fields(problem: Problem) -> Mapping[str, str | int]:
    """A problem as a mapping fit for JSON."""
    problem = problem.cleaned(KEYRING.redact)
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
    """A few lines for an error of no class of ours: from the user's own code, or a fault in restmill."""
    where, own = _origin(error)
    click.echo(painted(f"{where}  {type(error).__name__}", "red"), err=True)
    inner = error if own else _innermost(error)
    text = _first_line(inner)
    if own and text:
        click.echo(_wrapped(text), err=True)
    if not own:
        said = f"{type(inner).__name__}: {text}" if text else type(inner).__name__
        click.echo(_wrapped(said), err=True)
        click.echo(_wrapped("This is a fault in restmill, or in a library it uses."), err=True)
    click.echo(_wrapped("`--debug` shows the traceback."), err=True)


def _innermost(error: BaseException) -> BaseException:
    """The error that the others were raised for."""
    seen = {id(error)}
    while True:
        behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if behind is None or id(behind) in seen:
            return error
        seen.add(id(behind))
        error = behind


def _first_line(error: BaseException) -> str:
    """The first line of the error's text without whatever may be a secret."""
    lines = KEYRING.redact(str(error)).strip().splitlines()
    return shortened(without_credentials(lines[0]) if lines else "", _LONGEST)


def _consequence(error: RestmillError, command: str) -> str:
    match error:
        case Busy() | ConfigError() if isinstance(error, Busy) or command in _SENDING:
            return f"{counted(len(error.problems), 'problem')}. Nothing was sent."
        case ApiError():
            unread = "" if isinstance(error, Incomplete | Unusable) else "The API could not be read. "
            return f"{unread}Nothing was loaded."
        case DestinationError():
            return _of_destination(error, command)
        case CodeError():
            return "`--debug` shows the traceback."
        case _:
            return f"{counted(len(error.problems), 'problem')}."


def _of_destination(error: DestinationError, command: str) -> str:
    if command == "verify":
        return "Nothing could be compared."
    match error:
        case SetAside():
            return f"Rows of {counted(len(error.problems), 'table')} were refused."
        case Refused():
            return "Rows were refused. Nothing was loaded."
        case _:
            return "The destination could not be written."


def _wrapped(text: str) -> str:
    # Words are kept whole: a URL or a path that is broken in two cannot be copied.
    return textwrap.fill(
        printable(text),
        min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns),  # a pipe has the width of COLUMNS
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
