"""Whatever a read ends on is an error of its resource with its place; the user's exceptions stay theirs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from restmill.errors import ApiError, Place
from restmill.events import ReadFailed
from restmill.run.fetch.unforeseen import foreseen
from restmill.run.transport.protocol import Failed
from restmill.testing import Recorder, json_response
from restmill.testing.clock import run
from restmill.testing.rig import HOME, Rig, order

SECRET = "s3cret-in-a-library's-text"
ODD = [
    ValueError,
    TypeError,
    KeyError,
    RecursionError,
    MemoryError,
    OverflowError,
    ZeroDivisionError,
    UnicodeError,
]


@pytest.mark.parametrize("kind", [*ODD, AssertionError, AttributeError, EOFError, NotImplementedError])
def test_any_exception_of_ours_becomes_an_error_with_its_place(kind: type[Exception]) -> None:
    seen = Recorder()
    rig = Rig(lambda _: kind(SECRET), observer=seen)  # raised inside the package
    with pytest.raises(ApiError) as caught:
        run(rig.read(order()))
    problem = caught.value.problem
    assert problem.place.path == f"things  GET {HOME}/things"
    assert "api.py:" in problem.got
    assert SECRET not in str(caught.value)
    assert SECRET not in str(seen.of(ReadFailed))


def test_other_reads_of_the_same_host_go_on() -> None:
    rig = Rig(
        lambda request: json_response({"data": []}) if "good" in request.address else ValueError(SECRET)
    )

    async def main() -> None:
        for _ in range(20):
            with pytest.raises(ApiError):
                await rig.read(order(path="/bad"))
        await rig.read(order(path="/good"))

    run(main())
    assert not rig.memory.gates[HOME].breaker.half_open


def test_the_users_own_exception_is_raised_as_it_is() -> None:
    with pytest.raises(ValueError, match=SECRET) as caught:
        raise ValueError(SECRET)
    assert foreseen(caught.value, Place("x")) is caught.value


@pytest.mark.parametrize(("kind", "counts"), [("address", False), ("size", False), ("connection", True)])
def test_only_failures_of_the_host_count_for_the_breaker(kind: str, counts: bool) -> None:
    rig = Rig(lambda _: Failed("it failed", final=True, kind=kind))  # type: ignore[arg-type]  # one of three
    with pytest.raises(ApiError):
        run(rig.read(order()))
    assert rig.memory.gates[HOME].breaker.half_open is counts


def test_a_cookie_that_nobody_can_read_makes_no_noise() -> None:
    """`http.cookiejar` warns with a traceback, of a cookie such as `a=b; Max-Age`."""
    script = (
        "from restmill.run.transport.requests_messages import shown\n"
        "from restmill.wire.message import Headers, Request, Response\n"
        "sent = Request('GET', 'https://api.test/x')\n"
        "cookies = ('a=b; Max-Age', 'a=b; Expires=Fri, 31 Dec ' + '9' * 5000 + ' 23:59:59 GMT', 'c=d')\n"
        "answer = Response(200, Headers(), b'', sent.url, cookies=cookies, sent=sent)\n"
        "print(list(shown(answer).cookies.keys()))\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: S603  # it is us
    assert done.stderr == ""
    assert done.stdout.startswith("[")
