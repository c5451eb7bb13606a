"""The columnar way into every destination we name: each holds what it holds by rows, whatever is replaced."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill.shape.sanitize import storable
from tests.load.columnar import test_columnar
from tests.load.columnar.test_columnar import RANDOM, WAYS, filled, shaped_tables, things

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["shaped_tables"]

PARQUET = ({"file_format": "parquet"},) * 3
DELTA = ({"table_format": "delta"},) * 3
STRATEGIES = ("truncate-and-insert", "insert-from-staging", "staging-optimized")


@pytest.mark.parametrize("strategy", STRATEGIES[:2])  # dlt's DuckDB destination has no staging-optimized
def test_every_strategy_of_replacing_in_duckdb(
    tmp_path: Path, strategy: str, shaped_tables: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__REPLACE_STRATEGY", strategy)
    columns, rows = (
        filled(dlt.destinations.duckdb(str(tmp_path / f"{by}.duckdb")), tmp_path, "replace", by_rows=by)
        for by in (False, True)
    )
    assert columns == rows
    assert "things__labels" in shaped_tables


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_of_replacing_in_postgresql(
    tmp_path: Path,
    postgres_dsn: str,
    strategy: str,
    shaped_tables: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("adbc_driver_postgresql", reason="PostgreSQL takes Parquet files through ADBC only")
    monkeypatch.setenv("DESTINATION__REPLACE_STRATEGY", strategy)
    columns, rows = (
        filled(dlt.destinations.postgres(postgres_dsn), tmp_path, "replace", by_rows=by, hints=PARQUET)
        for by in (False, True)
    )
    assert columns == rows
    assert "things__labels" in shaped_tables


@pytest.mark.parametrize("disposition", WAYS)
def test_postgresql_that_is_given_parquet_files(
    tmp_path: Path, postgres_dsn: str, disposition: str, shaped_tables: list[str]
) -> None:
    pytest.importorskip("adbc_driver_postgresql", reason="PostgreSQL takes Parquet files through ADBC only")
    columns, rows = (
        filled(dlt.destinations.postgres(postgres_dsn), tmp_path, disposition, by_rows=by, hints=PARQUET)
        for by in (False, True)
    )
    assert columns == rows
    assert "things__labels" in shaped_tables


@pytest.mark.parametrize("disposition", ["append", "replace", "upsert"])
def test_delta_tables(
    tmp_path: Path, disposition: str, shaped_tables: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("deltalake", reason="the delta extra is not installed")
    monkeypatch.setattr(test_columnar, "rows_of", delta_rows)
    columns, rows = (
        filled(
            dlt.destinations.filesystem((tmp_path / str(by)).as_uri()),
            tmp_path,
            disposition,
            by_rows=by,
            hints=DELTA,
        )
        for by in (False, True)
    )
    assert columns == rows
    assert len(columns[1]["things"]) > 0
    assert "things__labels" in shaped_tables


def delta_rows(pipeline: dlt.Pipeline, table: str) -> list[str]:
    """Rows of a Delta table without what is random, in a stable order."""
    from dlt.common.libs.deltalake import get_delta_tables  # noqa: PLC0415  # an extra

    found = get_delta_tables(pipeline)
    records = found[table].to_pyarrow_table().to_pylist() if table in found else []
    return sorted(repr({key: row[key] for key in sorted(row) if key not in RANDOM}) for row in records)


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
def test_large_numbers_arrive_digit_by_digit(
    tmp_path: Path, destination: str, request: pytest.FixtureRequest
) -> None:
    """Beyond 64 bits as decimals, beyond 29 digits as text: variants of a column of smaller integers."""
    given: Any = dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    if destination == "postgres":
        pytest.importorskip(
            "adbc_driver_postgresql", reason="PostgreSQL takes Parquet files through ADBC only"
        )
        given = dlt.destinations.postgres(request.getfixturevalue("postgres_dsn"))
    numbers = [2**63 - 1, 2**63, -(2**64) - 1, 10**28 + 7, 10**40 + 1]
    fraction = "12345678901234567.000000001"
    records = [{"id": place, "n": number, "d": fraction} for place, number in enumerate(numbers)]
    name = tmp_path.name
    pipeline = dlt.pipeline(name, destination=given, dataset_name=name, pipelines_dir=str(tmp_path))
    hints = {"file_format": "parquet", "columns": {"d": {"data_type": "decimal"}}}
    pipeline.run(things(storable(records), "append", **hints))
    with pipeline.sql_client() as client:
        query = "SELECT n, n__v_decimal, n__v_text, d FROM things ORDER BY id"
        found = client.execute_sql(query) or ()
    assert {row[3] for row in found} == {Decimal(fraction)}
    assert [next(int(value) for value in row[:3] if value is not None) for row in found] == numbers
