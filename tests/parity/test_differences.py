"""The known differences of `docs/differences.md`, one test each: what dlt does, and what restmill does."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.sources import rest_api as theirs
from requests.auth import AuthBase

from restmill import rest_api_source
from restmill.sandbox import Behaviour, SandboxServer, task_count
from tests.parity.case import KEY, PAGED, Case, Config, many, one, resource
from tests.parity.cases_children import _doubled, _family
from tests.parity.cases_incremental import START
from tests.parity.compare import differences, looked_ahead
from tests.parity.engines import Outcome, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dlt.extract import DltResource, DltSource
    from requests import PreparedRequest

    from tests.parity.conftest import Both

UNCOUNTED: Config = {"type": "offset", "limit": 3, "total_path": None}


def targets(outcome: Outcome) -> list[str]:
    return [sent.target for sent in outcome.sent]


def test_capped_limit(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "v1/users", paginator=PAGED), switches={"cap": 2})
    assert (dlts.count(), ours.count()) == (5, 7)


def test_offset_moves_by_the_rows_received(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "array/users", paginator=UNCOUNTED))
    assert dlts.rows == ours.rows
    assert "/array/users?offset=9&limit=3" in targets(dlts)
    assert "/array/users?offset=7&limit=3" in targets(ours)


def test_look_ahead(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "array/users", paginator=UNCOUNTED), switches={"rows": 6})
    assert differences(dlts, ours, past_end=True) == []
    assert looked_ahead(dlts, ours) <= 2 * 16  # twice the most requests in flight


def test_total_that_may_be_the_length_of_the_page(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "v1/users", paginator=PAGED), switches={"rows": 3})
    assert dlts.rows == ours.rows
    assert [target for target in targets(ours) if target not in targets(dlts)] == [
        "/v1/users?offset=3&limit=3"
    ]


def test_look_behind_a_total_that_ends_on_a_full_page(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "v1/users", paginator=PAGED), switches={"rows": 6})
    assert dlts.rows == ours.rows
    assert [target for target in targets(ours) if target not in targets(dlts)] == [
        "/v1/users?offset=6&limit=3"
    ]


def test_total_in_a_header(both: Both) -> None:
    counted = {"type": "offset", "limit": 3}
    dlts, ours = both(lambda api: one(api, "array/users", paginator=counted))
    assert dlts.failed
    assert ours.count() == 7
    assert len(ours.sent) == 3


def test_rows_behind_a_total_that_an_empty_page_used_up(both: Both) -> None:
    goes_on = PAGED | {"stop_after_empty_page": False}
    dlts, ours = both(
        lambda api: one(api, "v1/users", paginator=goes_on), switches={"empty_middle": True, "rows": 9}
    )
    assert (dlts.count(), ours.count()) == (6, 9)


def test_look_back(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "links/users?size=3", paginator="json_link"))
    assert dlts.rows == ours.rows
    assert targets(ours) == sorted([*targets(dlts), "/links/users?size=3"])


def test_repair(both: Both) -> None:
    dlts, ours = both(
        lambda api: one(
            api, "v1/users", paginator=PAGED | {"limit": 50}, primary_key="id", write_disposition="merge"
        ),
        switches={"rows": 300, "unstable_order": True},
    )
    assert dlts.count() < ours.count() == 300


def test_total_of_the_page_only(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "v1/users", paginator=PAGED), switches={"total": "page"})
    assert (dlts.count(), ours.count()) == (3, 7)


def test_missing_default_total(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "v1/users", paginator=PAGED), switches={"total": "missing"})
    assert dlts.failed
    assert ours.count() == 7


def test_status_past_the_end(both: Both) -> None:
    dlts, ours = both(
        lambda api: one(api, "array/users", paginator=UNCOUNTED), switches={"rows": 6, "past_end": 404}
    )
    assert dlts.failed
    assert ours.count() == 6


def test_cursor_that_does_not_move(both: Both) -> None:
    dlts, ours = both(
        lambda api: one(api, "cursor/users", paginator="cursor"),
        switches={"same_cursor": True},
        then=lambda source: source.add_limit(20),
    )
    assert len(dlts.sent) == 20
    assert len(ours.sent) == 3  # the token alone proves no loop, since that of a scroll stays: its page does


def linked(api: str) -> Config:
    return one(api, "made/a", paginator="json_link", data_selector="rows")


def test_page_that_comes_twice(both: Both) -> None:
    page = {"rows": [{"id": 1}], "next": "/made/b"}
    dlts, ours = both(linked, documents={"a": page, "b": {**page, "next": None}})
    assert (dlts.count(), ours.count()) == (2, 1)


def test_error_in_the_place_of_a_page(both: Both) -> None:
    first, error = {"rows": [{"id": 1}], "next": "/made/b"}, {"error": "rate limited", "message": "try later"}
    dlts, ours = both(linked, documents={"a": first, "b": {"rows": error}})
    assert (dlts.count(), ours.count()) == (2, 1)


def test_detected_page_number_from_one(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "pages/users"))
    assert len(set(dlts.rows["things"])) == 6
    assert len(set(ours.rows["things"])) == ours.count() == 7


def test_empty_body(both: Both) -> None:
    dlts, ours = both(
        lambda api: one(
            api,
            "array/users",
            paginator={**UNCOUNTED, "stop_after_empty_page": False, "maximum_offset": 12},
        ),
        switches={"no_content_middle": True, "rows": 9},
    )
    assert dlts.failed
    assert ours.count() == 9


def test_utf_8_that_is_said_to_be_latin_1(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "v1/users", paginator=PAGED), switches={"encoding": "mislabelled"})
    _, plain = both(lambda api: one(api, "v1/users", paginator=PAGED))
    assert ours.rows["things"] == plain.rows["things"] != dlts.rows["things"]


def test_encoded_path_values(both: Both) -> None:
    dlts, ours = both(
        lambda api: many(
            api,
            resource("parents", "made/parents"),
            resource("echoes", "echo/{resources.parents.id}/end", paginator="single_page"),
        ),
        documents={"parents": [{"id": "a?b#c d/e"}]},
    )
    assert "/echo/a?b" in targets(dlts)
    assert "/echo/a%3Fb%23c%20d/e/end" in targets(ours)


def test_param_twice_in_the_path(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "echo/{id}/{id}", params={"id": 7}))
    assert dlts.failed
    assert targets(ours) == ["/echo/7/7"]


def test_cookie_keys(both: Both) -> None:
    auth = {"type": "api_key", "name": "api_key", "api_key": KEY, "location": "cookie"}
    dlts, ours = both(
        lambda api: one(api, "v1/users", client={"auth": auth}, paginator=PAGED), switches={"key": KEY}
    )
    assert dlts.failed
    assert ours.count() == 7


class HeaderAuth(AuthBase):
    """An auth object of `requests`, not of dlt."""

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["X-API-Key"] = KEY
        return r


def test_auth_objects_of_requests(both: Both) -> None:
    dlts, ours = both(
        lambda api: one(api, "v1/users", client={"auth": HeaderAuth()}, paginator=PAGED),
        switches={"key": KEY},
    )
    assert dlts.failed
    assert ours.count() == 7


def test_token_that_is_rejected_in_mid_run(both: Both) -> None:
    def config(api: str) -> Config:
        auth = {
            "type": "oauth2_client_credentials",
            "access_token_url": f"{api}/token/3600",
            "client_id": "me",
            "client_secret": KEY,
        }
        return one(api, "twice/users", client={"auth": auth}, paginator=PAGED, data_selector="items")

    dlts, ours = both(config)
    assert dlts.failed
    assert ours.count() == 7
    assert targets(ours).count("/token/3600") == 2


def test_method_in_any_case(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "echo/post", method="post", json={"a": 1}))
    assert dlts.failed
    assert ours.sent[0].method == "POST"


def test_answer_beyond_the_bound(tmp_path: Path) -> None:
    def config(api: str) -> Config:
        return one(api, "made/a", client={"max_response_bytes": 10}, data_selector="rows")

    case = Case("bound", config, fails=True, documents={"a": {"rows": [{"id": 1}]}})
    ours = outcome_of(case, "restmill", tmp_path)
    assert ours.failed
    assert targets(ours) == ["/made/a"]


def test_link_to_another_host(both: Both) -> None:
    def config(api: str, **client: Any) -> Config:
        documents["a"]["next"] = f"{api.replace('127.0.0.1', 'localhost')}/made/b"
        return one(api, "made/a", client=client, paginator="json_link", data_selector="rows")

    documents: dict[str, Any] = {"a": {"rows": [{"id": 1}]}, "b": {"rows": [{"id": 2}], "next": None}}
    dlts, ours = both(config, documents=documents)
    assert dlts.count() == 2
    assert ours.failed
    assert targets(ours) == ["/made/a"]


def test_link_to_a_host_that_is_allowed(tmp_path: Path) -> None:
    documents: dict[str, Any] = {"a": {"rows": [{"id": 1}]}, "b": {"rows": [{"id": 2}], "next": None}}

    def config(api: str) -> Config:
        documents["a"]["next"] = f"{api.replace('127.0.0.1', 'localhost')}/made/b"
        client = {"allowed_hosts": ["localhost"]}
        return one(api, "made/a", client=client, paginator="json_link", data_selector="rows")

    ours = outcome_of(Case("allowed", config, documents=documents), "restmill", tmp_path)
    assert ours.count() == 2


def test_retries(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"switches": {"fail_rate": 1.0, "fail_statuses": [503]}, "fails": True}
    quick = {"RUNTIME__REQUEST_BACKOFF_FACTOR": "0"}
    theirs = Case("retries", lambda api: one(api, "v1/users"), environment=quick, **keys)
    patient = {"retry": {"backoff_factor": 0.001}}
    ours = Case("retries", lambda api: one(api, "v1/users", client=patient), **keys)
    assert len(outcome_of(theirs, "dlt", tmp_path / "dlt").sent) == 5
    assert len(outcome_of(ours, "restmill", tmp_path / "restmill").sent) == 4


def test_parents_that_are_single_records(both: Both) -> None:
    dlts, ours = both(_family(), then=lambda source: source.projects.add_yield_map(_doubled) and None)
    assert dlts.failed
    assert len(ours.rows["projects"]) == 14


def test_missing_field_of_a_parent_isolated(tmp_path: Path) -> None:
    def config(api: str) -> Config:
        child = resource("users", "v1/users/{resources.parents.id}", on_error="isolate")
        return many(api, resource("parents", "made/parents"), child)

    documents = {"parents": [{"id": 1}, {"name": "no id"}, {"id": 3}]}
    ours = outcome_of(Case("isolate", config, documents=documents), "restmill", tmp_path)
    assert (len(ours.rows["parents"]), len(ours.rows["users"])) == (3, 2)


def test_booleans_outside_of_json(both: Both) -> None:
    """Dlt sends Python's words, which no API asks for; JSON's stand in YAML, TOML and JSON, too."""
    dlts, ours = both(lambda api: one(api, "echo/params", params={"yes": True, "no": [False]}))
    assert [targets(one)[0] for one in (dlts, ours)] == [
        "/echo/params?yes=True&no=False",
        "/echo/params?yes=true&no=false",
    ]


def test_copies_of_a_resource(both: Both) -> None:
    def copies(source: DltSource) -> list[DltResource]:
        return [source.projects.with_name("works"), source.tasks]

    dlts, ours = both(_family(), then=copies)
    assert len(ours.rows["works"]) == 7
    assert len(dlts.rows["works"]) < 7


def test_order_of_child_rows(both: Both) -> None:
    dlts, ours = both(_family(paginator={"type": "offset", "limit": 30}))
    assert differences(dlts, ours, any_order=True, past_end=True) == []


def test_cursor_of_a_child(both: Both) -> None:
    cursor = {"cursor_path": "updated_at", "initial_value": START, "start_param": "since"}
    dlts, ours = both(_family(incremental=cursor))
    assert len(dlts.rows["tasks"]) < len(ours.rows["tasks"]) == task_count(7)
    assert dlts.state["rest_api"]["resources"]["tasks"]["incremental"]["updated_at"]["last_value"] == last(
        ours
    )


def last(outcome: Outcome) -> str:
    """How far the tasks' cursor got."""
    cursor: str = outcome.state["rest_api"]["resources"]["tasks"]["incremental"]["updated_at"]["last_value"]
    return cursor


