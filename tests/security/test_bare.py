"""What leaves home: nothing of the config, and no known secret, wherever and however a link has it."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote

import pytest

from restmill.run.credentials.bare import bare
from restmill.secrets import Redactor, Secret
from restmill.wire.message import Headers, Request

KEY = "c4nary/Key+7=f3"
FINDS = Redactor().plus([Secret(KEY)]).finds
SPELLINGS = {
    "raw": KEY.replace("+", "%2B"),
    "quoted": quote(KEY, safe=""),
    "quoted twice": quote(quote(KEY, safe=""), safe=""),
    "quoted three times": quote(quote(quote(KEY, safe=""), safe=""), safe=""),
    "every byte": "".join(f"%{byte:02x}" for byte in KEY.encode()),
    "base64": quote(b64encode(KEY.encode()).decode()),
    "base64 of a pair": quote(b64encode(f"me:{KEY}".encode()).decode()),
    "hex": KEY.encode().hex(),
    "after a word": f"Bearer%20{quote(KEY, safe='')}",
    "in JSON": quote(f'{{"k":"{KEY}"}}', safe=""),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "address",
    [
        "https://m.test/p?page=2&k={}",
        "https://m.test/p?k={}&page=2",
        "https://m.test/p?page=2&{}",
        "https://m.test/p?page=2&k=a-{}-b&x=1#frag-{}",
    ],
)
def test_a_secret_in_a_query_is_taken_out(spelling: str, address: str) -> None:
    left = bare(Request("GET", address.replace("{}", SPELLINGS[spelling])), FINDS)
    assert left.dropped
    assert not left.unsafe
    assert "page=2" in left.request.url
    assert not FINDS(left.request.url)
    assert not any(FINDS(name) for name in left.dropped)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "address", ["https://m.test/s/{}/p2", "https://m.test/{}", "https://m.test/a;k={}/b?page=2"]
)
def test_a_secret_in_a_path_is_not_sent(spelling: str, address: str) -> None:
    assert bare(Request("GET", address.replace("{}", SPELLINGS[spelling])), FINDS).unsafe


def test_a_secret_in_a_host_name_is_not_sent() -> None:
    finds = Redactor().plus([Secret("c4naryKey7f3")]).finds
    assert bare(Request("GET", "https://c4naryKey7f3.m.test/p"), finds).unsafe
    assert bare(Request("GET", "https://c4narykey7f3.m.test/p"), finds).unsafe


def test_headers_and_parameters_of_the_config_stay_at_home() -> None:
    params = {"limit": 10, "api_key": "x", "key": "y", "sig": KEY, "many": ["a", KEY], "offset": 0}
    request = Request("GET", "https://m.test/p?x=1", params=params, headers=Headers({"X-A": "1"}))
    left = bare(request, FINDS)
    assert left.request.params == {"limit": 10, "offset": 0}
    assert dict(left.request.headers) == {}
    assert left.request.trust == "foreign"
    assert left.dropped == ("api_key", "key", "sig", "many")
    assert left.doubtful == ("key", "many")


def test_a_signature_of_the_other_host_is_its_own() -> None:
    address = "https://cdn.test/p?X-Amz-Signature=abcdef0123456789&X-Amz-Credential=AKIA&page=2"
    left = bare(Request("GET", address), FINDS)
    assert (left.request.url, left.dropped, left.unsafe) == (address, (), False)
