"""The last page, an empty one: what is otherwise around it than around the pages with rows is a doubt.

No list of words has all errors: those here are new keys, numbers that flip, and headers. What honest APIs
write at the end of a list is in a table of its own, and is none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restmill.testing import json_response
from tests.run.evidence.test_envelope import ROWS, WAYS, answer, healthy, read, read_to_empty_page

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Response

SILENT: dict[str, tuple[Json, Json]] = {
    "warnings": ({}, {"warnings": ["1003: partial result"]}),
    "a warning in another language": ({}, {"warnungen": ["Zeitüberschreitung"]}),
    "warnings that were empty": ({"warnings": []}, {"warnings": ["backend 3 did not answer"]}),
    "aborted": ({}, {"aborted": True}),
    "aborted flips": ({"aborted": False}, {"aborted": True}),
    "incomplete": ({}, {"incomplete": True}),
    "truncated": ({}, {"truncated": True}),
    "rate_limited": ({}, {"rate_limited": True}),
    "rateLimited in meta": ({"meta": {"v": 1}}, {"meta": {"v": 1, "rateLimited": True}}),
    "server_busy": ({}, {"server_busy": True}),
    "durum": ({"durum": 1}, {"durum": 0}),
    "retcode": ({"retcode": 0}, {"retcode": 5}),
    "estado as text": ({"estado": "00"}, {"estado": "17"}),
    "a negative number": ({"kode": 0}, {"kode": -1}),
    "a number of five digits": ({"antwort": 0}, {"antwort": 40001}),
    "nested number": ({"kopf": {"stand": 0}}, {"kopf": {"stand": 9}}),
    "a new number": ({}, {"fehler": 17}),
    "a new flag": ({}, {"fehlgeschlagen": True}),
    "a new object": ({}, {"fallo": {"texto": "tiempo agotado"}}),
    "a new text": ({}, {"remark": "runtime error: query timed out"}),
    "a new text in another language": ({}, {"meldung": "Zeitüberschreitung beim Lesen"}),
    "a text in another script": ({}, {"消息": "服务器超时"}),
    "null to a text": ({"hinweis": None}, {"hinweis": "Datenbank nicht erreichbar"}),
    "a message without honest words": ({}, {"message": "no backend available"}),
    "a message in another language": ({"mensaje": "todo bien"}, {"mensaje": "tiempo de espera agotado"}),
    "reason": ({}, {"reason": "backend timeout"}),
    "a word after one page": ({"statut": "réussi"}, {"statut": "échec"}),
    "diagnostics": ({}, {"diagnostics": {"failures": ["shard 3"]}}),
    "degraded": ({}, {"degraded": True}),
    "page_error": ({}, {"page_error": "x9"}),
    "throttled": ({}, {"throttled": "yes"}),
    "skipped shards": ({}, {"skipped_shards": [3]}),
    "a graded message": (
        {"RETURN": [{"TYPE": "S", "NUMBER": "000", "MESSAGE": "Selection carried out"}]},
        {"RETURN": [{"TYPE": "A", "NUMBER": "128", "MESSAGE": "TSV_TNEW_PAGE_ALLOC_FAILED"}]},
    ),
    "one of several messages": (
        {"issue": [{"severity": "information", "diagnostics": "ok"}]},
        {
            "issue": [
                {"severity": "information", "diagnostics": "ok"},
                {"severity": "error", "diagnostics": "?"},
            ]
        },
    ),
    "a level in an object of messages": (
        {"log": [{"level": "info", "msg": "read"}]},
        {"log": [{"level": "warn", "msg": "read"}]},
    ),
}
"""What stands beside the rows, and what beside an empty list without a word of how to go on."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SILENT)
def test_an_error_in_no_list_of_words_does_not_end_a_read_as_complete(name: str, way: str) -> None:
    good, bad = SILENT[name]
    found = read(way, lambda at: {**bad, "data": [], "next": None} if at == 3 else healthy(at, **good))
    assert found.verdict != "complete", found
    assert found.ids[:3] == [0, 1, 2]


def test_the_doubt_names_the_key_and_shows_no_text() -> None:
    found = read("cursor", lambda at: {"data": [], "durum": 0} if at == 3 else healthy(at, durum=1))
    assert found.done.doubt == (
        "page 2 is empty and has `durum: 0` (1 before), which no page with rows has so: rows may be missing"
    )
    found = read("cursor", lambda at: {"data": [], "meldung": "s3cret"} if at == 3 else healthy(at))
    assert "`meldung`" in found.done.doubt
    assert "s3cret" not in str(found)


