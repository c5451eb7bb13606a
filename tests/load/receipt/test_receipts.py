"""Every run leaves a receipt: on disk whatever became of it, in the destination what was loaded."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import duckdb
import pytest

from restmill import rest_api_source, sync
from restmill.errors import ApiError, Busy, CodeError, ConfigError, DestinationError
from restmill.events import StageBegan
from restmill.load.dropin.script import execute
from restmill.load.exclusive import alone
from restmill.load.prepare.plans import plan_of_mapping
from restmill.load.receipt import runs_table
from restmill.load.receipt.open_receipt import digest_of
from restmill.load.receipt.runs_table import TABLE
from restmill.load.recovery import pending_packages
from restmill.run.observers import watching
from restmill.run.receipt import archive
from restmill.run.receipt.receipt import Ledger
from restmill.run.receipt.under_way import Mark
from tests.load.api import KEY, api, columns, counts, of, resource, rows, tables

if TYPE_CHECKING:
    from restmill.events import Event, Observer
    from restmill.run.receipt.receipt import Receipt
    from tests.load.conftest import Serve

NO_SUCH = resource("nothing", "/v1/no-such")


def stored(pipeline: str = "") -> list[Receipt]:
    """The receipts on disk, oldest first, as far as they are of different seconds."""
    return [*reversed(archive.stored(pipeline).receipts)]


def test_a_receipt_on_disk_equals_the_one_returned(serve: Serve) -> None:
    receipt = sync(api(serve(key=KEY).base_url, resource("users")), pipeline_name="kept")
    assert stored("kept") == [receipt]
    assert receipt.error is None
    assert receipt.run_id[:15] == receipt.started[:19].replace("-", "").replace(":", "")
    assert set(receipt.versions) == {"restmill", "dlt", "python", "duckdb"}
    assert receipt.load_ids == tuple(
        {one for (one,) in rows(receipt, 'SELECT DISTINCT _dlt_load_id FROM "users"')}
    )


def test_requests_are_counted_with_retries(serve: Serve) -> None:
    server = serve(fail_rate=0.3, seed=3)
    config = api(server.base_url, resource("users", limit=10))
    config["client"]["retry"] = {"max_retries": 5, "backoff_factor": 0.01}
    receipt = sync(config, pipeline_name="counted")
    seen = of(receipt, "users")
    assert seen.retries > 0
    assert seen.requests >= max(int(str(server.stats()["requests"])), seen.pages + seen.retries)


def failing(server: Any, kind: str) -> dict[str, Any]:
    """A config whose run fails in one of several ways, and whom to blame."""

    def broken(_record: Any) -> Any:
        raise ValueError(KEY)

    def stop(_record: Any) -> Any:
        raise KeyboardInterrupt

    steps = {"code": [{"map": broken}], "interrupt": [{"map": stop}]}.get(kind, [])
    return api(
        server.base_url, resource("users", processing_steps=steps), *([NO_SUCH] if kind == "api" else [])
    )


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [("api", ApiError, 4), ("code", CodeError, 1), ("interrupt", KeyboardInterrupt, 130)],
)
def test_a_run_that_fails_leaves_a_receipt_too(
    kind: str, error: type[BaseException], code: int, serve: Serve
) -> None:
    config = failing(serve(key=KEY), kind)
    with pytest.raises((error, Exception)):
        sync(config, pipeline_name="failed", on_error="raise")
    (receipt,) = stored("failed")
    assert receipt.error is not None
    assert (receipt.exit_code, receipt.error.exit_code) == (code, code)
    assert (receipt.verdict, receipt.load_ids, receipt.tables) == ("partial", (), ())
    assert KEY not in json.dumps(archive.as_json(receipt))


def test_an_interruption_while_loading_says_that_what_was_read_is_kept(serve: Serve) -> None:
    config = api(serve(rows=3).base_url, resource("users"), resource("projects"))

    def stop(event: Event) -> None:
        if isinstance(event, StageBegan) and event.stage == "load":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sync(config, pipeline_name="late", observer=stop, resources=["users"])
    (receipt,) = stored("late")
    assert receipt.error is not None
    assert receipt.error.what.startswith("interrupted while loading: what was read is kept")
    receipt = sync(config, pipeline_name="late", resources=["projects"])  # another config would not be loaded
    assert counts(receipt, "users", "projects") == {"users": 3, "projects": 3}


def stopping(at: str) -> Observer:
    """An observer that interrupts the run when it enters a stage."""

    def stop(event: Event) -> None:
        if isinstance(event, StageBegan) and event.stage == at:
            raise KeyboardInterrupt

    return stop


def test_an_interruption_does_not_hide_that_an_earlier_package_was_loaded(serve: Serve) -> None:
    """It said "nothing was loaded" although three rows were, and the table had them."""
    config = api(serve(rows=3).base_url, resource("users"))
    for stage in ("load", "extract"):
        with pytest.raises(KeyboardInterrupt):
            sync(config, pipeline_name="late", observer=stopping(stage))
    receipt = stored("late")[-1]
    assert receipt.error is not None
    assert receipt.error.what.startswith("interrupted: what an earlier run had read is loaded")
    assert [one.rows for one in receipt.earlier] == [{"users": 3}]


def test_an_interruption_while_an_earlier_package_is_loaded_says_so(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = api(serve(rows=3).base_url, resource("users"))
    with pytest.raises(KeyboardInterrupt):
        sync(config, pipeline_name="late", observer=stopping("load"))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pending_packages, "load_earlier", stop)
    with pytest.raises(KeyboardInterrupt):
        sync(config, pipeline_name="late")
    receipt = stored("late")[-1]
    assert receipt.error is not None
    assert receipt.error.what.startswith("interrupted while loading what an earlier run had read")


def test_the_verdict_of_a_run_that_was_killed_before_its_last_checks_is_doubted_by_the_next(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when its rows are in the tables, and what it had still to look at is unknown."""
    config = api(serve(rows=3).base_url, resource("users"))

    def killed(*_: object) -> None:
        raise SystemExit

    def dies(mark: Mark) -> None:
        """The lock goes with the process, and the file stays as it is."""
        text = mark._path.read_bytes()
        mark._stack.close()
        mark._path.write_bytes(text)

    with monkeypatch.context() as patched:
        patched.setattr(sys.modules["restmill.load.sync.run"], "keys_that_met", killed)
        patched.setattr(Mark, "end", dies)
        patched.setattr("restmill.load.receipt.open_receipt.file", lambda _: None)
        with pytest.raises(SystemExit):
            sync(config, pipeline_name="killed")
    receipt = sync(config, pipeline_name="killed")
    told = rows(receipt, f"SELECT verdict, basis, reason FROM {TABLE} ORDER BY started")  # noqa: S608
    assert told[0][:2] == ("suspect", "")
    assert told[0][2].endswith("killed before its last checks")
    assert told[1][0] == "complete"
    again = sync(config, pipeline_name="killed")
    told = rows(again, f"SELECT verdict, reason FROM {TABLE} ORDER BY started")  # noqa: S608
    assert [verdict for verdict, _ in told] == ["suspect", "complete", "complete"]
    assert told[0][1].count("killed") == 1


