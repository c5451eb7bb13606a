"""dlt is changed in one module only; tests fail when a change is no longer needed, or no longer fits."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import dlt
import pyarrow as pa
import pytest
from dlt.common.destination.client import JobClientBase
from dlt.destinations.impl.duckdb.duck import DuckDbClient
from dlt.destinations.impl.motherduck.motherduck import MotherDuckClient
from dlt.destinations.impl.postgres.postgres import PostgresClient
from dlt.destinations.job_client_impl import SqlJobClientBase, SqlJobClientWithStagingDataset
from dlt.destinations.sql_jobs import SqlMergeFollowupJob
from dlt.extract.extract import Extract
from dlt.extract.storage import ExtractorItemStorage, ExtractStorage
from dlt.load.load import Load
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill.load import dlt_patches
from restmill.load.columnar.storage import ColumnarStorage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def nested_table(tmp_path: Path) -> None:
    """Extract an Arrow table that is hinted to be nested."""

    @dlt.resource(name="parents")
    def parents() -> Iterator[object]:
        yield pa.table({"id": [1]})
        hints = dlt.mark.make_hints(table_name="parents__children", parent_table_name="parents")
        yield dlt.mark.with_hints(pa.table({"name": ["x"]}), hints, create_table_variant=True)

    pipeline = dlt.pipeline(
        "upstream",
        destination=dlt.destinations.duckdb(str(tmp_path / "x.duckdb")),
        pipelines_dir=str(tmp_path),
    )
    pipeline.extract(parents())


def test_dlt_alone_still_fails_to_count_the_rows_of_nested_arrow_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Extract, "_compute_metrics", dlt_patches.original_compute_metrics)
    with pytest.raises(PipelineStepFailed) as failed:
        nested_table(tmp_path)
    assert isinstance(failed.value.__cause__, KeyError)


def test_with_the_change_it_counts_them(tmp_path: Path) -> None:
    nested_table(tmp_path)


def test_the_extract_step_still_writes_through_the_storages_that_are_replaced() -> None:
    assert "self.extract_storage = ExtractStorage(" in inspect.getsource(dlt_patches.original_init)
    written = inspect.getsource(Extract._extract_single_source)
    assert 'self.extract_storage.item_storages["object"]' in written
    assert "item_storages" in inspect.getsource(ExtractStorage.close_writers)
    for name in ("write_data_item", "close_writers"):
        ours = inspect.signature(getattr(ColumnarStorage, name)).parameters
        theirs = inspect.signature(getattr(ExtractorItemStorage, name)).parameters
        assert list(ours) == list(theirs)


FOLLOWUPS = "create_table_chain_completed_followup_jobs"


def merge_of_distinct_keys(folder: Path) -> str:
    """What dlt runs to merge an Arrow table whose keys differ."""
    table = dlt.resource(pa.table({"id": [1, 2]}), name="x", primary_key="id", write_disposition="merge")
    pipeline = dlt.pipeline(
        "upstream",
        destination=dlt.destinations.duckdb(str(folder / "x.duckdb")),
        pipelines_dir=str(folder),
    )
    pipeline.run(table)
    (sql,) = folder.glob("upstream/load/loaded/*/completed_jobs/x.*.sql")
    return sql.read_text()


def test_dlt_alone_still_numbers_the_rows_of_each_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlJobClientBase, FOLLOWUPS, dlt_patches.original_followups)
    assert "ROW_NUMBER() OVER (partition BY" in merge_of_distinct_keys(tmp_path)


def test_with_the_hint_it_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over: list[str] = []
    monkeypatch.setattr(SqlJobClientBase, FOLLOWUPS, dlt_patches.original_followups)
    monkeypatch.setattr(Load, "load_single_package", dlt_patches.original_load_package)
    dlt_patches.prepare_load(lambda _, chain: chain[0]["name"] == "x", over.append)
    assert "ROW_NUMBER()" not in merge_of_distinct_keys(tmp_path)
    assert len(over) == 1


def test_merges_are_still_made_by_the_method_that_is_wrapped() -> None:
    """Of copies of the schema's tables, all of whose files are loaded, while the package is known."""
    made = inspect.getsource(Load.create_followup_jobs)
    assert "client.prepare_load_table(table_name) for table_name in table_chain_names" in made
    assert f"client.{FOLLOWUPS}(\n                                prep_table_chain, table_chain_jobs" in made
    assert 'root_table.get("x-stage-data-deduplicated", False)' in inspect.getsource(
        SqlMergeFollowupJob.gen_merge_sql
    )
    for client in (DuckDbClient, MotherDuckClient, PostgresClient):
        assert getattr(client, FOLLOWUPS) is getattr(SqlJobClientBase, FOLLOWUPS)
        assert client._create_merge_followup_jobs is SqlJobClientBase._create_merge_followup_jobs
    parameters = inspect.signature(dlt_patches.original_followups).parameters
    assert list(parameters) == ["self", "table_chain", "completed_table_chain_jobs"]


