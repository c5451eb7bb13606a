"""Refused for good: nothing is left behind, and the next run with a config that is right loads everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill import rest_api_source, sync
from restmill.errors import ConfigError, DestinationError
from restmill.load.refused.let_go import let_go
from restmill.load.schema import absent_columns
from tests.load.api import api, resource, rows
from tests.load.conftest import cause_of

if TYPE_CHECKING:
    from restmill.sandbox import SandboxServer
    from tests.load.conftest import Serve

KEYED: dict[str, Any] = {"primary_key": "id", "write_disposition": "merge"}
CURSOR = {"incremental": {"cursor_path": "updated_at", "initial_value": "2000-01-01", "start_param": "since"}}


def config(server: SandboxServer, **hints: Any) -> dict[str, Any]:
    """Projects with these hints, and users beside them."""
    projects = resource("projects", **{**KEYED, **hints})
    return api(server.base_url, projects, resource("users", **KEYED), defaults={})


def same(record: Any) -> Any:
    return record


MAP = [{"map": same}]
TYPOS: dict[str, tuple[dict[str, Any], str, str]] = {
    "primary key": ({"primary_key": "ident"}, "primary_key", "ident"),
    "one of two": ({"primary_key": ["id", "ident"]}, "primary_key", "ident"),
    "append": ({"primary_key": "ident", "write_disposition": "append"}, "primary_key", "ident"),
    "replace": ({"primary_key": "ident", "write_disposition": "replace"}, "primary_key", "ident"),
    "merge key": ({"merge_key": "day"}, "merge_key", "day"),
    "in columns": ({"columns": {"ident": {"primary_key": True, "nullable": False}}}, "", "ident"),
    "not nullable": ({"columns": {"ident": {"nullable": False}}}, "columns", "ident"),
    "typed": ({"columns": {"z": {"nullable": False, "data_type": "text"}}}, "columns", "z"),
    "after a step": ({"primary_key": "ident", "processing_steps": MAP}, "primary_key", "ident"),
    "of a renamed": ({"primary_key": "name", "rename": {"name": "title"}}, "primary_key", "name"),
    "incremental": ({"primary_key": "ident", "endpoint": CURSOR}, "primary_key", "ident"),
    "nested": ({"nested_hints": {"members": {"primary_key": "nope"}}}, "primary_key", "nope"),
    "far from any": ({"primary_key": "ID_"}, "primary_key", "ID_"),
}


@pytest.mark.parametrize("case", TYPOS)
def test_after_a_typo_is_put_right_everything_is_loaded(serve: Serve, case: str) -> None:
    hints, key, name = TYPOS[case]
    server = serve(rows=30)
    for _ in range(2):
        with pytest.raises(ConfigError) as caught:
            sync(config(server, **hints), pipeline_name="typo", dataset_name="data")
        problem = caught.value.problem
        assert (f"`{name}`" in problem.what, problem.place.path.endswith(key)) == (True, True)
        assert problem.hint
        assert not dlt.attach("typo").has_pending_data
    receipt = sync(
        config(server, endpoint=hints.get("endpoint", {})), pipeline_name="typo", dataset_name="data"
    )
    assert receipt.verdict == "complete"
    assert rows(receipt, "SELECT (SELECT count(*) FROM projects), (SELECT count(*) FROM users)") == [(30, 30)]


def test_the_message_knows_what_records_have(serve: Serve) -> None:
    with pytest.raises(ConfigError) as caught:
        sync(config(serve(rows=30), primary_key="idd"), pipeline_name="near", dataset_name="data")
    assert "Did you mean 'id'?" in caught.value.problem.hint


@pytest.mark.parametrize("name", ["ID", "id", "Owner Id", "owner_id", "ownerId"])
def test_a_key_is_meant_as_dlt_writes_it(name: str) -> None:
    naming = dlt.Schema("x").naming
    named = absent_columns.needed_by({"primary_key": name}, typed=True)
    needed = {naming.normalize_path(one): (one, key) for one, key in named}
    sought = absent_columns.Sought("x", needed, naming, enforced=True)
    sought.see([{"id": 1, "ownerId": 2}])
    sought.end()
    assert sought.missing == {}


def test_a_part_of_an_object_is_no_typo() -> None:
    naming = dlt.Schema("x").naming
    sought = absent_columns.Sought("x", {"user__id": ("user__id", "primary_key")}, naming, enforced=True)
    sought.see([{"user": {"id": 1}}])
    sought.end()
    assert sought.missing == {}


def test_records_that_are_no_objects_are_dlts_to_name() -> None:
    naming = dlt.Schema("x").naming
    sought = absent_columns.Sought("x", {"value": ("value", "primary_key")}, naming, enforced=True)
    for _ in range(4):
        sought.see([1, 2])
    sought.end()


def test_some_pages_are_enough_where_the_database_refuses_a_record_anyway(serve: Serve) -> None:
    server = serve(rows=3_000)
    typo = api(server.base_url, resource("users", primary_key="idd", limit=50), defaults={})
    with pytest.raises(ConfigError):
        sync(typo, pipeline_name="early", dataset_name="data")
    assert len(server.log()) < 3_000 / 50


def test_without_records_nothing_is_known(serve: Serve) -> None:
    empty = config(serve(rows=0), primary_key="ident")
    assert sync(empty, pipeline_name="none", dataset_name="data").verdict == "complete"


def test_a_contract_that_refuses_costs_its_table_only_and_moves_no_cursor(serve: Serve) -> None:
    server = serve(rows=30)
    strict = {"columns": {"name": {"data_type": "bigint"}}, "schema_contract": {"data_type": "freeze"}}
    with pytest.raises(DestinationError) as caught:
        sync(config(server, endpoint=CURSOR, **strict), pipeline_name="strict", dataset_name="data")
    assert "its cursor has not moved" in caught.value.problem.hint  # the users were loaded
    assert "incremental" not in str(dlt.attach("strict").state.get("sources", {}))
    receipt = sync(config(server, endpoint=CURSOR), pipeline_name="strict", dataset_name="data")
    assert rows(receipt, "SELECT count(*) FROM projects") == [(30,)]


def left_by_dlt(server: SandboxServer) -> dlt.Pipeline:
    """A pipeline with a package that dlt could not normalise and has kept."""
    typo = rest_api_source(config(server, primary_key="ident", processing_steps=MAP), name="old")
    old = dlt.pipeline("old", destination="duckdb", dataset_name="data")
    with pytest.raises(Exception, match="ident"):
        old.run(typo)
    assert old.has_pending_data
    return old


@pytest.mark.parametrize(
    "passing", [OSError(28, "No space left on device"), MemoryError(), ConnectionError("refused")]
)
def test_what_may_pass_the_next_time_is_kept(serve: Serve, passing: Exception) -> None:
    old = left_by_dlt(serve(rows=30))
    assert let_go(old, passing) is False
    assert old.has_pending_data


def test_what_an_earlier_version_left_is_let_go_and_read_again(serve: Serve) -> None:
    """A package that dlt's own pipeline could not normalise waits in the folder."""
    server = serve(rows=30)
    left_by_dlt(server)
    receipt = sync(config(server), pipeline_name="old", dataset_name="data")
    assert receipt.verdict == "complete"
    assert any("was let go" in note for one in receipt.resources for note in one.notes)
    assert rows(receipt, "SELECT (SELECT count(*) FROM projects), (SELECT count(*) FROM users)") == [(30, 30)]


def test_a_pipeline_of_the_users_own_hears_it_while_it_reads(serve: Serve) -> None:
    own = dlt.pipeline("own", destination="duckdb", dataset_name="data")
    with pytest.raises(Exception, match="no record has `ident`") as caught:
        own.run(rest_api_source(config(serve(rows=30), primary_key="ident")))
    assert cause_of(caught.value, ConfigError).exit_code == 2


def test_two_names_of_one_table_are_refused_before_anything_is_sent(serve: Serve) -> None:
    server = serve(rows=30)
    both = api(server.base_url, resource("userEvents", "/v1/users"), resource("user_events", "/v1/users"))
    with pytest.raises(ConfigError, match="one table"):
        sync(both, pipeline_name="both", dataset_name="data")
    assert server.log() == []
