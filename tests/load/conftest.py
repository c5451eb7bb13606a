"""`serve(**switches)` starts a sandbox for one test; dlt is quiet, and no engine thread outlives its test."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol, TypeVar

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext

from restmill.run.session import session
from restmill.sandbox import Behaviour, SandboxServer
from tests.load.api import wait_for_the_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Serve(Protocol):
    def __call__(self, **switches: object) -> SandboxServer: ...


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(**switches: object) -> SandboxServer:
            return stack.enter_context(SandboxServer(Behaviour().changed({"rows": 130, **switches})))

        yield start


@pytest.fixture(autouse=True)
def _own_pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither pipelines of the same name nor settings of another test's folder are known to a test."""
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    Container()[PluggableRunContext].reload()


@pytest.fixture(autouse=True)
def _engine_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No engine thread outlives its test; each would linger for a second, which is most of a test's time."""
    monkeypatch.setattr(session, "_LINGER", 0.1)
    yield
    wait_for_the_engine()


Wanted = TypeVar("Wanted", bound=BaseException)


def cause_of(error: BaseException | None, kind: type[Wanted]) -> Wanted:
    """The first error of a kind in the chain of causes."""
    seen = error
    while seen is not None and not isinstance(seen, kind):
        seen = seen.__cause__ or seen.__context__
    assert isinstance(seen, kind), f"{error!r} was not caused by {kind.__name__}"
    return seen


@pytest.fixture
def pipeline(tmp_path: Path) -> dlt.Pipeline:
    """A pipeline of the test's own, into a DuckDB file; files of tests may have another one."""
    return dlt.pipeline(
        "kept",
        destination=dlt.destinations.duckdb(str(tmp_path / "x.duckdb")),
        pipelines_dir=str(tmp_path),
    )
