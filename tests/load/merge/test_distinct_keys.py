"""Where no key comes twice, dlt's merge does not ask; where one may, it keeps one row of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dlt
import pyarrow as pa
import pytest
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.destinations.job_client_impl import SqlJobClientBase
from hypothesis import given
from hypothesis import strategies as st

from restmill.load import dlt_patches
from restmill.load.merge import distinct_keys
from tests.load.columnar.test_columnar import RUNS, filled, rows_of, things
from tests.load.merge.merges import (
    NUMBERING,
    PARQUET,
    Record,
    _no_proofs,
    by_rows_elsewhere,
    count,
    destination,
    flat,
    merges,
    pipeline_in,
    records,
    steps,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["_no_proofs", "destination"]

HINT = "x-stage-data-deduplicated"
FOLLOWUPS = "create_table_chain_completed_followup_jobs"


def test_distinct_keys_are_merged_without_asking_into_the_same_tables(
    tmp_path: Path, destination: Any
) -> None:
    """Three runs, of which the later ones update rows: (schema, rows) as by rows."""
    columns = filled(destination, tmp_path, "merge", by_rows=False, hints=(PARQUET,) * 3)
    mine = merges(tmp_path)
    assert len(mine) == len(RUNS)
    assert not any(NUMBERING in sql for sql in mine)
    rows = filled(destination, tmp_path, "merge", by_rows=True, hints=(PARQUET,) * 3)
    assert columns == rows
    assert sum(NUMBERING in sql for sql in merges(tmp_path)) == len(RUNS)


@pytest.mark.parametrize(
    ("ids", "left"),
    [
        pytest.param([1, 2, 1], [1, 2], id="in a page"),
        pytest.param([*range(1200), 0], range(1200), id="in pages far apart"),
        pytest.param(["1", 1, 2], [1, 2], id="by their type"),
        pytest.param([1, "01", 2], [1, 2], id="by their type, from text"),
    ],
)
def test_a_key_that_comes_twice_leaves_one_row(
    tmp_path: Path, destination: Any, ids: list[Any], left: Sequence[int]
) -> None:
    pipeline = pipeline_in(tmp_path, destination)
    hints: Any = {"columns": {"id": {"data_type": "bigint"}}, **PARQUET}
    pipeline.run(things(records(*ids), "merge", **hints))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql
    assert count(pipeline, "things", staged=True) == len(ids)
    assert count(pipeline, "things") == len(left)
    assert count(pipeline, "things__tags") == 2 * len(left)


def test_a_key_of_two_columns(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    for second in ("a", "b"):
        rows: list[Record] = [{"id": 1, "part": "b"}, {"id": 1, "part": second}, {"id": 2, "part": second}]
        resource = things(rows, "merge")
        resource.apply_hints(primary_key=["id", "part"])
        pipeline.run(resource)
    assert [NUMBERING in sql for sql in merges(tmp_path)] == [False, True]
    assert count(pipeline, "things") == 4


@pytest.mark.parametrize(
    ("hints", "ids"),
    [
        pytest.param({"data_type": "double"}, [1.5, 2.5], id="a type that is not compared bit by bit"),
        pytest.param({"data_type": "text", "precision": 5}, ["a", "b"], id="texts that may be cut"),
        pytest.param({"data_type": "text", "nullable": True}, ["a", None, None], id="keys that are missing"),
    ],
)
def test_keys_that_prove_nothing(tmp_path: Path, hints: Record, ids: list[Any]) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.run(things(records(*ids), "merge", columns={"id": hints}))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql


def test_more_keys_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = pipeline_in(tmp_path)
    for most in (8 * 2000, 8 * 2000 - 1):
        monkeypatch.setattr(distinct_keys, "_MOST_BYTES", most)
        pipeline.run(things(records(*range(2000)), "merge"))
    assert [NUMBERING in sql for sql in merges(tmp_path)] == [False, True]


def test_ids_that_come_with_nested_records_may_repeat(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.run(things([{"id": key, "tags": [{"_dlt_id": "same", "v": 1}]} for key in (1, 2)], "merge"))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql
    assert count(pipeline, "things__tags") == 1


def as_arrow_elsewhere(ids: Sequence[int]) -> Any:
    """A resource of dlt's own that writes the same table as an Arrow table."""
    names = [str(key) for key in ids]
    table = pa.table({"id": pa.array(ids, pa.int64()), "_dlt_load_id": names, "_dlt_id": names})
    return dlt.resource(
        [table], name="others", table_name="things", primary_key="id", write_disposition="merge"
    )


@pytest.mark.parametrize("others", [by_rows_elsewhere, as_arrow_elsewhere])
@pytest.mark.parametrize("apart", [False, True], ids=["in one step", "in two steps of one package"])
def test_a_table_that_others_write_as_well(
    tmp_path: Path, others: Callable[[Sequence[int]], Any], apart: bool
) -> None:
    pipeline = pipeline_in(tmp_path)
    mine, theirs = things(flat(1, 2, 3), "merge"), others([3, 4])
    pipeline.run(steps([mine], [theirs]) if apart else steps([mine, theirs]))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql
    assert count(pipeline, "things", staged=True) == 5
    assert count(pipeline, "things") == 4


