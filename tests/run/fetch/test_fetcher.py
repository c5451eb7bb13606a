"""Fetching: attempts, waits, credentials and halts, on a clock that only moves when nothing else can."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from restmill.errors import ApiError, ForeignHost, Halted, NotData, Rejected, Unreachable
from restmill.events import HostHalted, Retrying, Waiting
from restmill.run.transport.protocol import Failed
from restmill.secrets import Secret
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, KEY, Offsets, Rig, order, terms
from restmill.wire.auth import Bearer, ClientCredentials
from restmill.wire.limits.budget import Limits
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging.pagers import HeaderLink, SinglePage
from restmill.wire.retry import Policy

if TYPE_CHECKING:
    from restmill.wire.auth import Auth

OK = json_response({"data": [{"id": 1}]})


class Script:
    """Answers in turn; the last answer for ever."""

    def __init__(self, *answers: Response | Exception) -> None:
        self.answers = list(answers)

    def __call__(self, _: Request) -> Response | Exception:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_one_attempt_and_three_retries_after_1_2_and_4_seconds(status: int) -> None:
    rig = Rig(Script(Response(status, Headers(), b"")), latency=0.0)
    with pytest.raises(Rejected, match=str(status)):
        run(rig.read(order()))
    assert rig.transport.times == pytest.approx([0, 1, 3, 7], abs=1e-3)


def test_jitter_lengthens_a_wait_by_a_quarter_at_most() -> None:
    rig = Rig(Script(Response(500, Headers(), b"")), latency=0.0, chances=(0.999,))
    with pytest.raises(Rejected):
        run(rig.read(order()))
    waits = [b - a for a, b in zip(rig.transport.times, rig.transport.times[1:], strict=False)]
    assert waits == pytest.approx([1.25, 2.5, 5.0], abs=0.01)


@pytest.mark.parametrize("failure", [Failed("no answer within 60 s"), json_response({}, 503)])
def test_a_failure_that_passes_is_forgotten(failure: Response | Exception) -> None:
    seen = Recorder()
    rig = Rig(Script(failure, OK), observer=seen)
    run(rig.read(order(SinglePage())))
    assert rig.ids == [1]
    assert len(seen.of(Retrying)) == 1


def test_retry_after_in_seconds_is_obeyed_by_everybody() -> None:
    seen = Recorder()
    rig = Rig(Script(json_response({}, 429, {"Retry-After": "60"}), OK), latency=0.0, observer=seen)
    run(rig.read(order(SinglePage())))
    assert rig.transport.times[1] >= 60
    assert rig.transport.times[1] < 62


def test_retry_after_as_a_date_is_obeyed() -> None:
    rig = Rig(Script(OK), latency=0.0)
    at = formatdate(rig.clock.wall() + 30, usegmt=True)
    rig.transport.script = Script(json_response({}, 503, {"Retry-After": at}), OK)
    run(rig.read(order(SinglePage())))
    assert 29 <= rig.transport.times[1] <= 31


def test_a_wait_longer_than_allowed_is_refused_with_its_remedy() -> None:
    rig = Rig(Script(json_response({}, 429, {"Retry-After": "86400"})), latency=0.0)
    with pytest.raises(Rejected, match="max_wait"):
        run(rig.read(order(of=terms(policy=Policy(max_wait=300)))))
    assert len(rig.transport.sent) == 1


BROKEN = {
    "503": Response(503, Headers(), b""),
    "HTML": Response(200, Headers({"content-type": "text/html"}), b"<html>busy</html>"),
    "truncated": Response(200, Headers(), b'{"data": [{"id": 1'),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_repeated_failure_halts_the_host_and_no_request_leaves_any_more(kind: str) -> None:
    seen = Recorder()
    rig = Rig(Script(BROKEN[kind]), latency=0.0, observer=seen)

    async def both() -> None:
        with pytest.raises(Rejected if kind == "503" else NotData):
            await rig.read(order())
        with pytest.raises(Halted) as caught:
            await rig.read(order(path="/others"))
        problem = caught.value.problem
        assert HOME in problem.what
        assert kind in problem.what
        assert "client.breaker.failures" in problem.hint

    run(both())
    assert len(rig.transport.sent) == 4
    assert len(seen.of(HostHalted)) == 1


def test_broken_answers_in_a_row_halt_the_host() -> None:
    """One request meets four at the most, so it takes several; each good status before is no success."""
    seen = Recorder()
    answers = [OK, *[BROKEN["HTML"]] * 3]
    rig = Rig(
        lambda _: answers.pop(0) if answers else BROKEN["truncated"], limits=Limits(failures=5), observer=seen
    )

    async def some() -> None:
        await rig.read(order(SinglePage()))
        for place in range(3):
            with pytest.raises((NotData, Halted)):
                await rig.read(order(SinglePage(), path=f"/other/{place}"))

    run(some())
    assert len(seen.of(HostHalted)) == 1
    assert len(rig.transport.sent) <= 1 + 5


def test_one_bad_address_among_good_ones_does_not_halt_the_host() -> None:
    def script(request: Request) -> Response:
        return Response(500, Headers(), b"") if "bad" in request.address else Offsets(100)(request)

    rig = Rig(script)

    async def mixed() -> None:
        import asyncio  # noqa: PLC0415

        async def good() -> None:
            for i in range(20):
                await asyncio.sleep(0.5)
                await rig.read(order(path=f"/good/{i}"))

        results = await asyncio.gather(rig.read(order(path="/bad")), good(), return_exceptions=True)
        assert isinstance(results[0], Rejected)
        assert results[1] is None

    run(mixed())


def test_an_unreachable_host_says_so_after_four_attempts() -> None:
    rig = Rig(Script(Failed("no connection to api.test:443 (connection refused)")), latency=0.0)
    with pytest.raises(Unreachable, match="connection refused"):
        run(rig.read(order()))
    assert len(rig.transport.sent) == 4


def test_a_bad_certificate_is_not_tried_again() -> None:
    rig = Rig(Script(Failed("the certificate is not accepted", final=True)), latency=0.0)
    with pytest.raises(Unreachable):
        run(rig.read(order()))
    assert len(rig.transport.sent) == 1


def test_a_rejected_key_is_not_tried_again_and_never_shown() -> None:
    rig = Rig(Script(json_response({}, 401)), latency=0.0)
    with pytest.raises(Rejected) as caught:
        run(rig.read(order(of=terms(KEY))))
    assert len(rig.transport.sent) == 1
    assert "client.auth" in str(caught.value)
    assert "s3cret-key" not in str(caught.value)
    assert "s3cret-key" in rig.transport.sent[0][1].url


@pytest.mark.parametrize("value", ["abc\n", "a\r\nX-Evil: 1", "a\0", "\u65e5"])
def test_a_header_that_cannot_be_sent_is_named_and_not_sent(value: str) -> None:
    rig = Rig(Script(OK), latency=0.0)
    what = order(SinglePage())
    with pytest.raises(ApiError, match="the header `X-Row` holds") as caught:
        run(rig.read(replace(what, request=replace(what.request, headers=Headers({"X-Row": value})))))
    assert not rig.transport.sent
    assert value not in str(caught.value)
    run(rig.read(order(SinglePage())))  # it costs that read only
    assert rig.ids == [1]


def test_a_foreign_next_link_gets_neither_request_nor_key() -> None:
    link = json_response([{"id": 1}], headers={"Link": '<https://evil.test/steal?x=1>; rel="next"'})
    rig = Rig(Script(link))
    with pytest.raises(ForeignHost, match=r"evil\.test"):
        run(rig.read(order(HeaderLink(), of=terms(Bearer(Secret("tok-12345"))))))
    assert [request.origin for _, request in rig.transport.sent] == [HOME]


def test_an_allowed_foreign_host_is_reached_without_credentials_or_headers() -> None:
    def script(request: Request) -> Response:
        if request.origin == HOME:
            return Response(302, Headers({"Location": "https://files.test/page"}), b"")
        return OK

    rig = Rig(script)
    of = terms(Bearer(Secret("tok-12345")), allowed=frozenset({"files.test"}))
    run(rig.read(order(SinglePage(), of=of)))
    first, second = (request for _, request in rig.transport.sent)
    assert first.headers["Authorization"] == "Bearer tok-12345"
    assert not list(second.headers)
    assert rig.ids == [1]


def moved(status: int, to: str) -> Response:
    return Response(status, Headers({"Location": to}), b"")


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("body", [{"json": {"key": "tok-12345"}}, {"data": {"key": "tok-12345"}}])
def test_a_body_never_leaves_the_home_hosts(status: int, body: dict[str, dict[str, str]]) -> None:
    rig = Rig(Script(moved(status, "https://files.test/page"), OK))
    asked = order(SinglePage(), of=terms(allowed=frozenset({"files.test"})))
    with pytest.raises(ForeignHost, match=r"files\.test") as caught:
        run(
            rig.read(
                replace(
                    asked,
                    request=Request("POST", f"{HOME}/things", json=body.get("json"), data=body.get("data")),
                )
            )
        )
    assert len(rig.transport.sent) == 1
    assert "body" in caught.value.problem.what
    assert caught.value.problem.hint
    assert "tok-12345" not in str(caught.value)


def test_a_redirect_that_drops_the_body_may_leave() -> None:
    rig = Rig(Script(moved(303, "https://files.test/page"), OK))
    asked = order(SinglePage(), of=terms(allowed=frozenset({"files.test"})))
    run(rig.read(replace(asked, request=Request("POST", f"{HOME}/things", json={"key": 1}))))
    assert rig.ids == [1]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_request_follows_no_redirect_to_another_host(status: int) -> None:
    rig = Rig(
        Script(moved(status, "https://files.test/token"), OAuth()(Request("POST", f"{HOME}/token")), OK)
    )
    auth = ClientCredentials(f"{HOME}/token", Secret("id-1234"), Secret("secret-1234"))
    with pytest.raises(ForeignHost, match=r"files\.test") as caught:
        run(rig.read(order(SinglePage(), of=terms(auth, allowed=frozenset({"files.test"})))))
    assert [request.origin for _, request in rig.transport.sent] == [HOME]
    assert "allowed_hosts" not in caught.value.problem.hint  # it would not help


def test_a_token_url_with_a_login_uses_it_there_and_shows_it_nowhere() -> None:
    rig = Rig(OAuth())
    url = HOME.replace("://", "://me:pass%2Fword@") + "/token"
    run(
        rig.read(
            order(SinglePage(), of=terms(ClientCredentials(url, Secret("id-1234"), Secret("secret-1234"))))
        )
    )
    token, things = (request for _, request in rig.transport.sent)
    assert token.address == f"{HOME}/token"
    assert token.headers["Authorization"] == f"Basic {b64encode(b'me:pass/word').decode()}"
    assert things.headers["Authorization"] == "Bearer token-1"


@pytest.mark.parametrize("auth", [None, KEY, Bearer(Secret("tok-12345"))])
def test_a_login_in_a_link_is_neither_sent_nor_shown(auth: Auth | None) -> None:
    rig = Rig(Script(moved(307, HOME.replace("://", "://me:pa:ss@word@") + "/moved"), json_response({}, 404)))
    with pytest.raises(Rejected) as caught:
        run(rig.read(order(SinglePage(), of=terms(auth))))
    assert all("@" not in request.url for _, request in rig.transport.sent)
    assert f"GET {HOME}/moved" in str(caught.value) or f"GET {HOME}/things" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:pa@ss@api.test/a@b?key=1", "GET https://api.test/a@b"),
        ("https://me@api.test#x", "GET https://api.test"),
        ("https://api.test/a/me:pw@b", "GET https://api.test/a/me:pw@b"),
        ("https://me:pw@[::1/x", "GET https://[::1/x"),
        ("//me:pw@api.test/x", "GET //api.test/x"),
    ],
)
def test_a_target_has_no_login(address: str, shown: str) -> None:
    assert Request("GET", address).target == shown


def test_redirects_on_the_same_host_keep_the_key_and_303_becomes_get() -> None:
    def script(request: Request) -> Response:
        if request.address.endswith("/things"):
            return Response(303, Headers({"Location": "/moved"}), b"")
        assert request.method == "GET"
        return OK

    rig = Rig(script)
    run(rig.read(order(SinglePage(), of=terms(KEY))))
    assert all("s3cret-key" in request.url for _, request in rig.transport.sent)


def test_redirects_in_a_circle_end() -> None:
    rig = Rig(Script(Response(302, Headers({"Location": "/things"}), b"")))
    with pytest.raises(Rejected, match="redirects"):
        run(rig.read(order()))


class OAuth:
    """A token endpoint and an API whose tokens can be revoked."""

    def __init__(self) -> None:
        self.given = 0
        self.revoked: set[str] = set()

    def __call__(self, request: Request) -> Response:
        if request.address.endswith("/token"):
            self.given += 1
            return json_response({"access_token": f"token-{self.given}", "expires_in": 3600})
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return json_response({}, 401) if token in self.revoked or not token else OK


def test_a_token_is_fetched_once_and_renewed_once_when_rejected() -> None:
    api = OAuth()
    auth = ClientCredentials(f"{HOME}/token", Secret("id-1234"), Secret("secret-1234"))
    rig = Rig(api)

    async def twice() -> None:
        await rig.read(order(SinglePage(), of=terms(auth)))
        await rig.read(order(SinglePage(), of=terms(auth)))
        assert api.given == 1
        api.revoked.add("token-1")
        await rig.read(order(SinglePage(), of=terms(auth)))

    run(twice())
    assert api.given == 2
    assert rig.ids == [1, 1, 1]


def test_a_token_that_is_rejected_when_new_is_an_error() -> None:
    api = OAuth()
    api.revoked |= {f"token-{i}" for i in range(9)}
    auth = ClientCredentials(f"{HOME}/token", Secret("id-1234"), Secret("secret-1234"))
    with pytest.raises(Rejected, match="401"):
        run(Rig(api).read(order(SinglePage(), of=terms(auth))))
    assert api.given == 2


def test_a_declared_rate_is_kept_and_its_waits_are_told() -> None:
    seen = Recorder()
    rig = Rig(Offsets(1000), latency=0.0, limits=Limits(requests_per_second=2.0), observer=seen)
    run(rig.read(order()))
    gaps = [b - a for a, b in zip(rig.transport.times, rig.transport.times[1:], strict=False)]
    assert min(gaps) >= 0.5 - 1e-9
    assert seen.of(Waiting)


def test_a_quota_is_obeyed_before_it_is_overrun() -> None:
    state = {"left": 5, "reset": 60.0}

    def script(request: Request) -> Response:
        import asyncio  # noqa: PLC0415

        now = asyncio.get_running_loop().time()
        if now >= state["reset"]:
            state.update(left=5, reset=now + 60)
        state["left"] -= 1
        assert state["left"] >= 0, "the quota was overrun"
        answer = Offsets(1200)(request)
        fields = {
            "RateLimit-Remaining": str(state["left"]),
            "RateLimit-Reset": str(int(state["reset"] - now) + 1),
        }
        return Response(200, answer.headers.plus(fields), answer.body)

    rig = Rig(script)
    run(rig.read(order()))
    assert rig.ids == list(range(1200))
