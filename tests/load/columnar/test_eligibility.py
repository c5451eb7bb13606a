"""Which way records take is told: by the plan where it is known before a run, else by the receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill import rest_api_source, sync
from restmill.load.columnar import storage
from tests.load.api import api, child, counts, of, resource

if TYPE_CHECKING:
    from pathlib import Path

    from tests.load.conftest import Serve

SLOWER = "goes to dlt row by row, which is slower: "


@pytest.fixture
def shaped(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The root tables whose records were shaped while the test ran."""
    names: set[str] = set()
    original = storage.tables_of

    def noting(records: Any, batch: Any) -> Any:
        names.add(batch.ground.table)
        return original(records, batch)

    monkeypatch.setattr(storage, "tables_of", noting)
    return names


def test_a_resource_that_is_not_to_be_columnar_goes_by_rows(serve: Serve, shaped: set[str]) -> None:
    config = api(serve(rows=5).base_url, resource("projects"), resource("users", columnar=False))
    receipt = sync(config)
    assert shaped == {"projects"}
    assert counts(receipt, "projects", "users") == {"projects": 5, "users": 5}
    assert of(receipt, "users").notes == ()  # the plan has said so


def test_the_receipt_says_once_why_the_destination_is_given_rows(
    serve: Serve, shaped: set[str], tmp_path: Path
) -> None:
    config = api(serve(rows=250).base_url, resource("projects"), child(), defaults={})
    receipt = sync(config, destination=dlt.destinations.filesystem(tmp_path.as_uri()))
    assert shaped == set()
    for name in ("projects", "tasks"):
        told = [note for note in of(receipt, name).notes if note.startswith(SLOWER)]
        assert told == [f"{SLOWER}the destination is given jsonl files"]


def test_what_is_done_to_a_source_is_seen_when_it_runs(
    serve: Serve, shaped: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    source = rest_api_source(api(serve(rows=250).base_url, resource("projects"), child()))
    source.resources["tasks"].apply_hints(table_name=lambda record: f"tasks_{record['id'] % 2}")
    with caplog.at_level("INFO", "restmill"):
        dlt.pipeline("seen", destination="duckdb").run(source)
    assert shaped == {"projects"}
    told = [record.getMessage() for record in caplog.records if SLOWER in record.getMessage()]
    assert told == [f"tasks: {SLOWER}a hint is a function of the record"]