def test_two_columnar_resources_of_one_table_are_judged_together(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    for second in ([3, 4], [5, 6]):
        more = things(records(*second), "merge", table_name="things").with_name("more")
        pipeline.run([things(records(1, 2, 3), "merge"), more])
    assert [NUMBERING in sql for sql in merges(tmp_path)] == [True, False]
    assert count(pipeline, "things") == 6


def test_the_stored_schema_knows_nothing_of_it(tmp_path: Path) -> None:
    """Its version is the one that dlt alone stores."""
    hashes = []
    for alone in (False, True):
        folder = tmp_path / str(alone)
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            if alone:
                patch.setattr(SqlJobClientBase, FOLLOWUPS, dlt_patches.original_followups)
            pipeline = dlt.pipeline(
                "same",
                destination=dlt.destinations.duckdb(str(folder / "x.duckdb")),
                pipelines_dir=str(folder),
            )
            for _ in range(2):
                pipeline.run(things(records(1, 2, 3), "merge"))
        assert [NUMBERING in sql for sql in merges(folder)] == [alone, alone]
        with pipeline.sql_client() as client:
            stored = client.execute_sql("SELECT schema, version_hash FROM _dlt_version")
        assert stored
        assert [row[1] for row in stored] == [pipeline.default_schema.version_hash]
        texts = [row[0] for row in stored] + [path.read_text() for path in folder.rglob("*schema*.json")]
        assert len(texts) > 2
        assert not any(HINT in text for text in texts)
        hashes.append(pipeline.default_schema.version_hash)
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("ids", [[1, 2, 3], [1, 2, 3, 3]])
def test_the_hint_of_a_config_still_counts(tmp_path: Path, ids: list[int]) -> None:
    pipeline = pipeline_in(tmp_path)
    resource = things(records(*ids), "merge")
    way: Any = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": True}
    resource.apply_hints(write_disposition=way)
    pipeline.run(resource)
    (sql,) = merges(tmp_path)
    assert NUMBERING not in sql
    assert count(pipeline, "things") == len(ids)


@pytest.mark.parametrize("disposition", ["append", "replace", "upsert", "insert-only", "scd2"])
def test_nothing_is_proven_where_nothing_is_deduplicated(tmp_path: Path, disposition: str) -> None:
    pipeline = pipeline_in(tmp_path, dlt.destinations.postgres("postgresql://nobody@localhost/none"))
    pipeline.extract(things(records(1, 2, 3), disposition, **PARQUET))
    assert distinct_keys._proofs == {}


def test_a_proof_of_another_key(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.extract(things(records(1, 2, 3), "merge"))
    ((load, proof),) = distinct_keys._proofs.items()
    distinct_keys._proofs[load] = replace(proof, keys=proof.keys | {"n"})
    pipeline.normalize()
    pipeline.load()
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql


def test_a_destination_whose_texts_are_not_known_to_be_compared_bit_by_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distinct_keys, "_DESTINATIONS", {"postgres"})
    pipeline_in(tmp_path).run(things(records(1, 2, 3), "merge"))
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql


def test_staged_rows_that_cannot_be_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, asked = DuckDbSqlClient.execute_sql, list[str]()

    def failing(self: DuckDbSqlClient, sql: Any, *args: Any, **kwargs: Any) -> Any:
        if "count(*)" in str(sql):
            asked.append(sql)
            raise OSError("no answer")
        return original(self, sql, *args, **kwargs)

    pipeline = pipeline_in(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(DuckDbSqlClient, "execute_sql", failing)
        pipeline.run(things(records(1, 2, 3), "merge"))
    assert len(asked) == 1
    (sql,) = merges(tmp_path)
    assert NUMBERING in sql
    assert count(pipeline, "things") == 3


def test_a_proof_is_spent_by_the_load(tmp_path: Path) -> None:
    pipeline = pipeline_in(tmp_path)
    pipeline.extract(things(records(1, 2, 3), "merge"))
    assert len(distinct_keys._proofs) == 1
    pipeline.normalize()
    pipeline.load()
    assert distinct_keys._proofs == {}
    assert rows_of(pipeline, "things")


keys = st.tuples(st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1), st.sampled_from(["", "a", "A", "a "]))


@given(st.lists(keys, max_size=12), st.booleans())
def test_repeats_as_a_set_would(rows: list[tuple[int, str]], in_order: bool) -> None:
    rows = sorted(rows) if in_order else rows
    table = pa.table(
        {"n": pa.array([row[0] for row in rows], pa.int64()), "t": [row[1] for row in rows]},
        schema=pa.schema({"n": pa.int64(), "t": pa.string()}),
    )
    assert distinct_keys.repeats(table) == (len(set(rows)) < len(rows))
    for place, name in enumerate(table.column_names):
        assert distinct_keys.repeats(table.select([name])) == (len({row[place] for row in rows}) < len(rows))
