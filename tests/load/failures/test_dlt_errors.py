"""What goes wrong inside dlt, in our words and with our exit codes; and nothing that is told holds a key."""

from __future__ import annotations

import errno
import logging
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill import rest_api_source, sync
from restmill.errors import ApiError, CodeError, ConfigError, DestinationError, RestmillError
from restmill.load.failures.dlt_errors import explained
from restmill.run.observers import watching
from restmill.testing import Recorder
from tests.load.api import KEY, api, child, resource, wait_for_the_engine
from tests.load.conftest import cause_of
from tests.load.shelf import Shelf
from tests.postgres import free_port

if TYPE_CHECKING:
    from restmill.path import Json
    from tests.load.conftest import Serve


def test_a_database_file_that_cannot_be_made(serve: Serve) -> None:
    server = serve(rows=3)
    blocked = dlt.destinations.duckdb("no/such/folder/flags.duckdb")
    with pytest.raises(DestinationError) as caught:
        sync(api(server.base_url, resource("users")), pipeline_name="blocked", destination=blocked)
    assert caught.value.exit_code == 5
    assert "no/such/folder" in caught.value.problem.got
    assert server.stats()["requests"] == 0


def test_a_dataset_named_as_its_duckdb_file(serve: Serve) -> None:
    with pytest.raises(DestinationError) as caught:
        sync(
            api(serve(rows=3).base_url, resource("users")),
            pipeline_name="people",
            destination="duckdb",
            dataset_name="people",
        )
    assert "dataset_name" in caught.value.problem.hint


def test_a_database_file_that_is_something_else(serve: Serve) -> None:
    Path("users.duckdb").write_text("this is no database")
    with pytest.raises(DestinationError) as caught:
        sync(
            api(serve(rows=3).base_url, resource("users")),
            pipeline_name="blocked",
            destination=dlt.destinations.duckdb("users.duckdb"),
        )
    assert caught.value.problem.got


def test_a_database_server_that_is_not_there(serve: Serve) -> None:
    dead = dlt.destinations.postgres(f"postgresql://mill:{KEY}@127.0.0.1:{free_port()}/postgres")
    with pytest.raises(DestinationError) as caught:
        sync(api(serve(rows=3).base_url, resource("users")), pipeline_name="dead", destination=dead)
    assert caught.value.exit_code == 5
    assert "refused" in caught.value.problem.got
    assert KEY not in str(caught.value)


def test_a_destination_without_its_settings(serve: Serve) -> None:
    with pytest.raises(ConfigError) as caught:
        sync(api(serve(rows=3).base_url, resource("users")), pipeline_name="bare", destination="postgres")
    assert "`destination.postgres.credentials.password`" in str(caught.value)


def test_a_step_that_raises_is_named_with_its_line_and_its_cause(serve: Serve) -> None:
    def broken(user: Json) -> Json:
        raise LookupError(user["id"])

    config = api(serve(rows=3).base_url, resource("users", processing_steps=[{"map": broken}]))
    with pytest.raises(CodeError, match="LookupError") as caught:
        sync(
            config, pipeline_name="broken", on_error="raise"
        )  # `isolate` leaves the record out since issue 10
    assert caught.value.problem.place.file == __file__
    assert cause_of(caught.value, LookupError).args == (1,)
    assert explained(caught.value) is caught.value


