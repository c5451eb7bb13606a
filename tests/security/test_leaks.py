"""What is shown: canaries in each kind of credential, quoted by the server where it can, are in no output."""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import duckdb
import pytest

from restmill import sync
from restmill.cli.main import main
from restmill.errors import CodeError, ConfigError, DestinationError
from restmill.load.prepare.hiding import hiding, secrets_of_destination
from restmill.run.logs import redacted_logs
from restmill.secrets import KEYRING, Redactor, Secret
from tests.security.servers import Answer, Asked, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ALL = "query head cook bear user pass cliid clisec token xhdr param base path body litq envh"
NAMES = _ALL.split()
CANARY = {name: f"cnry{name}7f3a9b1c5d" for name in NAMES}
FINDS = Redactor().plus(map(Secret, CANARY.values())).finds


def held(asked: Asked) -> list[str]:
    """All credentials in a request, as a server would quote them."""
    basic = asked.headers.get("Authorization", "")
    pair = b64decode(basic[6:]).decode() if basic.startswith("Basic ") else ""
    fields = ("Authorization", "X-Api-Key", "Cookie", "X-Mine", "X-Env")
    values = [*asked.params.values(), pair, asked.body.decode(), asked.path]
    return [one for one in (*values, *(asked.headers.get(name, "") for name in fields)) if one]


def _error(status: int) -> Callable[[Asked], Answer]:
    return lambda asked: Answer(
        {"error": held(asked), "message": f"bad key for {asked.target}"},
        status=status,
        headers={"X-Echo": quote(" ".join(held(asked)))},
    )


def _next(link: Callable[[str], str]) -> Callable[[Asked], Answer]:
    def app(asked: Asked) -> Answer:
        if "/zz/" in asked.path:
            return _error(500)(asked)
        words = "/".join(quote(one, safe="") for one in held(asked))
        return Answer({"data": [{"id": 1}], "next": link(words) if words else None})

    return app


def _moved(asked: Asked) -> Answer:
    if "/zz/" in asked.path:
        return _error(404)(asked)
    words = "/".join(quote(one, safe="") for one in held(asked))
    return Answer(status=302, headers={"Location": f"{asked.path}/zz/{words}"})


MODES: dict[str, Callable[[Asked], Answer]] = {
    "well": lambda _: Answer({"data": [{"id": 1}]}),
    "401": _error(401),
    "500": _error(500),
    "a path": _next(lambda words: f"/zz/{words}"),
    "a host": _next(lambda words: f"http://{words.split('/')[0].split('%')[0].lower()}.evil.invalid/x"),
    "no address": _next(lambda words: f"http://[{words}:99999/x"),
    "a port": _next(lambda words: f"http://127.0.0.1:{words}/x"),
    "no link": lambda asked: Answer({"data": [{"id": 1}], "next": dict.fromkeys(held(asked), 1)}),
    "keys": lambda asked: Answer(dict.fromkeys(held(asked), 1)),
    "a redirect": _moved,
    "a loop": _next(lambda words: f"?x={words}"),
}
FAST = ("well", "a path", "keys")


def settings(url: str) -> str:
    """The secrets of the bed, as a file of dlt's has them."""
    kept = {name: value for name, value in CANARY.items() if name not in ("litq", "envh", "token")}
    base = url.replace("://", f"://admin:{CANARY['base']}@")
    return "\n".join((*(f'k_{name} = "{value}"' for name, value in kept.items()), f'baseurl = "{base}"'))


def bed(url: str, folder: Path) -> Path:
    """A config with a resource for each way to give a credential."""

    def ref(name: str) -> str:
        return f"${{secrets.k_{name}}}"

    oauth = {"type": "oauth2_client_credentials", "access_token_url": f"{url}/token"}
    key = {"type": "api_key", "name": "api_key", "location": "query"}
    ways: dict[str, Any] = {
        "query": {"auth": {**key, "api_key": ref("query")}},
        "head": {"auth": {"type": "api_key", "name": "X-Api-Key", "api_key": ref("head")}},
        "cook": {"auth": {"type": "api_key", "name": "sid", "api_key": ref("cook"), "location": "cookie"}},
        "bear": {"auth": {"type": "bearer", "token": ref("bear")}},
        "basic": {"auth": {"type": "http_basic", "username": ref("user"), "password": ref("pass")}},
        "oauth": {"auth": {**oauth, "client_id": ref("cliid"), "client_secret": ref("clisec")}},
        "xhdr": {"headers": {"X-Mine": ref("xhdr")}},
        "param": {"params": {"tenant": ref("param")}},
        "path": {"path": f"/r_path/bot{ref('path')}/list"},
        "body": {"method": "POST", "json": {"filter": {"k": ref("body")}}},
        "litq": {"params": {"subscription-key": CANARY["litq"]}},
        "envh": {"headers": {"X-Env": "${env.ENVH}"}},
        "base": {},
    }
    pages = {"type": "json_link", "next_url_path": "next"}
    ends = {"data_selector": "data", "paginator": pages}
    config: dict[str, Any] = {
        "pipeline": {"name": "leak", "destination": "duckdb", "dataset_name": "ds"},
        "client": {"base_url": "${secrets.baseurl}", "timeout": 5, "retry": {"max_retries": 0}},
        "resources": [
            {"name": name, "endpoint": {"path": f"/r_{name}", **ends, **way}} for name, way in ways.items()
        ],
    }
    config["client"]["breaker"] = {"failures": 1000}
    file = folder / "leak.json"
    file.write_text(json.dumps(config))
    return file


