"""What is behind an error: under both engines one of `requests`, with its answer where there was one."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import dlt
import pytest
import requests
from dlt.pipeline.exceptions import PipelineStepFailed
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from restmill import sync
from restmill.errors import ApiError, NotData, Rejected, Unreachable
from tests.parity.engines import ENGINES
from tests.parity.scripts import PAGES, both, listed, listing, script, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from requests import Response

    from restmill.run.receipt.receipt import Receipt
    from tests.parity.case import Config
    from tests.parity.scripts import Answer, Asked, Script

KEY = "k3y-in-the-query"


def behind(found: Script) -> requests.RequestException:
    (error,) = (one for one in found.chain if isinstance(one, requests.RequestException))
    return error


def failing(status: int, at: int = 2) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        return listed(asked, 3) if asked.number("page", 1) != at else (status, {"X-Id": "7"}, {"why": "no"})

    return answer


REFUSED = [401, 403, 409, 410, 418, 422, 501]
AT = [
    (400, 1),
    (404, 1),
    *((status, at) for at in (1, 2) for status in REFUSED),
]  # on page 2 they end the list


@pytest.mark.parametrize(("status", "at"), AT)
def test_a_refusal_has_an_http_error_behind_it(status: int, at: int) -> None:
    config = listing(params={"api_key": KEY})
    (dlts, _), (ours, _) = both(failing(status, at), lambda _: config)
    for found in (dlts, ours):
        error = behind(found)
        assert type(error) is requests.HTTPError
        assert error.response is not None
        assert (error.response.status_code, error.response.json()) == (status, {"why": "no"})
        assert error.response.headers["x-id"] == "7"
        assert error.request is error.response.request
        assert error.request.method == "GET"
        assert f"page={at}" in str(error.request.url)
        assert str(status) in str(error)
    assert isinstance(ours.chain[-2], Rejected)
    assert not [str(one) for one in ours.chain if KEY in str(one)]


def test_the_answer_behind_an_error_is_the_one_that_actions_saw() -> None:
    seen: list[Response] = []
    (dlts, _), (ours, _) = both(failing(410), lambda _: listing(seen.append))
    assert behind(dlts).response is seen[1]
    assert behind(ours).response is seen[3]


def test_a_refusal_of_the_children_of_one_parent() -> None:
    def answer(asked: Asked) -> Answer:
        return listed(asked, 1) if asked.path == "/parents" else (403, {}, {"why": asked.path})

    def config(_: Callable[..., None]) -> Callable[[str], Config]:
        paged = {"data_selector": "data", "paginator": PAGES}
        kids = {"path": "parents/{resources.parents.id}", **paged}
        return lambda url: {
            "client": {"base_url": url},
            "resources": [
                {"name": "parents", "endpoint": {"path": "parents", **paged}},
                {"name": "kids", "endpoint": kids},
            ],
        }

    (_, _), (ours, _) = both(answer, config)
    response = behind(ours).response
    assert response is not None
    assert response.json() == {"why": "/parents/0"}


@pytest.mark.parametrize("engine", ["dlt", "restmill"])
def test_a_pipeline_that_fails_has_it_too(engine: str, tmp_path: Path) -> None:
    with serving(failing(410)) as api:
        pipeline = dlt.pipeline("failing", pipelines_dir=str(tmp_path), destination="duckdb")
        with pytest.raises(PipelineStepFailed) as caught:
            pipeline.extract(ENGINES[engine].rest_api_source(listing()(api.url)))
    one: BaseException | None = caught.value
    while one is not None and not isinstance(one, requests.HTTPError):
        one = one.__cause__ or one.__context__
    assert one is not None
    assert one.response.status_code == 410


class Raising(BaseAdapter):
    """A network on which everything fails in one way."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def send(self, *_: Any, **__: Any) -> Response:
        raise self.error

    def close(self) -> None:
        """Nothing is open."""


BROKEN: list[Exception] = [
    requests.ConnectionError("refused"),
    requests.exceptions.SSLError("expired"),
    requests.exceptions.ProxyError("no"),
    requests.ConnectTimeout("late"),
    requests.ReadTimeout("late"),
    requests.exceptions.ChunkedEncodingError("half"),
]


def unreachable(url: str, **client: Any) -> Callable[[str], Config]:
    def of(_: str) -> Config:
        whole = listing(params={"api_key": KEY})(url)
        whole["client"] |= {"retry": {"max_retries": 0}, **client}
        return whole

    return of


@pytest.mark.parametrize("error", BROKEN, ids=lambda one: type(one).__name__)
def test_what_no_answer_came_of_has_its_kind_behind_it(error: Exception) -> None:
    session = requests.Session()
    session.mount("http://", Raising(error))
    ours = script("restmill", listed, unreachable("http://api.test", session=session))
    kinds = requests.Timeout, requests.exceptions.SSLError, requests.exceptions.ChunkedEncodingError
    cause = behind(ours)
    for kind in (*kinds, requests.ConnectionError):
        assert isinstance(cause, kind) == isinstance(error, kind) or isinstance(
            error, requests.ConnectTimeout
        )
    assert isinstance(ours.chain[-2], Unreachable)
    assert KEY not in str(cause)


