"""Each switch does what it says, seen by a client over loopback."""

from __future__ import annotations

import gzip
import http.client
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import orjson
import pytest

from restmill.sandbox import Behaviour
from restmill.sandbox.faults import RateWindow
from tests.sandbox.client import by_cursor, by_link, by_offset, by_total_pages

if TYPE_CHECKING:
    from restmill.sandbox import SandboxServer
    from tests.sandbox.client import Client
    from tests.sandbox.conftest import Serve

ALL = [*range(1, 131)]


def pages(fetch: Client, size: int = 20, upto: int = 400, path: str = "/v1/users") -> list[object]:
    """Return what a client gets that asks for every offset up to one, whatever the server says."""
    found: list[object] = []
    for offset in range(0, upto, size):
        reply = fetch(path, {"offset": offset, "limit": size})
        if reply.status == 200:
            found += reply.ids()
    return found


def test_rows_and_seed(serve: Serve) -> None:
    small, other = serve(rows=3, seed=1), serve(rows=3, seed=2)
    assert len(small("/all/users").array) == 3
    assert small("/all/users").body != other("/all/users").body


def test_latency(serve: Serve, servers: list[SandboxServer]) -> None:
    serve(latency_s=0.03)("/v1/users")
    assert float(str(servers[0].log()[0]["ms"])) >= 30


def test_slow_requests_are_some_of_all(serve: Serve, servers: list[SandboxServer]) -> None:
    fetch = serve(slow=0.5, slow_s=0.02)
    for offset in range(20):
        fetch("/v1/users", {"offset": offset})
    waits = [float(str(entry["ms"])) >= 20 for entry in servers[0].log()]
    assert 3 < sum(waits) < 17


def test_failures_come_at_the_rate_and_end_when_repeated(serve: Serve) -> None:
    fetch = serve(fail_rate=0.4, fail_statuses=[500, 502])
    tries = [[fetch("/v1/users", {"offset": offset}).status for _ in range(4)] for offset in range(60)]
    first = [statuses[0] for statuses in tries]
    assert 12 <= sum(status != 200 for status in first) <= 36
    assert set(first) == {200, 500, 502}
    assert all(200 in statuses for statuses in tries), (
        "max_faults is 3: the fourth try succeeds at the latest"
    )


def test_failures_are_the_same_for_the_same_seed_in_any_order(serve: Serve) -> None:
    one, two, other = (serve(fail_rate=0.5, seed=seed) for seed in (1, 1, 2))
    forward = [one("/v1/users", {"offset": offset}).status for offset in range(40)]
    backward = [two("/v1/users", {"offset": offset}).status for offset in reversed(range(40))]
    assert forward == backward[::-1]
    assert forward != [other("/v1/users", {"offset": offset}).status for offset in range(40)]


def test_a_key_does_not_change_the_faults(serve: Serve) -> None:
    one, two = serve(fail_rate=0.5), serve(fail_rate=0.5)
    plain = [one("/v1/users", {"offset": offset}).status for offset in range(20)]
    assert plain == [two("/v1/users", {"offset": offset, "api_key": "k"}).status for offset in range(20)]


def test_a_rate_of_one_never_ends(serve: Serve) -> None:
    fetch = serve(fail_rate=1, fail_statuses="500")
    assert {fetch("/v1/users").status for _ in range(8)} == {500}


def test_max_faults_bounds_faults_in_a_row(serve: Serve) -> None:
    fetch = serve(fail_rate=0.99, max_faults=1)
    statuses = [fetch("/v1/users").status for _ in range(6)]
    assert [status == 200 for status in statuses] == [False, True] * 3


@pytest.mark.parametrize(("switch", "header"), [(None, None), (7, "7"), (0.5, "0.5")])
def test_retry_after(serve: Serve, switch: float | None, header: str | None) -> None:
    assert serve(fail_rate=1, retry_after=switch)("/v1/users").headers.get("Retry-After") == header


def test_retry_after_as_a_date(serve: Serve) -> None:
    reply = serve(fail_rate=1, retry_after="date")("/v1/users")
    told, sent = (parsedate_to_datetime(reply.headers[name]) for name in ("Retry-After", "Date"))
    assert 1 <= (told - sent).total_seconds() <= 3


def test_truncated_json(serve: Serve) -> None:
    reply = serve(truncate=1)("/v1/users")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(reply.body)


def test_errors_with_a_good_status_by_chance(serve: Serve) -> None:
    fetch = serve(errors=0.5, error_kind="json_rpc")
    replies = [fetch("/v1/users", {"offset": offset}) for offset in range(20)]
    assert {reply.status for reply in replies} == {200}
    assert 3 < sum("jsonrpc" in reply.json for reply in replies) < 17


def test_html_instead_of_json(serve: Serve) -> None:
    reply = serve(html=1)("/v1/users")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert reply.body.startswith(b"<!doctype html>")


