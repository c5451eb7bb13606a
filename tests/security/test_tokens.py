"""Tokens: the request for one follows no redirect elsewhere, and what came is a secret at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from requests.auth import AuthBase

from restmill import sync
from restmill.run.credentials.redirects import Elsewhere, staying_home
from restmill.secrets import KEYRING
from tests.security.servers import Answer, Asked, serving

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET, TOKEN = "c4naryCli7f3a9b1", "c4naryTok7f3a9b1"


class Login(AuthBase):
    """A class of the user's own that gets a token as it likes."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        got = requests.post(self._url, data={"client_secret": SECRET}, timeout=5)
        r.headers["X-Token"] = str(got.json()["access_token"])
        return r


def declared(url: str) -> dict[str, Any]:
    auth = {"type": "oauth2_client_credentials", "access_token_url": url, "client_id": "me"}
    return {**auth, "client_secret": SECRET}


WAYS: dict[str, Callable[[str], Any]] = {
    "declared": declared,
    "declared with a session": lambda url: {**declared(url), "session": requests.Session()},
    "dlt's object": lambda url: OAuth2ClientCredentials(
        access_token_url=url, client_id="me", client_secret=SECRET
    ),
    "dlt's object with a session": lambda url: OAuth2ClientCredentials(
        access_token_url=url, client_id="me", client_secret=SECRET, session=requests.Session()
    ),
    "a class of one's own": Login,
}


def config(url: str, auth: Any, **endpoint: Any) -> dict[str, Any]:
    ends = {"path": "/a", "data_selector": "data", "paginator": "single_page", **endpoint}
    return {
        "pipeline": {"name": "tokens", "dataset_name": "ds"},
        "client": {"base_url": url, "timeout": 5, "retry": {"max_retries": 0}, "auth": auth},
        "resources": [{"name": "a", "endpoint": ends}],
    }


def fast(status: int, way: str) -> Any:
    few = status in (302, 307) and way in ("declared", "dlt's object", "a class of one's own")
    return pytest.param(status, way, marks=() if few else pytest.mark.slow)


@pytest.mark.parametrize(("status", "way"), [fast(s, w) for s in (301, 302, 303, 307, 308) for w in WAYS])
def test_no_request_for_a_token_is_sent_on_to_another_host(
    status: int, way: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(lambda _: Answer({"access_token": "stolen", "expires_in": 60})) as evil:

        def app(asked: Asked) -> Answer:
            if asked.path == "/token":
                place = f"{evil.url}/t?{asked.body.decode()}"
                return Answer(status=status, headers={"Location": place})
            return Answer({"data": [{"id": 1}]})

        with serving(app) as api:
            receipt = sync(config(api.url, WAYS[way](f"{api.url}/token")))
    assert SECRET in api.text
    assert evil.seen == []
    assert receipt.verdict == "partial"
    assert SECRET not in str(receipt) + "".join(capfd.readouterr())


@pytest.mark.parametrize("way", WAYS)
def test_a_token_that_was_obtained_is_a_secret_at_once(way: str) -> None:
    def app(asked: Asked) -> Answer:
        if asked.path == "/token":
            return Answer({"access_token": TOKEN, "refresh_token": "c4naryRef7f3a9b1", "expires_in": 60})
        if asked.path == "/a":
            return Answer({"data": [{"id": 1}], "next": f"/session/{TOKEN}/p2"})
        return Answer(status=500)

    with serving(app) as api:
        pages = {"type": "json_link", "next_url_path": "next"}
        receipt = sync(config(api.url, WAYS[way](f"{api.url}/token"), paginator=pages))
    assert TOKEN in api.text
    assert receipt.verdict == "partial"
    assert "/session/***/p2" in str(receipt)
    assert TOKEN not in str(receipt)


def test_a_redirect_that_stays_is_followed() -> None:
    def app(asked: Asked) -> Answer:
        if asked.path == "/token":
            return Answer(status=307, headers={"Location": "/v2/token"})
        if asked.path == "/v2/token":
            return Answer({"access_token": TOKEN, "expires_in": 60})
        return Answer({"data": [{"id": 1}]})

    for way in ("declared", "dlt's object with a session"):
        with serving(app) as api:
            assert sync(config(api.url, WAYS[way](f"{api.url}/token"))).verdict == "complete"


def test_only_what_is_followed_and_only_inside() -> None:
    with (
        serving(lambda _: Answer({})) as evil,
        serving(lambda _: Answer(status=302, headers={"Location": evil.url})) as api,
    ):
        with staying_home():
            assert requests.get(api.url, allow_redirects=False, timeout=5).status_code == 302
            with pytest.raises(Elsewhere):
                requests.get(api.url, timeout=5)
        assert evil.seen == []
        assert requests.get(api.url, timeout=5).status_code == 200


def test_what_an_auth_object_adds_is_known() -> None:
    class Signs(AuthBase):
        def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
            r.headers["X-Signature"] = "c4narySig7f3a9b1"
            r.prepare_url(r.url, {"s": "c4naryQry7f3a9b1"})
            return r

    with serving(lambda _: Answer({"data": [{"id": 1}]})) as api:
        sync(config(api.url, Signs()))
    assert KEYRING.finds("c4narySig7f3a9b1")
    assert KEYRING.finds("c4naryQry7f3a9b1")