def test_a_run_after_a_step_that_raised(serve: Serve) -> None:
    server = serve(rows=30)
    users = resource("users", limit=10, processing_steps=[{"map": lambda user: 1 // (15 - user["id"])}])
    with pytest.raises(CodeError):
        sync(api(server.base_url, users), pipeline_name="broken", on_error="raise")  # as above
    receipt = sync(api(server.base_url, resource("users")), pipeline_name="broken")
    assert receipt.exit_code == 0


@pytest.mark.parametrize("destination", ["duckdv", "nonsense"])
def test_an_unknown_destination_is_a_mistake_in_the_config(serve: Serve, destination: str) -> None:
    with pytest.raises(ConfigError, match="destination"):
        sync(api(serve().base_url, resource("users")), pipeline_name="x", destination=destination)


def texts(error: BaseException | None) -> str:
    """The texts of an error and of everything behind it; the lines of code in a traceback are the test's."""
    said = ""
    while error is not None:
        said += "".join(traceback.format_exception_only(error))
        error = error.__cause__ or error.__context__
    return said


FAULTS: list[dict[str, Json]] = [
    {},
    {"key": "another"},
    {"fail_rate": 1, "fail_statuses": [500]},
    {"html": 1},
    {"truncate": 1},
    {"disconnect": 1},
    {"broken_child": 2},
    {"dead_after": 2},
    {"self_link": True},
]
AUTHS: list[dict[str, Json]] = [
    {"type": "api_key", "name": "api_key", "api_key": KEY, "location": "query"},
    {"type": "bearer", "token": KEY},
    {"type": "http_basic", "username": "me", "password": KEY},
    {
        "type": "oauth2_client_credentials",
        "client_id": "me",
        "client_secret": KEY,
        "access_token_url": "/oauth",
    },
]


@pytest.mark.parametrize("auth", AUTHS, ids=lambda auth: auth["type"])
@pytest.mark.parametrize("faults", FAULTS, ids=lambda faults: next(iter(faults), "none"))
def test_no_key_is_in_any_log_event_or_error(
    faults: dict[str, Json], auth: dict[str, Json], serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("dlt").setLevel(logging.DEBUG)
    server = serve(**{"rows": 12, "key": KEY, **faults})
    links = {"path": "/links/users", "data_selector": "data", "paginator": "json_link", "params": {"size": 5}}
    config = api(server.base_url, resource("projects"), child(), {"name": "users", "endpoint": links})
    config["client"]["auth"] = {**auth}
    if "access_token_url" in auth:
        config["client"]["auth"]["access_token_url"] = f"{server.base_url}/oauth/token"
    recorder = Recorder()
    said = ""
    with watching(recorder):
        source = rest_api_source(config)
        for name in ("projects", "tasks", "users"):
            try:
                list(source.resources[name])
            except Exception as error:  # noqa: BLE001  # whatever it is, it must not hold the key
                said += texts(error)
    wait_for_the_engine()
    said += "".join(map(repr, recorder.events)) + caplog.text + repr(source) + str(source)
    assert recorder.events
    assert KEY not in said
    assert "bWU6" not in said  # "me:..." in base64


def test_no_thread_and_no_open_socket_is_left(serve: Serve) -> None:
    """A socket that is forgotten fails the test: its ResourceWarning is an error here."""
    sync(api(serve(rows=30).base_url, resource("users", limit=10)), pipeline_name="clean")
    wait_for_the_engine()
    assert "restmill" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("kind", [ApiError, RestmillError])
def test_our_own_error_is_found_behind_dlts(kind: type[Exception], serve: Serve) -> None:
    config = api(serve().base_url, resource("nothing", "/v1/no-such"))
    with pytest.raises(kind) as caught:
        sync(config, pipeline_name="raised", on_error="raise")
    assert "/v1/no-such" in str(caught.value)


def test_ctrl_c_is_no_failure_of_the_destination() -> None:
    broken = OSError("a job was cut short")
    broken.__cause__ = KeyboardInterrupt()
    assert explained(broken) is broken


@pytest.mark.parametrize("key", ["cert", "verify"])
def test_a_certificate_that_cannot_be_read_is_a_mistake_in_the_config(serve: Serve, key: str) -> None:
    config = api(serve(rows=3).base_url, resource("users"))
    config["client"][key] = "/no/such/file.pem"
    with pytest.raises(ConfigError) as caught:
        sync(config, pipeline_name="uncertified")
    assert caught.value.problem.place.path == f"client.{key}"
    assert "/no/such/file.pem" in caught.value.problem.what


def test_a_value_that_no_clock_can_hold_is_no_file_that_cannot_be_written() -> None:
    beyond = OSError(errno.EOVERFLOW, "Value too large for defined data type")
    failed = PipelineStepFailed(dlt.pipeline("beyond"), "normalize", "1", beyond)
    found = explained(failed)
    assert isinstance(found, DestinationError)
    assert "file" not in found.problem.what
    assert "`restmill discard CONFIG`" in found.problem.hint


@pytest.mark.parametrize("columnar", [True, False])
def test_a_value_that_the_database_refuses_is_told_with_its_table(columnar: bool) -> None:
    """A number beyond a column of decimals: dlt has no other place for it, so the load stops, either way."""
    shelf = Shelf(teams=[{"id": 1}], users=[{"id": 1, "sum": 10**25}])
    config = shelf.config("teams", "users", columnar=columnar)
    sync(config, pipeline_name="refused")
    shelf.lists["/users"] = [{"id": 2, "sum": 10**40}]
    with pytest.raises(DestinationError) as caught:
        sync(config, pipeline_name="refused")
    assert caught.value.problem.what == "the table `users` could not be written"
    assert "to DECIMAL(38,9)" in caught.value.problem.got
    assert "the next run reads it again" in caught.value.problem.hint  # only this table: `teams` is loaded
    shelf.lists["/users"] = [{"id": 2, "sum": 10**25}]
    assert sync(config, pipeline_name="refused").verdict == "complete"
