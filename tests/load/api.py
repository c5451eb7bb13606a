"""What the tests of the load share: configs against the sandbox, and a look into the tables."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from restmill.path import Json
    from restmill.run.receipt.receipt import Evidence, Receipt

KEY = "k3y-of-the-tests-5f2b"
MERGE = {"primary_key": "id", "write_disposition": "merge"}
Config = dict[str, Any]


def resource(name: str, path: str = "", selector: str = "data", limit: int = 100, **more: Json) -> Config:
    """One resource read by offset pages; `params` and other keys of the endpoint go under `endpoint`."""
    endpoint = {
        "path": path or f"/v1/{name}",
        "data_selector": selector,
        "paginator": {"type": "offset", "limit": limit},
        **more.pop("endpoint", {}),
    }
    return {"name": name, "endpoint": endpoint, **more}


def child(name: str = "tasks", parent: str = "projects", field: str = "id", **more: Json) -> Config:
    """The tasks of every project."""
    return resource(name, f"/v1/projects/{{resources.{parent}.{field}}}/tasks", **more)


def api(
    base_url: str, *resources: Json, defaults: Mapping[str, Json] | None = None, **client: Json
) -> Config:
    """A config whose key goes into the query string, whose failures are over quickly."""
    auth = {"type": "api_key", "name": "api_key", "api_key": KEY, "location": "query"}
    return {
        "client": {"base_url": base_url, "auth": auth, "retry": {"max_retries": 0}, **client},
        "resource_defaults": dict(MERGE if defaults is None else defaults),
        "resources": list(resources),
        "pipeline": {"dataset_name": "api_data"},
    }


def rows(where: Receipt | Path, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query; the dataset is on the search path."""
    file = where.location if not hasattr(where, "suffix") else str(where)
    with duckdb.connect(file, read_only=True) as connection:
        if not hasattr(where, "suffix"):
            connection.execute(f"SET search_path = '{where.dataset}'")
        return connection.execute(query).fetchall()


def counts(receipt: Receipt, *tables: str) -> dict[str, int]:
    """How many rows each table has."""
    return {table: rows(receipt, f'SELECT count(*) FROM "{table}"')[0][0] for table in tables}  # noqa: S608


def tables(receipt: Receipt) -> set[str]:
    """The data tables of the dataset."""
    query = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{receipt.dataset}'"  # noqa: S608
    return {name for (name,) in rows(receipt, query) if not name.startswith("_")}


def columns(receipt: Receipt, table: str) -> dict[str, str]:
    """Column names and types, dlt's own left out."""
    found = rows(receipt, f'DESCRIBE "{table}"')
    return {row[0]: row[1] for row in found if not row[0].startswith("_dlt")}


def of(receipt: Receipt, name: str) -> Evidence:
    """The evidence of one resource."""
    return next(evidence for evidence in receipt.resources if evidence.resource == name)


def wait_for_the_engine() -> None:
    """Return when every engine thread has ended by itself; they linger for a second after the last read."""
    gc.collect()  # iterations that were left, by dlt or a test, close their reads when they are collected
    for thread in threading.enumerate():
        if thread.name == "restmill":
            thread.join(timeout=10)
            assert not thread.is_alive()
