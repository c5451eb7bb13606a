"""dlt's log beside restmill's own words: a line for each record, unless all is asked for."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest

from restmill.cli.progress.watch import watched

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What dlt's logger writes."""
    text = io.StringIO()
    handler, logger = logging.StreamHandler(text), logging.getLogger("dlt")
    logger.addHandler(handler)
    yield text
    logger.removeHandler(handler)


def fail() -> None:
    logger = logging.getLogger("dlt")
    try:
        raise ValueError("no such column")  # noqa: TRY301
    except ValueError:
        logger.exception("Terminal exception in job %s", "users.1")
    logger.error(
        "Job %s failed terminally with message Traceback (most recent call last)\n  File x", "users.1"
    )


def test_a_job_that_failed_is_a_line_in_the_log(written: io.StringIO) -> None:
    with watched("a run", quiet=True):
        fail()
    assert written.getvalue().splitlines() == [
        "Terminal exception in job users.1",
        "Job users.1 failed terminally",
    ]


def test_outside_a_run_the_log_is_dlts_own(written: io.StringIO) -> None:
    with watched("a run", quiet=True):
        pass
    fail()
    assert "Traceback" in written.getvalue()
