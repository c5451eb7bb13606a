"""A throw-away PostgreSQL server for tests: its own folder, its own port, gone at the end.

Set RESTMILL_TEST_POSTGRES to a `postgresql://` address to use a running server instead. Without that variable
and without server programs the tests that need one are skipped, and say so.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    # The data is worth nothing after a crash, so nothing waits for the disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
}


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """`postgresql://user:password@127.0.0.1:port/database` of a server the tests may do anything to."""
    given = os.environ.get("RESTMILL_TEST_POSTGRES")
    if given:
        yield given
        return
    programs = newest_programs(Path("/usr/lib/postgresql"))
    if programs is None:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql, or set RESTMILL_TEST_POSTGRES")
    with server(programs) as dsn:
        yield dsn


def newest_programs(root: Path) -> Path | None:
    """The folder of the newest `initdb` under `root`/<version>/bin, or None."""
    found = [path.parent for path in root.glob("*/bin/initdb")]
    return max(found, key=lambda folder: float(folder.parent.name), default=None)


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Run a fresh server from `programs` for the length of the block."""
    folder = Path(tempfile.mkdtemp(prefix="restmill-postgres-"))
    user = unprivileged_user()
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()
    options = {**OPTIONS, "port": str(port), "unix_socket_directories": str(folder)}
    arguments = " ".join(f"-c {name}='{value}'" for name, value in options.items())
    try:
        _run(
            [programs / "initdb", "-D", data, "-U", "mill", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"],
            user,
        )
        _run([programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", arguments, "start"], user)
        try:
            yield f"postgresql://mill:mill@127.0.0.1:{port}/postgres"
        finally:
            _run([programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], user)
    finally:
        shutil.rmtree(folder)


def unprivileged_user() -> str | None:
    """Whom to run the server as: it refuses root. None: as whoever runs the tests."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str | Path], user: str | None) -> None:
    """Run to its end; the server's own words are part of the error when that is a failure."""
    env: Mapping[str, str] = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    # Output goes to a file: a started server keeps a pipe open, and reading it would never end.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(  # noqa: S603  # programs found by this module
            command, user=user, env=env, cwd="/", stdout=output, stderr=output, check=False
        )
        if done.returncode:
            output.seek(0)
            raise RuntimeError(f"{Path(command[0]).name} failed with {done.returncode}:\n{output.read()}")
