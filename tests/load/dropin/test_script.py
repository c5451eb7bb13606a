"""The drop-in: a script runs as `python` would run it, with dlt's `rest_api` served by restmill."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import dlt
import pytest
from dlt.sources import rest_api as dlts

from restmill.errors import ApiError, CodeError, ConfigError
from restmill.load import source as ours
from restmill.load.dropin.script import SANDBOX_KEY, execute, install
from tests.load.api import KEY, of, rows, tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.load.conftest import Serve

SOURCE = """
import dlt
from dlt.sources.rest_api import rest_api_source
source = rest_api_source({
    "client": {"base_url": "https://api.example.com", "auth": {
        "type": "api_key", "name": "api_key", "api_key": dlt.secrets["api_key"], "location": "query"}},
    "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
    "resources": [{"name": "users", "endpoint": {
        "path": "/v1/users", "data_selector": "data", "paginator": {"type": "offset", "limit": 10}}}],
})
"""
RUN = """
pipeline = dlt.pipeline("own", destination="duckdb", dataset_name="own_data")
print(pipeline.run(source))
"""


def script(code: str, name: str = "job.py") -> Path:
    Path(name).write_text(code)
    return Path(name)


def test_a_script_with_its_own_run(serve: Serve) -> None:
    receipt = execute(script(SOURCE + RUN), sandbox=serve(rows=25, key=SANDBOX_KEY).base_url)
    assert (receipt.pipeline, receipt.destination, receipt.dataset) == ("own", "duckdb", "own_data")
    assert (receipt.exit_code, of(receipt, "users").rows) == (0, 25)
    assert rows(receipt, "SELECT count(*) FROM users") == [(25,)]


def test_a_run_inside_a_function_is_found(serve: Serve) -> None:
    body = "".join(f"    {line}\n" for line in (SOURCE + RUN).splitlines())
    code = f"def main():\n{body}\nif __name__ == '__main__':\n    main()\n"
    receipt = execute(script(code), sandbox=serve(rows=25).base_url)
    assert (receipt.pipeline, receipt.dataset) == ("own", "own_data")
    assert rows(receipt, "SELECT count(*) FROM users") == [(25,)]


@pytest.mark.parametrize("end", ["sys.exit()", "sys.exit(0)", "raise SystemExit"])
def test_a_script_that_exits_well_ran_well(serve: Serve, end: str) -> None:
    receipt = execute(script(f"import sys\n{SOURCE}{RUN}{end}\n"), sandbox=serve(rows=25).base_url)
    assert (receipt.exit_code, receipt.pipeline) == (0, "own")


def test_a_script_that_exits_badly_keeps_its_code(serve: Serve) -> None:
    with pytest.raises(SystemExit) as caught:
        execute(script(f"import sys\n{SOURCE}sys.exit(7)\n"), sandbox=serve().base_url)
    assert caught.value.code == 7


def test_a_source_that_nobody_runs_is_loaded(serve: Serve) -> None:
    receipt = execute(script(SOURCE, "flags.py"), sandbox=serve(rows=25).base_url)
    assert (receipt.pipeline, receipt.dataset) == ("flags", "flags_data")
    assert rows(receipt, "SELECT count(*) FROM users") == [(25,)]


def test_a_pipeline_that_nobody_runs_loads_the_source(serve: Serve) -> None:
    made = 'pipeline = dlt.pipeline("own", destination="duckdb", dataset_name="own_data")\n'
    receipt = execute(script(SOURCE + made, "flags.py"), sandbox=serve(rows=25).base_url)
    assert (receipt.pipeline, receipt.dataset) == ("own", "own_data")
    assert rows(receipt, "SELECT count(*) FROM users") == [(25,)]


def test_the_same_source_under_two_names_is_loaded_once(serve: Serve) -> None:
    server = serve(rows=25)
    execute(script(f"{SOURCE}alias = source\n"), sandbox=server.base_url)
    assert server.stats()["requests"] == 3


def test_a_pipeline_that_loads_something_else_is_not_run_again(serve: Serve) -> None:
    code = """
import dlt
@dlt.source
def numbers():
    return dlt.resource([{"n": 1}], name="numbers")
