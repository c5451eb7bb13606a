"""Response actions: when a user's functions are called, what they raise, and what is around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest
import requests
from dlt.sources.helpers.rest_client.exceptions import IgnoreResponseException

from tests.parity.engines import ENGINES
from tests.parity.scripts import OPEN, PAGES, agree, both, listed, listing, rows, script, serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from requests import Response

    from tests.parity.case import Config
    from tests.parity.scripts import Answer, Asked


def _strict(note: Callable[..., None]) -> Callable[[Response], None]:
    def hook(response: Response) -> None:
        note(response.status_code)
        response.raise_for_status()

    return hook


# When they are called.


def pages_seen(note: Callable[..., None]) -> Callable[[Response], None]:
    return lambda response: note(str(response.request.url).partition("page=")[2])


@pytest.mark.parametrize("pages", [1, 2, 7])
@pytest.mark.parametrize("paging", ["pages", "open", "offset", "offset without a total"])
def test_actions_are_called_once_a_page_and_in_order(pages: int, paging: str) -> None:
    def answer(asked: Asked) -> Answer:
        if "page" in paging or paging == "open":
            return listed(asked, pages)
        start = asked.number("offset")
        return 200, {}, {"data": rows(start // 10 + 1) if start < pages * 10 else [], "total": pages * 10}

    paginators: dict[str, Config] = {
        "pages": PAGES,
        "open": OPEN,
        "offset": {"type": "offset", "limit": 10},
        "offset without a total": {"type": "offset", "limit": 10, "total_path": None},
    }

    def config(note: Callable[..., None]) -> Callable[[str], Config]:
        return listing(lambda r: note(r.request.path_url), paginator=paginators[paging])

    agree(both(answer, config))


def test_no_action_is_called_for_what_was_never_taken() -> None:
    (dlts, theirs), (ours, mine) = both(
        lambda asked: listed(asked, 50),
        lambda note: listing(pages_seen(note)),
        lambda source: source.add_limit(3),
    )
    assert mine == theirs == ["1", "2", "3"]
    assert len(ours.asked) == len(dlts.asked)


@pytest.mark.parametrize("status", [404, 416, 503])
def test_an_error_behind_the_last_page_is_no_answer_of_the_list(status: int) -> None:
    def answer(asked: Asked) -> Answer:
        return listed(asked) if asked.number("page", 1) <= 2 else (status, {}, {"detail": "no such page"})

    def config(note: Callable[..., None]) -> Callable[[str], Config]:
        return listing(_strict(note))

    assert agree(both(answer, config)) == [200, 200]


def test_an_empty_page_behind_the_end_is_not_shown() -> None:
    def picky(response: Response) -> None:
        if not response.json()["data"]:
            raise ValueError("the API answered with an empty page")

    agree(both(listed, lambda _: listing(picky)))


def test_rows_behind_a_stated_end_are_shown_as_their_turn_comes() -> None:
    """The server states one page and has three: dlt reads one."""

    def answer(asked: Asked) -> Answer:
        page = asked.number("page", 1)
        return 200, {}, {"data": rows(page) if page <= 3 else [], "pages": 1}

    noted: list[str] = []
    ours = script("restmill", answer, listing(pages_seen(noted.append)))
    assert len(ours.records or []) == 30
    assert noted == ["1", "2", "3", "4"]


# What they raise.


def raising(error: Callable[[Response], Exception], at: int = 2) -> Callable[[Response], None]:
    def hook(response: Response) -> None:
        if f"page={at}" in str(response.request.url):
            raise error(response)

    return hook


RAISED: dict[str, Callable[[Response], Exception]] = {
    "one's own": lambda _: LookupError("mine"),
    "a value": lambda _: ValueError("mine"),
    "HTTPError with its answer": lambda r: requests.HTTPError("mine", response=r),
    "HTTPError without": lambda _: requests.HTTPError("mine"),
    "dlt's way to end": lambda _: IgnoreResponseException(),
}


@pytest.mark.parametrize("name", RAISED)
def test_what_an_action_raises_ends_the_read_as_under_dlt(name: str) -> None:
    (dlts, _), (ours, _) = both(listed, lambda _: listing(raising(RAISED[name])))
    assert ours.records == dlts.records
    assert [type(one) for one in ours.chain] == [type(one) for one in dlts.chain]
    assert str(ours.chain[-1]) == str(dlts.chain[-1]) if ours.chain else not dlts.chain


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_raise_for_status_fails_with_the_error_of_requests(status: int) -> None:
    def answer(asked: Asked) -> Answer:
        return listed(asked, 3) if asked.number("page", 1) != 2 else (status, {}, {"why": "no"})

    (dlts, theirs), (ours, mine) = both(answer, lambda note: listing(_strict(note)))
    assert mine == theirs == [200, status]
    for one in (dlts, ours):
        (error,) = (cause for cause in one.chain if isinstance(cause, requests.HTTPError))
        assert error.response is not None
        assert error.response.status_code == status
        assert error.response.json() == {"why": "no"}
        assert error.response.request.method == "GET"


def test_raise_for_status_is_tried_again_where_the_status_may_pass() -> None:
    failures = {"dlt": [503], "restmill": [503]}

    def answering(engine: str) -> Callable[[Asked], Answer]:
        def answer(asked: Asked) -> Answer:
            if asked.number("page", 1) == 2 and failures[engine]:
                return failures[engine].pop(), {}, {"why": "busy"}
            return listed(asked)

        return answer

    for engine in ("dlt", "restmill"):
        noted: list[int] = []
        hook = lambda r, noted=noted: (noted.append(r.status_code), r.raise_for_status())  # noqa: E731
        found = script(engine, answering(engine), listing(hook))
        assert len(found.records or []) == 20
        assert noted == [200, 503, 200]


@pytest.mark.parametrize("error", [requests.ConnectionError, requests.Timeout])
def test_a_broken_connection_that_an_action_speaks_of_is_tried_again(error: type[Exception]) -> None:
    for engine in ("dlt", "restmill"):
        calls: list[int] = []

        def hook(response: Response, calls: list[int] = calls) -> None:
            calls.append(response.status_code)
            if len(calls) == 2:
                raise error("half a body")

        found = script(engine, listed, listing(hook))
        assert len(found.records or []) == 20
        assert calls == [200, 200, 200]


# Where they stand, and what is around them.


def test_actions_of_resource_defaults_count_where_a_resource_has_none() -> None:
    def config(note: Callable[..., None]) -> Callable[[str], Config]:
        def of(url: str) -> Config:
            endpoint = {"data_selector": "data", "paginator": PAGES}
            own = [lambda _: note("own")]
            return {
                "client": {"base_url": url},
                "resource_defaults": {
                    "endpoint": {**endpoint, "response_actions": [lambda _: note("default")]}
                },
                "resources": [
                    {"name": "a", "endpoint": {"path": "a"}},
                    {"name": "b", "endpoint": {"path": "b", "response_actions": own}},
                ],
            }

        return of

    (dlts, theirs), (ours, mine) = both(listed, config)
    assert sorted(mine) == sorted(theirs) == ["default"] * 2 + ["own"] * 2
    assert len(ours.records or []) == len(dlts.records or [])


def test_actions_of_children_are_called_in_the_parents_order() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/parents":
            return listed(asked, 3)
        return 200, {}, {"data": [{"of": asked.path}], "pages": 1}

    def config(note: Callable[..., None]) -> Callable[[str], Config]:
        def of(url: str) -> Config:
            path = "parents/{resources.parents.id}/kids"
            kids = {"path": path, "data_selector": "data", "paginator": PAGES}
            parents = {"path": "parents", "data_selector": "data", "paginator": PAGES}
            hook = lambda r: note(r.request.url.partition("//")[2].partition("/")[2])  # noqa: E731
            return {
                "client": {"base_url": url},
                "resources": [
                    {"name": "parents", "endpoint": parents},
                    {"name": "kids", "endpoint": {**kids, "response_actions": [hook]}},
                ],
            }

        return of

    (dlts, theirs), (ours, mine) = both(answer, config, lambda source: source.kids)
    assert mine == [f"parents/{i}/kids?page=1" for i in range(30)]
    assert sorted(mine) == sorted(theirs)  # dlt takes the parents of different pages in turn
    assert len(ours.records or []) == len(dlts.records or [])


def test_actions_run_in_the_thread_of_the_pipeline_with_its_state(tmp_path: Path) -> None:
    def hook(response: Response) -> None:
        dlt.current.resource_state("posts")["etag"] = response.headers["X-Etag"]
        dlt.current.source_state()["seen"] = True

    def answer(asked: Asked) -> Answer:
        status, _, body = listed(asked)
        return status, {"X-Etag": f"v{asked.number('page', 1)}"}, body

    states = []
    for engine in ("dlt", "restmill"):
        with serving(answer) as api:
            pipeline = dlt.pipeline(
                "state",
                pipelines_dir=str(tmp_path / engine),
                destination=dlt.destinations.duckdb(str(tmp_path / f"{engine}.duckdb")),
            )
            pipeline.extract(ENGINES[engine].rest_api_source(listing(hook)(api.url)))
            states.append(pipeline.state["sources"]["rest_api"])
    assert states[0] == states[1]
    assert states[1]["resources"]["posts"]["etag"] == "v2"


def test_a_redirect_is_in_the_history() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/posts":
            return 302, {"Location": f"/moved?page={asked.number('page', 1)}"}, {}
        return listed(asked)

    def config(note: Callable[..., None]) -> Callable[[str], Config]:
        def hook(response: Response) -> None:
            if response.status_code == 200:
                note(([one.status_code for one in response.history], response.request.path_url))

        return listing(hook)

    noted: list[Any] = []
    ours = script("restmill", answer, config(noted.append))
    assert len(ours.records or []) == 20
    assert noted == [([302], "/moved?page=1"), ([302], "/moved?page=2")]
