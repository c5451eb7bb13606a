"""What a correct run has loaded, and what a run did load.

Four numbers per table, counted in the sandbox's records on one side and in the result on the other: rows,
distinct ids, the sum of a whole-number field, and rows of the nested table. They are read after the peer has
ended, so that they cost it nothing.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import duckdb
import orjson

from bench.peers.job import DATASET, Job
from restmill.sandbox import Behaviour, collection, task_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bench.scenarios import Collection, Scenario
    from restmill.path import Json


@dataclass(frozen=True, slots=True)
class Content:
    """One table in four numbers."""

    rows: int
    ids: int
    total: int
    """The sum of the summed field."""
    nested: int
    """Rows of its nested table, or elements of its list."""

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {self.ids:,} ids, sum {self.total:,}, {self.nested:,} nested"


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the four numbers of a collection are."""

    summed: str
    """A field that holds whole numbers."""
    nested: str = ""
    """A field that holds a list of objects."""


SHAPES = {
    "events": Shape("quantity", "labels"),
    "users": Shape("id"),
    "tasks": Shape("project_id", "checklist"),
    "projects": Shape("id", "members"),
}
Tables: TypeAlias = dict[str, Content]


class Wrong(Exception):  # noqa: N818  # read as a sentence: "raise Wrong"
    """The result cannot be read, or is not the one expected; the text says how."""


def expected(scenario: Scenario) -> Tables:
    """The tables of a correct run."""
    seed, rows = Behaviour().seed, scenario.rows
    wanted = dict.fromkeys(_tables(scenario.collection), rows)
    if "tasks" in wanted:
        wanted["tasks"] = task_count(rows)
    return {name: _counted(collection(name, n, seed).records(), SHAPES[name]) for name, n in wanted.items()}


def verify(job: Job, wanted: Tables) -> None:
    """Compare what the job left in its folder with what is wanted.

    Raises:
        Wrong: a table is missing, unreadable, or holds something else.
    """
    try:
        found = {name: _extracted(job, name) if job.only_extract else _loaded(job, name) for name in wanted}
    except duckdb.Error as error:
        raise Wrong(f"cannot be checked: {str(error).splitlines()[0]}") from error
    for name, content in wanted.items():
        if found[name] != content:
            raise Wrong(f"{name}: {found[name]}; expected {content}")


def _tables(name: Collection) -> tuple[str, ...]:
    return ("projects", "tasks") if name == "tasks" else (name,)


def _counted(records: Iterable[Mapping[str, Json]], shape: Shape) -> Content:
    """The four numbers of records from JSON."""
    ids: set[Json] = set()
    rows = total = nested = 0
    for record in records:
        value, parts = record[shape.summed], record.get(shape.nested) or []
        assert isinstance(value, int)
        assert isinstance(parts, list)
        assert isinstance(record["id"], int)
        ids.add(record["id"])
        rows, total, nested = rows + 1, total + value, nested + len(parts)
    return Content(rows, len(ids), total, nested)


def _loaded(job: Job, name: str) -> Content:
    """Count in the tables of the job's database."""
    shape, table = SHAPES[name], f"{DATASET}.{name}"
    with duckdb.connect(job.database, read_only=True) as database:
        return _queried(database, table, shape, f"{table}__{shape.nested}")


def _extracted(job: Job, name: str) -> Content:
    """Count in the files that dlt's extract step has left for its normalize step."""
    shape = SHAPES[name]
    files = sorted(Path(job.folder).glob("bench/normalize/extracted/*/new_jobs/*"))
    own, nested = _of_table(files, name), _of_table(files, f"{name}__{shape.nested}")
    if own and own[0].suffix == ".parquet":
        with duckdb.connect() as database:
            return _queried(database, _parquet(own), shape, _parquet(nested))
    return _counted((record for file in own for record in _written(file)), shape)


def _written(file: Path) -> Iterator[Mapping[str, Json]]:
    """The records in a file of dlt's `typed-jsonl`: each line is a list of them."""
    text = file.read_bytes()
    for line in (gzip.decompress(text) if file.suffix == ".gz" else text).splitlines():
        yield from orjson.loads(line)


def _queried(database: duckdb.DuckDBPyConnection, rows: str, shape: Shape, nested: str) -> Content:
    """The four numbers of tables."""
    query = f"SELECT count(*), count(DISTINCT id), sum({shape.summed}) FROM {rows}"  # noqa: S608
    found = database.execute(query).fetchone()
    inner = database.execute(f"SELECT count(*) FROM {nested}").fetchone() if shape.nested else (0,)  # noqa: S608
    assert found is not None
    assert inner is not None
    count, ids, total = found
    return Content(int(count), int(ids), int(total or 0), int(inner[0]))


def _of_table(files: Iterable[Path], table: str) -> list[Path]:
    return [file for file in files if file.name.split(".")[0] == table]


def _parquet(files: list[Path]) -> str:
    return f"read_parquet({_listed(files)}, union_by_name=true)"


def _listed(files: list[Path]) -> str:
    return "[" + ", ".join(f"'{file}'" for file in files) + "]"
