"""A column of integers becomes one of doubles when a fraction comes, where no number is lost by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from pyarrow import parquet

from restmill import sync
from restmill.events import Noted
from restmill.load.columnar import eligibility
from restmill.load.prepare.plans import plan_of_mapping
from restmill.load.verify.full import verify
from restmill.plan.spec import Departures
from restmill.run.observers import watching
from restmill.testing import Recorder
from tests.load.api import api, columns, of, resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.load.conftest import Serve

BIG = 2**53 + 1
KEEPS = "`things.n` keeps its integers, and fractions stand beside it: "
KEPT_BY_FILES = "the destination's columns keep their types"
COUNTED = re.compile(r"^[\d,]+ values? of .* instead$|^the schema contract dropped")
WAYS = ["append", "merge", "replace"]


def things(records: Sequence[Any], *, widen: bool = True, quarantine: bool = False, **hints: Any) -> Any:
    """A resource that yields the records in pages of ten; an error among them is raised."""

    def pages() -> Iterator[list[Any]]:
        eligibility.claim(Departures(widen_numbers=widen, quarantine=quarantine))
        for start in range(0, len(records), 10):
            page = list(records[start : start + 10])
            if isinstance(page[-1], Exception):
                raise page[-1]
            yield page

    return dlt.resource(pages, name="things", **{"file_format": "parquet", **hints})


def numbered(*values: Any, first: int = 0) -> list[dict[str, Any]]:
    return [{"id": number, "n": value} for number, value in enumerate(values, first)]


@pytest.fixture(params=["duckdb", "postgres"])
def pipeline(request: pytest.FixtureRequest, tmp_path: Path) -> dlt.Pipeline:
    name = f"widened_{tmp_path.name}"  # the PostgreSQL server is shared
    if request.param == "postgres":
        pytest.importorskip("adbc_driver_postgresql", reason="PostgreSQL takes Parquet through ADBC only")
        destination: Any = dlt.destinations.postgres(request.getfixturevalue("postgres_dsn"))
    else:
        destination = dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    return dlt.pipeline(name, destination=destination, dataset_name=name, pipelines_dir=str(tmp_path))


def types(pipeline: dlt.Pipeline, table: str = "things", *, staging: bool = False) -> dict[str, str]:
    """The columns of a table in the database, dlt's own left out."""
    query = (
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_name = %s AND table_schema = %s ORDER BY ordinal_position"
    )
    dataset = f"{pipeline.dataset_name}{'_staging' if staging else ''}"
    with pipeline.sql_client() as client:
        found = client.execute_sql(query, table, dataset) or ()
    kinds = {"double precision": "DOUBLE"}
    return {name: kinds.get(kind, kind.upper()) for name, kind in found if name[:4] != "_dlt"}


def selected(pipeline: dlt.Pipeline, query: str) -> list[Any]:
    with pipeline.sql_client() as client:
        return [row[0] if len(row) == 1 else tuple(row) for row in client.execute_sql(query) or ()]


def notes(pipeline: dlt.Pipeline, source: Any) -> list[str]:
    """What a run of the source notes, without the counts of values that stand apart (see `test_losses`)."""
    recorder = Recorder()
    with watching(recorder):
        pipeline.run(source)
    told = [one.text for one in recorder.events if isinstance(one, Noted)]
    return [text for text in told if not COUNTED.search(text)]


@pytest.mark.parametrize("disposition", WAYS)
def test_a_fraction_in_a_later_run_widens_the_column_that_is_there(
    pipeline: dlt.Pipeline, disposition: Any
) -> None:
    hints = {"primary_key": "id", "write_disposition": disposition}
    pipeline.run(things(numbered(1, 2, None), **hints))
    assert types(pipeline) == {"id": "BIGINT", "n": "BIGINT"}
    told = notes(pipeline, things(numbered(1, 2.5), **hints))
    assert told == ["`things.n` became a column of doubles: a fraction came after integers"]
    assert notes(pipeline, things(numbered(7, 2**53, first=1), **hints)) == []
    assert types(pipeline) == {"id": "BIGINT", "n": "DOUBLE"}
    if disposition == "merge":
        assert types(pipeline, staging=True) == types(pipeline)
    wanted = {
        "append": [(0, 1), (0, 1), (1, 2), (1, 2.5), (1, 7), (2, 2**53), (2, None)],
        "merge": [(0, 1), (1, 7), (2, 2**53)],
        "replace": [(1, 7), (2, 2**53)],
    }
    assert selected(pipeline, "SELECT id, n FROM things ORDER BY id, n") == wanted[disposition]


