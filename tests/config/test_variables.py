"""Variables of the environment are secret by the place that they are put in."""

from __future__ import annotations

import pytest

from restmill.config.variables import secrets_in_variable
from restmill.secrets import Secret

ENDPOINT = ("resources", 0, "endpoint")


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("client", "auth", "token"), "plain-words"),
        (("client", "auth", "api_key"), "12345678"),
        (("client", "headers", "X-Env"), "plain-words"),
        ((*ENDPOINT, "headers", "X-Api-Key"), "2024"),
        ((*ENDPOINT, "params", "api_key"), "2024"),
        ((*ENDPOINT, "params", "tenant"), "acme-corp"),
        ((*ENDPOINT, "json", "filter", "k"), "7f3a9b1c5d8e2f4a"),
        ((*ENDPOINT, "data", "k"), "7f3a9b1c5d8e2f4a"),
        ((*ENDPOINT, "path"), "7f3a9b1c5d8e2f4a"),
        (("client", "base_url"), "tenant-of-mine"),
    ],
)
def test_where_a_credential_may_stand(keys: tuple[str | int, ...], value: str) -> None:
    assert set(secrets_in_variable(value, keys)) == {Secret(value)}


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("client", "auth", "type"), "bearer"),
        (("client", "auth", "location"), "query"),
        (("client", "headers", "Accept"), "application/json"),
        ((*ENDPOINT, "params", "since"), "2024-01-01T00:00:00Z"),
        ((*ENDPOINT, "params", "limit"), "1000"),
        ((*ENDPOINT, "params", "sort"), "desc"),
        ((*ENDPOINT, "params", "kind"), "page"),
        ((*ENDPOINT, "paginator", "limit"), "100000"),
        (("pipeline", "name"), "name-of-mine"),
        (("pipeline", "dataset_name"), "7f3a9b1c5d8e2f4a"),
        (("client", "base_url"), "https://api.example.com/v1/things"),
        ((*ENDPOINT, "params", "api_key"), "abc"),
    ],
)
def test_where_none_can(keys: tuple[str | int, ...], value: str) -> None:
    assert set(secrets_in_variable(value, keys)) == set()


def test_of_an_address_the_credentials_are() -> None:
    base = "https://me:P4ssword@api.example.com/v1?page=1&api_key=k3y-value"
    found = set(secrets_in_variable(base, ("client", "base_url")))
    assert found == {Secret("P4ssword"), Secret("k3y-value")}
    proxy = set(secrets_in_variable("socks5://me:P4ssword@proxy:1", ("client", "proxy")))
    assert proxy == {Secret("P4ssword")}