source = numbers()
pipeline = dlt.pipeline("own", destination="duckdb", dataset_name="own_data")
pipeline.run(source)
"""
    receipt = execute(script(code), sandbox=serve().base_url)
    assert (receipt.pipeline, receipt.resources) == ("own", ())
    assert rows(receipt, "SELECT count(*) FROM numbers") == [(1,)]


@pytest.mark.parametrize(
    ("by", "made"),
    [
        ("from dlt.sources import rest_api as r", "r.rest_api_source(config)"),
        ("import dlt.sources.rest_api", "dlt.sources.rest_api.rest_api_source(config)"),
        ("from dlt.sources.rest_api import rest_api", "rest_api(**config)"),
        ("from dlt.sources.rest_api import rest_api_resources", "rest_api_resources(config)"),
    ],
)
def test_every_way_to_import_it(serve: Serve, by: str, made: str) -> None:
    code = f"""
import dlt
{by}
config = {{"client": {{"base_url": "https://api.example.com"}}, "resources": [
    {{"name": "users", "endpoint": {{"path": "v1/users", "data_selector": "data"}}}}]}}
source = {made}
{RUN}"""
    receipt = execute(script(code), sandbox=serve(rows=25).base_url)
    assert of(receipt, "users").rows > 0


def test_arguments_paths_and_names_are_those_of_a_program(serve: Serve) -> None:
    Path("helper_of_the_job.py").write_text("TABLE = 'users'\n")
    code = f"""
import sys, pathlib
import helper_of_the_job
assert __name__ == "__main__" and pathlib.Path(__file__).name == "job.py"
assert sys.argv[1:] == ["--full", "2024"], sys.argv
{SOURCE}{RUN}"""
    argv, path = list(sys.argv), list(sys.path)
    execute(script(code), ["--full", "2024"], sandbox=serve(rows=2).base_url)
    assert (sys.argv, sys.path) == (argv, path)
    sys.modules.pop("helper_of_the_job")


def test_the_scripts_own_secrets_win_over_the_sandbox(
    serve: Serve, dlt_settings: Callable[..., None]
) -> None:
    dlt_settings(secrets=f'api_key = "{KEY}"\n')
    receipt = execute(script(SOURCE + RUN), sandbox=serve(rows=3, key=KEY).base_url)
    assert receipt.exit_code == 0


def test_without_a_sandbox_a_missing_secret_is_a_mistake_in_the_config() -> None:
    with pytest.raises(ConfigError, match="api_key"):
        execute(script(SOURCE + RUN))


def test_an_incremental_script_in_the_sandbox(serve: Serve) -> None:
    """The sandbox gives a key for whatever looks like a credential: `primary_key` is none."""
    code = SOURCE.replace(
        '"limit": 10}', '"limit": 10}, "incremental": {"cursor_path": "updated_at", "start_param": "since"}'
    )
    server = serve(rows=25)
    for _ in range(2):
        receipt = execute(script(code + RUN), sandbox=server.base_url)
    assert rows(receipt, "SELECT count(*) FROM users") == [(25,)]


def test_a_missing_script_is_a_mistake_in_the_call() -> None:
    with pytest.raises(ConfigError, match="no such script") as caught:
        execute(Path("nowhere.py"))
    assert caught.value.problem.place.file == "nowhere.py"


def test_an_exception_of_the_script_is_its_own(serve: Serve) -> None:
    with pytest.raises(CodeError, match="ZeroDivisionError") as caught:
        execute(script("\n1 / 0\n"), sandbox=serve().base_url)
    assert caught.value.problem.place.line == 2
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert dlts.rest_api_source is not ours.rest_api_source


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (('"/v1/users"', '"/v1/no-such"'), ApiError),
        (('"data_selector"', '"data_selektor"'), ConfigError),
    ],
)
def test_failures_are_explained(serve: Serve, change: tuple[str, str], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        execute(script((SOURCE + RUN).replace(*change)), sandbox=serve(rows=2).base_url)


def test_dlts_own_functions_are_back_afterwards() -> None:
    before = (dlts.rest_api, dlts.rest_api_source, dlts.rest_api_resources)
    with install():
        assert dlts.rest_api_source is ours.rest_api_source
    assert (dlts.rest_api, dlts.rest_api_source, dlts.rest_api_resources) == before


def test_the_sandboxs_key_is_gone_afterwards(serve: Serve) -> None:
    receipt = execute(script(SOURCE + RUN), sandbox=serve(rows=2).base_url)
    assert dlt.secrets.get("api_key") is None
    assert tables(receipt) == {"users"}