def test_retry_after(tmp_path: Path) -> None:
    paginator = {"type": "offset", "limit": 1}
    limited = {"rate_limit": 4, "rate_window_s": 0.5}
    case = Case("limited", lambda api: one(api, "v1/users", paginator=paginator), switches=limited)
    ours = outcome_of(case, "restmill", tmp_path)
    assert (ours.count(), len(ours.sent)) == (7, 7 + 1)  # the last looks behind the end; none was turned away


def test_number_beyond_64_bits(both: Both) -> None:
    documents = {"sums": [{"id": 1, "sum": 7}, {"id": 2, "sum": 1e25}]}
    dlts, ours = both(lambda api: one(api, "made/sums"), documents=documents)
    assert dlts.failed
    assert (ours.failed, ours.count()) == ("", 2)
    assert '"sum__v_double": 1e+25' in "".join(ours.rows["things"])


def test_nul_in_text(both: Both) -> None:
    documents = {"texts": [{"id": 1, "text": "a\0b", "list": ["\0c"], "deep": {"x": "d\0"}}]}
    columns = {"deep": {"data_type": "json"}}
    dlts, ours = both(lambda api: one(api, "made/texts", columns=columns), documents=documents)
    told = ["".join(str(rows) for rows in outcome.rows.values()) for outcome in (dlts, ours)]
    assert all('"text": "ab"' in one for one in told)
    assert ["\\u0000" in one for one in told] == [True, False]