def tables(folder: Path) -> Iterator[str]:
    for file in folder.glob("*.duckdb"):
        with duckdb.connect(str(file), read_only=True) as connection:
            named = "select table_schema, table_name from information_schema.tables"
            for schema, table in connection.execute(named).fetchall():
                yield str(connection.table(f'"{schema}"."{table}"').fetchall())


LEVELS: dict[str, tuple[str, ...]] = {"plain": (), "json": ("--json",), "debug": ("--debug",)}


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dlt_settings: Callable[..., None],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Callable[[str, tuple[str, ...]], Iterator[str]]:
    """Run the bed against a server of a mode; the answer is all that was shown or kept."""

    def running(mode: str, level: tuple[str, ...]) -> Iterator[str]:
        caplog.set_level(logging.DEBUG)
        monkeypatch.setenv("ENVH", CANARY["envh"])

        def app(asked: Asked) -> Answer:
            if asked.path == "/token":
                return Answer({"access_token": CANARY["token"], "expires_in": 60})
            return MODES[mode](asked)

        with serving(app) as api:
            dlt_settings(secrets=settings(api.url))
            code = main(["run", str(bed(api.url, tmp_path)), *level])
        assert code in (0, 3, 4)
        assert all(one in api.text for name, one in CANARY.items() if name not in ("user", "pass", "base"))
        yield from capfd.readouterr()
        yield caplog.text
        yield from (one.read_text() for one in Path(".restmill").rglob("*.json"))
        yield from tables(tmp_path)

    return running


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "mode", [pytest.param(one, marks=() if one in FAST else pytest.mark.slow) for one in MODES]
)
def test_no_output_of_a_run_holds_a_credential(
    mode: str, level: str, run: Callable[[str, tuple[str, ...]], Iterator[str]]
) -> None:
    for shown in run(mode, LEVELS[level]):
        assert not FINDS(shown), [line for line in shown.splitlines() if FINDS(line)][:3]


def config(url: str, key: str = CANARY["query"], **resource: Any) -> dict[str, Any]:
    auth = {"type": "api_key", "name": "api_key", "api_key": key, "location": "query"}
    ends = {"path": "/a", "data_selector": "data", "paginator": "single_page"}
    return {
        "pipeline": {"name": "leak", "dataset_name": "ds"},
        "client": {"base_url": url, "timeout": 5, "retry": {"max_retries": 0}, "auth": auth},
        "resources": [{"name": "items", "endpoint": ends, **resource}],
    }


WORDS = ("complete", "total", "restmill", "items", "page", "load", "true", "null", "a", "1", "http", "***")


@pytest.mark.parametrize("word", WORDS)
def test_a_secret_that_is_a_word_of_ours_wrecks_nothing(word: str) -> None:
    with serving(lambda _: Answer({"data": [{"id": 1}]})) as api:
        receipt = sync(config(api.url, word))
    (one,) = receipt.resources
    told = (one.resource, one.verdict, one.basis, receipt.pipeline, receipt.error)
    assert told == ("items", "complete", "page", "leak", None)
    rows = next(one for one in tables(Path.cwd()) if "'complete'" in one)
    assert "'items'" in rows


def _quotes(row: Any) -> Any:
    raise ValueError(f"404 Client Error for url: http://x/?api_key={CANARY['query']}", row)


def _calls(row: Any) -> Any:
    import requests  # noqa: PLC0415  # as a script does

    return requests.get("http://127.0.0.1:1/x", params={"api_key": CANARY["query"]}, timeout=1)


@pytest.mark.parametrize("step", [_quotes, _calls])
def test_an_error_of_the_users_own_code_is_told_without_secrets(step: Any) -> None:
    with serving(lambda _: Answer({"data": [{"id": 1}]})) as api, pytest.raises(CodeError) as caught:
        sync(config(api.url, on_error="raise", processing_steps=[{"map": step}]))
    behind: BaseException | None = caught.value
    while behind is not None:
        assert not FINDS(str(behind))
        behind = behind.__cause__ or behind.__context__
    assert caught.value.problem.place.file.endswith(("test_leaks.py", "conftest.py"))  # what blocks networks