def test_the_connection_drops_half_way(serve: Serve) -> None:
    fetch = serve(disconnect=1)
    with pytest.raises(http.client.IncompleteRead) as caught:
        fetch("/v1/users")
    assert caught.value.expected
    assert len(caught.value.partial) == pytest.approx(caught.value.expected, abs=1)


def test_dead_after_some_requests_until_reset(serve: Serve, servers: list[SandboxServer]) -> None:
    fetch = serve(dead_after=3)
    assert [fetch("/v1/users").status for _ in range(5)] == [200, 200, 200, 503, 503]
    servers[0].reset()
    assert fetch("/v1/users").status == 200


def test_a_rate_limit_may_be_kept_in_silence(serve: Serve) -> None:
    fetch = serve(rate_limit=1, rate_limit_told=False)
    replies = [fetch("/v1/users") for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 429]
    assert all("RateLimit" not in str(reply.headers) for reply in replies)
    assert "Retry-After" not in replies[1].headers


def test_rate_limit_is_told_before_and_after_it_is_hit(serve: Serve) -> None:
    fetch = serve(rate_limit=2, rate_window_s=30)
    replies = [fetch("/v1/users") for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert [reply.headers["RateLimit-Remaining"] for reply in replies] == ["1", "0", "0"]
    assert {reply.headers["RateLimit-Limit"] for reply in replies} == {"2"}
    assert [reply.headers.get("Retry-After") for reply in replies[:2]] == [None, None]
    assert replies[2].headers["Retry-After"] == replies[2].headers["RateLimit-Reset"]
    assert 25 <= int(replies[2].headers["Retry-After"]) <= 30


def test_a_rate_window_ends() -> None:
    window, behaviour = RateWindow(), Behaviour(rate_limit=1, rate_window_s=10)
    assert [window.take(behaviour, now)[0] for now in (100.0, 109.9, 110.0, 111.0)] == [
        True,
        False,
        True,
        False,
    ]
    assert window.take(behaviour, 117.5)[1]["RateLimit-Reset"] == "3"


def test_default_limit(serve: Serve) -> None:
    assert len(serve(default_limit=7)("/v1/users").ids()) == 7


def test_cap(serve: Serve) -> None:
    fetch = serve(cap=60)
    reply = fetch("/v1/users", {"limit": 100})
    assert (len(reply.ids()), reply.json["limit"]) == (60, 60)
    assert len(fetch("/v1/users", {"limit": 60}).ids()) == 60


def test_cap_to_default(serve: Serve) -> None:
    fetch = serve(cap=60, cap_to_default=True)
    assert [len(fetch("/v1/users", {"limit": size}).ids()) for size in (60, 61)] == [60, 50]


def test_limit_ignored(serve: Serve) -> None:
    assert len(serve(limit_ignored=True)("/v1/users", {"limit": 5}).ids()) == 50


@pytest.mark.parametrize(
    "path", ["/v1/users?offset=100", "/v1/users?page=3", "/links/users?page=2", "/pages/users?page=2"]
)
def test_offset_ignored(serve: Serve, path: str) -> None:
    fetch = serve(offset_ignored=True)
    assert fetch(path).ids("results" if path.startswith("/pages") else "data") == ALL[:50]


@pytest.mark.parametrize(
    ("mode", "within", "past"),
    [
        ("present", 130, 130),
        ("zero_past_end", 130, 0),
        ("page", 50, 0),
        ("string", "130", "130"),
        ("wrong", 117, 117),
        ("too_high", 137, 137),
        ("null", None, None),
    ],
)
def test_total(serve: Serve, mode: str, within: object, past: object) -> None:
    fetch = serve(total=mode)
    assert [fetch("/v1/users", {"offset": offset}).json["total"] for offset in (0, 200)] == [within, past]
    header = fetch("/array/users").headers.get("X-Records")
    assert header == (None if within is None else str(within))


def test_total_missing(serve: Serve) -> None:
    fetch = serve(total="missing")
    assert list(fetch("/v1/users").json) == ["data", "offset", "limit"]
    assert list(fetch("/pages/users").json) == ["results", "page"]
    assert "X-Total-Count" not in fetch("/header-links/users").headers


@pytest.mark.parametrize(
    ("mode", "pages_told"), [("wrong", 11), ("page", 1), ("string", "13"), ("too_high", 20)]
)
def test_total_pages(serve: Serve, mode: str, pages_told: object) -> None:
    assert serve(total=mode)("/pages/users", {"size": 10}).json["total_pages"] == pages_told


@pytest.mark.parametrize("past_end", [404, 416, 400, "404"])
def test_past_end(serve: Serve, past_end: object) -> None:
    fetch = serve(past_end=past_end)
    assert [fetch("/v1/users", {"offset": offset}).status for offset in (129, 130, 500)] == [
        200,
        int(str(past_end)),
        int(str(past_end)),
    ]
    assert fetch("/pages/users", {"page": 4}).status == int(str(past_end))


def test_past_end_of_an_empty_list_is_its_first_page(serve: Serve) -> None:
    assert serve(rows=0, past_end=404)("/v1/users").ids() == []


def test_same_cursor(serve: Serve) -> None:
    fetch = serve(same_cursor=True)
    reply = fetch("/cursor/users")
    seen = []
    for _ in range(3):
        reply = fetch("/cursor/users", {"cursor": reply.cursor})
        seen.append((reply.cursor, reply.ids()[0]))
    assert seen == [(seen[0][0], 51)] * 3


def test_alternating_cursor(serve: Serve) -> None:
    fetch = serve(alternating_cursor=True)
    reply, starts = fetch("/cursor/users", {"limit": 20}), []
    for _ in range(5):
        reply = fetch("/cursor/users", {"limit": 20, "cursor": reply.cursor})
        starts.append(reply.ids()[0])
    assert starts == [21, 41, 21, 41, 21]


def test_self_link(serve: Serve) -> None:
    fetch = serve(self_link=True)
    assert fetch("/links/users?page=2").json["next"] == f"{fetch.base_url}/links/users?page=2"


def test_relative_links(serve: Serve) -> None:
    fetch = serve(relative_links=True)
    assert fetch("/links/users").json["next"] == "/links/users?page=2"
    assert by_link(fetch, "users", 50) == ALL


def test_a_blank_page_in_the_middle_loses_nothing_for_who_goes_on(serve: Serve) -> None:
    fetch = serve(empty_middle=True)
    middle = fetch("/v1/users", {"offset": 60, "limit": 20})
    assert (middle.status, middle.ids(), middle.json["total"]) == (200, [], 130)
    assert pages(fetch) == ALL
    assert by_cursor(fetch, "users", 20) == ALL


def test_no_content_in_the_middle(serve: Serve) -> None:
    fetch = serve(no_content_middle=True)
    middle = fetch("/v1/users", {"offset": 60, "limit": 20})
    assert (middle.status, middle.body) == (204, b"")
    assert pages(fetch) == ALL


def test_unstable_order_loses_and_repeats_unless_sorted_by_id(serve: Serve) -> None:
    fetch = serve(unstable_order=True, rows=200)
    wanted = set(range(1, 201))
    for fields in ({}, {"sort": "role"}):
        found = [
            identity
            for offset in range(0, 200, 20)
            for identity in fetch("/v1/users", {"offset": offset, "limit": 20, **fields}).ids()
        ]
        assert len(found) == 200
        assert set(found) < wanted
    by_id = [
        i
        for offset in range(0, 200, 20)
        for i in fetch("/v1/users", {"offset": offset, "limit": 20, "sort": "id"}).ids()
    ]
    assert by_id == sorted(wanted)


def test_a_sort_that_is_not_stable_still_sorts(serve: Serve) -> None:
    roles = [
        record["role"]
        for record in serve(unstable_order=True)("/v1/users", {"sort": "role", "limit": 200}).records()
    ]
    assert roles == sorted(roles, key=str)


def test_duplicates(serve: Serve) -> None:
    fetch = serve(duplicates=0.2)
    found = pages(fetch)
    assert len(found) > 140
    assert list(dict.fromkeys(found)) == ALL
    assert fetch("/v1/users").json["total"] == 130


def test_records_inserted_while_paging_repeat_others(serve: Serve, servers: list[SandboxServer]) -> None:
    fetch = serve(insert_while_paging=2)
    first, second = (fetch("/v1/users", {"offset": offset, "limit": 50}) for offset in (0, 50))
    assert (first.ids(), first.json["total"]) == (ALL[:50], 130)
    assert (second.ids()[:3], second.json["total"]) == ([49, 50, 51], 132)
    assert fetch("/v1/users", {"limit": 6}).ids() == [134, 133, 132, 131, 1, 2]
    assert by_cursor(fetch, "users", 20) == ALL, "cursors see a snapshot"
    servers[0].reset()
    assert fetch("/v1/users").ids() == ALL[:50]


def test_records_deleted_while_paging_hide_others(serve: Serve) -> None:
    fetch = serve(delete_while_paging=2)
    first, second = (fetch("/v1/users", {"offset": offset, "limit": 50}) for offset in (0, 50))
    assert (first.ids()[-1], second.ids()[0], second.json["total"]) == (50, 53, 128)


def test_broken_child(serve: Serve) -> None:
    fetch = serve(broken_child=3)
    assert [fetch(f"/v1/projects/{project}/tasks").status for project in range(1, 7)] == [200, 200, 404] * 2


def test_gzip_for_who_accepts_it(serve: Serve) -> None:
    fetch = serve(gzip=True)
    plain = fetch("/v1/users")
    packed = fetch("/v1/users", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body


def test_well_behaved_unless_told_otherwise(serve: Serve, servers: list[SandboxServer]) -> None:
    fetch = serve()
    assert by_offset(fetch, "users", 20) == by_total_pages(fetch, "users", 20) == ALL
    assert servers[0].stats()["statuses"] == {"200": 15}
