"""Columns that never had a value are kept, with the type that the config gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest
from pyarrow import parquet

from restmill import sync
from restmill.load.columnar import eligibility
from restmill.plan.spec import Departures
from tests.load.api import api, columns, of, resource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.load.conftest import Serve


def things(records: list[Any], kind: str = "text", **hints: Any) -> Any:
    """A resource that yields the records in pages of ten."""

    def pages() -> Iterator[list[Any]]:
        eligibility.claim(Departures(empty_columns=kind))
        for start in range(0, len(records), 10):
            yield records[start : start + 10]

    return dlt.resource(pages, name="things", **hints)


def types(pipeline: dlt.Pipeline, table: str = "things") -> dict[str, str]:
    """The columns of a table in the database, dlt's own left out."""
    query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
    with pipeline.sql_client() as client:
        return {name: kind for name, kind in client.execute_sql(query, table) or () if name[:4] != "_dlt"}


@pytest.mark.parametrize("disposition", ["append", "merge", "replace"])
def test_they_are_kept_in_the_root_and_in_nested_tables(pipeline: dlt.Pipeline, disposition: Any) -> None:
    records = [{"id": 1, "a": None, "o": {"b": None}, "l": [{"x": 1, "c": None}], "v": [None]}]
    hints = {"primary_key": "id", "write_disposition": disposition}
    pipeline.run(things(records, **hints))
    assert types(pipeline) == {"id": "BIGINT", "a": "VARCHAR", "o__b": "VARCHAR"}
    assert types(pipeline, "things__l") == {"x": "BIGINT", "c": "VARCHAR"}
    assert types(pipeline, "things__v") == {"value": "VARCHAR"}
    pipeline.run(things([{"id": 2, "a": 7, "o": {"b": "x"}, "new": None}], **hints))
    assert types(pipeline) == {"id": "BIGINT", "a": "VARCHAR", "o__b": "VARCHAR", "new": "VARCHAR"}
    with pipeline.sql_client() as client:
        assert client.execute_sql("SELECT a, o__b FROM things WHERE id = 2") == [("7", "x")]


@pytest.mark.parametrize("first", [1, 501, 6001])
def test_a_value_that_comes_late_in_the_run_decides_the_type(pipeline: dlt.Pipeline, first: int) -> None:
    records = [{"id": number, "a": None if number < first else number} for number in range(first + 1)]
    pipeline.run(things(records))
    assert types(pipeline) == {"id": "BIGINT", "a": "BIGINT"}


@pytest.mark.parametrize("late", [{"x": 1}, [1]], ids=str)
def test_what_turns_out_to_be_an_object_or_a_list_is_no_column(pipeline: dlt.Pipeline, late: Any) -> None:
    pipeline.run(things([{"id": number, "a": None} for number in range(600)] + [{"id": 601, "a": late}]))
    assert "a" not in types(pipeline)


def test_batches_that_dlt_normalises_itself_are_looked_at_too(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things([{"id": 1, "a b": "x", "a_b": "y", "c": None}]))
    assert types(pipeline)["c"] == "VARCHAR"


def test_a_contract_may_leave_them_out(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things([{"id": 1}]))
    for mode in ("freeze", "discard_value"):
        pipeline.run(things([{"id": 2, "a": None}], schema_contract={"columns": mode}))
        assert types(pipeline) == {"id": "BIGINT"}


def test_without_the_key_they_are_dropped_as_by_dlt(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things([{"id": 1, "a": None}], kind=""))
    assert types(pipeline) == {"id": "BIGINT"}


def test_files_have_them_too(tmp_path: Path) -> None:
    folder = dlt.destinations.filesystem((tmp_path / "files").as_uri())
    pipeline = dlt.pipeline("files", destination=folder, dataset_name="d", pipelines_dir=str(tmp_path))
    pipeline.run(things([{"id": 1, "a": None}], "double", file_format="parquet"))
    found = [parquet.read_table(one) for one in (tmp_path / "files" / "d" / "things").iterdir()]
    assert sum(one.num_rows for one in found) == 1
    assert {str(one.schema.field("a").type) for one in found if "a" in one.column_names} == {"double"}


def without_email(record: Any) -> Any:
    return {**record, "email": None}


def test_the_receipt_names_them(serve: Serve) -> None:
    steps = [{"map": without_email}]
    config = api(serve(rows=5).base_url, resource("users", empty_columns="text", processing_steps=steps))
    receipt = sync(config)
    assert columns(receipt, "users")["email"] == "VARCHAR"
    assert "never had a value, and kept as text: users.email" in of(receipt, "users").notes
