"""Output: JSON documents, those of failures among them, and streams whose reader may go away.

`restmill run ... | head` closes the pipe before everything is written. The work is done all the same, so a
closed pipe is no error here: what nobody reads is dropped, and the exit code stays that of the work.
"""

from __future__ import annotations

import io
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, TextIO

import click

from restmill.errors import STOPPED, Interrupted, RestmillError, interruption_code

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from restmill.run.receipt import Receipt

INTERRUPTED = "interrupted: nothing was loaded; run again to start over"
INTERRUPTED_LATE = "interrupted: the run was over, and its receipt is written"


def print_json(document: object) -> None:
    """Print one JSON document on standard output, indented."""
    import orjson  # noqa: PLC0415  # `--help` is quick

    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str)
    click.echo(text.decode())


def failure_fields(error: BaseException, receipt: Receipt | None) -> dict[str, object]:
    """The document of a failure: the receipt so far, if there is one, with `error` and `exit_code`.

    A wrong config may have several mistakes: `problems` lists them all, as `restmill check --json` does.
    """
    if receipt is not None and receipt.error is not None:
        from restmill.run.archive import as_json  # noqa: PLC0415  # only a failure needs it

        return as_json(receipt)
    from restmill.cli.problems import problem_fields  # noqa: PLC0415

    problems = error.problems if isinstance(error, RestmillError) else ()
    return {
        "exit_code": exit_code_of(error),
        "error": _error_fields(error),
        "problems": [problem_fields(one) for one in problems],
        "resources": [],
    }


def exit_code_of(error: BaseException) -> int:
    """What the program ends with for this error."""
    if isinstance(error, RestmillError):
        return error.exit_code
    return interruption_code(error) or (Interrupted.exit_code if isinstance(error, click.Abort) else 1)


def _error_fields(error: BaseException) -> dict[str, object]:
    from restmill.run.receipt import Failure  # noqa: PLC0415  # as above

    code = exit_code_of(error)
    if isinstance(error, RestmillError):
        one = error.problem
        return asdict(Failure(type(error).__name__, str(one.place), one.what, one.got, one.hint, code))
    if code in STOPPED:
        return asdict(Failure(Interrupted.__name__, "", INTERRUPTED, exit_code=code))
    return asdict(Failure(type(error).__name__, "", "ended by an error that nobody foresaw"))


class _Patient(io.FileIO):
    """A stream's file that takes what nobody reads any more."""

    def write(self, given: ReadableBuffer, /) -> int:
        """Write, or drop it when the reader has gone."""
        try:
            return super().write(given) or 0
        except BrokenPipeError:
            return memoryview(given).nbytes


def heed_closed_pipes() -> None:
    """Let the standard streams of this process take what nobody reads any more."""
    sys.stdout, sys.stderr = _patient(sys.stdout), _patient(sys.stderr)


def _patient(stream: TextIO) -> TextIO:
    """The stream, if it is one of the process's own, with a file that never breaks."""
    if stream not in (sys.__stdout__, sys.__stderr__) or not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Patient(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
