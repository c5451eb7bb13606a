"""Secrets: never in a str or repr of config, warning or error; known to the redactor; warned of in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from restmill.config.check.check import check
from restmill.config.files.load import load
from restmill.config.model.config import Resource
from restmill.config.references import Reference, resolve
from restmill.errors import ConfigError
from restmill.secrets import Masked, Secret
from tests.config.configs import CLIENT, GOOD, with_endpoint, with_resources

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "s3cr3t-0123456789"

HOLDERS: dict[str, dict[str, Any]] = {
    "bearer": {"auth": {"token": VALUE}},
    "api key": {"auth": {"type": "api_key", "api_key": VALUE}},
    "basic": {"auth": {"type": "http_basic", "username": VALUE, "password": VALUE}},
    "oauth": {
        "auth": {
            "type": "oauth2_client_credentials",
            "access_token_url": f"https://x/{VALUE}",
            "client_id": VALUE,
            "client_secret": VALUE,
            "access_token": VALUE,
            "access_token_request_data": {"client_secret": VALUE, "deep": [VALUE]},
        }
    },
    "header": {"headers": {"Authorization": f"Bearer {VALUE}", "X-Odd": VALUE}},
    "proxy": {"proxy": f"http://me:{VALUE}@proxy"},
}


@pytest.mark.parametrize("keys", HOLDERS.values(), ids=HOLDERS)
def test_a_config_does_not_show_its_secrets(keys: dict[str, Any]) -> None:
    config = check({"client": {**CLIENT, **keys}, "resources": ["a"]})
    assert VALUE not in str(config)
    assert VALUE not in repr(config)


def test_params_and_bodies_are_not_shown() -> None:
    for keys in ({"params": {"api_key": VALUE}}, {"json": {"k": VALUE}}, {"data": VALUE}):
        assert VALUE not in repr(check(with_endpoint(**keys)))


def test_a_config_knows_its_secrets() -> None:
    config = check(
        {
            "client": {
                **CLIENT,
                "auth": {"token": "t-1"},
                "headers": {"X-Api-Key": "Key h-1", "Accept": "json"},
            },
            "resources": [{"name": "a", "endpoint": {"params": {"api_key": "p-1", "page_token": "x"}}}],
        }
    )
    assert set(config.secrets) == {Secret(one) for one in ("t-1", "Key h-1", "h-1", "p-1")}


MISTAKES: list[dict[str, Any]] = [
    {"auth": VALUE},
    {"auth": [VALUE]},
    {"auth": {"type": VALUE}},
    {"auth": {"type": "bearer", "tokn": VALUE}},
    {"auth": {"tokn": VALUE}},
    {"auth": {"type": "bearer", "token": [VALUE]}},
    {"auth": {"type": "api_key", "location": VALUE}},
    {
        "auth": {
            "type": "oauth2_client_credentials",
            "access_token_url": VALUE,
            "default_token_expiration": VALUE,
        }
    },
    {"headers": VALUE},
    {"headers": {"X": [VALUE]}},
    {"base_url": f"ftp://me:{VALUE}@x"},
    {"proxy": f"me:{VALUE}@x"},
    {"api_key": VALUE},
    {"ath": {"token": VALUE}},
]


@pytest.mark.parametrize("keys", MISTAKES)
def test_an_error_does_not_show_what_may_be_secret(keys: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        check({"client": {**CLIENT, **keys}, "resources": []})
    assert VALUE not in str(caught.value)
    assert VALUE not in repr(caught.value.problems)


def write(folder: Path, text: str) -> Path:
    path = folder / "c.yaml"
    path.write_text(text)
    return path


LITERALS = f"""\
client:
  base_url: https://x
  auth: {{type: oauth2_client_credentials, client_id: {VALUE}, client_secret: {VALUE}}}
  headers: {{Authorization: Bearer {VALUE}, Accept: json}}
resources:
  - name: a
    endpoint: {{params: {{api_key: {VALUE}, token: "${{secrets.t}}", limit: 5}}}}
"""


def test_a_literal_secret_in_a_file_is_a_warning(tmp_path: Path) -> None:
    source = load(write(tmp_path, LITERALS))
    config = check(source.tree, source)
    assert [(one.place.line, one.place.path, one.hint) for one in config.warnings] == [
        (3, "client.auth.client_secret", "Put it into .dlt/secrets.toml and write ${secrets.client_secret}."),
        (
            4,
            "client.headers.Authorization",
            "Put it into .dlt/secrets.toml and write ${secrets.Authorization}.",
        ),
        (
            7,
            "resources[0].endpoint.params.api_key",
            "Put it into .dlt/secrets.toml and write ${secrets.api_key}.",
        ),
    ]
    assert VALUE not in str(config.warnings)


def test_what_a_parent_fills_in_is_no_literal(tmp_path: Path) -> None:
    text = """\
client: {base_url: "https://x"}
resources: [b, {name: a, endpoint: {params: {token: "{resources.b.token}", secret: ""}}}]
"""
    source = load(write(tmp_path, text))
    config = check(source.tree, source)
    assert (config.warnings, config.secrets) == ((), ())


def test_in_python_a_literal_is_no_warning() -> None:
    assert check(GOOD["generic"]).warnings == ()


def test_resolved_secrets_stay_secret_wherever_they_stand(tmp_path: Path) -> None:
    text = """\
client:
  base_url: https://x/${secrets.s}
  auth: {token: "${secrets.s}"}
  headers: {X-Odd: "a ${secrets.s}"}
resources:
  - name: a
    endpoint:
      path: bot${secrets.s}/get
      params: {p: "${secrets.s}", q: ["${secrets.s}"]}
"""
    source = load(write(tmp_path, text))
    tree, secrets = resolve(source.tree, lambda _: VALUE, source.positions)
    config = check(tree, source, secrets)
    assert VALUE not in repr(config)
    assert config.client.base_url == f"https://x/{VALUE}"
    assert isinstance(config.client.base_url, Masked)
    assert config.client.headers == {"X-Odd": Secret(f"a {VALUE}")}
    first = config.resources[0]
    assert isinstance(first, Resource)
    assert first.endpoint.params == {"p": Secret(VALUE), "q": [Secret(VALUE)]}
    assert {Secret(VALUE), Secret(f"bot{VALUE}/get")} <= set(config.secrets)
    assert config.warnings == ()
    assert config.unresolved == ()


def test_an_error_after_resolving_shows_no_secret(tmp_path: Path) -> None:
    text = """\
client: {base_url: "https://x", timeout: "${secrets.s}", verify: "${env.V}", session: "${secrets.s}"}
resources: [{name: a, write_disposition: "${secrets.s}", endpoint: {paginator: "${secrets.s}"}}]
"""
    source = load(write(tmp_path, text))
    tree, secrets = resolve(source.tree, lambda one: "true" if one == Reference("env", "V") else VALUE)
    with pytest.raises(ConfigError) as caught:
        check(tree, source, secrets)
    assert [one.got for one in caught.value.problems] == ["a secret"] * 4
    assert VALUE not in str(caught.value)


def test_a_secret_may_be_given_as_one() -> None:
    config = check(with_resources("a") | {"client": {**CLIENT, "auth": {"token": Secret(VALUE)}}})
    assert config.secrets == (Secret(VALUE),)
