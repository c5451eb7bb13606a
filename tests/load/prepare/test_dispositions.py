"""What each destination does with the rows: our table against dlt's capabilities, and runs against tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt import destinations
from dlt.common.destination.exceptions import DestinationCapabilitiesException
from dlt.common.destination.utils import resolve_merge_strategy, resolve_replace_strategy
from dlt.common.schema import utils

import restmill
from restmill.errors import ConfigError
from restmill.load.prepare.dispositions import abilities_of
from restmill.plan.destinations import DESTINATIONS
from restmill.plan.dispositions import Asked, outcome
from tests.load.api import MERGE, api, resource
from tests.load.conftest import cause_of

if TYPE_CHECKING:
    from pathlib import Path

    from restmill.sandbox import SandboxServer
    from tests.load.conftest import Serve

ALL = sorted(destinations.__all__)
FORMATS = ("", "delta", "iceberg", "hive")
STRATEGIES = ("", "delete-insert", "upsert", "scd2", "insert-only", "cdc")
REPLACING = ("", "truncate-and-insert", "insert-from-staging", "staging-optimized")


def test_every_destination_that_dlt_lists_is_in_the_table() -> None:
    assert sorted(DESTINATIONS) == ALL


def capable(name: str) -> Any:
    """A destination of dlt's that nobody has configured; its driver need not be installed."""
    try:
        return getattr(destinations, name)()
    except Exception as error:  # noqa: BLE001  # the reason is what the skip says
        pytest.skip(f"dlt cannot make `{name}` here: {type(error).__name__}")


def capabilities(name: str) -> Any:
    made = capable(name)
    try:
        return made.capabilities()
    except ModuleNotFoundError:
        return made._raw_capabilities()  # what a driver adjusts is not about dispositions


@pytest.mark.parametrize("name", ALL)
def test_the_table_says_what_dlt_says_of_itself(name: str) -> None:
    known, caps = DESTINATIONS[name], capabilities(name)
    assert known.formats == tuple(caps.supported_table_formats or ())
    for table_format in ("", *known.formats):
        table: Any = {"name": "x", "table_format": table_format or None, "columns": {}}
        merges, replaces = caps.supported_merge_strategies or (), caps.supported_replace_strategies or ()
        if caps.merge_strategies_selector:
            merges = caps.merge_strategies_selector(merges, table_schema=table)
        if caps.replace_strategies_selector:
            replaces = caps.replace_strategies_selector(replaces, table_schema=table)
        assert known.merging(table_format) == tuple(merges)
        assert known.replacing(table_format) == tuple(replaces)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_merge_is_what_dlt_makes_of_it(name: str, table_format: str, strategy: str) -> None:
    """Dlt's own resolver decides, for every strategy in every format in every destination."""
    able, caps = DESTINATIONS[name], capabilities(name)
    if able.decides or (able.refuses_formats and table_format and table_format not in able.formats):
        pytest.skip("a function decides, or dlt refuses the format: the next tests")
    table: Any = utils.new_table("x", write_disposition="merge")
    table |= {"table_format": table_format} if table_format else {}
    table |= {"x-merge-strategy": strategy} if strategy else {}
    found = outcome(able, Asked("merge", strategy, table_format, primary_key=True))
    if found.really == "fails":
        with pytest.raises(DestinationCapabilitiesException):
            resolve_merge_strategy({"x": table}, table, caps)
        assert found.acceptable
        return
    theirs = resolve_merge_strategy({"x": table}, table, caps)
    if theirs is None:  # dlt falls back to append
        assert found.acceptable
        assert found.really == "append"
    else:
        assert (found.really, found.refusal) == (f"merge ({theirs})", "")


@pytest.mark.parametrize("name", [one for one in ALL if not DESTINATIONS[one].decides and one != "dummy"])
@pytest.mark.parametrize("table_format", FORMATS)
@pytest.mark.parametrize("strategy", REPLACING)
def test_a_replacement_is_what_dlt_makes_of_it(name: str, table_format: str, strategy: str) -> None:
    able, caps = DESTINATIONS[name], capabilities(name)
    if able.refuses_formats and table_format and table_format not in able.formats:
        pytest.skip("dlt refuses the format")
    table: Any = {"name": "x", "columns": {}, "write_disposition": "replace", "table_format": table_format}
    theirs = resolve_replace_strategy(table, strategy or None, caps)  # type: ignore[arg-type]
    found = outcome(able, Asked("replace", table_format=table_format), strategy)
    assert (found.really, bool(found.refusal)) == (
        (f"replace ({theirs})", False) if theirs else ("fails", True)
    )


@pytest.mark.parametrize("name", ["duckdb", "dummy", "filesystem", "postgres", "redshift", "dremio"])
def test_an_object_is_judged_like_its_name(name: str) -> None:
    assert abilities_of(capable(name)) == DESTINATIONS[name]


def test_a_subclass_of_filesystem_appends_like_it() -> None:
    lake = type("Lake", (destinations.filesystem,), {})
    able = abilities_of(lake("file:///lake", destination_name="mine"))
    assert (able.name, able.appends, able.merging("")) == ("mine", True, ())