def test_a_package_is_still_loaded_by_the_method_that_is_wrapped() -> None:
    ran = inspect.getsource(Load.run)
    assert "LoadPackageStateInjectableContext(" in ran
    assert "self.load_single_package(load_id, schema)" in ran
    assert list(inspect.signature(dlt_patches.original_load_package).parameters) == [
        "self",
        "load_id",
        "schema",
    ]


def test_the_loader_still_asks_prepared_tables_what_becomes_of_their_rows() -> None:
    made = inspect.getsource(Load._create_job)
    assert "load_table = active_job_client.prepare_load_table(job_info.table_name)" in made
    assert "job_client.should_load_data_to_staging_dataset(job_info.table_name)" in made
    asked = inspect.getsource(SqlJobClientWithStagingDataset.should_load_data_to_staging_dataset)
    assert "table = self.prepare_load_table(table_name)" in asked
    assert 'table["write_disposition"] == "merge"' in asked
    assert 'table_chain[0]["write_disposition"]' in inspect.getsource(dlt_patches.original_followups)
    for client in (DuckDbClient, MotherDuckClient, PostgresClient):
        assert client.prepare_load_table is SqlJobClientBase.prepare_load_table
    assert "super().prepare_load_table(table_name)" in inspect.getsource(SqlJobClientBase.prepare_load_table)
    assert list(inspect.signature(dlt_patches.original_prepare_table).parameters) == ["self", "table_name"]


def test_files_are_still_written_and_resumed_through_the_method_that_is_wrapped() -> None:
    assert list(inspect.signature(dlt_patches.original_submit).parameters) == [
        *("self", "file_path", "load_id", "schema", "restore"),
    ]
    assert "self.submit_job(file_path, load_id, schema, restore=True)" in inspect.getsource(
        Load.resume_started_jobs
    )
    assert "self.submit_job(" in inspect.getsource(Load.start_new_jobs)


def test_what_is_written_next_is_still_picked_by_the_function_that_is_wrapped() -> None:
    picked = inspect.getsource(Load.start_new_jobs)
    assert "filter_new_jobs(\n            self.load_storage.list_new_jobs(load_id)," in picked
    assert list(inspect.signature(dlt_patches.original_filter).parameters) == [
        *("file_names", "capabilities", "config", "running_jobs", "available_slots"),
    ]


def test_dlt_alone_still_stages_the_rows_of_a_first_merge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobClientBase, "prepare_load_table", dlt_patches.original_prepare_table)
    assert "_staging" in merge_of_distinct_keys(tmp_path)


def test_dlt_still_keeps_the_settings_of_its_normalizer_from_before_the_table_came() -> None:
    schema = dlt.Schema("stale")
    schema.update_table({"name": "x", "columns": {}, "write_disposition": "append"})
    schema.update_normalizers()
    before = schema.data_item_normalizer
    assert "propagation" not in (schema._normalizers_config["json"].get("config") or {})
    before.update_normalizer_config(schema, {"propagation": {"tables": {"x": {"_dlt_id": "_dlt_root_id"}}}})
    assert before.propagation_config is None  # type: ignore[attr-defined]
