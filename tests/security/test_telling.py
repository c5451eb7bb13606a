"""Which names tell, and which texts look secret: the table of the kind."""

from __future__ import annotations

import pytest

from restmill.config.telling import (
    credentials_in_dsn,
    is_credential,
    is_literal,
    looks_secret,
    may_be_credential,
    without_literals,
)

CREDENTIALS = """
access_key access_token accessToken AccessKey api_key api-key apiKey apikey APIKEY api_token appid app_id
app_key appkey auth auth_key auth_token Authorization authtoken AWSAccessKeyId bearer client_secret
clientSecret client_key consumer_key consumer_secret cookie credential developer_key hapikey id_token
JSESSIONID jwt license_key Ocp-Apim-Subscription-Key otp pass passphrase passwd password PHPSESSID
private_key private_token PRIVATE-TOKEN Proxy-Authorization pwd refresh_token sas_token secret secret_key
security_token session_id sessionid shared_key sid sig signature subscription-key ticket token user_key
user_password wskey X-Amz-Credential X-Amz-Security-Token X-Amz-Signature X-Api-Key X-Auth-Token
X-Goog-Signature X-RapidAPI-Key X-Shopify-Access-Token
"""
PLAIN = """
accept author authority code_of_conduct continuation_token count country cursor date design foreign_key
format group_key id key_type keyword limit max_tokens next_page_token next_token offset order page pageToken
page_size page_token partition_key passenger path primary_key q scroll_token search secretary signal since
sort_key sync_token token_type tokens user_id
"""


@pytest.mark.parametrize("name", CREDENTIALS.split())
def test_a_name_tells(name: str) -> None:
    assert is_credential(name)
    assert may_be_credential(name)


@pytest.mark.parametrize("name", PLAIN.split())
def test_a_name_does_not_tell(name: str) -> None:
    assert not is_credential(name)
    assert not may_be_credential(name)


@pytest.mark.parametrize("name", ["key", "Key", "code"])
def test_a_name_that_often_tells_is_not_shown_and_counts_by_its_looks(name: str) -> None:
    assert may_be_credential(name)
    assert not is_credential(name)
    assert is_literal(name, "7f3a9b1c5d8e2f4a")
    assert not is_literal(name, "US")


@pytest.mark.parametrize(
    "text",
    ["7f3a9b1c5d8e2f4a", "sk-4f9A8b7C6d5E", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "cnryKey7f3a9b1c5d"],
)
def test_a_text_looks_secret(text: str) -> None:
    assert looks_secret(text)
    assert text not in without_literals(f"a text with {text} in it")


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01T00:00:00Z",
        "data.items",
        "resources.users.id",
        "a b c 1 2 3",
        "v1/users/list",
        "1234567890123",
    ],
)
def test_a_text_does_not_look_secret(text: str) -> None:
    assert not looks_secret(text)
    assert without_literals(text) == text


@pytest.mark.parametrize("name", ["duckdb", "postgres", "dlt.destinations.duckdb", "my_module.destination"])
def test_the_name_of_a_destination_holds_nothing(name: str) -> None:
    assert credentials_in_dsn(name) == ()