@pytest.mark.parametrize("step", [_quotes, _calls])
def test_what_is_isolated_is_told_without_secrets(step: Any, caplog: pytest.LogCaptureFixture) -> None:
    with serving(lambda _: Answer({"data": [{"id": 1}]})) as api:
        receipt = sync(config(api.url, processing_steps=[{"map": step}]))
    assert [one.verdict for one in receipt.resources] == ["partial"]
    assert "a `map` step raised" in caplog.text
    assert not FINDS(repr(receipt) + caplog.text)


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://loader:{}@127.0.0.1:1/db",
        "postgresql://loader:{}@127.0.0.1:1/db?connect_timeout=1&bogus=1",
        "mysql://loader:{}@127.0.0.1:1/db",
        "loader:{}@127.0.0.1",
    ],
)
def test_a_password_of_the_destination_is_not_shown(
    dsn: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", dsn.format(CANARY["pass"]))
    with (
        serving(lambda _: Answer({"data": [{"id": 1}]})) as api,
        pytest.raises((DestinationError, ConfigError)) as caught,
    ):
        sync(config(api.url), destination="postgres")
    receipts = "".join(one.read_text() for one in Path(".restmill").rglob("*.json"))
    assert not FINDS(str(caught.value) + receipts + "".join(capfd.readouterr()))


@pytest.mark.parametrize("given", ["a name", "an object", "fields"])
def test_a_destination_tells_what_it_holds(given: str) -> None:
    import dlt  # noqa: PLC0415  # only here

    dsn = f"postgresql://loader:{CANARY['pass']}@127.0.0.1:1/db"
    fields = {"drivername": "postgresql", "username": "loader", "password": CANARY["pass"], "host": "h"}
    made = {
        "a name": dsn,
        "an object": dlt.destinations.postgres(dsn),
        "fields": dlt.destinations.postgres(fields),
    }
    known = Redactor().plus(secrets_of_destination(made[given]))
    assert known(f"loader {CANARY['pass']} h") == "loader *** h"


def test_a_plan_masks_what_its_name_tells_and_says_where_credentials_go(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = config("https://api.test", "${secrets.k}")
    params = dict.fromkeys(("key", "subscription-key", "sig", "code", "access_token"), CANARY["param"])
    given["resources"][0]["endpoint"] |= {"params": {**params, "page": 1}, "path": "https://other.test/a"}
    given["pipeline"]["destination"] = f"postgresql://loader:{CANARY['pass']}@h/db"
    file = tmp_path / "c.json"
    file.write_text(json.dumps(given))
    assert main(["plan", str(file), "--json"]) == 0
    told = json.loads(shown := capfd.readouterr().out)
    assert told["resources"][0]["params"] == {**dict.fromkeys(params, "***"), "page": "1"}
    assert "leads to https://other.test, where `client.auth` goes, too" in shown
    assert not FINDS(shown)
    assert main(["check", str(file)]) == 0
    said = capfd.readouterr().err
    assert said.count("a secret is written into the file") == 6
    assert "leads to https://other.test" in said
    assert not FINDS(said)


def test_log_records_of_any_library_are_redacted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    KEYRING.learn([Secret(CANARY["token"])])
    log = logging.getLogger("somebody.elses")
    with redacted_logs(), redacted_logs():
        log.debug('"GET /x?k=%s HTTP/1.1" %d', quote(CANARY["token"]), 200)
        log.info("{%s}", {"a": CANARY["token"]})
        log.warning(RuntimeError(CANARY["token"]))
        try:
            _fail(CANARY["token"])
        except ValueError:
            log.exception("failed")
        log.info("nothing %s", "here")
    assert caplog.text.count("***") == 4
    assert not FINDS(caplog.text)
    assert "nothing here" in caplog.text
    log.info("outside %s", CANARY["token"])
    assert FINDS(caplog.text)


def _fail(token: str) -> None:
    raise ValueError(token)


def _fail_deep(token: str) -> None:
    try:
        try:
            _fail(token)
        except ValueError:
            raise OSError(2, f"no {token}", f"/tmp/{token}")  # noqa: B904, S108  # nothing is opened
    except OSError as inner:
        raise KeyError((token, {"k": [token]}, token.encode())) from inner


def test_an_error_that_leaves_is_redacted_with_all_behind_it() -> None:
    KEYRING.learn([Secret(CANARY["token"])])
    with pytest.raises(KeyError) as caught, hiding():
        _fail_deep(CANARY["token"])
    behind: BaseException | None = caught.value
    seen = []
    while behind is not None:
        seen.append(f"{behind!s} {behind.args!r} {getattr(behind, 'filename', '')}")
        behind = behind.__cause__ or behind.__context__
    assert len(seen) == 3
    assert not FINDS(" ".join(seen))