def test_hugging_face_merges_in_no_format() -> None:
    able = abilities_of(destinations.filesystem("hf://datasets/somebody"))
    assert (able.formats, able.merging(""), able.merging("delta")) == ((), (), ())


# --- runs ---------------------------------------------------------------------------------------------------


def config(server: SandboxServer, **hints: Any) -> dict[str, Any]:
    return api(server.base_url, resource("users", **{**MERGE, **hints}), defaults={})


def lake(tmp_path: Path) -> dict[str, Any]:
    """Arguments of `sync` for a filesystem destination."""
    return {
        "destination": dlt.destinations.filesystem((tmp_path / "lake").as_uri()),
        "dataset_name": "data",
        "pipeline_name": "lake",
    }


def rows_in(tmp_path: Path) -> int:
    into = dlt.attach("lake", **{key: one for key, one in lake(tmp_path).items() if key != "pipeline_name"})
    if (tmp_path / "lake/data/users/_delta_log").exists():
        from dlt.common.libs.deltalake import get_delta_tables  # noqa: PLC0415  # an extra

        return int(get_delta_tables(into, "users")["users"].to_pyarrow_table().num_rows)
    with into.dataset() as data:
        return len(data.users.fetchall())


@pytest.mark.parametrize("parquet", [False, True])
def test_merge_in_plain_files_is_refused_before_anything_is_sent(
    tmp_path: Path, serve: Serve, parquet: bool
) -> None:
    server = serve()
    hints = {"file_format": "parquet"} if parquet else {}
    with pytest.raises(ConfigError) as caught:
        restmill.sync(config(server, **hints), **lake(tmp_path))
    assert caught.value.problem.place.path == "users.write_disposition"
    for remedy in ("table_format: delta", "write_disposition: append", "on_unsupported_merge: append"):
        assert remedy in caught.value.problem.hint
    assert server.log() == []


def test_a_pipeline_of_the_users_own_is_refused_before_anything_is_sent(tmp_path: Path, serve: Serve) -> None:
    server = serve()
    with pytest.raises(Exception, match="not possible in plain") as caught:
        dlt.pipeline(**lake(tmp_path)).run(restmill.rest_api_source(config(server)))
    assert cause_of(caught.value, ConfigError).problem.hint
    assert server.log() == []


def test_a_merge_that_is_asked_for_when_the_pipeline_runs(tmp_path: Path, serve: Serve) -> None:
    server = serve()
    source = restmill.rest_api_source(config(server, write_disposition="append"))
    with pytest.raises(Exception, match="not possible in plain"):
        dlt.pipeline(**lake(tmp_path)).run(source, write_disposition="merge")
    assert server.log() == []


@pytest.mark.parametrize("disposition", ["merge", {"disposition": "merge", "strategy": "scd2"}])
def test_appended_where_the_config_accepts_it_and_the_receipt_says_so(
    tmp_path: Path, serve: Serve, disposition: Any
) -> None:
    server = serve()
    accepting = config(server, on_unsupported_merge="append", write_disposition=disposition)
    for run in (1, 2):
        receipt = restmill.sync(accepting, **lake(tmp_path))
        assert any("rows are appended" in note for note in receipt.resources[0].notes)
        assert rows_in(tmp_path) == run * 130


def test_delta_tables_merge(tmp_path: Path, serve: Serve) -> None:
    pytest.importorskip("deltalake", reason="the delta extra is not installed")
    server = serve()
    for _ in range(2):
        receipt = restmill.sync(config(server, table_format="delta"), **lake(tmp_path))
        assert receipt.verdict == "complete"
        assert rows_in(tmp_path) == 130


@pytest.mark.parametrize(("disposition", "rows"), [("append", 260), ("replace", 130)])
def test_what_plain_files_can_do_is_done(tmp_path: Path, serve: Serve, disposition: str, rows: int) -> None:
    server = serve()
    for _ in range(2):
        restmill.sync(config(server, write_disposition=disposition), **lake(tmp_path))
    assert rows_in(tmp_path) == rows


def test_a_strategy_that_duckdb_lacks_is_no_matter_of_the_load(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESTINATION__REPLACE_STRATEGY", "staging-optimized")
    server = serve()
    into = dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    with pytest.raises(ConfigError, match="staging-optimized"):
        restmill.sync(config(server, write_disposition="replace"), destination=into)
    assert server.log() == []


def test_a_merge_without_a_key_is_in_the_receipt(tmp_path: Path, serve: Serve) -> None:
    into = dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    receipt = restmill.sync(config(serve(), primary_key=None), destination=into)
    assert any("every run adds its rows again" in note for note in receipt.resources[0].notes)


def test_a_function_gets_the_rows_and_the_receipt_says_that_it_decides(serve: Serve) -> None:
    got: list[int] = []

    def sink(items: Any, table: Any) -> None:
        got.append(len(items))

    into = dlt.destination(sink, name="sink", batch_size=0, loader_file_format="parquet")
    receipt = restmill.sync(config(serve()), destination=into, pipeline_name="sink")
    assert any("a function" in note for note in receipt.resources[0].notes)
    assert got