def test_a_host_that_refuses_connections_is_a_connection_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        ours = script("restmill", listed, unreachable(f"http://127.0.0.1:{free.getsockname()[1]}"))
    assert type(behind(ours)) is requests.ConnectionError


def test_what_is_no_json_is_a_decode_error() -> None:
    (dlts, _), (ours, _) = both(
        lambda _: (200, {"Content-Type": "text/html"}, b"<html>hello</html>"), lambda _: listing()
    )
    for found in (dlts, ours):
        assert isinstance(behind(found), requests.exceptions.JSONDecodeError)
    assert isinstance(ours.chain[-2], NotData)
    assert "hello" not in str(behind(ours))


def test_redirects_without_end_are_too_many() -> None:
    def answer(asked: Asked) -> Answer:
        return 302, {"Location": asked.path}, {}

    (dlts, _), (ours, _) = both(answer, lambda _: listing())
    for found in (dlts, ours):
        error = behind(found)
        assert type(error) is requests.TooManyRedirects
        assert error.response is not None
        assert error.response.status_code == 302


def test_an_auth_object_that_is_refused_is_an_http_error() -> None:
    class Refused(AuthBase):
        def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
            answer = requests.Response()
            answer.status_code = 403
            answer.url = f"http://login.test?key={KEY}"
            answer.raise_for_status()
            return r

    ours = script("restmill", listed, unreachable("http://api.test", auth=Refused()))
    error = behind(ours)
    assert isinstance(error, requests.HTTPError)
    assert error.response is not None
    assert error.response.status_code == 403
    assert KEY not in str(error)


def test_a_token_that_is_refused_is_an_http_error() -> None:
    def answer(asked: Asked) -> Answer:
        return (403, {}, {"why": "no"}) if asked.path == "/token" else listed(asked)

    def config(_: Callable[..., None]) -> Callable[[str], Config]:
        flow = {"type": "oauth2_client_credentials", "client_id": "i", "client_secret": "s"}

        def of(url: str) -> Config:
            whole = listing()(url)
            whole["client"]["auth"] = {**flow, "access_token_url": f"{url}/token"}
            return whole

        return of

    (dlts, _), (ours, _) = both(answer, config)
    for found in (dlts, ours):
        error = behind(found)
        assert error.response is not None
        assert (error.response.status_code, error.response.json()) == (403, {"why": "no"})


# Where a resource may fail alone.


def run(*resources: Config, url: str) -> Receipt:
    config = {"client": {"base_url": url, "retry": {"max_retries": 0}}, "resources": [*resources]}
    return sync(config, pipeline_name="isolated", destination="duckdb")


RAISING: dict[str, Callable[[Response], None]] = {
    "raise_for_status": lambda r: r.raise_for_status(),
    "HTTPError": lambda r: (_ for _ in ()).throw(requests.HTTPError("mine", response=r)),
    "HTTPError without its answer": lambda _: (_ for _ in ()).throw(requests.HTTPError("mine")),
    "Timeout": lambda _: (_ for _ in ()).throw(requests.Timeout("mine")),
    "ConnectionError": lambda _: (_ for _ in ()).throw(requests.ConnectionError("mine")),
}


@pytest.mark.parametrize("name", RAISING)
def test_what_an_action_raises_costs_its_resource_only(name: str) -> None:
    def answer(asked: Asked) -> Answer:
        bad = asked.path == "/bad" and asked.number("page", 1) == 2
        return (404, {}, {}) if bad else listed(asked, 3)

    def action(response: Response) -> None:
        if response.status_code == 404:
            RAISING[name](response)

    def resource(name: str, *actions: Any) -> Config:
        asked = {"path": name, "params": {"api_key": KEY}, "data_selector": "data", "paginator": PAGES}
        return {"name": name, "endpoint": {**asked, "response_actions": [*actions]}}

    with serving(answer) as api:
        receipt = run(resource("bad", action), resource("good"), url=api.url)
    bad, good = receipt.resources
    assert (bad.verdict, good.verdict, good.rows) == ("partial", "complete", 30)
    assert bad.rows == 10
    assert "a response action raised" in str(bad.errors)
    assert KEY not in str(receipt)


def test_an_exception_of_its_own_ends_the_run_where_it_does_not_isolate() -> None:
    def action(_: Response) -> None:
        raise LookupError("my own mistake")

    asked = {"path": "bad", "data_selector": "data", "paginator": PAGES, "response_actions": [action]}
    with serving(listed) as api, pytest.raises(Exception, match="my own mistake") as caught:
        run({"name": "bad", "on_error": "raise", "endpoint": asked}, url=api.url)
    assert not isinstance(caught.value, ApiError)