def test_nested_fields_and_lists_widen_too_and_keep_large_integers_apart(pipeline: dlt.Pipeline) -> None:
    def record(value: Any, *values: Any) -> Any:
        return {"id": 1, "l": [{"x": value}], "v": [value, *values], "o": {"p": value}}

    pipeline.run(things([record(1)]))
    pipeline.run(things([record(1.5)]))
    assert types(pipeline) == {"id": "BIGINT", "o__p": "DOUBLE"}
    assert types(pipeline, "things__l") == {"x": "DOUBLE"}
    assert types(pipeline, "things__v") == {"value": "DOUBLE"}
    pipeline.run(things([record(BIG, 2)]))
    assert types(pipeline) == {"id": "BIGINT", "o__p": "DOUBLE", "o__p__v_bigint": "BIGINT"}
    assert types(pipeline, "things__l") == {"x": "DOUBLE", "x__v_bigint": "BIGINT"}
    assert types(pipeline, "things__v") == {"value": "DOUBLE", "value__v_bigint": "BIGINT"}
    assert selected(pipeline, "SELECT value__v_bigint FROM things__v WHERE value IS NULL") == [BIG]
    assert selected(pipeline, "SELECT value FROM things__v ORDER BY value") == [1, 1.5, 2, None]


@pytest.mark.parametrize("first", [1, 501, 6001, 12000])
def test_a_fraction_late_in_the_first_run_widens_what_was_written_before(
    pipeline: dlt.Pipeline, first: int
) -> None:
    values = [number if number < first else number + 0.5 for number in range(12001)]
    told = notes(pipeline, things(numbered(*values)))
    assert told == ["`things.n` became a column of doubles: a fraction came after integers"]
    assert types(pipeline) == {"id": "BIGINT", "n": "DOUBLE"}
    assert selected(pipeline, "SELECT n FROM things ORDER BY id") == values


def test_several_columns_each_at_its_time(pipeline: dlt.Pipeline) -> None:
    records = [
        {"id": number, "a": number, "b": number + 0.5 * (number > 1000), "c": number / (1 + (number > 7000))}
        for number in range(9000)
    ]
    pipeline.run(things(records))
    assert types(pipeline) == {"id": "BIGINT", "a": "BIGINT", "b": "DOUBLE", "c": "DOUBLE"}
    found = selected(pipeline, "SELECT id, a, b, c FROM things ORDER BY id")
    assert found == [tuple(record.values()) for record in records]


def test_without_the_key_fractions_stand_apart_as_under_dlt(pipeline: dlt.Pipeline) -> None:
    assert notes(pipeline, things(numbered(1, 1.5), widen=False)) == []
    assert types(pipeline) == {"id": "BIGINT", "n": "BIGINT", "n__v_double": "DOUBLE"}


def test_a_variant_column_that_is_there_is_used_further(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things(numbered(1, 1.5), widen=False))
    told = notes(pipeline, things(numbered(2, 2.5, first=2)))
    assert told == [f"{KEEPS}`n__v_double` is there already"]
    assert selected(pipeline, "SELECT n, n__v_double FROM things ORDER BY id") == [
        (1, None),
        (None, 1.5),
        (2, None),
        (None, 2.5),
    ]


