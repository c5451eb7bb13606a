"""`serve(**switches)` starts a sandbox for one test and returns its client; `servers` holds the servers."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from restmill.sandbox import Behaviour, SandboxServer
from tests.sandbox.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


class Serve(Protocol):
    def __call__(self, **switches: object) -> Client: ...


@pytest.fixture
def servers() -> list[SandboxServer]:
    return []


@pytest.fixture
def serve(servers: list[SandboxServer]) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(**switches: object) -> Client:
            server = stack.enter_context(SandboxServer(Behaviour().changed({"rows": 130, **switches})))
            servers.append(server)
            return Client(server.base_url)

        yield start
