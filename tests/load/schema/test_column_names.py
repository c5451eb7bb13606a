"""Fields that would share a column are kept apart in the destination, over runs, in columns and by rows."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import dlt
import duckdb
import pytest

from restmill.load.columnar import eligibility
from restmill.run.observers import watching

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from restmill.events import Event

FIRST: list[Any] = [{"id": 1, "userId": 10, "名前": "n", "tags": [{"A": 1, "a": 2}]}]
SECOND: list[Any] = [
    {"id": 2, "userId": 11, "user_id": 20, "名前": "m", "年齢": 7, "tags": [{"a": 3}], "Tags": [{"a": 4}]},
    {"id": 3, "user_id": 21, "年齢": 8, "tags": [{"A": 5}]},
]


def load(tmp_path: Path, runs: list[list[Any]], *, by_rows: bool, **hints: Any) -> list[str]:
    """Run after run into `names.duckdb`, each with a fresh source; returns the texts of the notes."""
    told: list[str] = []

    def observe(event: Event) -> None:
        told.append(getattr(event, "text", ""))

    for records in runs:
        things = _things(records, **{"primary_key": "id", **hints})
        pipeline = dlt.pipeline(
            "names_rows" if by_rows else "names_columns",
            pipelines_dir=str(tmp_path),
            destination=dlt.destinations.duckdb(str(tmp_path / "names.duckdb")),
            dataset_name="data",
        )
        with eligibility.by_rows() if by_rows else nullcontext(), watching(observe):
            pipeline.run(things)
    return [text for text in told if "by dlt's naming" in text]


def _things(records: list[Any], **hints: Any) -> Any:
    def pages() -> Iterator[list[Any]]:
        eligibility.claim()
        yield records

    return dlt.resource(pages, name="things", write_disposition="merge", **hints)


def query(tmp_path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(tmp_path / "names.duckdb")) as database:
        return database.execute(sql).fetchall()


@pytest.mark.parametrize("by_rows", [False, True])
def test_each_field_has_a_column_of_its_own_over_runs(tmp_path: Path, by_rows: bool) -> None:
    notes = load(tmp_path, [FIRST, SECOND, [{"id": 4, "user_id": 22, "年齢": 9}]], by_rows=by_rows)
    table = query(tmp_path, "SELECT id, user_id, user_id_f89d6b, x, x_18a912 FROM data.things ORDER BY id")
    assert table == [
        (1, 10, None, "n", None),
        (2, 11, 20, "m", 7),
        (3, None, 21, None, 8),
        (4, None, 22, None, 9),
    ]
    assert query(tmp_path, "SELECT a, a_559aea FROM data.things__tags ORDER BY ALL") == [
        (2, 1),
        (3, None),
        (None, 5),
    ]
    assert query(tmp_path, "SELECT a FROM data.things__tags_133127") == [(4,)]
    assert sum("`user_id_f89d6b`" in note for note in notes) == 2  # once in each run that had it
    assert any("rows from before" in note for note in notes)
    assert not any("20" in note.replace("x_18a912", "") for note in notes)


@pytest.mark.parametrize("by_rows", [False, True])
def test_a_key_is_the_field_that_the_config_names(tmp_path: Path, by_rows: bool) -> None:
    records = [{"userId": 1, "user_id": 5}, {"userId": 2, "user_id": 5}]
    load(tmp_path, [records, records], by_rows=by_rows, primary_key="userId")
    assert query(tmp_path, "SELECT user_id, user_id_f89d6b FROM data.things ORDER BY ALL") == [(1, 5), (2, 5)]


@pytest.mark.parametrize("by_rows", [False, True])
def test_spellings_that_never_meet_share_a_key(tmp_path: Path, by_rows: bool) -> None:
    load(tmp_path, [[{"ID": 1, "n": 1}, {"id": 2, "n": 2}]], by_rows=by_rows)
    assert query(tmp_path, "SELECT id, n FROM data.things ORDER BY id") == [(1, 1), (2, 2)]
