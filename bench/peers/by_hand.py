"""What one writes by hand: a `requests` loop, and two inserts for every 10,000 records.

It does less than the others: no retry, no state, one page after the other, and the total is believed. The
tables are made anew on the first insert, and later inserts replace rows by their id.
"""

from __future__ import annotations

import time
from typing import Any

import duckdb
import pyarrow as pa
import requests

from bench.peers.job import DATASET, Job

CHUNK = 10_000
LISTS = {"events": "labels"}


def main() -> None:
    """Read the collection to its end and load it."""
    job = Job.given()
    session = requests.Session()
    database = duckdb.connect(job.database)
    database.execute(f"CREATE SCHEMA {DATASET}")
    waiting: list[dict[str, Any]] = []
    fetched, total = 0, 1
    extract = load = 0.0
    while fetched < total:
        began = time.perf_counter()
        answer = session.get(job.url, params={"offset": fetched, "limit": job.page_size}, timeout=60)
        answer.raise_for_status()
        page = answer.json()
        waiting += page["data"]
        fetched += len(page["data"])
        total = page["total"]
        extract += time.perf_counter() - began
        if len(waiting) >= CHUNK or fetched >= total:
            began = time.perf_counter()
            insert(database, job.collection, waiting)
            waiting = []
            load += time.perf_counter() - began
    began = time.perf_counter()
    database.close()
    job.report({"extract": extract, "load": load + time.perf_counter() - began})


def insert(database: duckdb.DuckDBPyConnection, name: str, records: list[dict[str, Any]]) -> None:
    """Write records to their table, and the objects of their list, if they have one, to its own table."""
    parts = LISTS.get(name, "")
    rows = [{key: value for key, value in record.items() if key != parts} for record in records]
    merge(database, f"{DATASET}.{name}", rows, key="id")
    if parts:
        children = [
            {f"{name}_id": record["id"], **part} for record in records for part in record.get(parts) or []
        ]
        merge(database, f"{DATASET}.{name}__{parts}", children, key=f"{name}_id")


def merge(database: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]], key: str) -> None:
    """Insert rows, in place of those with the same key."""
    batch = pa.Table.from_pylist(rows)
    database.register("batch", batch)
    database.execute(f"CREATE TABLE IF NOT EXISTS {table} AS SELECT * FROM batch LIMIT 0")  # noqa: S608
    database.execute(f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM batch)")  # noqa: S608
    database.execute(f"INSERT INTO {table} SELECT * FROM batch")  # noqa: S608
    database.unregister("batch")


if __name__ == "__main__":
    main()
