"""`require`: anything less fails before loading; tables, cursor and packages stay as they were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill import rest_api_source, sync
from restmill.errors import Incomplete
from restmill.run.receipt import archive
from tests.load.api import api, counts, of, resource, rows, tables

if TYPE_CHECKING:
    from restmill.run.receipt.receipt import Receipt, Verdict
    from tests.load.conftest import Serve

NO_SUCH = resource("nothing", "/v1/no-such")


def incremental(base_url: str, *more: dict[str, Any]) -> dict[str, Any]:
    """Users by their time of change, and other resources."""
    cursor = {"cursor_path": "updated_at", "initial_value": "2000-01-01T00:00:00Z", "start_param": "since"}
    return api(base_url, resource("users", endpoint={"incremental": cursor}), *more)


def cursor_of(pipeline: str) -> Any:
    state = dlt.attach(pipeline).state["sources"]
    return state[pipeline]["resources"]["users"]["incremental"]["updated_at"]["last_value"]


def picture(receipt: Receipt) -> dict[str, Any]:
    """All rows and columns of the dataset."""
    names = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{receipt.dataset}'"  # noqa: S608
    return {name: sorted(map(repr, rows(receipt, f'FROM "{name}"'))) for (name,) in rows(receipt, names)}


def folders(pipeline: str) -> set[str]:
    """What dlt keeps of its packages."""
    home = Path(dlt.attach(pipeline).working_dir)
    return {str(path.relative_to(home)) for path in home.glob("*/*") if "loaded" not in path.parts}


def test_a_refused_run_leaves_everything_as_it_was_and_the_next_one_works(serve: Serve) -> None:
    server = serve(rows=20)
    before = sync(incremental(server.base_url), pipeline_name="strict")
    sync(incremental(server.base_url), pipeline_name="twin", dataset_name="twin_data")
    was, stood, had = picture(before), cursor_of("strict"), folders("strict")
    server.change(rows=30)
    config = incremental(server.base_url, resource("projects"), NO_SUCH)
    with pytest.raises(Incomplete) as caught:
        sync(config, pipeline_name="strict", require="complete")
    assert caught.value.exit_code == 4
    (problem,) = caught.value.problems
    assert problem.place.path == "nothing"
    assert "is partial, and nothing less than complete was to be loaded" in problem.what
    assert "404" in problem.what
    assert problem.got == "0 rows, 0 pages"
    assert picture(before) == was
    assert cursor_of("strict") == stood
    assert folders("strict") == had
    assert not dlt.attach("strict").has_pending_data
    config = incremental(server.base_url, resource("projects"))
    receipt = sync(config, pipeline_name="strict", require="complete")
    twin = sync(config, pipeline_name="twin", dataset_name="twin_data")
    for made in (receipt, twin):
        assert (made.exit_code, of(made, "users").rows > 0) == (0, True)
    for table in ("users", "projects"):
        ids = f"SELECT id FROM {table} ORDER BY id"  # noqa: S608
        assert rows(receipt, ids) == rows(twin, ids)
    assert cursor_of("strict") == cursor_of("twin")


def test_a_refused_first_run_leaves_nothing_and_a_receipt(serve: Serve) -> None:
    server = serve(rows=20)
    with pytest.raises(Incomplete):
        sync(incremental(server.base_url, NO_SUCH), pipeline_name="first", require="complete")
    (receipt,) = archive.stored("first").receipts
    assert receipt.error is not None
    assert (receipt.error.kind, receipt.exit_code, receipt.load_ids) == ("Incomplete", 4, ())
    assert [of(receipt, name).verdict for name in ("users", "nothing")] == ["complete", "partial"]
    after = sync(incremental(server.base_url), pipeline_name="first", require="complete")
    assert (tables(after), counts(after, "users")) == ({"users"}, {"users": 20})


@pytest.mark.parametrize(("require", "loaded"), [("complete", False), ("suspect", True), ("partial", True)])
def test_a_suspect_read_is_loaded_unless_complete_is_asked_for(
    require: Verdict, *, loaded: bool, serve: Serve
) -> None:
    server = serve(rows=120, duplicates=0.2)
    config = api(server.base_url, resource("users", limit=50))
    if loaded:
        receipt = sync(config, pipeline_name="doubtful", require=require)
        assert (receipt.verdict, receipt.exit_code) == ("suspect", 3)
        return
    with pytest.raises(Incomplete, match="is suspect") as caught:
        sync(config, pipeline_name="doubtful", require=require)
    assert caught.value.problem.hint == "`--require suspect` would load what was read."


def test_what_an_earlier_run_left_is_loaded_all_the_same(serve: Serve) -> None:
    server = serve(rows=5)
    interrupted = dlt.pipeline("kept", destination="duckdb", dataset_name="api_data")
    interrupted.extract(rest_api_source(api(server.base_url, resource("users"))))
    with pytest.raises(Incomplete):
        sync(api(server.base_url, NO_SUCH), pipeline_name="kept", require="suspect")
    after = sync(api(server.base_url, resource("projects")), pipeline_name="kept")
    assert counts(after, "users", "projects") == {"users": 5, "projects": 5}