def test_merge_into_plain_files(tmp_path: Path) -> None:
    def loaded(source_of: Callable[[Any], DltSource], name: str, **more: Any) -> int:
        hints: Config = {"primary_key": "id", "write_disposition": "merge", **more}
        config = one(server.base_url, "v1/users", paginator=PAGED, **hints)
        into = dlt.destinations.filesystem((tmp_path / name).as_uri())
        for _ in range(2):
            dlt.pipeline(name, str(tmp_path), destination=into, dataset_name="d").run(source_of(config))
        files = (tmp_path / name / "d" / "things").glob("*.jsonl*")
        return sum(len(gzip.open(file).readlines()) for file in files)

    with SandboxServer(Behaviour().changed({"rows": 7})) as server:
        assert loaded(theirs.rest_api_source, "dlts") == 14
        with pytest.raises(PipelineStepFailed, match="`merge` is not possible"):
            loaded(rest_api_source, "refused")
        assert loaded(rest_api_source, "accepted", on_unsupported_merge="append") == 14


def test_default_columns(both: Both) -> None:
    def config(api: str) -> Config:
        first = resource("first", "made/first", columns={"id": {"nullable": False}})
        second = resource("second", "made/second", columns={"note": {"data_type": "text"}})
        return {**many(api, first, second), "resource_defaults": {"columns": {"id": {"data_type": "bigint"}}}}

    documents = {"first": [{"id": 1}], "second": [{"id": 2, "note": "n"}]}
    dlts, ours = both(config, documents=documents)
    nullable = [outcome.columns["second"]["id"].get("nullable", True) for outcome in (dlts, ours)]
    assert nullable == [False, True]


def test_the_page_names_these_tests() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "differences.md").read_text()
    files = Path(__file__).parent.glob("test_differences*.py")
    tests = {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert set(re.findall(r"`(test_\w+)`", page)) == tests - {"test_the_page_names_these_tests"}
