"""Where credentials go: to the hosts that the config names, and nowhere else, whatever a server says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
from requests.auth import AuthBase, HTTPBasicAuth

from restmill import sync
from restmill.secrets import KEYRING, Redactor, Secret
from tests.security.servers import Answer, Asked, Server, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.run.receipt.receipt import Receipt

KEY, HEADER, PARAM = "c4naryKey7f3a9b", "c4naryHdr7f3a9b", "c4naryPar7f3a9b"
SESSION = {
    "headers": "c4narySesHdr7f3",
    "cookies": "c4narySesCook7f",
    "auth": "c4narySesAuth7f",
    "params": "c4narySesPar7f3",
}
FINDS = Redactor().plus(map(Secret, (KEY, HEADER, PARAM, *SESSION.values()))).finds
AUTHS: dict[str, dict[str, str]] = {
    "query": {"type": "api_key", "name": "api_key", "api_key": KEY, "location": "query"},
    "odd name": {"type": "api_key", "name": "zugang", "api_key": KEY, "location": "query"},
    "header": {"type": "api_key", "name": "X-K", "api_key": KEY},
    "cookie": {"type": "api_key", "name": "sid", "api_key": KEY, "location": "cookie"},
    "bearer": {"type": "bearer", "token": KEY},
    "basic": {"type": "http_basic", "username": "u", "password": KEY},
}


def quoting(mirror: Server) -> Callable[[Asked], Answer]:
    """An API that has its second pages at a mirror, and quotes what it was asked in the address."""

    def app(asked: Asked) -> Answer:
        told = {"h": "X-H", "c": "Cookie", "a": "Authorization"}
        held = "&".join(f"{name}={quote(asked.headers.get(field, ''))}" for name, field in told.items())
        there = mirror.url.replace("127.0.0.1", "localhost")
        plain = f"{there}/p?page=2"
        links = {
            "link": plain,
            "quotes": f"{plain}&{asked.query}&{held}",
            "login": f"{there.replace('://', f'://u:{KEY}@')}/p?page=2",
        }
        moved = {"moved": (302, plain), "moved_quoting": (307, links["quotes"])}
        path = asked.path.strip("/")
        if path in moved:
            return Answer(status=moved[path][0], headers={"Location": moved[path][1]})
        if path == "parents":
            return Answer({"data": [{"id": 1, "url": links["quotes"]}]})
        return Answer({"data": [{"id": 1}], **({"next": links[path]} if path in links else {})})

    return app


def config(url: str, *paths: str, **client: Any) -> dict[str, Any]:
    pages = {"type": "json_link", "next_url_path": "next"}
    endpoint = {"data_selector": "data", "paginator": pages}
    return {
        "pipeline": {"name": "hosts", "dataset_name": "ds"},
        "client": {"base_url": url, "timeout": 5, "allowed_hosts": ["localhost"], **client},
        "resources": [{"name": path, "endpoint": {"path": f"/{path}", **endpoint}} for path in paths],
    }


PATHS = ("link", "quotes", "login", "moved", "moved_quoting")


def read(made: Callable[[str], dict[str, Any]]) -> tuple[Receipt, Server, Server]:
    with serving(lambda _: Answer({"data": [{"id": 2}]})) as mirror, serving(quoting(mirror)) as api:
        receipt = sync(made(api.url))
    assert FINDS(api.text)
    return receipt, api, mirror


@pytest.mark.parametrize("auth", AUTHS)
def test_a_host_that_is_allowed_gets_no_credential(auth: str) -> None:
    def made(url: str) -> dict[str, Any]:
        found = config(url, *PATHS, auth=AUTHS[auth], headers={"X-H": HEADER, "Authorization-2": "x"})
        for one in found["resources"]:
            one["endpoint"]["params"] = {"token": PARAM}
        return found

    receipt, _, mirror = read(made)
    assert len(mirror.seen) == len(PATHS)
    assert not FINDS(mirror.text)
    assert all("page=2" in one.target for one in mirror.seen)
    assert not FINDS(str(receipt))


def test_what_was_taken_out_is_told() -> None:
    receipt, *_ = read(lambda url: config(url, "quotes", "link", auth=AUTHS["query"]))
    told = {one.resource: " ".join(one.notes) for one in receipt.resources}
    assert "`api_key`" in told["quotes"]
    assert "taken out" not in told["link"]
    assert {one.verdict for one in receipt.resources} == {"complete"}


def test_a_parameter_that_is_no_credential_by_name_makes_the_read_suspect() -> None:
    def made(url: str) -> dict[str, Any]:
        KEYRING.learn([Secret("tenant-7f3a9b1c")])
        found = config(url, "quotes")
        found["resources"][0]["endpoint"]["params"] = {"tenant": "tenant-7f3a9b1c", "token": PARAM}
        return found

    receipt, _, mirror = read(made)
    assert receipt.verdict == "suspect"
    assert "`tenant`" in receipt.resources[0].reason
    assert "tenant-7f3a9b1c" not in mirror.text + str(receipt)


def test_a_parents_address_goes_bare_too() -> None:
    def made(url: str) -> dict[str, Any]:
        found = config(url, "parents", auth=AUTHS["query"], headers={"X-H": HEADER})
        endpoint = {"path": "{resources.parents.url}", "params": {"sig": PARAM, "limit": 5}}
        endpoint |= {"data_selector": "data", "paginator": "single_page"}
        return {**found, "resources": [*found["resources"], {"name": "kids", "endpoint": endpoint}]}

    receipt, _, mirror = read(made)
    assert [one.params.get("limit") for one in mirror.seen] == ["5"]
    assert not FINDS(mirror.text)
    assert not FINDS(str(receipt))


def test_a_secret_in_a_path_is_refused() -> None:
    with serving(lambda _: Answer({"data": [{"id": 2}]})) as mirror:
        there = mirror.url.replace("127.0.0.1", "localhost")
        with serving(lambda _: Answer({"data": [{"id": 1}], "next": f"{there}/s/{KEY}/p"})) as api:
            receipt = sync(config(api.url, "a", auth=AUTHS["bearer"]))
    assert (receipt.verdict, mirror.seen) == ("partial", [])
    assert "holds a credential" in receipt.resources[0].reason
    assert KEY not in str(receipt)


class Own(AuthBase):
    """Auth of the user's own."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["X-Own"] = SESSION["auth"]
        return r


