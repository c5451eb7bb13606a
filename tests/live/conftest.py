"""Real API servers on this machine: a test is skipped, with the reason, where none listens.

Ports and keys are those of the lab; RESTMILL_LIVE_* in the environment names others.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

if TYPE_CHECKING:
    from pathlib import Path

# Read before the settings of the environment are dropped for the session.
LAB = {
    "redmine": (
        18102,
        os.environ.get("RESTMILL_LIVE_REDMINE_KEY") or "0123456789abcdef0123456789abcdef01234567",
    ),
    "unleash": (
        18104,
        os.environ.get("RESTMILL_LIVE_UNLEASH_KEY") or "*:*.lab-unleash-admin-token-0123456789abcdef",
    ),
    "alerta": (18101, os.environ.get("RESTMILL_LIVE_ALERTA_KEY") or "lab-alerta-key-0123456789"),
    "puppetdb": (18103, ""),
}


_PATHS = {"puppetdb": "/pdb/query/v4"}


@pytest.fixture(autouse=True)
def _own_pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    Container()[PluggableRunContext].reload()


def _settings(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    port, key = LAB[name]
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex(("127.0.0.1", port)):
            pytest.skip(f"no {name.capitalize()} listens on 127.0.0.1:{port}")
    base_url = f"http://127.0.0.1:{port}{_PATHS.get(name, '')}"
    monkeypatch.setenv(f"SOURCES__{name.upper()}__BASE_URL", base_url)
    monkeypatch.setenv(f"SOURCES__{name.upper()}__API_KEY", key)
    return base_url


@pytest.fixture
def redmine(monkeypatch: pytest.MonkeyPatch) -> str:
    """The base URL of a running Redmine; its key is where the example looks for it."""
    return _settings("redmine", monkeypatch)


@pytest.fixture
def unleash(monkeypatch: pytest.MonkeyPatch) -> str:
    """The base URL of a running Unleash; its token is where the example looks for it."""
    return _settings("unleash", monkeypatch)


@pytest.fixture
def alerta(monkeypatch: pytest.MonkeyPatch) -> str:
    """The base URL of a running Alerta; its key is where the example looks for it."""
    return _settings("alerta", monkeypatch)


@pytest.fixture
def puppetdb(monkeypatch: pytest.MonkeyPatch) -> str:
    """The base URL of a running PuppetDB's queries."""
    return _settings("puppetdb", monkeypatch)
