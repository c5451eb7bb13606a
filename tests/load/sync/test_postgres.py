"""One config into PostgreSQL and into DuckDB: the same tables, rows and values, on the second run, too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill import sync
from tests.load.api import api, child, columns, of, resource, tables
from tests.load.api import rows as duckdb_rows

psycopg2 = pytest.importorskip("psycopg2", reason="the postgres extra is not installed")

if TYPE_CHECKING:
    from restmill.run.receipt.receipt import Receipt
    from tests.load.conftest import Serve


def query(dsn: str, text: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(text)
            return list(cursor.fetchall())
    finally:
        connection.close()


def plain(value: Any) -> Any:
    """A value as both databases mean it: one zone for times, parsed JSON, plain numbers."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


def contents(found: list[tuple[Any, ...]]) -> list[str]:
    return sorted(repr([plain(value) for value in row]) for row in found)


def compare(dsn: str, dataset: str, receipt: Receipt) -> None:
    """Every data table has the same columns and the same values in both; dlt's own keys differ by nature."""
    in_postgres = query(
        dsn,
        f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{dataset}'",  # noqa: S608
    )
    assert {name for (name,) in in_postgres if not name.startswith("_")} == tables(receipt)
    for table in tables(receipt):
        names = ", ".join(f'"{name}"' for name in sorted(columns(receipt, table)))
        ours = query(dsn, f'SELECT {names} FROM {dataset}."{table}"')  # noqa: S608
        theirs = duckdb_rows(receipt, f'SELECT {names} FROM "{table}"')  # noqa: S608
        assert contents(ours) == contents(theirs), table


def test_nested_data_twice_into_both(postgres_dsn: str, serve: Serve) -> None:
    server = serve(rows=60)
    config = api(
        server.base_url,
        resource("configurations"),
        resource("resource"),
        resource("feature_flags", selector="items"),
        resource("projects"),
        child(),
    )
    for rows_now in (60, 75):
        server.change(rows=rows_now)
        receipts = [
            sync(config, pipeline_name=name, dataset_name="twins", destination=destination)
            for name, destination in (
                ("into_postgres", dlt.destinations.postgres(postgres_dsn)),
                ("into_duckdb", "duckdb"),
            )
        ]
        assert [receipt.exit_code for receipt in receipts] == [0, 0]
        assert [receipt.destination for receipt in receipts] == ["postgres", "duckdb"]
        assert of(receipts[0], "projects").rows == rows_now
        compare(postgres_dsn, "twins", receipts[1])
    assert query(postgres_dsn, "SELECT count(*), count(DISTINCT id) FROM twins.projects") == [(75, 75)]


def test_replace_and_incremental(postgres_dsn: str, serve: Serve) -> None:
    server = serve(rows=20)
    users = resource("users", limit=10, write_disposition="append", primary_key=None)
    users["endpoint"]["incremental"] = {"cursor_path": "updated_at", "start_param": "since"}
    config = api(server.base_url, resource("projects", write_disposition="replace"), users)
    for _ in range(2):
        receipt = sync(
            config,
            pipeline_name="again",
            dataset_name="again",
            destination=dlt.destinations.postgres(postgres_dsn),
        )
    assert receipt.exit_code == 0
    assert query(postgres_dsn, "SELECT count(*) FROM again.projects") == [(20,)]
    assert query(postgres_dsn, "SELECT count(*), count(DISTINCT id) FROM again.users") == [(20, 20)]
    assert query(postgres_dsn, "SELECT max(id) FROM again.users") == [(20,)]