def test_a_destination_that_fails_is_told_without_its_password(serve: Serve) -> None:
    pytest.importorskip("psycopg2", reason="the postgres extra is not installed")
    config = api(serve().base_url, resource("users"))
    target = dlt.destinations.postgres("postgresql://loader:hunter2@127.0.0.1:9/none")
    with pytest.raises(DestinationError):
        sync(config, pipeline_name="away", destination=target)
    (receipt,) = stored("away")
    assert receipt.error is not None
    assert receipt.exit_code == 5
    assert "hunter2" not in json.dumps(archive.as_json(receipt))


def test_a_wrong_config_is_no_run(serve: Serve) -> None:
    with pytest.raises(ConfigError):
        sync({"client": {"base_url": serve().base_url}}, pipeline_name="none")
    assert stored() == []


def test_a_receipt_that_cannot_be_written_costs_the_run_nothing(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    Path(".restmill").write_text("in the way")
    with caplog.at_level(logging.WARNING, "restmill"):
        receipt = sync(api(serve(rows=3).base_url, resource("users")), pipeline_name="unwritten")
    assert (receipt.exit_code, counts(receipt, "users")) == (0, {"users": 3})
    assert "could not be written" in caplog.text


@pytest.mark.parametrize("code", ["", "raise ValueError('hunter2')", "raise SystemExit(7)"])
def test_a_script_leaves_one_receipt(code: str, serve: Serve) -> None:
    script = Path("script.py")
    script.write_text(f"{code}\nimport dlt\n")
    try:
        execute(script)
    except (CodeError, SystemExit):
        assert code
    (receipt,) = stored("script")
    assert receipt.exit_code == {"": 0, "r": 1}.get(code[:1]) or receipt.exit_code == 7
    assert "hunter2" not in json.dumps(archive.as_json(receipt))


def test_the_digest_knows_the_config_and_not_its_secrets() -> None:
    def digest(key: str, path: str = "/v1/users") -> str:
        params = {"token": key.upper()}
        config = api("https://api.test", resource("users", path, endpoint={"params": params}))
        config["client"]["auth"]["api_key"] = key
        config["client"]["headers"] = {"X-Key": key}
        return digest_of(plan_of_mapping(config))

    assert digest("one-secret") == digest("another-secret")
    assert digest("one-secret") != digest("one-secret", "/v2/users")


def test_each_resource_of_each_run_is_a_row_beside_its_tables(serve: Serve) -> None:
    server = serve(key=KEY)
    config = api(server.base_url, resource("users"), NO_SUCH)
    receipts = [sync(config, pipeline_name="rowed") for _ in range(2)]
    found = rows(receipts[1], f"SELECT run_id, resource, verdict, rows, total FROM {TABLE} ORDER BY ALL")  # noqa: S608
    wanted = [
        (one.run_id, evidence.resource, evidence.verdict, evidence.rows, evidence.total)
        for one in receipts
        for evidence in one.resources
    ]
    assert sorted(found) == sorted(wanted)
    assert TABLE not in receipts[1].tables
    assert tables(receipts[1]) == {"users"}
    joined = f"SELECT DISTINCT run_id FROM users JOIN {TABLE} USING (_dlt_load_id)"  # noqa: S608
    assert rows(receipts[1], joined) == [(receipts[1].run_id,)]  # merged: all rows are of the second run
    pipeline = dlt.attach("rowed")
    assert pipeline.schema_names == ["rowed"]
    assert "_restmill" not in repr(pipeline.state)


DUCKDB_TYPES = {"text": "VARCHAR", "bigint": "BIGINT", "double": "DOUBLE", "bool": "BOOLEAN", "json": "JSON"}


def test_the_columns_have_the_declared_types_whatever_they_hold(serve: Serve) -> None:
    receipt = sync(api(serve(rows=0).base_url, resource("users")), pipeline_name="typed")
    wanted = {
        name: DUCKDB_TYPES.get(kind, "TIMESTAMP WITH TIME ZONE") for name, kind in runs_table.TYPES.items()
    }
    assert columns(receipt, TABLE) == wanted


def test_a_table_of_an_earlier_version_gets_the_columns_it_lacks(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = api(serve(rows=3).base_url, resource("users"))
    with monkeypatch.context() as patch:
        for name in ("requests", "notes"):
            patch.delitem(runs_table.TYPES, name)
            patch.delitem(runs_table._EVIDENCE, name)
        assert "notes" not in columns(sync(config, pipeline_name="aged"), TABLE)
    receipt = sync(config, pipeline_name="aged")
    sent = of(receipt, "users").requests
    assert rows(receipt, f"SELECT requests FROM {TABLE} ORDER BY requests") == [(sent,), (None,)]  # noqa: S608


def test_a_partial_read_that_was_withheld_is_a_row(serve: Serve) -> None:
    server = serve(rows=5)
    config = api(server.base_url, resource("users", write_disposition="replace"))
    sync(config, pipeline_name="held")
    config["resources"][0]["endpoint"]["path"] = "/v1/no-such"
    receipt = sync(config, pipeline_name="held")
    assert counts(receipt, "users") == {"users": 5}
    assert rows(receipt, f"SELECT verdict, withheld FROM {TABLE} ORDER BY ALL") == [  # noqa: S608
        ("complete", False),
        ("partial", True),
    ]


def test_the_table_can_be_left_out(serve: Serve) -> None:
    config = api(serve(rows=3).base_url, resource("users"))
    config["pipeline"]["runs_table"] = False
    receipt = sync(config, pipeline_name="bare", require="complete")
    named = f"SELECT table_name FROM information_schema.tables WHERE table_name = '{TABLE}'"  # noqa: S608
    assert rows(receipt, named) == []
    assert stored("bare") == [receipt]


def test_the_schema_is_otherwise_the_same(serve: Serve) -> None:
    config = api(serve(rows=20).base_url, resource("projects"), resource("feature_flags", selector="items"))
    schemas = []
    for on in (True, False):
        config["pipeline"]["runs_table"] = on
        for _ in range(2):
            sync(config, pipeline_name=f"schema_{on}")
        stored_schema: dict[str, Any] = {**dlt.attach(f"schema_{on}").default_schema.to_dict()}
        stored_schema["tables"].pop(TABLE, None)
        schemas.append({name: stored_schema[name] for name in ("tables", "settings", "normalizers")})
    assert schemas[0] == schemas[1]


def test_a_pipeline_of_the_users_own_has_no_such_table(serve: Serve) -> None:
    pipeline = dlt.pipeline("own", destination="duckdb", dataset_name="api_data")
    source = rest_api_source(api(serve(rows=3).base_url, resource("users")))
    ledger = Ledger()
    with watching(ledger):
        pipeline.run(source)
    (evidence,) = ledger.evidence(source.resources.selected)
    assert (evidence.verdict, evidence.rows) == ("complete", 3)
    with duckdb.connect("own.duckdb") as connection:
        names = connection.sql("SELECT table_name FROM information_schema.tables").fetchall()
    assert (TABLE,) not in names
    assert stored() == []


def test_the_table_as_files(serve: Serve, tmp_path: Path) -> None:
    target = dlt.destinations.filesystem((tmp_path / "lake").as_uri())
    config = api(serve(rows=3).base_url, resource("users", write_disposition="append"))
    for _ in range(2):
        assert sync(config, pipeline_name="lake", destination=target).exit_code == 0
    files = (tmp_path / "lake" / "api_data" / TABLE).glob("*")
    with duckdb.connect() as connection:
        found = [connection.sql(f"SELECT * FROM '{file}'").fetchall() for file in files]  # noqa: S608
    assert [len(one) for one in found] == [1, 1]


def test_the_table_in_postgres(serve: Serve, postgres_dsn: str) -> None:
    from tests.load.sync.test_postgres import query  # noqa: PLC0415  # it skips what imports it without the driver

    target = dlt.destinations.postgres(postgres_dsn)
    config = api(serve(rows=3).base_url, resource("users"), NO_SUCH)
    for _ in range(2):
        sync(config, pipeline_name="runs_in_pg", dataset_name="runs_in_pg", destination=target)
    found = query(postgres_dsn, f"SELECT resource, verdict, rows, errors FROM runs_in_pg.{TABLE} ORDER BY 1")  # noqa: S608
    assert [one[:3] for one in found] == [
        ("nothing", "partial", 0),
        ("nothing", "partial", 0),
        ("users", "complete", 3),
        ("users", "complete", 3),
    ]
    assert "404" in found[0][3][0]


def test_a_second_run_of_the_same_pipeline_is_refused_before_anything_is_sent(serve: Serve) -> None:
    server = serve(rows=3)
    config = api(server.base_url, resource("users"))
    refused: list[Busy] = []

    def interfere(_event: Event) -> None:
        if not refused:
            sent = server.stats()["requests"]
            with pytest.raises(Busy) as caught:
                sync(config, pipeline_name="busy")
            refused.append(caught.value)
            assert server.stats()["requests"] == sent

    assert sync(config, pipeline_name="busy", observer=interfere).exit_code == 0
    assert refused[0].exit_code == 5
    assert f"process {os.getpid()}, since 2" in refused[0].problem.got
    with alone("another"):
        assert sync(config, pipeline_name="busy").exit_code == 0
    assert len(stored("busy")) == 2
