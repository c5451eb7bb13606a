"""Secrets in addresses: they reach the API, and nothing that a run tells, raises, logs or returns."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from restmill import events, sync
from restmill.config.check.check import check
from restmill.config.files.load import load
from restmill.errors import ApiError
from restmill.load.prepare.plans import plan_of_file
from restmill.plan.build import build
from restmill.plan.describe import as_json
from restmill.plan.spec import Resource
from restmill.run.clock import SystemClock
from restmill.run.fetch.fetcher import Fetcher
from restmill.run.fetch.memory import Memory
from restmill.run.preview import glimpses
from restmill.run.session.redacted import redacting
from restmill.run.transport.choose import transport_for
from restmill.secrets import MASK, Redactor, Secret
from restmill.testing import FakeTransport, Recorder, json_response
from tests.load.api import Config, counts, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.plan.spec import Plan
    from restmill.run.preview import Glimpse
    from restmill.wire.message import Request, Response
    from tests.load.conftest import Serve

SECRET = "SEKRIT-k3y/+=\u00e9"
SETTINGS = f"""
tok = "{SECRET}"
url = "SERVER/bot/{SECRET}/"
login = "LOGIN/t/SEKRIT-path"
pw = "SEKRIT-pw"
"""
PLACES = {
    "path": ("SERVER", "fail/${secrets.tok}"),
    "part of the base": ("SERVER/bot${secrets.tok}/", "fail"),
    "the whole base": ("${secrets.url}", "fail"),
    "password": ("LOGIN_BY_REFERENCE", "fail"),
    "login in a whole base": ("${secrets.login}", "fail"),
    "literal login": ("LOGIN", "fail"),
    "absolute path": ("SERVER", "SERVER/bot${secrets.tok}/fail"),
    "absolute path with login": ("SERVER", "LOGIN/fail"),
    "query": ("SERVER", "fail?sig=${secrets.tok}"),
}
FORMS = ("SEKRIT", "k3y", "U0VLUklU")


@pytest.fixture
def write(tmp_path: Path, dlt_settings: Callable[..., None]) -> Callable[..., Path]:
    def written(server: str, base_url: str, path: str, auth: str = "") -> Path:
        def filled(text: str) -> str:
            text = text.replace("LOGIN_BY_REFERENCE", server.replace("://", "://user:${secrets.pw}@"))
            login = server.replace("://", "://user:SEKRIT-pw@")
            return text.replace("LOGIN", login).replace("SERVER", server)

        dlt_settings(secrets=filled(SETTINGS))
        config: Config = {
            "client": {"base_url": filled(base_url), "retry": {"max_retries": 0}},
            "pipeline": {"name": "mine", "dataset_name": "api_data"},
            "resources": [{"name": "users", "endpoint": {"path": filled(path), "data_selector": "data"}}],
        }
        if auth:
            config["client"]["auth"] = json.loads(auth)
        file = tmp_path / "mine.yaml"
        file.write_text(json.dumps(config))
        return file

    return written


def assert_clean(*texts: str) -> None:
    for text in texts:
        assert not [form for form in FORMS if form in text], text


@pytest.mark.parametrize("place", PLACES)
def test_a_failed_run_shows_no_secret_of_its_address(
    place: str, serve: Serve, write: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="restmill")
    seen = Recorder()
    file = write(serve().base_url, *PLACES[place])
    receipt = sync(file, observer=seen)
    assert receipt.resources[0].verdict == "partial"
    assert "GET " in receipt.resources[0].reason
    assert_clean(str(receipt), json.dumps(asdict(receipt), default=str), caplog.text, repr(seen.events))
    with pytest.raises(ApiError) as caught:
        sync(file, on_error="raise")
    assert_clean("".join(traceback.format_exception(caught.value)), repr(caught.value.problems))
    on_disk = [path.read_text() for path in Path(".restmill/receipts").rglob("*.json")]
    assert len(on_disk) == 2
    assert_clean(*on_disk, repr(rows(receipt, "FROM _restmill_runs")))


@pytest.mark.parametrize("place", PLACES)
def test_a_preview_shows_no_secret_of_its_address(
    place: str, serve: Serve, write: Callable[..., Path]
) -> None:
    plan = plan_of_file(write(serve().base_url, *PLACES[place]))
    (glimpse,) = previewed(plan)
    assert glimpse.problem is not None
    assert_clean(repr(glimpse))


def previewed(plan: Plan, answer: Response | None = None) -> list[Glimpse]:
    async def all_of_them() -> list[Glimpse]:
        clock = SystemClock()
        sender = transport_for(plan)(clock) if answer is None else FakeTransport(lambda _: answer)
        fetcher = Fetcher(sender, Memory(plan.limits), clock, events.ignore)
        try:
            names = [resource.name for resource in plan.resources]
            return [glimpse async for glimpse in glimpses(plan, names, fetcher)]
        finally:
            await sender.close()

    return asyncio.run(all_of_them())


def test_a_preview_redacts_before_it_cuts(serve: Serve, write: Callable[..., Path]) -> None:
    base = serve().base_url
    plan = plan_of_file(write(base, "SERVER", "users/${secrets.tok}"))
    link = f"{base}/{'x' * (76 - len(base) - 5)}/{SECRET}"
    body = {"data": [{"id": 1}], "next": link}
    (glimpse,) = previewed(plan, json_response(body))
    assert glimpse.following.startswith("next: GET")
    assert_clean(glimpse.following)


AUTHS = {
    "none": "",
    "bearer": '{"type": "bearer", "token": "other-1234"}',
    "key": '{"type": "api_key", "name": "key", "api_key": "other-1234", "location": "query"}',
}
BASIC = "Basic dXNlcjpTRUtSSVQtcHc="


@pytest.mark.parametrize("place", ["password", "literal login", "absolute path with login"])
@pytest.mark.parametrize("auth", AUTHS)
def test_a_login_in_the_address_is_basic_auth_unless_the_config_has_another(
    place: str, auth: str, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Request] = []

    def script(request: Request) -> Response:
        sent.append(request)
        last = "page=2" in request.url
        link = None if last else "http://api.test/fail?page=2"
        return json_response({"data": [{"id": 1 + last}], "next": link})

    file = write("http://api.test", *PLACES[place], AUTHS[auth])
    monkeypatch.setattr("restmill.load.source.transport_for", lambda _: lambda _: FakeTransport(script))
    receipt = sync(file)
    assert receipt.resources[0].verdict == "complete"
    assert counts(receipt, "users") == {"users": 2}
    assert len(sent) == 3  # two pages, and the first one again: has the list moved?
    wanted = {"none": BASIC, "bearer": "Bearer other-1234", "key": None}[auth]
    assert [request.headers.get("Authorization") for request in sent] == [wanted] * 3
    assert all("@" not in request.url for request in sent)


def test_a_login_is_for_its_own_host_only(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Request] = []

    def script(request: Request) -> Response:
        sent.append(request)
        return json_response({"data": [{"id": 1}]})

    file = write("http://api.test", "LOGIN", "http://other.test/things")
    monkeypatch.setattr("restmill.load.source.transport_for", lambda _: lambda _: FakeTransport(script))
    sync(file)
    assert [request.origin for request in sent] == ["http://other.test"]
    assert "Authorization" not in sent[0].headers


def test_every_text_of_an_event_is_redacted_but_its_names() -> None:
    seen = Recorder()
    tell = redacting(seen, Redactor().plus([Secret("hidden-1")]))
    for kind in events.Event.__subclasses__():
        tell(kind(*("a hidden-1 b" for _ in fields(kind))))  # type: ignore[arg-type]  # texts where numbers may be
    for event in seen.events:
        for name, value in asdict(event).items():
            told = name in ("resource", "stage")
            assert value == ("a hidden-1 b" if told else f"a {MASK} b"), (event, name)


def test_a_plan_of_a_login_knows_it(write: Callable[..., Path]) -> None:
    plan = plan_of_file(write("http://api.test", "LOGIN", "fail"))
    assert any(isinstance(one, Resource) for one in plan.resources)
    assert_clean(Redactor().plus(plan.secrets)("user:SEKRIT-pw"))


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("LOGIN", "fail"),
        ("SERVER", "LOGIN/fail"),
        ("SERVER", "fail?api_key=SEKRIT-pw"),
        ("SERVER?token=SEKRIT-pw", "fail"),
    ],
)
def test_a_credential_written_into_an_address_is_warned_of_and_known(
    base_url: str, path: str, write: Callable[..., Path]
) -> None:
    source = load(write("http://api.test", base_url, path))
    config = check(source.tree, source=source)
    assert [warning.what for warning in config.warnings] == ["a secret is written into the file"]
    assert_clean(str(config.warnings[0]))
    plan = build(config, name="mine")
    assert_clean(json.dumps(as_json(plan), default=str), repr(previewed(plan, json_response({"data": []}))))


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        PLACES["password"],
        ("SERVER", "fail?api_key={incremental.start_value}"),
        ("SERVER", "fail?page_token=100"),
    ],
)
def test_what_is_no_literal_credential_is_not_warned_of(
    base_url: str, path: str, write: Callable[..., Path]
) -> None:
    source = load(write("http://api.test", base_url, path))
    source.tree["resources"][0]["endpoint"]["incremental"] = {"cursor_path": "id"}
    assert not check(source.tree, source=source).warnings
