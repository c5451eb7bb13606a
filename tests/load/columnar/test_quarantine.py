"""A record that cannot become a row is kept beside the table, with the reason, and costs no other row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill import sync
from restmill.events import Noted, Quarantined
from restmill.load.columnar import eligibility
from restmill.plan.spec import Departures
from restmill.run.observers import watching
from restmill.testing import Recorder
from tests.load.api import api, child, counts, of, resource, rows
from tests.load.columnar.test_columnar import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.load.conftest import Serve

FROZEN = {"columns": "freeze", "data_type": "freeze"}
KEPT = "things__quarantine"


def things(records: list[Any], *, quarantine: bool = True, **hints: Any) -> Any:
    """A resource that yields the records in pages of ten."""

    def pages() -> Iterator[list[Any]]:
        eligibility.claim(Departures(quarantine=quarantine))
        for start in range(0, len(records), 10):
            yield records[start : start + 10]

    return dlt.resource(pages, name="things", **{"primary_key": "id", **hints})


def kept(pipeline: dlt.Pipeline) -> list[tuple[str, Any]]:
    """Reasons and records in quarantine, in no order."""
    with (
        pipeline.sql_client() as client,
        client.execute_query(f"SELECT reason, record FROM {KEPT}") as cursor,  # noqa: S608  # a constant
    ):
        return sorted(((why, json.loads(record)) for why, record in cursor.fetchall()), key=str)


@pytest.mark.parametrize("disposition", ["append", "merge", "replace"])
def test_what_a_contract_freezes_goes_to_quarantine_and_the_others_load(
    pipeline: dlt.Pipeline, disposition: Any
) -> None:
    pipeline.run(things([{"id": 1, "a": 1, "l": [{"x": 1}]}], write_disposition=disposition))
    assert KEPT not in pipeline.default_schema.tables
    second: list[Any] = [{"id": number, "a": number, "l": [{"x": number}]} for number in range(2, 40)]
    second[7]["new"] = 1
    second[20]["a"] = "text"
    second[30]["l"].append({"x": "text"})
    recorder = Recorder()
    with watching(recorder):
        pipeline.run(things(second, write_disposition=disposition, schema_contract=FROZEN))
    assert kept(pipeline) == [
        ("DataValidationError: `things.a__v_text`: the contract on `data_type` is `freeze`", second[20]),
        ("DataValidationError: `things.new`: the contract on `columns` is `freeze`", second[7]),
        ("DataValidationError: `things__l.x__v_text`: the contract on `data_type` is `freeze`", second[30]),
    ]
    first = 0 if disposition == "replace" else 1
    assert len(rows_of(pipeline, "things")) == len(rows_of(pipeline, "things__l")) == first + 35
    told = [one for one in recorder.events if isinstance(one, Quarantined)]
    assert [(one.resource, one.rows, one.table) for one in told] == [("things", 3, KEPT)]


def test_each_run_adds_what_it_refused(pipeline: dlt.Pipeline) -> None:
    for _ in range(2):
        pipeline.run(things([{"id": None, "n": 1}, {"id": 1, "n": 2}, {"n": 3}], write_disposition="merge"))
    assert len(rows_of(pipeline, "things")) == 1
    assert [record for _, record in kept(pipeline)] == [{"id": None, "n": 1}] * 2 + [{"n": 3}] * 2
    with pipeline.sql_client() as client:
        ids = client.execute_sql(f"SELECT DISTINCT _dlt_load_id FROM {KEPT}")  # noqa: S608  # a constant
    assert ids is not None
    assert len(ids) == 2


def test_without_the_key_such_a_record_fails_the_run(pipeline: dlt.Pipeline) -> None:
    with pytest.raises(PipelineStepFailed):
        pipeline.run(things([{"id": None}, {"id": 1}], quarantine=False))


def test_a_run_whose_records_are_all_refused_still_ends(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things([{"id": 1}], write_disposition="replace"))
    pipeline.run(things([{"id": None}] * 30, write_disposition="replace"))
    assert len(kept(pipeline)) == 30
    assert rows_of(pipeline, "things") == []


def test_a_nested_table_of_that_name_leaves_no_room(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things([{"id": 1, "quarantine": [1]}]))
    recorder = Recorder()
    with watching(recorder), pytest.raises(PipelineStepFailed, match="Cannot coerce NULL"):
        pipeline.run(things([{"id": None}]))
    told = [one.text for one in recorder.events if isinstance(one, Noted)]
    assert told == [f"`quarantine` has no effect: `{KEPT}` is another table already"]


def test_a_list_of_that_name_does_not_get_into_the_table(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things([{"id": None}]))
    pipeline.run(things([{"id": 1, "quarantine": [1]}, {"id": 2}]))
    assert [record["id"] for _, record in kept(pipeline)] == [1, None]
    assert len(rows_of(pipeline, "things")) == 1


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (2**70, {"id": None, "v": 2**70}),
        ("\ud83d", r"{'id': None, 'v': '\ud83d'}"),
        (complex(1, 2), "{'id': None, 'v': (1+2j)}"),
    ],
    ids=["big", "surrogate", "object"],
)
def test_a_record_that_json_cannot_hold_is_kept_as_text(
    pipeline: dlt.Pipeline, value: Any, found: Any
) -> None:
    pipeline.run(things([{"id": None, "v": value}, {"id": 1}]))
    ((_, record),) = kept(pipeline)
    assert record == found


def test_a_time_too_late_for_any_calendar_is_refused(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things([{"id": 1, "v": "2024-01-02T03:04:05Z"}]))
    pipeline.run(things([{"id": 2, "v": 10**17}, {"id": 3}]))
    assert [record["id"] for _, record in kept(pipeline)] == [2]


def test_files_of_the_folder_are_those_of_the_resource(tmp_path: Path) -> None:
    folder = dlt.destinations.filesystem((tmp_path / "files").as_uri())
    pipeline = dlt.pipeline("files", destination=folder, dataset_name="d", pipelines_dir=str(tmp_path))
    pipeline.run(things([{"id": None}, {"id": 1}], file_format="parquet"))
    assert {one.suffix for one in (tmp_path / "files" / "d" / KEPT).iterdir()} == {".parquet"}


def emptied(record: Any) -> Any:
    """The record, without an e-mail where its id is 7 or 8."""
    return {**record, "email": None} if record["id"] in {7, 8} else record


def users(**more: Any) -> Any:
    """Users, each of whom must have an e-mail, though two have none."""
    columns = {"email": {"data_type": "text", "nullable": False}}
    return resource("users", columns=columns, processing_steps=[{"map": emptied}], **more)


def test_the_receipt_counts_what_is_in_quarantine(serve: Serve) -> None:
    config = api(serve().base_url, users(quarantine=True), resource("projects"))
    receipt = sync(config)
    seen = of(receipt, "users")
    assert (seen.verdict, seen.reason) == ("suspect", "2 of 130 rows are in `users__quarantine`")
    assert (seen.rows, seen.quarantined, of(receipt, "projects").quarantined) == (130, 2, 0)
    assert of(receipt, "projects").verdict == "complete"
    assert counts(receipt, "users", "users__quarantine") == {"users": 128, "users__quarantine": 2}
    assert rows(receipt, "SELECT quarantined FROM _restmill_runs WHERE resource = 'users'") == [(2,)]
    assert receipt.exit_code == 3


def test_a_parents_records_in_quarantine_are_read_for_all_the_same(serve: Serve) -> None:
    config = api(serve(rows=20).base_url, resource("projects"), child(), defaults={"quarantine": True})
    config["resources"][0] |= {"primary_key": "id", "processing_steps": [{"map": emptied}]}
    config["resources"][0]["columns"] = {"email": {"nullable": False, "data_type": "text"}}
    receipt = sync(config)
    assert of(receipt, "projects").verdict == "suspect"
    assert of(receipt, "tasks").reads == 20


def test_the_earlier_row_of_a_refused_record_does_not_vanish(serve: Serve) -> None:
    server = serve()
    hard = {"mode": "hard", "max_fraction": 1}
    sync(api(server.base_url, resource("users", delete_missing=hard)))
    receipt = sync(api(server.base_url, users(quarantine=True, delete_missing=hard)))
    assert counts(receipt, "users") == {"users": 130}
    assert of(receipt, "users").deleted == 0


def test_by_rows_a_refused_record_is_kept_as_well(serve: Serve, tmp_path: Path) -> None:
    """Issue 10: into PostgreSQL, which takes no Parquet, the key did nothing, and a plan said so at most."""
    config = api(serve(rows=10).base_url, users(quarantine=True, write_disposition="append"), defaults={})
    receipt = sync(config, destination=dlt.destinations.filesystem(tmp_path.as_uri()))
    (note,) = [note for note in of(receipt, "users").notes if "row by row" in note]
    assert note.endswith("the destination is given jsonl files")
    assert of(receipt, "users").quarantined == 2


@pytest.mark.parametrize("levels", [40, 100])
def test_lists_that_nest_until_no_file_could_have_their_tables_name(
    pipeline: dlt.Pipeline, levels: int
) -> None:
    deep: Any = 1
    for _ in range(levels):
        deep = [deep]
    pipeline.run(things([{"id": 1}, {"id": 2, "x": deep}, {"id": 3}]))
    [(why, record)] = kept(pipeline)
    assert why.startswith("lists nest so deeply that a table's name would have")
    assert record == {"id": 2, "x": deep}
    assert len(rows_of(pipeline, "things")) == 2
