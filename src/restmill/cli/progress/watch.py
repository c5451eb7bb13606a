"""Who watches a run: a live picture on a terminal, plain lines in a pipe, nobody when asked to be quiet.

All of it goes to the error stream, so that what a command prints as its result can be piped on.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from restmill.cli.inputs import Switches
from restmill.cli.progress.model import Progress
from restmill.events import ignore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from restmill.events import Observer


@contextmanager
def watched(
    title: str, resources: Sequence[str] = (), *, singles: Collection[str] = (), quiet: bool = False
) -> Iterator[Observer]:
    """An observer for the time of one run.

    Args:
        title: what is going on, in a few words.
        resources: the names to show from the start; others are added as they appear.
        singles: those of them that have one read.
        quiet: show nothing.
    """
    # The package's log tells the same story; without a handler of the user's own it would be told twice.
    logging.getLogger("restmill").addHandler(logging.NullHandler())
    with _dlt_logs_in_a_line():
        if quiet:
            yield ignore
        elif sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown"):
            with _live(title, Progress(resources)) as observer:
                yield observer
        else:
            with _lines(title, Progress(resources), singles) as observer:
                yield observer


@contextmanager
def _dlt_logs_in_a_line() -> Iterator[None]:
    """Cut dlt's log records to a line: a job that fails is told as an error, and `--debug` shows it all."""
    logger, context = logging.getLogger("dlt"), click.get_current_context(silent=True)
    if context is None or not context.ensure_object(Switches).debug:
        logger.addFilter(_in_a_line)
    try:
        yield
    finally:
        logger.removeFilter(_in_a_line)


def _in_a_line(record: logging.LogRecord) -> bool:
    text = record.getMessage().partition("\n")[0]
    record.msg, record.args = text.partition(" with message Traceback")[0], ()
    record.exc_info = record.exc_text = record.stack_info = None
    return True


@contextmanager
def _live(title: str, progress: Progress) -> Iterator[Observer]:
    from rich.console import Console  # noqa: PLC0415  # half of what a start costs, and only a run draws
    from rich.live import Live  # noqa: PLC0415

    from restmill.cli.progress.live import FRAMES_PER_SECOND, Screen  # noqa: PLC0415

    console = Console(stderr=True)
    screen = Screen(progress, title)
    with (
        Live(screen, console=console, refresh_per_second=FRAMES_PER_SECOND, transient=True),
        _dlt_logs_above(),
    ):
        yield progress


@contextmanager
def _dlt_logs_above() -> Iterator[None]:
    """Let dlt's log write above the picture: its handler, made earlier, would write right into it."""
    handlers = [one for one in logging.getLogger("dlt").handlers if isinstance(one, logging.StreamHandler)]
    streams = [one.setStream(sys.stderr) for one in handlers]  # rich has put its own stream there
    try:
        yield
    finally:
        for handler, stream in zip(handlers, streams, strict=True):
            if stream is not None:
                handler.setStream(stream)


@contextmanager
def _lines(title: str, progress: Progress, singles: Collection[str]) -> Iterator[Observer]:
    from restmill.cli.progress.plain import Lines  # noqa: PLC0415  # as above

    lines = Lines(progress, _say, singles=singles)
    _say(title)
    try:
        yield lines
    finally:
        lines.close(time.monotonic())


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