@pytest.mark.parametrize("text", ["runtime error: query timed out", "backend 3 failed", "result truncated"])
def test_a_warning_that_begins_beside_the_rows_of_a_page_cut_short_is_not_usual(text: str) -> None:
    cut: Json = {"data": ROWS[3:4], "remark": text}
    found = read(
        "offset", lambda at: {"data": [], "remark": text} if at > 3 else cut if at == 3 else healthy(at)
    )
    assert found.verdict == "suspect", found
    assert "`remark`" in found.done.doubt
    always = read("offset", lambda at: healthy(at, remark=text) if at <= 3 else {"data": [], "remark": text})
    assert always.verdict == "complete", always


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("remark", ["runtime error: query timed out", "result truncated after 3 s"])
def test_a_warning_that_begins_on_a_last_page_cut_short_is_a_doubt(remark: str, way: str) -> None:
    """No empty page follows a link or a token that ends, so the page itself has to be looked at."""
    cut: Json = {"data": ROWS[3:4], "remark": remark, "next": None}
    empty: Json = {"data": [], "next": None}
    found = read(way, lambda at: empty if at > 3 else cut if at == 3 else healthy(at))
    assert found.verdict != "complete", found
    kind = {**cut, "remark": "this was the last page"}
    assert read("cursor", lambda at: kind if at == 3 else healthy(at)).verdict == "complete"