@pytest.mark.parametrize("runs", [[[BIG], [1.5]], [[BIG, *range(6000), 1.5]]], ids=["stored", "same run"])
def test_a_column_with_an_integer_that_no_double_holds_is_not_widened(
    pipeline: dlt.Pipeline, runs: list[list[Any]]
) -> None:
    *before, last = runs
    for values in before:
        pipeline.run(things(numbered(*values)))
    assert notes(pipeline, things(numbered(*last))) == [f"{KEEPS}it holds integers beyond 2**53"]
    assert types(pipeline) == {"id": "BIGINT", "n": "BIGINT", "n__v_double": "DOUBLE"}
    assert selected(pipeline, "SELECT MAX(n) FROM things") == [BIG]
    assert selected(pipeline, "SELECT MAX(n__v_double) FROM things") == [1.5]


def test_a_large_integer_before_the_fraction_that_widens_the_stored_column(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things(numbered(1)))
    pipeline.run(things(numbered(BIG, 1.5, first=1)))
    assert types(pipeline) == {"id": "BIGINT", "n": "DOUBLE", "n__v_bigint": "BIGINT"}
    assert selected(pipeline, "SELECT n, n__v_bigint FROM things ORDER BY id") == [
        (1, None),
        (None, BIG),
        (1.5, None),
    ]


def test_where_the_database_refuses_fractions_stand_apart(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things(numbered(1)))
    with pipeline.sql_client() as client:
        is_duckdb = client.capabilities.sqlglot_dialect == "duckdb"
        stop = "CREATE INDEX i ON things(n)" if is_duckdb else "CREATE VIEW seen AS SELECT n FROM things"
        client.execute_sql(stop)
    (told,) = notes(pipeline, things(numbered(1.5, first=1)))
    assert told.startswith(f"{KEEPS}the destination refuses: ")
    assert types(pipeline)["n__v_double"] == "DOUBLE"
    assert selected(pipeline, "SELECT n, n__v_double FROM things ORDER BY id") == [(1, None), (None, 1.5)]


def test_a_type_that_the_config_gives_stays(pipeline: dlt.Pipeline) -> None:
    source = things(numbered(1, 1.5), columns={"n": {"data_type": "bigint"}})
    assert notes(pipeline, source) == [f"{KEEPS}the config gives its type"]
    assert types(pipeline) == {"id": "BIGINT", "n": "BIGINT", "n__v_double": "DOUBLE"}


def test_a_contract_on_types_is_kept(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things(numbered(1)))
    assert notes(pipeline, things(numbered(1.5), schema_contract={"data_type": "discard_value"})) == []
    assert types(pipeline) == {"id": "BIGINT", "n": "BIGINT"}
    with pytest.raises(PipelineStepFailed, match="frozen"):
        pipeline.run(things(numbered(1.5), schema_contract={"data_type": "freeze"}))


def test_after_a_run_that_failed_with_the_column_widened_no_integer_is_rounded(
    pipeline: dlt.Pipeline,
) -> None:
    pipeline.run(things(numbered(1)))
    with pytest.raises(PipelineStepFailed):
        pipeline.run(things([*numbered(*[1.5] * 6000), OSError("gone")]))
    assert types(pipeline) == {"id": "BIGINT", "n": "DOUBLE"}
    pipeline.run(things(numbered(2, BIG, first=1)))
    assert types(pipeline) == {"id": "BIGINT", "n": "DOUBLE", "n__v_bigint": "BIGINT"}
    assert selected(pipeline, "SELECT n, n__v_bigint FROM things ORDER BY id") == [
        (1, None),
        (2, None),
        (None, BIG),
    ]


def test_a_column_that_somebody_has_narrowed_is_widened_again(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things(numbered(1.0, 2)))
    with pipeline.sql_client() as client:
        client.execute_sql("ALTER TABLE things ALTER COLUMN n TYPE BIGINT")
    pipeline.run(things(numbered(2.5)))
    assert selected(pipeline, "SELECT n FROM things ORDER BY n") == [1, 2, 2.5]


def test_a_package_that_waits_keeps_its_integers(pipeline: dlt.Pipeline) -> None:
    pipeline.run(things(numbered(1)))
    pipeline.extract(things(numbered(BIG)))
    pipeline.extract(things(numbered(1.5)))
    pipeline.normalize()
    pipeline.load()
    assert selected(pipeline, "SELECT n, n__v_double FROM things ORDER BY n") == [
        (1, None),
        (BIG, None),
        (None, 1.5),
    ]


