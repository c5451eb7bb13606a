"""Credentials that the config leaves out come from dlt's providers, as they do under dlt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from restmill import rest_api_source, sync
from restmill.errors import ConfigError, Rejected
from tests.load.api import KEY, api, counts, resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.load.conftest import Serve

SHORT: dict[str, tuple[Any, dict[str, str]]] = {
    "bearer": ("bearer", {"token": KEY}),
    "bearer, as a mapping": ({"type": "bearer"}, {"token": KEY}),
    "api_key": ({"type": "api_key", "name": "X-API-Key"}, {"api_key": KEY}),
    "api_key, in the query": ({"type": "api_key", "name": "key", "location": "query"}, {"api_key": KEY}),
    "http_basic": ("http_basic", {"username": "anyone", "password": KEY}),
    "http_basic, half of it": ({"type": "http_basic", "username": "me"}, {"password": KEY}),
    "oauth2": (
        {"type": "oauth2_client_credentials", "access_token_url": "BASE/oauth/token"},
        {"client_id": "restmill", "client_secret": KEY},
    ),
}


def config_with(base_url: str, auth: Any) -> dict[str, Any]:
    config = api(base_url, resource("users"))
    if isinstance(auth, dict):
        auth = {key: value.replace("BASE", base_url) for key, value in auth.items()}
    config["client"]["auth"] = auth
    return config


@pytest.mark.parametrize("section", ["credentials", "sources.rest_api.credentials"])
@pytest.mark.parametrize("name", SHORT)
def test_every_shorthand_finds_its_secrets(
    name: str, section: str, serve: Serve, dlt_settings: Callable[..., None]
) -> None:
    auth, secrets = SHORT[name]
    lines = "".join(f'{key} = "{value}"\n' for key, value in secrets.items())
    dlt_settings(secrets=f"[{section}]\n{lines}")
    config = config_with(serve(rows=3, key=KEY).base_url, auth)
    assert len(list(rest_api_source(config).users)) == 3


@pytest.mark.parametrize("section", ["credentials", "sources.credentials", "sources.rest_api.credentials"])
def test_sync_looks_where_a_source_looks(
    section: str, serve: Serve, dlt_settings: Callable[..., None]
) -> None:
    dlt_settings(secrets=f'[{section}]\ntoken = "{KEY}"\n')
    receipt = sync(config_with(serve(rows=3, key=KEY).base_url, "bearer"), pipeline_name="mine")
    assert counts(receipt, "users") == {"users": 3}


def test_the_section_of_a_source_is_its_own(serve: Serve, dlt_settings: Callable[..., None]) -> None:
    dlt_settings(
        secrets=f'[sources.vendors.vendor.credentials]\ntoken = "{KEY}"\n[credentials]\ntoken = "wrong"\n'
    )
    config = config_with(serve(rows=3, key=KEY).base_url, "bearer")
    assert len(list(rest_api_source(config, name="vendor", section="vendors").users)) == 3


def test_the_environment_is_one_of_the_providers(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__REST_API__CREDENTIALS__TOKEN", KEY)
    config = config_with(serve(rows=3, key=KEY).base_url, "bearer")
    assert len(list(rest_api_source(config).users)) == 3


@pytest.mark.parametrize("name", SHORT)
def test_what_nobody_knows_is_a_mistake_in_the_config(name: str, serve: Serve) -> None:
    auth, secrets = SHORT[name]
    server = serve(key=KEY)
    with pytest.raises(ConfigError) as caught:
        sync(config_with(server.base_url, auth), pipeline_name="mine")
    said = str(caught.value)
    assert all(f"`{key}`" in said for key in secrets)
    assert all(f"`sources.rest_api.credentials.{key}`" in said for key in secrets)
    assert "client.auth" in said
    assert server.stats()["requests"] == 0


def test_an_endpoints_own_auth_is_filled_too(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(rows=3, key=KEY)
    users = resource("users", endpoint={"auth": "bearer"})
    config = {"client": {"base_url": server.base_url}, "resources": [users]}
    with pytest.raises(ConfigError, match=r"resources\[0\]\.endpoint\.auth"):
        sync(config, pipeline_name="mine")
    monkeypatch.setenv("CREDENTIALS__TOKEN", KEY)
    assert counts(sync(config, pipeline_name="mine"), "users") == {"users": 3}


def test_a_wrong_key_is_named_as_such(serve: Serve) -> None:
    config = api(serve(key="another").base_url, resource("users"))
    with pytest.raises(Rejected, match="401") as caught:
        sync(config, pipeline_name="mine", on_error="raise")
    assert "client.auth" in caught.value.problem.hint
    assert KEY not in str(caught.value)
