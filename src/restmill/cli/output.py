"""Output: JSON documents, those of failures among them, and streams that take what nobody can read.

`restmill run ... | head` closes the pipe before everything is written; a service may start us with a stream
that is closed, or with a full disk behind it. The work is done all the same, so none of them is an error:
what cannot be written is dropped, and the exit code stays that of the work.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, TextIO

import click

from restmill.cli import INTERRUPTED
from restmill.errors import STOPPED, Interrupted, RestmillError, interruption_code
from restmill.secrets import KEYRING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from restmill.run.receipt.receipt import Receipt

INTERRUPTED_LATE = "interrupted: the run was over, and its receipt is written"


def print_json(document: object) -> None:
    """Print one JSON document on standard output, indented."""
    from restmill.run.receipt.archive import json_of  # noqa: PLC0415  # `--help` is quick
    from restmill.run.session.redacted import redact_document  # noqa: PLC0415  # as above

    click.echo(json_of(redact_document(document)).decode())


def failure_fields(error: BaseException, receipt: Receipt | None) -> dict[str, object]:
    """The document of a failure: the receipt so far, if there is one, with `error` and `exit_code`.

    A wrong config may have several mistakes: `problems` lists them all, as `restmill check --json` does.
    """
    if receipt is not None and receipt.error is not None:
        from restmill.run.receipt.archive import as_json  # noqa: PLC0415  # only a failure needs it

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
    from restmill.run.receipt.receipt import Failure  # noqa: PLC0415  # as above

    code = exit_code_of(error)
    if isinstance(error, RestmillError):
        one = error.problem.cleaned(KEYRING.redact)
        return asdict(Failure(type(error).__name__, str(one.place), one.what, one.got, one.hint, code))
    if code in STOPPED:
        return asdict(Failure(Interrupted.__name__, "", INTERRUPTED, exit_code=code))
    return asdict(Failure(type(error).__name__, "", "ended by an error that nobody foresaw"))


class _Patient(io.FileIO):
    """A stream's file that takes what nobody reads any more."""

    def write(self, given: ReadableBuffer, /) -> int:
        """Write, or drop it when the reader has gone, the disk is full, or the stream is closed."""
        try:
            return super().write(given) or 0
        except OSError:
            return memoryview(given).nbytes


class _Discreet(io.TextIOWrapper):
    """The error stream: whatever is said there, by whatever library, shows no known secret."""

    def write(self, text: str, /) -> int:
        """Write the text without them."""
        super().write(KEYRING.redact(text))
        return len(text)


def heed_closed_pipes() -> None:
    """Let the standard streams of this process take what nobody can read.

    Descriptors that came closed are opened on nothing first: the next file that is opened would get their
    numbers, and with them whatever a library prints.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # for the whole process
    sys.stdout, sys.stderr = _patient(sys.stdout, 1), _patient(sys.stderr, 2)


def heed_log_level() -> None:
    """Take a log level that nobody knows as the usual one: dlt ends every run at it."""
    level = os.environ.get(_LEVEL)
    if level is not None and level not in logging.getLevelNamesMapping():
        os.environ[_LEVEL] = "WARNING"
        click.echo(f"warning  {_LEVEL} is no log level; WARNING is taken", err=True)


_LEVEL = "RUNTIME__LOG_LEVEL"


def _patient(stream: TextIO | None, number: int) -> TextIO:
    """The stream, if it is one of the process's own, with a file that never breaks."""
    if stream is None:
        file = io.BufferedWriter(_Patient(number, "w", closefd=False))
        return io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", line_buffering=True)
    if stream not in (sys.__stdout__, sys.__stderr__) or not isinstance(stream, io.TextIOWrapper):
        return stream
    with suppress(OSError):
        stream.flush()
    kind = _Discreet if stream is sys.__stderr__ else io.TextIOWrapper
    return kind(
        io.BufferedWriter(_Patient(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors="backslashreplace",  # a name that the terminal's encoding lacks is no fault
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
