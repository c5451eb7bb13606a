"""The ground of the crash harness: a sandbox in a process of its own, and PostgreSQL where there is one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.crash.harness import Ground
from tests.postgres import newest_programs, server

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def ground_in(folder: Path, dsn: str | None = None) -> Iterator[Ground]:
    """A ground below `folder`; `dsn` is a PostgreSQL server's address, one is started when it is None."""
    with ExitStack() as stack:
        base_url = stack.enter_context(_sandbox())
        if dsn is None:
            dsn = os.environ.get("RESTMILL_TEST_POSTGRES", "")
            programs = None if dsn else newest_programs(Path("/usr/lib/postgresql"))
            if programs:
                dsn = stack.enter_context(server(programs))

        def change(rows: int) -> None:
            body = json.dumps({"rows": rows}).encode()
            urllib.request.urlopen(f"{base_url}/_sandbox/behaviour", body).close()  # noqa: S310  # our own server

        yield Ground(folder, base_url, change, dsn)


@contextmanager
def _sandbox() -> Iterator[str]:
    """A sandbox in a process of its own, so that this one has no threads and may fork; yields its address."""
    command = [sys.executable, "-m", "restmill.sandbox", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603  # this interpreter
    try:
        assert process.stdout is not None
        for line in process.stdout:
            found = re.search(r"http://[\d.:]+", line)
            if found:
                yield found.group()
                return
        raise RuntimeError("the sandbox has not started")
    finally:
        process.terminate()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
