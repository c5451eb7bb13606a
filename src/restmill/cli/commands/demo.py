"""The demo: one API that misbehaves, on this machine, read by the five connectors into one DuckDB file.

Everything is made anew in one folder: the database and dlt's own state. The API is the sandbox with
faults that real ones have, so that the table of verdicts shows what the engine is for.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from restmill.cli.progress.watch import watched
from restmill.cli.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from restmill.events import Event, Observer
    from restmill.run.receipt.receipt import Evidence, Receipt
    from restmill.sandbox import SandboxServer

KEY = "demo-key"
_FAULTS: dict[str, object] = {
    "cap": 60,  # below the 100 that the connectors ask for, and never said
    "latency_s": 0.02,
    "fail_rate": 0.04,
    "truncate": 0.02,
    "seed": 7,
}


@dataclass(frozen=True, slots=True)
class Played:
    """The receipt of all connectors together, and what the API did meanwhile, in a sentence."""

    receipt: Receipt
    api: str


def play(folder: Path, *, quiet: bool = False) -> Played:
    """Run the demo in `folder`, whose former content is deleted.

    Raises:
        RestmillError: as `restmill.load.sync.run`.
    """
    from restmill.sandbox import Behaviour, SandboxServer  # noqa: PLC0415  # aiohttp's server takes 0.3 s

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    database = (folder / "demo.duckdb").absolute()
    with SandboxServer(Behaviour(key=KEY).changed(_FAULTS)) as server:
        with _settings(server.base_url, database):
            receipt = _run_all(str(database), quiet=quiet)
        return Played(receipt, _account(server))


def _run_all(database: str, *, quiet: bool) -> Receipt:
    """All connectors as one run with one receipt: those of the parts are not filed."""
    from restmill import connectors  # noqa: PLC0415  # dlt reads its settings when it is imported
    from restmill.load.receipt.open_receipt import Account  # noqa: PLC0415
    from restmill.load.sync.run import sync  # noqa: PLC0415
    from restmill.run.receipt import archive  # noqa: PLC0415

    names = connectors.names()
    found: list[Evidence] = []
    parts: list[Receipt] = []
    account = Account(lambda: tuple(found), "demo", "duckdb", location=database)
    with account.failing():
        with (
            watched("restmill demo", names, singles=names, quiet=quiet) as observer,
            archive.filing(parts.append),
        ):
            for name in names:
                one = sync(connectors.path(name), observer=_as_connector(name, observer))
                found += [replace(evidence, resource=name) for evidence in one.resources]
        account.load_ids = tuple(load_id for one in parts for load_id in one.load_ids)
    return account.close()


def _as_connector(name: str, observer: Observer) -> Observer:
    """The observer, told of every connector's one resource by the connector's name."""

    def told(event: Event, /) -> None:
        observer(replace(event, resource=name) if event.resource else event)

    return told


@contextmanager
def _settings(base_url: str, database: Path) -> Iterator[None]:
    """What the connectors and dlt look up, set in the environment for the time of the block."""
    from restmill import connectors  # noqa: PLC0415  # `--help` is quick

    settings = {
        "DESTINATION__DUCKDB__CREDENTIALS": str(database),
        "DLT_DATA_DIR": str(database.parent / "dlt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",  # dlt warns of each column that is empty
    }
    for name in connectors.names():
        settings[f"SOURCES__{name.upper()}__BASE_URL"] = base_url
        settings[f"SOURCES__{name.upper()}__API_KEY"] = KEY
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _account(server: SandboxServer) -> str:
    """What the server counted."""
    stats = server.stats()
    statuses = stats["statuses"]
    assert isinstance(statuses, dict)
    failed = {status: number for status, number in statuses.items() if int(status) >= 400}
    bad = ", ".join(f"{number} x {status}" for status, number in sorted(failed.items()))
    asked = stats["requests"]
    assert isinstance(asked, int)
    told = [f"answered {counted(asked, 'request')}"]
    told.append(f"failed some of them ({bad})" if bad else "failed none of them")
    told.append(f"broke off others, and gave {_FAULTS['cap']} rows where 100 were asked for")
    return f"Meanwhile the API {', '.join(told)}."
