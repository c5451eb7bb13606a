"""What every test stands on: no network but loopback, none of the developer's settings, PostgreSQL on demand.

- A connection or a name look-up that leaves this machine fails the test with `NetworkBlocked`. It is no
  `OSError`, so code under test that forgives network trouble cannot mistake it for some. Names under
  `.invalid` never exist (RFC 6761, section 6.4) and are refused as a resolver would, without asking one.
- HOME, the data folder of dlt and the working directory are fresh; settings in the environment are dropped.
- `postgres_dsn` starts a throw-away server where its programs are installed.
"""

from __future__ import annotations

import os
import socket
import sys
from collections import Counter
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase

from restmill.secrets import KEYRING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytest_plugins = ["tests.postgres"]

examples = DirectoryBasedExampleDatabase(Path(__file__).parent.parent / ".hypothesis" / "examples")
# Machines differ in speed, so no profile has a deadline.
settings.register_profile("quick", deadline=None, database=examples, max_examples=50)
# A commit is judged by the same examples each time; `make fuzz` looks for new ones.
settings.register_profile(
    "ci", deadline=None, database=None, max_examples=100, print_blob=True, derandomize=True
)
settings.register_profile("fuzz", deadline=None, database=examples, max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "quick"))


class NetworkBlocked(Exception):  # noqa: N818  # read as a sentence in a test's report
    """A test tried to reach something that is not this machine."""


def _is_here(host: object) -> bool:
    """Whether `host` (a name or an address, as sockets take it) is this machine."""
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in {"", "localhost", "None"} or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(host: object) -> NetworkBlocked:
    return NetworkBlocked(f"a test tried to reach {host!r}; only loopback is open")


COUNTED = {
    "features": "features compared with dlt",
    "examples": "generated cases compared with dlt",
    "ahead": "requests past an end that dlt did not send",
    "cells": "cells of the matrix of lies, each right or not complete",
}
"""What tests count with `record_property` -> how the summary says it."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Say how much was compared, and in which order a failing run was, so that it can be repeated elsewhere.

    It stands here because the process that sums up loads no other conftest when tests run in workers.
    """
    counts = Counter[str]()
    for report in terminalreporter.getreports("passed"):
        counts.update({name: value for name, value in report.user_properties if name in COUNTED})
    for name, what in COUNTED.items():
        if counts[name]:
            terminalreporter.write_line(f"{counts[name]:,} {what}")
    if exitstatus:
        seed = terminalreporter.config.getoption("randomly_seed", None)
        terminalreporter.write_line(f"repeat this order with --randomly-seed={seed}")


@pytest.fixture(scope="session", autouse=True)
def _only_loopback() -> Iterator[None]:
    """Close every way out of this machine that goes through Python's `socket` module."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guard(call: Callable[..., object]) -> Callable[..., object]:
        def guarded(self: socket.socket, address: object) -> object:
            if isinstance(address, tuple) and not _is_here(address[0]):
                raise _refuse(address[0])
            return call(self, address)

        return guarded

    def guarded_look_up(host: object, *args: object, **kwargs: object) -> object:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not _is_here(host):
            raise _refuse(host)
        return look_up(host, *args, **kwargs)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guard(connect))
        patch.setattr(socket.socket, "connect_ex", guard(connect_ex))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(scope="session", autouse=True)
def _answers_are_read() -> Iterator[None]:
    """Read an answer whose hook raises: `requests` does not, and its connection stays open.

    dlt's hooks raise for a status. Their exceptions lie in cycles, so the open socket would be found whenever
    Python looks for such, and warned of in a test that has nothing to do with it.
    """
    dispatch: Any = requests.sessions.dispatch_hook

    def read_first(key: str, hooks: Any, hook_data: Any, **more: Any) -> Any:
        try:
            return dispatch(key, hooks, hook_data, **more)
        except BaseException:
            if isinstance(hook_data, requests.Response):
                with suppress(requests.RequestException, RuntimeError):  # broken off, or taken already
                    hook_data.content  # noqa: B018  # read for its effect
            raise

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.sessions, "dispatch_hook", read_first)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nobodys_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A fresh HOME and dlt data folder for the session, no telemetry, and none of the caller's settings."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            # dlt reads SECTION__KEY; restmill reads RESTMILL_*, of which RESTMILL_TEST_* is the tests' own.
            if "__" in name.strip("_") or name.startswith("DLT_") or _is_ours(name) or _is_proxy(name):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_DATA_HOME", str(home / "data"))
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        patch.setenv("XDG_STATE_HOME", str(home / "state"))
        patch.setenv("DLT_DATA_DIR", str(home / "dlt"))
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        yield


def _is_ours(name: str) -> bool:
    return name.startswith("RESTMILL_") and not name.startswith("RESTMILL_TEST_")


def _is_proxy(name: str) -> bool:
    return name.lower() in {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run each test in its own empty folder; let dlt forget what it read there, and us what was secret."""
    monkeypatch.chdir(tmp_path)
    yield
    KEYRING.forget()
    if "dlt" in sys.modules:
        had_settings = (tmp_path / ".dlt").exists()
        monkeypatch.chdir(
            tmp_path.parent
        )  # dlt reads the settings of the folder it is in when it is told to forget
        _forget_dlt(had_settings=had_settings)


def _forget_dlt(*, had_settings: bool) -> None:
    from dlt.common.configuration.container import Container  # noqa: PLC0415  # only where a test has loaded dlt
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext  # noqa: PLC0415
    from dlt.common.pipeline import PipelineContext  # noqa: PLC0415

    container = Container()
    if PipelineContext in container and container[PipelineContext].is_active():
        container[PipelineContext].deactivate()
    if had_settings:
        container[PluggableRunContext].reload()


@pytest.fixture
def dlt_settings(tmp_path: Path) -> Callable[..., None]:
    """Write `.dlt/secrets.toml` and `.dlt/config.toml` into the test's folder and make dlt read them now."""

    def write(*, secrets: str = "", config: str = "") -> None:
        folder = tmp_path / ".dlt"
        folder.mkdir(exist_ok=True)
        (folder / "secrets.toml").write_text(secrets)
        (folder / "config.toml").write_text(config)
        _forget_dlt(had_settings=True)

    return write