def test_a_refused_record_between_integers_and_fractions(pipeline: dlt.Pipeline) -> None:
    records = [*numbered(1, 2), {"id": None, "n": BIG}, *numbered(3.5, BIG, first=2)]
    pipeline.run(things(records, quarantine=True, primary_key="id"))
    assert selected(pipeline, "SELECT n, n__v_bigint FROM things ORDER BY id") == [
        (1, None),
        (2, None),
        (3.5, None),
        (None, BIG),
    ]


def test_files_of_one_run_have_one_type_and_those_of_earlier_runs_keep_theirs(tmp_path: Path) -> None:
    folder = dlt.destinations.filesystem((tmp_path / "files").as_uri())
    pipeline = dlt.pipeline("files", destination=folder, dataset_name="d", pipelines_dir=str(tmp_path))
    records = [
        {"id": number, "a": 1, "b": number + 0.5 * (number > 6000), "l": [number + 0.5 * (number > 7000)]}
        for number in range(9000)
    ]
    pipeline.run(things(records))
    assert file_types(tmp_path, "things", "b") == {"double"}
    assert file_types(tmp_path, "things__l", "value") == {"double"}
    assert file_types(tmp_path, "things", "a") == {"int64"}
    told = notes(pipeline, things([{"id": 9001, "a": 1.5, "b": 2, "l": [1]}]))
    assert told == ["`things.a` keeps its integers, and fractions stand beside it: " + KEPT_BY_FILES]
    assert file_types(tmp_path, "things", "a") == {"int64"}
    assert file_types(tmp_path, "things", "b") == {"double"}


def file_types(folder: Path, table: str, column: str) -> set[str]:
    """The types that a column has in the files of a table."""
    files = [parquet.read_schema(one) for one in (folder / "files" / "d" / table).iterdir()]
    return {str(one.field(column).type) for one in files if column in one.names}


def halved(record: Any) -> Any:
    """The record with a number that is whole in the first 100 of them, and then is none."""
    return {**record, "n": record["id"] if record["id"] <= 100 else record["id"] / 2}


def numbered_by_id(record: Any) -> Any:
    """The record with a number that is always whole."""
    return {**record, "n": record["id"]}


def test_the_receipt_says_what_was_widened(serve: Serve) -> None:
    config = api(serve().base_url, resource("users", widen_numbers=True, processing_steps=[{"map": halved}]))
    receipt = sync(config)
    assert columns(receipt, "users")["n"] == "DOUBLE"
    assert "n__v_double" not in columns(receipt, "users")
    told = "`users.n` became a column of doubles: a fraction came after integers"
    assert told in of(receipt, "users").notes


@pytest.mark.parametrize(("step", "kind"), [(halved, "DOUBLE"), (numbered_by_id, "BIGINT")])
def test_verifying_sees_the_same_numbers_and_alters_nothing(serve: Serve, step: Any, kind: str) -> None:
    server = serve()

    def users(map_: Any) -> Any:
        steps = [{"map": map_}]
        return api(server.base_url, resource("users", widen_numbers=True, processing_steps=steps))

    def changed(map_: Any) -> int:
        (found,) = verify(plan_of_mapping(users(map_))).resources
        assert found.difference is not None
        return found.difference.changed

    receipt = sync(users(step))
    assert changed(step) == 0
    assert changed(halved) == (0 if step is halved else 30)
    assert columns(receipt, "users")["n"] == kind


def test_by_rows_the_key_has_no_effect_and_that_is_told(serve: Serve, tmp_path: Path) -> None:
    users = resource("users", widen_numbers=True, on_unsupported_merge="append")
    config = api(serve(rows=5).base_url, users)
    receipt = sync(config, destination=dlt.destinations.filesystem(tmp_path.as_uri()))
    (note,) = [note for note in of(receipt, "users").notes if "row by row" in note]
    assert note.endswith("`widen_numbers` has no effect there")
