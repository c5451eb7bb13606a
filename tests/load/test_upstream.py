"""dlt is changed in one module only; tests fail when a change is no longer needed, or no longer fits."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import dlt
import pyarrow as pa
import pytest
from dlt.extract.extract import Extract
from dlt.extract.storage import ExtractorItemStorage, ExtractStorage
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill.load import upstream
from restmill.load.columnar import ColumnarStorage

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
    monkeypatch.setattr(Extract, "_compute_metrics", upstream.original_compute_metrics)
    with pytest.raises(PipelineStepFailed) as failed:
        nested_table(tmp_path)
    assert isinstance(failed.value.__cause__, KeyError)


def test_with_the_change_it_counts_them(tmp_path: Path) -> None:
    nested_table(tmp_path)


def test_the_extract_step_still_writes_through_the_storages_that_are_replaced() -> None:
    assert "self.extract_storage = ExtractStorage(" in inspect.getsource(upstream.original_init)
    written = inspect.getsource(Extract._extract_single_source)
    assert 'self.extract_storage.item_storages["object"]' in written
    assert "item_storages" in inspect.getsource(ExtractStorage.close_writers)
    for name in ("write_data_item", "close_writers"):
        ours = inspect.signature(getattr(ColumnarStorage, name)).parameters
        theirs = inspect.signature(getattr(ExtractorItemStorage, name)).parameters
        assert list(ours) == list(theirs)


def test_dlt_still_keeps_the_settings_of_its_normalizer_from_before_the_table_came() -> None:
    schema = dlt.Schema("stale")
    schema.update_table({"name": "x", "columns": {}, "write_disposition": "append"})
    schema.update_normalizers()
    before = schema.data_item_normalizer
    assert "propagation" not in (schema._normalizers_config["json"].get("config") or {})
    before.update_normalizer_config(schema, {"propagation": {"tables": {"x": {"_dlt_id": "_dlt_root_id"}}}})
    assert before.propagation_config is None  # type: ignore[attr-defined]
