"""More spellings of the last page, an empty one: errors that no list has, and ends that are honest.

As `test_last_page`, for a pager that refers and one that counts, behind two pages with rows and behind one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.evidence.test_envelope import healthy, read, read_to_empty_page

if TYPE_CHECKING:
    from restmill.path import Json

KINDS = ("cursor", "page number")

MORE_SILENT: dict[str, tuple[Json, Json]] = {
    "es exito 1->0": ({"exito": 1}, {"exito": 0}),
    "erro null->obj": ({"erro": None}, {"erro": {"codigo": 3}}),
    "erreurs": ({}, {"erreurs": ["délai"]}),
    "Fehler text": ({}, {"Fehler": "Überlast"}),
    "ack": ({"ack": "Success"}, {"ack": "Warning"}),
    "ergebnis": ({"ergebnis": "ok"}, {"ergebnis": "nok"}),
    "resp.status": ({"resp": {"st": "A"}}, {"resp": {"st": "Z"}}),
    "hata": ({"hata": False}, {"hata": True}),
    "basarili": ({"basarili": "evet"}, {"basarili": "hayir"}),
    "errcount": ({}, {"failedShards": 3}),
    "interrupted": ({}, {"interrupted": True}),
    "timeouts 0->2": ({"timeouts": 0}, {"timeouts": 2}),
    "code str": ({"rc": "S"}, {"rc": "E"}),
    "severity": ({}, {"severity": "ERROR"}),
    "exception": ({}, {"exceptionType": "SocketTimeout"}),
    "problems": ({"problems": []}, {"problems": [{"p": 1}]}),
    "ok to null": ({"success": True}, {"success": None}),
    "is_complete false": ({}, {"is_complete": False}),
    "complete t->f": ({"complete": True}, {"complete": False}),
    "partial": ({}, {"partial_failure": {"x": 1}}),
    "notice": ({}, {"notice": "maintenance window"}),
    "estado num": ({"estado": 200}, {"estado": 503}),
    "result -1": ({"result": 1}, {"result": -1}),
    "health": ({"health": "green"}, {"health": "red"}),
    "cluster": ({"backend": "up"}, {"backend": "down"}),
    "nested warn": (
        {"meta": {"a": 1}},
        {"meta": {"a": 1, "warnings": [{"code": "W1", "text": "index offline"}]}},
    ),
    "bool text": ({"gelungen": "true"}, {"gelungen": "false"}),
    "float": ({"estatus": 1.0}, {"estatus": 0.0}),
    "upstream": ({}, {"upstream": {"status": 504}}),
    "access": ({}, {"access": "denied"}),
    "login": ({}, {"login_required": True}),
    "blocked": ({}, {"blocked": True}),
    "captcha": ({}, {"captcha": "https://x.example/c"}),
    "redirect": ({}, {"redirect": "/login"}),
    "auth": ({"authenticated": True}, {"authenticated": False}),
    "session_expired": ({}, {"session_expired": True}),
    "skipped": ({}, {"skippedShards": 17}),
    "limit_reached": ({}, {"limit_reached": True}),
    "quota_exceeded": ({}, {"quota": "exceeded"}),
}


@pytest.mark.parametrize("way", KINDS)
@pytest.mark.parametrize("name", MORE_SILENT)
def test_an_error_in_other_words(name: str, way: str) -> None:
    good, bad = MORE_SILENT[name]
    found = read(way, lambda at: {**bad, "data": [], "next": None} if at == 3 else healthy(at, **good))
    assert found.verdict != "complete", found


MORE_HONEST: dict[str, tuple[Json, Json]] = {
    "eof": ({}, {"eof": True}),
    "end": ({"end": False}, {"end": True}),
    "fin": ({}, {"fin": True}),
    "hubspot": ({"total": 6}, {"total": 6}),
    "spotify": (
        {"href": "https://a/b?offset=0", "previous": None, "limit": 3},
        {"href": "https://a/b?offset=6", "previous": "https://a/b?offset=3", "limit": 3},
    ),
    "tmdb": ({"page": 1, "total_pages": 2}, {"page": 3, "total_pages": 2}),
    "mailchimp": ({"_links": [{"rel": "self"}]}, {"_links": [{"rel": "self"}]}),
    "nasa": (
        {"version": "1", "timestamp": "2026-11-28T10:00:00.123", "format": "NVD_CVE"},
        {"version": "1", "timestamp": "2026-11-28T10:00:01.523", "format": "NVD_CVE"},
    ),
    "arcgis": ({"exceededTransferLimit": True, "fields": [{"n": 1}]}, {"fields": []}),
    "ga4": (
        {"rowCount": 6, "kind": "x", "metadata": {"currencyCode": "USD", "timeZone": "America/New_York"}},
        {"rowCount": 6, "kind": "x", "metadata": {"currencyCode": "USD", "timeZone": "America/New_York"}},
    ),
    "salesforce": ({"totalSize": 6, "done": False}, {"totalSize": 6, "done": True}),
    "sn": ({"x": 1}, {}),
    "xero": (
        {
            "Id": "3f0f5cd4-1ef6-4b0f-8d10-3d6f4f2a5a3b",
            "Status": "OK",
            "ProviderName": "x",
            "DateTimeUTC": "/Date(1550793549392)/",
        },
        {
            "Id": "5f0f5cd4-1ef6-4b0f-8d10-3d6f4f2a5a3b",
            "Status": "OK",
            "ProviderName": "x",
            "DateTimeUTC": "/Date(1550793549999)/",
        },
    ),
    "qb": ({"time": "2026-01-01T00:00:00.000-07:00"}, {"time": "2026-01-01T00:00:01.000-07:00"}),
    "binance": (
        {"code": "000000", "message": None, "success": True},
        {"code": "000000", "message": None, "success": True},
    ),
    "okx": ({"code": "0", "msg": ""}, {"code": "0", "msg": ""}),
    "gitea": ({}, {"ok": True}),
    "loki": (
        {
            "status": "success",
            "data2": {"stats": {"summary": {"bytesProcessedPerSecond": 3, "execTime": 0.2}}},
        },
        {
            "status": "success",
            "data2": {"stats": {"summary": {"bytesProcessedPerSecond": 0, "execTime": 0.1}}},
        },
    ),
    "azure": ({}, {"nextLink": None}),
    "dynamo": (
        {"Count": 3, "ScannedCount": 3, "LastEvaluatedKey": {"id": 3}},
        {"Count": 0, "ScannedCount": 0},
    ),
    "cosmos": ({"_rid": "abc=", "_count": 3}, {"_rid": "abc=", "_count": 0}),
    "steam": (
        {"success": 1, "more_items": 1, "last_assetid": "7", "rwgrsn": -2},
        {"success": 1, "rwgrsn": -2},
    ),
    "instagram": (
        {"num_results": 3, "auto_load_more_enabled": True, "status": "ok"},
        {"num_results": 0, "auto_load_more_enabled": True, "status": "ok"},
    ),
    "amplitude": (
        {"novaRuntime": 3, "novaCost": 2, "throttleTime": 0, "queryIds": ["a"], "backfillInformation": []},
        {"novaRuntime": 1, "novaCost": 1, "throttleTime": 0, "queryIds": ["b"], "backfillInformation": []},
    ),
    "intercom": (
        {"type": "list", "pages": {"type": "pages", "page": 1, "per_page": 3, "total_pages": 2}},
        {"type": "list", "pages": {"type": "pages", "page": 3, "per_page": 3, "total_pages": 2}},
    ),
    "greek": ({"σύνολο": 6}, {"σύνολο": 6}),
    "linked": ({}, {"links": {"prev": "/a"}}),
    "shown": ({"from": 1, "to": 3}, {"from": None, "to": None}),
    "laravel": (
        {"from": 1, "to": 3, "current_page": 1, "per_page": 3, "path": "https://a/b", "last_page": 2},
        {"from": None, "to": None, "current_page": 3, "per_page": 3, "path": "https://a/b", "last_page": 2},
    ),
    "drf": ({"count": 6, "previous": None}, {"count": 6, "previous": "https://a/?page=2"}),
    "firebase": ({}, {"empty": True}),
    "last_evaluated": ({"lastKey": "abc"}, {"lastKey": ""}),
    "server": ({"served_by": "web-3", "node": "alpha"}, {"served_by": "web-1", "node": "beta"}),
    "served const": ({"served_by": "alpha"}, {"served_by": "beta"}),
    "elapsed": ({"execution_ms": 1}, {"execution_ms": 0}),
    "rt": ({"responseTime": 1}, {"responseTime": 2}),
    "ads": (
        {"fieldMask": "campaign.id", "requestId": "kfdjalskfdj"},
        {"fieldMask": "campaign.id", "requestId": "oiuewrnmbv"},
    ),
    "summary": ({"summary": {"a": 3}}, {"summary": {}}),
    "sum": ({"sum": 412}, {"sum": 0}),
    "avg": ({"average_score": 3.5}, {"average_score": 0}),
    "max_score": ({"max_score": 1.0}, {"max_score": None}),
    "balance": (
        {"opening_balance": 100, "closing_balance": 80},
        {"opening_balance": 80, "closing_balance": 80},
    ),
    "unread": ({"unread": 2}, {"unread": 2}),
    "message 0": ({"message": "6 records"}, {"message": "0 records"}),
    "msg found": ({"message": "3 users found"}, {"message": "no users found"}),
}


@pytest.mark.parametrize("way", KINDS)
@pytest.mark.parametrize("pages", [2, 1])
@pytest.mark.parametrize("name", MORE_HONEST)
def test_an_honest_end_in_other_words(name: str, pages: int, way: str) -> None:
    found = read_to_empty_page(way, *MORE_HONEST[name], pages=pages)
    claims = "but the server" in found.done.doubt  # of two pages, where there is one
    assert found.verdict == "complete" or (pages == 1 and claims), found
