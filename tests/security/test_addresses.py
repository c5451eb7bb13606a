"""What a server calls a link and is no URL ends one resource, and says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from restmill.errors import ApiError, NotData, Unreachable
from restmill.path import Path
from restmill.testing import json_response
from restmill.testing.clock import run
from restmill.testing.rig import HOME, Rig, order
from restmill.wire.address import LONGEST, NoAddress, flaw_of, joined
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging.pagers import HeaderLink, JsonLink, Offset

NO_URLS = {
    "a port too high": "http://127.0.0.1:99999/x",
    "a port of letters": "http://127.0.0.1:80abc/x",
    "a negative port": "http://127.0.0.1:-1/x",
    "an open bracket": "http://[::1/x",
    "a name in brackets": "http://[nohost]/x",
    "a future address": "http://[v1.x/y",
    "a slash of another script": "http://127.0.0.2\uff0f@127.0.0.1/x",
    "half of a pair": "http://\ud800.test/x",
    "half of a pair in the path": "/p/\ud800",
    "no host": "http:///x",
    "no host but a port": "http://:80/x",
    "an empty label": "http://a..test/x",
    "a label too long": f"http://{'a' * 64}.test/x",
    "a blank in the host": "http://a b.test/x",
    "a quote in the host": 'http://a".test/x',
    "a NUL in the host": "http://a\x00.test/x",
    "a backslash": "http://a\\b.test/x",
    "a URL without end": "/x?" + "c" * LONGEST,
}
URLS = [
    "/x",
    "?page=2",
    "https://api.test/x",
    "http://[::1]:8080/x",
    "http://b\xfccher.test/x",
    "//api.test/x",
]
URLS += [
    "",
    "http://api.test./x",
    "http://under_score.test/",
    "HTTP://API.TEST:443/x",
    "/caf\xe9",
    "http://a.test:/x",
]


@pytest.mark.parametrize("name", NO_URLS)
def test_it_is_judged_before_any_library_takes_it_apart(name: str) -> None:
    with pytest.raises(NoAddress):
        joined(HOME, NO_URLS[name])


@pytest.mark.parametrize("link", URLS)
def test_what_can_be_sent_to_is_let_through(link: str) -> None:
    assert not flaw_of(joined(HOME, link))


@pytest.mark.parametrize("name", NO_URLS)
def test_as_a_next_link_it_is_an_error_of_its_resource(name: str) -> None:
    def api(request: Request) -> Response:
        return json_response({"data": [{"id": 1}]})

    def script(request: Request) -> Response:
        response = api(request)
        return Response(
            200, Headers({**response.headers, "Link": f'<{NO_URLS[name]}>; rel="next"'}), response.body
        )

    rig = Rig(script)
    with pytest.raises(NotData, match="holds no URL that a request can be sent to"):
        run(rig.read(order(HeaderLink())))
    assert rig.ids == [1]


def test_a_link_in_the_body_likewise() -> None:
    rig = Rig(lambda _: json_response({"data": [{"id": 1}], "next": "http://[::1/x"}))
    with pytest.raises(NotData, match="`next` holds no URL"):
        run(rig.read(order(JsonLink(Path("next")))))


@pytest.mark.parametrize("name", NO_URLS)
def test_as_a_redirect_it_is_an_error_and_the_host_stays_open(name: str) -> None:
    def script(request: Request) -> Response:
        if request.address.endswith("/bad"):
            return Response(302, Headers({"Location": NO_URLS[name]}), b"")
        return json_response({"data": []})

    rig = Rig(script)

    async def main() -> None:
        with pytest.raises(Unreachable, match="redirects to no URL") as caught:
            await rig.read(order(path="/bad"))
        assert caught.value.problem.place.path.startswith("things  GET ")
        await rig.read(order())

    run(main())
    assert not rig.memory.gates[HOME].shut
    assert not rig.memory.gates[HOME].breaker.half_open


@pytest.mark.parametrize("address", ["http://api.test:99999/x", "http://[::1/x", "http://:/"])
def test_a_request_that_cannot_be_sent_is_not_sent(address: str) -> None:
    rig = Rig(lambda _: json_response({"data": []}))
    wrong = order(Offset(limit=1))
    with pytest.raises(ApiError, match="not a valid URL"):
        run(rig.read(replace(wrong, request=Request("GET", address))))
    assert not rig.transport.sent
