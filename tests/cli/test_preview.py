"""Preview: one request a resource, everything guessed is said, nothing secret is shown."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from restmill.cli.views.preview import glimpse_fields, show_glimpse
from restmill.cli.views.sheet import Sheet
from restmill.config.check.check import check
from restmill.plan.build import build
from restmill.run.fetch.fetcher import Fetcher
from restmill.run.fetch.memory import Memory
from restmill.run.preview import Glimpse, glimpses, preview
from restmill.testing import FakeClock, FakeTransport, Recorder, json_response, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.path import Json
    from restmill.plan.spec import Plan
    from restmill.wire.message import Request, Response

BASE = "https://api.test"
KEY = "very-secret-key"


def plan_of(*resources: object, **client: object) -> Plan:
    auth = {"type": "api_key", "name": "api_key", "api_key": KEY, "location": "query"}
    return build(check({"client": {"base_url": BASE, "auth": auth, **client}, "resources": list(resources)}))


def look(plan: Plan, api: Callable[[Request], Response], *names: str) -> tuple[list[Glimpse], FakeTransport]:
    """The glimpses of `names` (all resources if none) of a scripted API, and what was sent."""
    transport = FakeTransport(api)
    wanted = names or tuple(one.name for one in plan.resources)

    async def gather() -> list[Glimpse]:
        fetcher = Fetcher(transport, Memory(plan.limits), FakeClock(), Recorder())
        return [glimpse async for glimpse in glimpses(plan, wanted, fetcher)]

    return run(gather()), transport


def offset_api(request: Request) -> Response:
    return json_response({"items": [{"id": n, "name": f"n{n}"} for n in range(100)], "total": 350})


OFFSET = {"path": "/flags", "data_selector": "items", "paginator": {"type": "offset", "limit": 100}}


def test_what_is_declared_is_shown_as_given_and_the_rest_of_the_read_is_foreseen() -> None:
    (glimpse,), transport = look(plan_of({"name": "flags", "endpoint": OFFSET}), offset_api)
    assert len(transport.sent) == 1
    assert glimpse.request == f"GET {BASE}/flags?offset=0&limit=100"
    assert (glimpse.selector.text, glimpse.selector.given, glimpse.pager.given) == ("items", True, True)
    assert (glimpse.status, len(glimpse.records), glimpse.total) == (200, 100, 350)
    assert glimpse.following == "next: offset=100 ... offset=300 (3 requests)"


def test_what_is_detected_says_so() -> None:
    api = lambda _request: json_response({"data": [{"id": 1}], "next": f"{BASE}/users?page=2"})  # noqa: E731
    (glimpse,), _ = look(plan_of({"name": "users", "endpoint": {"path": "/users"}}), api)
    assert (glimpse.selector.text, glimpse.selector.given, glimpse.pager.given) == ("data", False, False)
    assert glimpse.following == f"next: GET {BASE}/users?page=2"


def test_no_secret_is_in_a_glimpse_even_when_the_api_echoes_it() -> None:
    api = lambda _request: json_response({"data": [{"id": 1}], "next": f"{BASE}/users?api_key={KEY}&p=2"})  # noqa: E731
    (glimpse,), transport = look(plan_of({"name": "users", "endpoint": {"path": "/users"}}), api)
    assert KEY in transport.sent[0][1].url
    assert KEY not in repr(glimpse)
    assert "api_key=***" in glimpse.following


def test_a_child_is_asked_for_with_its_parents_first_record() -> None:
    def api(request: Request) -> Response:
        child = request.address.endswith("/tasks")
        return json_response([{"id": 10}] if child else [{"id": 7}, {"id": 8}])

    child = {"name": "tasks", "endpoint": {"path": "/projects/{resources.projects.id}/tasks"}}
    seen, transport = look(plan_of("projects", child), api, "tasks")
    assert [glimpse.resource for glimpse in seen] == ["tasks"]
    assert [request.address for _, request in transport.sent] == [
        f"{BASE}/projects",
        f"{BASE}/projects/7/tasks",
    ]


@pytest.mark.parametrize(("parents", "words"), [([], "no record"), ([{"name": "x"}], "has no field `id`")])
def test_a_child_without_a_parent_to_start_from_says_why(parents: list[object], words: str) -> None:
    child = {"name": "tasks", "endpoint": {"path": "/projects/{resources.projects.id}/tasks"}}
    seen, transport = look(plan_of("projects", child), lambda _request: json_response(parents))
    assert len(transport.sent) == 1
    assert seen[1].problem is not None
    assert words in seen[1].problem.what


@pytest.mark.parametrize("status", [401, 404, 503])
def test_a_failure_is_asked_once_and_shown(status: int) -> None:
    (glimpse,), transport = look(plan_of("users"), lambda _request: json_response({}, status=status))
    assert len(transport.sent) == 1
    assert glimpse.status == status
    assert glimpse.problem is not None
    assert str(status) in glimpse.problem.what


def test_a_selector_that_matches_nothing_is_a_problem_with_the_keys_there_are() -> None:
    plan = plan_of({"name": "flags", "endpoint": {**OFFSET, "data_selector": "itmes"}})
    (glimpse,), _ = look(plan, offset_api)
    assert glimpse.problem is not None
    assert glimpse.problem.got == "keys items, total"


def test_an_incremental_resource_is_asked_from_its_initial_value() -> None:
    incremental = {"cursor_path": "updated_at", "start_param": "since", "initial_value": "2024-01-01"}
    plan = plan_of({"name": "users", "endpoint": {"path": "/users", "incremental": incremental}})
    (glimpse,), _ = look(plan, lambda _request: json_response([{"id": 1, "updated_at": "2024-02-02"}]))
    assert "since=2024-01-01" in glimpse.request
    assert "initial value" in glimpse.notes[0]


def test_renamed_fields_are_shown_under_their_new_names() -> None:
    plan = plan_of({"name": "users", "rename": {"user.id": "customer_id"}})
    (glimpse,), _ = look(plan, lambda _request: json_response([{"user": {"id": 5}}]))
    assert glimpse.records == ({"customer_id": 5},)


def test_an_unknown_name_is_refused_before_anything_is_sent() -> None:
    transport = FakeTransport(offset_api)
    with pytest.raises(KeyError):
        preview(plan_of("users"), ("nope",), lambda _glimpse: None, lambda _clock: transport, FakeClock())
    assert transport.sent == []
    assert transport.closed


def test_the_transport_is_closed_when_all_is_seen() -> None:
    transport, seen = FakeTransport(offset_api), list[Glimpse]()
    preview(plan_of("users"), ("users",), seen.append, lambda _clock: transport)
    assert transport.closed
    assert len(seen) == 1


@pytest.mark.parametrize("width", [60, 80])
def test_a_glimpse_fits_its_terminal(width: int) -> None:
    record = {f"column_{n}": "some text that goes on and on" for n in range(20)} | {
        "id": 1,
        "name": "日本語の説明",
    }
    (glimpse,), _ = look(plan_of("users"), lambda _request: json_response([record] * 9))
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    show_glimpse(Sheet(console), glimpse, 5)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert "more columns" in text
    assert "4 more rows on this page" in text
    assert "日本語の説明" in text


def test_a_glimpse_as_json_has_the_rows_asked_for() -> None:
    (glimpse,), _ = look(plan_of({"name": "flags", "endpoint": OFFSET}), offset_api)
    fields = glimpse_fields(glimpse, 2)
    assert fields["rows"] == [{"id": 0, "name": "n0"}, {"id": 1, "name": "n1"}]
    assert fields["columns"] == {"id": "bigint", "name": "text"}


def test_glimpses_can_be_taken_inside_a_running_loop() -> None:
    async def inside() -> None:
        plan = plan_of("users")
        fetcher = Fetcher(FakeTransport(offset_api), Memory(plan.limits), FakeClock(), Recorder())
        assert [glimpse.status async for glimpse in glimpses(plan, ["users"], fetcher)] == [200]

    asyncio.run(inside())


def test_only_the_kind_of_paging_is_called_given() -> None:
    (glimpse,), _ = look(plan_of({"name": "flags", "endpoint": OFFSET}), offset_api)
    console = Console(file=io.StringIO(), width=100)
    show_glimpse(Sheet(console), glimpse, 0)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "records   items (given): 100 records" in text
    assert "paging    offset (given): offset/limit=100, total at total, if there" in text


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (
            {"ok": False, "error": "ratelimited"},
            "the first answer is an error under a good status: `ok: false`",
        ),
        ({"data": [], "success": False}, "`success: false`"),
        ({"data": [], "aborted": True}, "`aborted: true`"),
        ([{"message": "limit exceeded", "errorCode": "X"}], "is an error under a good status"),
    ],
    ids=str,
)
def test_an_error_under_a_good_status_is_the_problem_that_a_run_would_have(document: Json, said: str) -> None:
    plan = plan_of({"name": "things", "endpoint": {"path": "things"}})
    (glimpse,), _ = look(plan, lambda _: json_response(document))
    assert glimpse.problem
    assert said in glimpse.problem.what
    assert glimpse.records == ()


@pytest.mark.parametrize(
    ("document", "headers", "said"),
    [
        ({"data": [{"id": 1}], "errors": ["shard 3"]}, {}, "`errors`"),
        ({"data": []}, {"X-Error": "backend timeout"}, "the header `x-error`"),
    ],
    ids=str,
)
def test_a_sign_of_an_error_beside_rows_is_noted(document: Json, headers: dict[str, str], said: str) -> None:
    plan = plan_of({"name": "things", "endpoint": {"path": "things", "data_selector": "data"}})
    (glimpse,), _ = look(plan, lambda _: json_response(document, headers=headers))
    assert glimpse.problem is None
    assert any(said in note for note in glimpse.notes)
