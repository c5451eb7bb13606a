"""The floor: what the machine can do when nothing but the work itself is done.

aiohttp keeps 16 requests in flight; the records are cut out of the answers unread and put together into
files of 10,000; DuckDB's own JSON reader makes both tables from them while the next pages arrive. The
columns are known beforehand, the first total is believed, nothing is tried twice. Nobody has to be this fast.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import duckdb
import orjson

from bench.peers.job import DATASET, Job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CONNECTIONS = 16
CHUNK = 10_000
LISTS = {"events": "labels"}
COLUMNS = {
    "events": {
        **dict.fromkeys(("id", "severity", "user_id", "quantity", "version"), "BIGINT"),
        **dict.fromkeys(("event_key", "type", "status", "source", "host", "user_email"), "VARCHAR"),
        **dict.fromkeys(("session_id", "message", "note", "currency"), "VARCHAR"),
        **dict.fromkeys(("created_at", "updated_at"), "TIMESTAMPTZ"),
        "amount": "DOUBLE",
        "is_test": "BOOLEAN",
        "address": "STRUCT(street VARCHAR, city VARCHAR, country VARCHAR, zip VARCHAR)",
        "labels": "STRUCT(id BIGINT, name VARCHAR, weight DOUBLE)[]",
    },
    "users": {
        "id": "BIGINT",
        **dict.fromkeys(("name", "email", "role"), "VARCHAR"),
        "active": "BOOLEAN",
        "preferences": "STRUCT(language VARCHAR, theme STRUCT(dark BOOLEAN))",
        **dict.fromkeys(("last_seen_at", "created_at", "updated_at"), "TIMESTAMPTZ"),
    },
}


async def main() -> None:
    """Read the collection and load it."""
    job = Job.given()
    began = time.perf_counter()
    database = duckdb.connect(job.database)
    prepare(database, job.collection)
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as loader:
        loads: list[asyncio.Future[None]] = []
        waiting: list[bytes] = []
        async for page in pages(job):
            waiting.append(page)
            if len(waiting) * job.page_size >= CHUNK:
                loads.append(loop.run_in_executor(loader, load, database, job, len(loads), waiting))
                waiting = []
        fetched = time.perf_counter()
        if waiting:
            loads.append(loop.run_in_executor(loader, load, database, job, len(loads), waiting))
        await asyncio.gather(*loads)
    finish(database, job.collection)
    database.close()
    # The two steps overlap; what is left of the load after the last page is all that can be told apart.
    job.report({"extract": fetched - began, "load": time.perf_counter() - fetched})


async def pages(job: Job) -> AsyncIterator[bytes]:
    """The records of each page, in order, as JSON with commas between and no brackets around."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def get(offset: int) -> bytes:
            query = {"offset": str(offset), "limit": str(job.page_size)}
            async with session.get(job.url, params=query) as answer:
                answer.raise_for_status()
                return await answer.read()

        first = await get(0)
        yield records_of(first)
        total = orjson.loads(first)["total"]
        rest = [asyncio.create_task(get(offset)) for offset in range(job.page_size, total, job.page_size)]
        for task in rest:
            yield records_of(await task)


def records_of(body: bytes) -> bytes:
    """What stands between the first bracket and the last."""
    return body[body.index(b"[") + 1 : body.rindex(b"]")]


def prepare(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make the staging table."""
    columns = ", ".join(f"{column} {kind}" for column, kind in COLUMNS[name].items())
    database.execute(f"CREATE SCHEMA {DATASET}; CREATE TEMP TABLE staging ({columns})")


def load(database: duckdb.DuckDBPyConnection, job: Job, number: int, waiting: list[bytes]) -> None:
    """Append some pages to the staging table."""
    file = Path(job.folder) / f"pages-{number}.json"
    file.write_bytes(b"[" + b",".join(waiting) + b"]")
    columns = ", ".join(f"{column}: '{kind}'" for column, kind in COLUMNS[job.collection].items())
    read = f"read_json('{file}', format='array', columns={{{columns}}})"
    database.execute(f"INSERT INTO staging SELECT * FROM {read}")  # noqa: S608
    file.unlink()


def finish(database: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make the tables from the staging table."""
    table, parts = f"{DATASET}.{name}", LISTS.get(name)
    without = f"EXCLUDE ({parts})" if parts else ""
    database.execute(f"CREATE TABLE {table} AS SELECT * {without} FROM staging")  # noqa: S608
    if parts:
        unnested = f"SELECT id AS {name}_id, unnest({parts}, recursive := true) FROM staging"  # noqa: S608
        database.execute(f"CREATE TABLE {table}__{parts} AS {unnested}")


if __name__ == "__main__":
    asyncio.run(main())