def session_with(**auth: Any) -> requests.Session:
    session = requests.Session()
    session.headers["X-Secret"] = SESSION["headers"]
    session.cookies.set("sid", SESSION["cookies"])
    session.params = {"api_key": SESSION["params"]}
    session.auth = auth.get("auth")
    return session


PAIR = ("u", SESSION["auth"])


@pytest.mark.parametrize("auth", [PAIR, HTTPBasicAuth(*PAIR), Own()], ids=["a pair", "an object", "a class"])
def test_a_session_of_the_users_is_for_the_apis_own_host(auth: Any) -> None:
    receipt, api, mirror = read(lambda url: config(url, *PATHS, session=session_with(auth=auth)))
    assert all(SESSION[name] in api.text for name in ("headers", "cookies", "params"))
    assert len(mirror.seen) == len(PATHS)
    assert not FINDS(mirror.text)
    assert not FINDS(str(receipt))


def test_a_session_does_not_go_to_the_token_endpoint_of_another_host() -> None:
    with serving(lambda _: Answer({"access_token": "tok-7f3a9b1c5d", "expires_in": 60})) as tokens:
        auth = {"type": "oauth2_client_credentials", "access_token_url": f"{tokens.url}/t", "client_id": "me"}
        client = {"session": session_with(), "auth": {**auth, "client_secret": KEY}}
        with serving(lambda _: Answer({"data": [{"id": 1}]})) as api:
            assert sync(config(api.url, "a", **client)).verdict == "complete"
    assert KEY in tokens.text
    assert not any(one in tokens.text for one in SESSION.values())
    assert "Bearer tok-7f3a9b1c5d" in api.text


def test_logins_of_the_machine_are_for_nobody_elses_host(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text(f"machine localhost login me password {KEY}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    _, _, mirror = read(lambda url: config(url, "link", session=session_with()))
    assert mirror.seen
    assert "Authorization" not in json.dumps([dict(one.headers) for one in mirror.seen])