CUT_SHORT: dict[str, tuple[Json, Json]] = {
    "a list of messages that was empty": (
        {"messages": []},
        {"messages": [{"severity": "WARNING", "code": "HR-2207", "text": "list was cut after 3000 ms"}]},
    ),
    "a message in another language": (
        {"meldungen": []},
        {"meldungen": [{"schwere": "FEHLER", "text": "Mandant 300 nicht erreichbar, Liste gekürzt"}]},
    ),
    "a list of texts": ({}, {"notices": ["backend 3 failed to answer"]}),
    "an object": ({"notice": None}, {"notice": {"level": "warn", "msg": "1 entry was left out"}}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CUT_SHORT)
def test_a_warning_beside_a_page_cut_short_in_the_middle_is_a_doubt(name: str, way: str) -> None:
    good, bad = CUT_SHORT[name]

    def page(at: int) -> Json:
        return {**healthy(at, **bad), "data": ROWS[at : at + 1]} if at == 3 else healthy(at, **good)

    assert read(way, page).verdict != "complete"
    assert read(way, lambda at: healthy(at, **good)).verdict == "complete"


HEADERS: dict[str, dict[str, str]] = {
    "X-Error": {"X-Error": "backend timeout"},
    "X-Error-Code": {"X-Error-Code": "17"},
    "X-Api-Error": {"X-Api-Error": "true"},
    "X-Amzn-ErrorType": {"X-Amzn-ErrorType": "ThrottlingException"},
    "Warning": {"Warning": '299 - "shard 3 did not answer"'},
    "X-Warnings": {"X-Warnings": "1"},
    "Grpc-Status": {"Grpc-Status": "13"},
    "X-Partial-Results": {"X-Partial-Results": "true"},
    "X-Status": {"X-Status": "failed"},
    "X-Fault": {"X-Fault": "1"},
}


def _with(response: Response, headers: dict[str, str]) -> Response:
    return replace(response, headers=response.headers.plus(headers))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("at_first", [3, 0])
def test_a_header_of_an_error_beside_an_empty_list(name: str, way: str, at_first: int) -> None:
    empty: Json = {"data": [], "next": None}
    found = read(
        way,
        lambda at: (
            json_response(empty, headers=HEADERS[name]) if at == at_first else answer(way, healthy(at), at)
        ),
    )
    assert found.verdict == "suspect", found
    assert name.lower() in found.done.doubt or "rows follow" in found.done.doubt


def test_a_header_of_an_error_beside_rows_is_a_doubt_and_one_on_all_pages_is_none() -> None:
    def page(at: int) -> Response:
        return _with(answer("cursor", healthy(at), at), {"X-Error": "shard 3"} if at == 3 else {})

    assert read("cursor", page).verdict == "suspect"
    quiet = {"X-Error-Code": "0", "X-Has-Errors": "false", "X-Error-Reporting": "https://errors.example"}
    always = {**quiet, "X-Warn": "beta"}
    found = read("cursor", lambda at: _with(answer("cursor", healthy(at), at), always))
    assert found.verdict == "complete", found


@pytest.mark.parametrize("status", [202, 203, 206, 207])
def test_an_empty_page_of_another_status_is_a_doubt(status: int) -> None:
    empty = json_response({"data": [], "next": None}, status=status)
    found = read("cursor", lambda at: empty if at == 3 else answer("cursor", healthy(at), at))
    assert found.verdict == "suspect", found


HONEST_ENDS: dict[str, tuple[Json, Json]] = {
    "slack": (
        {"ok": True, "cache_ts": 1498777272, "response_metadata": {"next_cursor": None}},
        {"ok": True, "cache_ts": 1498777275, "response_metadata": {"next_cursor": ""}},
    ),
    "slack with its warning": (
        {"ok": True, "warning": "missing_charset", "response_metadata": {"warnings": ["missing_charset"]}},
        {"ok": True, "warning": "missing_charset", "response_metadata": {"warnings": ["missing_charset"]}},
    ),
    "stripe": (
        {"object": "list", "url": "/v1/charges", "has_more": True},
        {"object": "list", "url": "/v1/charges", "has_more": False},
    ),
    "jira": (
        {"expand": "names,schema", "maxResults": 3, "isLast": False},
        {"expand": "names,schema", "maxResults": 3, "isLast": True},
    ),
    "elasticsearch scroll": (
        {"_scroll_id": "DXF1ZXJ5QW5k", "took": 1, "timed_out": False, "_shards": {"total": 5, "failed": 0}},
        {"_scroll_id": "DXF1ZXJ5QW5m", "took": 0, "timed_out": False, "_shards": {"total": 5, "failed": 0}},
    ),
    "shopify graphql": (
        {"extensions": {"cost": {"requestedQueryCost": 12, "actualQueryCost": 12, "throttleStatus": {}}}},
        {
            "extensions": {
                "cost": {"requestedQueryCost": 12, "actualQueryCost": 2, "throttleStatus": {"a": 9}}
            }
        },
    ),
    "algolia": (
        {"hitsPerPage": 3, "exhaustiveNbHits": True, "query": "", "processingTimeMS": 2, "serverTimeMS": 3},
        {
            "hitsPerPage": 3,
            "exhaustiveNbHits": True,
            "query": "",
            "processingTimeMS": 1,
            "processingTimingsMS": {"_request": {"roundTrip": 14}},
        },
    ),
    "twitter": (
        {"meta": {"result_count": 3, "newest_id": "9", "oldest_id": "7"}},
        {"meta": {"result_count": 0, "previous_token": "77qp8"}},
    ),
    "youtube": (
        {"kind": "youtube#list", "etag": "abcdef", "pageInfo": {"resultsPerPage": 3}, "regionCode": "DE"},
        {
            "kind": "youtube#list",
            "etag": "ghijkl",
            "pageInfo": {"resultsPerPage": 3},
            "prevPageToken": "CDIQAQ",
        },
    ),
    "mediawiki": (
        {"continue": {"apcontinue": "B", "continue": "-||"}, "limits": {"allpages": 3}},
        {"batchcomplete": True, "limits": {"allpages": 3}},
    ),
    "mediawiki of old": ({"query-continue": {"allpages": {"apfrom": "C"}}}, {"batchcomplete": ""}),
    "graph": ({"@odata.context": "https://x/$metadata"}, {"@odata.deltaLink": "https://x/delta?token=3"}),
    "google calendar": ({}, {"nextSyncToken": "CPDAlvWDx70CEPDAlvWDx70CGAU="}),
    "google drive": (
        {"kind": "drive#fileList", "incompleteSearch": False},
        {"kind": "drive#fileList", "incompleteSearch": False},
    ),
    "plaid": (
        {"request_id": "45QSn", "transactions_update_status": "INITIAL_UPDATE_COMPLETE"},
        {"request_id": "xLdRp", "transactions_update_status": "HISTORICAL_UPDATE_COMPLETE"},
    ),
    "zendesk": (
        {"end_of_stream": False, "after_cursor": "MTU3", "before_cursor": None},
        {"end_of_stream": True, "after_cursor": None, "before_cursor": "MTU3"},
    ),
    "spring": (
        {
            "last": False,
            "first": True,
            "empty": False,
            "numberOfElements": 3,
            "size": 3,
            "sort": {"sorted": True},
        },
        {
            "last": True,
            "first": False,
            "empty": True,
            "numberOfElements": 0,
            "size": 3,
            "sort": {"sorted": True},
        },
    ),
    "reddit": (
        {"kind": "Listing", "dist": 3, "modhash": "", "before": None},
        {"kind": "Listing", "dist": 0, "modhash": "", "before": "t3_15bfi0"},
    ),
    "facebook": (
        {"paging": {"cursors": {"after": "MTAx"}}},
        {"paging": {"previous": "https://graph.example/x"}},
    ),
    "hal": (
        {"_links": {"self": {"href": "/a?page=1"}}},
        {"_links": {"self": {"href": "/a?page=3"}, "prev": {"href": "/a?page=2"}}},
    ),
    "json api": (
        {"jsonapi": {"version": "1.0"}, "links": {"self": "/a?p=1"}},
        {"jsonapi": {"version": "1.0"}, "links": {"self": "/a?p=3", "prev": "/a?p=2", "first": "/a"}},
    ),
    "solr": (
        {"responseHeader": {"status": 0, "QTime": 4, "params": {"q": "*"}}},
        {"responseHeader": {"status": 0, "QTime": 0, "params": {"q": "*"}}},
    ),
    "crossref": (
        {"status": "ok", "message-type": "work-list", "message-version": "1.0.0"},
        {"status": "ok", "message-type": "work-list", "message-version": "1.0.0"},
    ),
    "openalex": (
        {"meta": {"db_response_time_ms": 31, "per_page": 3}, "group_by": []},
        {"meta": {"db_response_time_ms": 9, "per_page": 3}, "group_by": []},
    ),
    "cache": ({"cached": False, "from_cache": False}, {"cached": True, "from_cache": True}),
    "cache is new": ({}, {"cached": True, "cacheAge": 31}),
    "rate limits": (
        {"rate_limit": {"remaining": 99, "limit": 100, "reset": 1700000000}, "credits_left": 1000},
        {"rate_limit": {"remaining": 98, "limit": 100, "reset": 1700000000}, "credits_left": 999},
    ),
    "rate limits are new": ({}, {"quota_remaining": 41, "requests_per_minute": 60}),
    "request ids": (
        {"requestId": "abcdef", "traceId": "deadbeef"},
        {"requestId": "qwertz", "traceId": "beefdead"},
    ),
    "times": (
        {"timestamp": 1700000000, "generated_at": "2026-11-28T10:00:00Z", "duration": 1, "server_time": 1},
        {"timestamp": 1700000002, "generated_at": "2026-11-28T10:00:02Z", "duration": 0, "server_time": 0},
    ),
    "counts in another language": ({"anzahl": 3, "gesamt": 6}, {"anzahl": 0, "gesamt": 6}),
    "what was received": ({"start": 0, "bis": 3}, {"start": 6, "bis": 6}),
    "keys vanish": ({"facets": {"a": 1}, "included": [{"id": 1}], "success": True, "note": "beta"}, {}),
    "no more": ({}, {"message": "No more results found."}),
    "no records": ({"message": "success"}, {"message": "There are no records to show"}),
    "successful": ({"message": "Data retrieved successfully"}, {"message": "No data available"}),
    "page in words": ({"info": "page 1 of 2"}, {"info": "page 3 of 2"}),
    "deprecated": ({}, {"warnings": ["this version is deprecated and will go in 2027"]}),
    "hints that are empty": ({}, {"warnings": [], "errors": None, "debug": {}, "failed": 0, "note": ""}),
    "sync": ({"has_more": True}, {"has_more": False, "sync_token": "abcdef", "watermark": 41}),
    "relay": (
        {"pageInfo": {"hasNextPage": True, "endCursor": "Y3Vyc29yOjM="}},
        {"pageInfo": {"hasNextPage": False, "endCursor": None}},
    ),
    "marketo": (
        {"success": True, "requestId": "e42b#14272d07d78", "moreResult": True},
        {"success": True, "requestId": "f51c#14272d07d79", "moreResult": False},
    ),
    "status for the end": ({"status": "partial_content"}, {"status": "complete"}),
}
"""What honest APIs have around their rows, and around the empty page behind them."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", HONEST_ENDS)
def test_an_honest_last_page_is_no_doubt(name: str, way: str) -> None:
    found = read_to_empty_page(way, *HONEST_ENDS[name])
    assert found.verdict == "complete", found
    assert found.ids == list(range(6))


@pytest.mark.parametrize("name", HONEST_ENDS)
def test_an_honest_last_page_behind_a_single_one(name: str) -> None:
    good, last = HONEST_ENDS[name]
    if "gesamt" in good or "bis" in last:
        pytest.skip("numbers of two pages")
    found = read(
        "cursor",
        lambda at: {**last, "data": []} if at else {**good, "data": ROWS[:3], "next": "3"},
    )
    assert found.verdict == "complete", found


def test_what_moves_from_page_to_page_is_no_doubt() -> None:
    found = read("cursor", lambda at: {**healthy(at, teil=at), "data": ROWS[at : at + 3] if at < 6 else []})
    assert found.verdict == "complete", found


def test_a_total_that_is_met_outweighs_what_is_new_at_the_end() -> None:
    def page(at: int) -> Json:
        last: Json = {"hinweis": "Ende der Liste", "data": [], "next": None}
        whole = {"data": ROWS[at : at + 3], "next": str(at + 3)}
        return {**(last if at >= 6 else whole), "total": 6}

    assert read("offset", page).verdict == "complete"
