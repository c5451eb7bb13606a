"""The server itself: keys and tokens, control routes, counters, start and stop."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp
import pytest

import restmill.sandbox
from restmill.errors import ConfigError
from restmill.sandbox import ROUTES, SWITCHES, Behaviour, SandboxServer, SwitchError
from tests.sandbox.client import Client

if TYPE_CHECKING:
    from tests.sandbox.conftest import Serve

KEY = "open-sesame"


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def token_of(fetch: Client, secret: str = KEY) -> str:
    form = {"grant_type": "client_credentials", "client_id": "me", "client_secret": secret}
    reply = fetch("/oauth/token", method="POST", body=urlencode(form).encode())
    assert reply.status == 200
    return str(reply.json["access_token"])


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (f"/v1/users?api_key={KEY}", {}),
        (f"/v1/users?key={KEY}", {}),
        ("/v1/users", {"X-API-Key": KEY}),
        ("/v1/users", {"Authorization": f"Bearer {KEY}"}),
        ("/v1/users", {"Authorization": f"bearer {KEY}"}),
        ("/v1/users", basic("anybody", KEY)),
        ("/v1/users", {"Cookie": f"theme=dark; api_key={KEY}"}),
    ],
)
def test_the_key_is_accepted_wherever_apis_look_for_one(
    serve: Serve, target: str, headers: dict[str, str]
) -> None:
    fetch = serve(key=KEY)
    assert fetch(target, headers=headers).status == 200
    wrong = {name: value.replace(KEY, "wrong") for name, value in headers.items() if KEY in value}
    assert fetch(target.replace(KEY, "wrong"), headers=wrong).status == 401


def test_no_key_is_a_401_with_json(serve: Serve) -> None:
    reply = serve(key=KEY)("/v1/users", headers={"Authorization": "Basic ???"})
    assert (reply.status, reply.message) == (401, "the API key is missing or wrong ")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_any_key_is_accepted_where_none_is_asked_for(serve: Serve) -> None:
    assert serve()("/v1/users", {"api_key": "whatever"}).status == 200


def test_a_token_opens_until_it_expires(serve: Serve, servers: list[SandboxServer]) -> None:
    fetch = serve(key=KEY)
    good = {"Authorization": f"Bearer {token_of(fetch)}"}
    assert fetch("/v1/users", headers=good).status == 200
    servers[0].change(token_ttl_s=0)
    stale = fetch("/v1/users", headers={"Authorization": f"Bearer {token_of(fetch)}"})
    assert (stale.status, stale.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert fetch("/v1/users", headers=good).status == 200
    assert servers[0].stats()["token_requests"] == 2


def test_an_expired_token_is_refused_even_without_a_key(serve: Serve) -> None:
    fetch = serve(token_ttl_s=0)
    assert fetch("/v1/users", headers={"Authorization": f"Bearer {token_of(fetch)}"}).status == 401
    assert fetch("/v1/users", headers={"Authorization": "Bearer sandbox-token-9-invented"}).status == 401


def test_a_client_may_show_itself_by_basic_authentication(serve: Serve) -> None:
    body = b"grant_type=client_credentials"
    reply = serve(key=KEY)("/oauth/token", method="POST", body=body, headers=basic("me", KEY))
    assert {key: reply.json[key] for key in ("token_type", "expires_in")} == {
        "token_type": "Bearer",
        "expires_in": 3600,
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"grant_type=client_credentials&client_id=me&client_secret=wrong", 401),
        (b"grant_type=client_credentials", 401),
        (b"grant_type=password&client_id=me", 400),
        (b"\xff", 400),
    ],
)
def test_a_wrong_token_request_is_refused(serve: Serve, body: bytes, status: int) -> None:
    assert serve(key=KEY)("/oauth/token", method="POST", body=body).status == status


def test_a_token_is_asked_for_by_post(serve: Serve) -> None:
    reply = serve()("/oauth/token")
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


def test_switches_change_while_the_server_runs(serve: Serve) -> None:
    fetch = serve()
    changed = fetch("/_sandbox/behaviour", method="POST", body={"cap": 7, "rows": 9})
    assert (changed.json["cap"], changed.json["rows"]) == (7, 9)
    assert fetch("/v1/users").json["total"] == 9
    assert fetch("/_sandbox/behaviour").json == changed.json


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"totl": "missing"}, "totl: there is no such switch Did you mean 'total'?"),
        ({"total": "mising"}, "total: takes one of present, missing"),
        ({"fail_rate": 2}, "fail_rate: takes a share between 0 and 1"),
        ({"rows": "many"}, "rows: takes a whole number"),
        ({"rows": True}, "rows: takes a whole number"),
        ({"rows": -1}, "rows: takes a whole number"),
        ({"rows": 1.5}, "rows: takes a whole number"),
        ({"latency_s": "nan"}, "latency_s: takes seconds"),
        ({"gzip": "perhaps"}, "gzip: takes true or false"),
        ({"fail_statuses": [200]}, "fail_statuses: takes one or more HTTP error statuses"),
        ({"fail_statuses": []}, "fail_statuses: takes one or more HTTP error statuses"),
        ({"retry_after": "soon"}, 'retry_after: takes seconds, "date" or none'),
        ({"past_end": 500}, "past_end: takes one of empty, 404, 416, 400"),
        ({"default_limit": 0}, "default_limit: takes a number above 0"),
        ({"key": 5}, "key: takes a text"),
        ([1], "the body is not a JSON object"),
    ],
)
def test_a_wrong_switch_is_a_400_that_changes_nothing(serve: Serve, body: object, message: str) -> None:
    fetch = serve()
    before = fetch("/_sandbox/behaviour").json
    reply = fetch("/_sandbox/behaviour", method="POST", body=body)
    assert reply.status == 400
    assert message in reply.message
    assert fetch("/_sandbox/behaviour").json == before


def test_a_wrong_switch_in_python_is_a_config_error() -> None:
    with pytest.raises(SwitchError, match="slow_s") as caught:
        Behaviour(slow_s=-1)
    assert isinstance(caught.value, ConfigError)
    assert caught.value.problem.place.path == "slow_s"


def test_values_may_be_the_text_of_a_command_line() -> None:
    texts = {"rows": "5", "gzip": "on", "retry_after": "none", "fail_statuses": "429,500", "past_end": "404"}
    wanted = Behaviour(rows=5, gzip=True, retry_after=None, fail_statuses=(429, 500), past_end=404)
    assert Behaviour().changed(texts) == wanted


def test_the_log_shows_requests_and_hides_keys(serve: Serve, servers: list[SandboxServer]) -> None:
    fetch = serve(key=KEY)
    fetch("/v1/users", {"limit": 5, "api_key": KEY})
    fetch("/v1/user", {"apikey": KEY, "empty": ""})
    entries = fetch("/_sandbox/log").body
    assert KEY.encode() not in entries
    log = servers[0].log()
    assert [{key: entry[key] for key in ("method", "path", "query", "status")} for entry in log] == [
        {"method": "GET", "path": "/v1/users", "query": {"limit": "5", "api_key": "***"}, "status": 200},
        {"method": "GET", "path": "/v1/user", "query": {"apikey": "***", "empty": ""}, "status": 401},
    ]
    assert KEY.encode() not in fetch("/_sandbox/behaviour").body


def test_stats_count_and_reset_forgets(serve: Serve) -> None:
    fetch = serve()
    for path in ("/v1/users", "/v1/users", "/v1/nothing"):
        fetch(path)
    assert fetch("/_sandbox/stats").json == {
        "requests": 3,
        "max_in_flight": 1,
        "token_requests": 0,
        "statuses": {"200": 2, "404": 1},
        "paths": {"/v1/users": 2, "/v1/nothing": 1},
    }
    assert fetch("/_sandbox/log", method="DELETE").status == 204
    assert fetch("/_sandbox/stats").json["requests"] == 0
    assert fetch("/_sandbox/log").array == []


def test_reset_lets_the_same_faults_come_again(serve: Serve, servers: list[SandboxServer]) -> None:
    fetch = serve(fail_rate=0.5, max_faults=0)
    first = [fetch("/v1/users").status for _ in range(20)]
    servers[0].reset()
    assert [fetch("/v1/users").status for _ in range(20)] == first


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/_sandbox"), ("PUT", "/_sandbox/log"), ("GET", "/_sandbox/stat")]
)
def test_an_unknown_control_route_is_a_404(serve: Serve, method: str, path: str) -> None:
    assert serve()(path, method=method).status == 404


def test_most_in_flight_is_what_the_client_had_open(serve: Serve, servers: list[SandboxServer]) -> None:
    fetch = serve(latency_s=0.05)

    async def ask(session: aiohttp.ClientSession) -> int:
        async with session.get(f"{fetch.base_url}/v1/users") as response:
            return len(await response.read())

    async def ask_many() -> None:
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(ask(session) for _ in range(7)))

    asyncio.run(ask_many())
    assert servers[0].stats()["max_in_flight"] == 7


def test_many_servers_start_and_stop_and_leave_nothing(serve: Serve) -> None:
    before = threading.active_count()
    with SandboxServer(Behaviour(latency_s=30)) as slow, SandboxServer() as fast:
        assert slow.base_url != fast.base_url
        with socket.create_connection(
            ("127.0.0.1", int(slow.base_url.rpartition(":")[2])), timeout=5
        ) as waiting:
            waiting.sendall(b"GET /v1/users HTTP/1.1\r\nHost: here\r\n\r\n")
            assert Client(fast.base_url)("/v1/users").status == 200
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        Client(fast.base_url)("/v1/users")


def test_a_port_that_is_taken_is_an_error(serve: Serve) -> None:
    port = int(serve().base_url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"), SandboxServer(port=port):
        pytest.fail("the port was free")


def test_a_server_that_has_not_started_says_so() -> None:
    with pytest.raises(RuntimeError, match="with"):
        _ = SandboxServer().base_url


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "restmill.sandbox", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(restmill.sandbox.__file__).parents[2])}


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    options = [
        "--port",
        "0",
        "--rows",
        "9",
        "--key",
        KEY,
        "--latency-ms",
        "1",
        "--set",
        "cap=4",
        "--warm",
        "users",
    ]
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        command(*options), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        base_url = process.stdout.readline().split()[-1]
        reply = Client(base_url)("/v1/users", {"api_key": KEY, "limit": 9})
        process.send_signal(signal.SIGTERM)
        assert (reply.json["total"], len(reply.ids())) == (9, 4)
        assert (process.wait(timeout=10), process.stderr.read()) == (0, "")


def test_the_command_explains_a_wrong_switch() -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command("--set", "gzp=1"), env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Did you mean 'gzip'?" in done.stderr


def test_routes_and_switches_are_in_the_documentation() -> None:
    documentation = restmill.sandbox.__doc__ or ""
    for name, meaning in (*ROUTES, *SWITCHES):
        assert name in documentation
        assert meaning in documentation
    assert {name for name, _ in SWITCHES} == set(Behaviour.__dataclass_fields__)
