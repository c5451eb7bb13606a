"""How real APIs name their next page, and what they answer when there is none: a table, an API a line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restmill.path import Path
from restmill.wire.message import Request
from restmill.wire.paging.detect import detect_pager
from restmill.wire.paging.pagers import Cursor, HeaderLink, JsonLink, PageNumber, SinglePage
from restmill.wire.paging.unfollowed import flagged, pointed
from tests.wire.model import START, page

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Page
    from restmill.wire.paging.pagers import Pager

ROWS: list[Json] = [{"id": i} for i in range(10)]
SELF = "https://api.test/things"
LINK = f"{SELF}?t=tok2"
SENTINEL = "tok2"
Around = dict[str, "Json"]

NEXT: dict[str, tuple[Around, str, Pager | None]] = {
    "airtable": ({"offset": "itrtok2/rectok2"}, "`offset`", Cursor(Path("offset"), "offset", None, True)),
    "mediawiki": (
        {"batchcomplete": "", "continue": {"cmcontinue": "page|tok2|7", "continue": "-||"}},
        "`continue",
        Cursor(Path("continue.cmcontinue"), "cmcontinue", None, True),
    ),
    "mediawiki, two lists": (
        {"continue": {"cmcontinue": "page|tok2", "rvcontinue": "2024|9", "continue": "||"}},
        "`continue`",
        None,
    ),
    "mediawiki, of old": ({"query-continue": {"all": {"apcontinue": "tok2"}}}, '`"query-continue"`', None),
    "dynamodb": ({"Count": 10, "LastEvaluatedKey": {"pk": {"S": "tok2"}}}, "`LastEvaluatedKey`", None),
    "dynamodb by id": ({"LastEvaluatedKey": {"id": "tok2", "sk": 7}}, "`LastEvaluatedKey.id`", None),
    "reddit": (
        {"data": {"after": "t3_tok2", "before": None, "items": ROWS}},
        "`data.after`",
        Cursor(Path("data.after"), "after", None, True),
    ),
    "intuit": (
        {"pagination": {"nextStartIndex": 11}},
        "`pagination.nextStartIndex`",
        Cursor(Path("pagination.nextStartIndex"), "startIndex"),
    ),
    "salesforce": ({"done": False, "nextRecordsUrl": "/q/tok2"}, "`done`", JsonLink(Path("nextRecordsUrl"))),
    "zuora": ({"done": False, "queryLocator": "tok2"}, "`done`", None),
    "sharepoint": ({"@odata.nextLink": LINK}, '`"@odata.nextLink"`', JsonLink(Path('"@odata.nextLink"'))),
    "dynamics": ({"@Microsoft.Dynamics.CRM.fetchxmlpagingcookie": "tok2"}, "fetchxmlpagingcookie", None),
    "dynamics, flag": ({"@Microsoft.Dynamics.CRM.morerecords": True}, "morerecords", None),
    "sap": ({"d": {"__next": LINK}}, "`d.__next`", JsonLink(Path("d.__next"))),
    "hubspot": ({"paging": {"next": {"after": "tok2"}}}, "`paging.next.after`", None),
    "hubspot, of old": ({"hasMore": True, "offset": 10}, "`hasMore`", None),
    "offset of the next row": ({"offset": 10}, "`offset`", None),
    "elasticsearch": ({"_scroll_id": "tok2=="}, "`_scroll_id`", None),
    "elasticsearch, sorted": ({"search_after": [1700, "tok2"]}, "`search_after`", None),
    "elasticsearch, composite": ({"aggs": {"after_key": {"day": 1700}}}, "`aggs.after_key`", None),
    "google": (
        {"nextPageToken": "tok2"},
        "`nextPageToken`",
        Cursor(Path("nextPageToken"), "pageToken"),
    ),
    "google search": ({"queries": {"nextPage": [{"startIndex": 11}]}}, "`queries.nextPage`", None),
    "azure": ({"nextLink": LINK}, "`nextLink`", JsonLink(Path("nextLink"))),
    "azure graph": ({"$skipToken": "tok2"}, '`"$skipToken"`', None),
    "aws": ({"NextToken": "tok2"}, "`NextToken`", Cursor(Path("NextToken"), "nextToken")),
    "aws iam": ({"IsTruncated": True, "Marker": "tok2tok2"}, "`IsTruncated`", None),
    "aws rds": ({"Marker": "marker-tok2=="}, "`Marker`", None),
    "aws gateway": ({"position": "pos_tok2=="}, "`position`", None),
    "aws kinesis": ({"NextShardIterator": "tok2"}, "`NextShardIterator`", None),
    "s3": ({"NextContinuationToken": "tok2"}, "`NextContinuationToken`", None),
    "twilio": ({"next_page_uri": "/2010/tok2"}, "`next_page_uri`", JsonLink(Path("next_page_uri"))),
    "asana": ({"next_page": {"offset": "tok2", "uri": LINK}}, "`next_page.uri`", None),
    "intercom": ({"pages": {"next": {"page": 2, "starting_after": "tok2"}}}, "starting_after`", None),
    "intercom, scroll": ({"scroll_param": "x", "next_scroll_id": "tok2"}, "`next_scroll_id`", None),
    "facebook": (
        {"paging": {"cursors": {"before": "tok1", "after": "tok2"}, "next": LINK}},
        "`paging.",
        JsonLink(Path("paging.next")),
    ),
    "linkedin": ({"paging": {"links": [{"rel": "next", "href": LINK}]}}, "`paging.links", None),
    "fhir": ({"link": [{"relation": "next", "url": LINK}]}, "`link[", None),
    "hydra": ({"hydra:view": {"@id": SELF, "hydra:next": LINK}}, "hydra:next", None),
    "instagram": ({"pagination": {"next_max_id": "tok2"}}, "`pagination.next_max_id`", None),
    "twitter": ({"next_cursor": 1700, "next_cursor_str": "1700"}, "`next_cursor`", None),
    "gong": ({"records": {"totalRecords": 50, "cursor": "tok2"}}, "`records.cursor`", None),
    "discourse": (
        {"topic_list": {"more_topics_url": "/things?page=1"}},
        "`topic_list.more_topics_url`",
        None,
    ),
    "cassandra": ({"pageState": "tok2"}, "`pageState`", None),
    "couchdb": ({"bookmark": "tok2"}, "`bookmark`", Cursor(Path("bookmark"), "bookmark", None, True)),
    "oai": ({"resumptionToken": "tok2"}, "`resumptionToken`", None),
    "kubernetes": ({"metadata": {"remainingItemCount": 40}}, "`metadata.remainingItemCount`", None),
    "pipedrive": ({"additional_data": {"pagination": {"next_start": 10}}}, "next_start`", None),
    "marketo": ({"moreResult": True}, "`moreResult`", None),
    "numbers for words": ({"has_more": 1}, "`has_more`", None),
    "bitbucket server": ({"isLastPage": False, "nextPageStart": 10}, "`isLastPage`", None),
    "german": ({"naechsteSeite": LINK}, "`naechsteSeite`", JsonLink(Path("naechsteSeite"))),
    "german, umlaut": ({"nächste_seite": LINK}, '`"nächste_seite"`', JsonLink(Path('"nächste_seite"'))),
    "french": ({"liens": {"page_suivante": LINK}}, "`liens.page_suivante`", None),
    "spanish": ({"siguiente": LINK}, "`siguiente`", JsonLink(Path("siguiente"))),
    "portuguese token": ({"token_proxima_pagina": "tok2"}, "`token_proxima_pagina`", None),
    "polish": ({"następnaStrona": LINK}, "następnaStrona", None),
    "russian": ({"следующая_страница": LINK}, "следующая_страница", None),
    "arabic": ({"الصفحة التالية": LINK}, "الصفحة التالية", None),
    "japanese": ({"次へ": LINK}, '`"次へ"`', JsonLink(Path('"次へ"'))),
    "chinese": ({"下一页": LINK}, '`"下一页"`', JsonLink(Path('"下一页"'))),
    "korean": ({"다음": "?t=tok2"}, '`"다음"`', JsonLink(Path('"다음"'))),
    "a word nobody knows": ({"lanjut_sana": LINK}, "`lanjut_sana`", None),
    "such a word and a number": ({"lanjut_sana": f"{SELF}?halo=2"}, "`lanjut_sana`", None),
    "such a word as rel": ({"links": [{"rel": "ahead", "href": LINK}]}, "`links`", None),
    "such a word around": ({"links": {"ahead": {"href": LINK}}}, "`links.ahead.href`", None),
    "behind a prefix": ({"lanjut_sana": "https://inner/v1/things?t=tok2"}, "`lanjut_sana`", None),
}
HEADERS: dict[str, tuple[dict[str, str], str]] = {
    "json": ({"X-Pagination": '{"TotalPages": 5, "HasNext": true}'}, "X-Pagination"),
    "json, link": ({"X-Pagination": f'{{"nextPageLink": "{LINK}"}}'}, "X-Pagination"),
    "cosmos": ({"x-ms-continuation": "tok2"}, "x-ms-continuation"),
    "cursor": ({"X-Cursor": "tok2"}, "X-Cursor"),
    "heroku": ({"Next-Range": "id ]00019..; max=20"}, "Next-Range"),
    "range in json": ({"X-Pagination": '{"nextRange": "20-39"}'}, "X-Pagination"),
    "sentry": ({"Link": f'<{LINK}>; rel="next"; results="true"; cursor="tok2"'}, "rel=next"),
}
LAST: dict[str, Around] = {
    "airtable": {},
    "airtable, offset of this page": {"offset": 0, "limit": 100},
    "airtable, a time zone": {"offset": "+02:00"},
    "a day where the list starts": {"start": "2024-01-01T00:00:00Z", "from": "2024-01-01"},
    "a place": {"position": "top", "marker": "red", "start": "now"},
    "mediawiki": {"batchcomplete": ""},
    "dynamodb": {"Count": 10, "ScannedCount": 10},
    "dynamodb, empty": {"LastEvaluatedKey": {}},
    "dynamodb, null": {"LastEvaluatedKey": None},
    "reddit": {"data": {"after": None, "before": None, "items": ROWS}},
    "intuit": {"pagination": {}},
    "salesforce": {"totalSize": 10, "done": True},
    "stripe": {"object": "list", "url": "/things", "has_more": False},
    "slack": {"ok": True, "response_metadata": {"next_cursor": ""}},
    "notion": {"object": "list", "next_cursor": None, "has_more": False},
    "contentful": {"sys": {"type": "Array"}, "total": 10, "skip": 0, "limit": 100},
    "elasticsearch": {"timed_out": False, "hits": {"total": {"value": 10, "relation": "eq"}}},
    "google": {"kind": "things", "resultSizeEstimate": 10},
    "google calendar": {"nextSyncToken": "tok2"},
    "azure": {"nextLink": None},
    "azure, delta": {"@odata.deltaLink": f"{SELF}?$deltatoken=tok2"},
    "aws": {"IsTruncated": False},
    "twilio": {
        "page": 0,
        "page_size": 50,
        "start": 0,
        "end": 9,
        "next_page_uri": None,
        "uri": "/things?Page=0",
    },
    "twilio, first": {"first_page_uri": "/things?Page=0&PageSize=50", "next_page_uri": None},
    "mailchimp": {"total_items": 10, "_links": [{"rel": "self", "href": SELF, "method": "GET"}]},
    "asana": {"next_page": None},
    "zoom": {"page_size": 30, "next_page_token": ""},
    "zendesk": {
        "meta": {"has_more": False, "after_cursor": "tok2", "before_cursor": "tok1"},
        "links": {"prev": f"{SELF}?page[before]=tok1", "next": f"{SELF}?page[after]=tok2"},
    },
    "zendesk, export": {"count": 10, "end_of_stream": True, "next_page": f"{SELF}?start_time=1700"},
    "twitter": {"next_cursor": 0, "next_cursor_str": "0", "previous_cursor": 0, "previous_cursor_str": "0"},
    "twitter search": {"search_metadata": {"refresh_url": "?since_id=1700&q=x", "max_id": 1700}},
    "intercom": {"pages": {"type": "pages", "next": None, "page": 1, "per_page": 50, "total_pages": 1}},
    "pipedrive": {"additional_data": {"pagination": {"start": 0, "more_items_in_collection": False}}},
    "confluence": {"start": 0, "limit": 25, "size": 10, "_links": {"base": "https://w", "self": SELF}},
    "bitbucket server": {"size": 10, "limit": 25, "isLastPage": True, "start": 0, "nextPageStart": None},
    "opsgenie": {"paging": {"first": f"{SELF}?offset=0", "last": f"{SELF}?offset=0"}},
    "vimeo": {"paging": {"next": None, "first": "/things?page=1", "last": "/things?page=1"}},
    "laravel": {
        "links": {"first": f"{SELF}?page=1", "last": f"{SELF}?page=1", "prev": None, "next": None},
        "meta": {
            "current_page": 1,
            "last_page": 1,
            "path": SELF,
            "links": [
                {"url": None, "label": "&laquo; Previous", "active": False},
                {"url": f"{SELF}?page=1", "label": "1", "active": True},
                {"url": None, "label": "Next &raquo;", "active": False},
            ],
        },
    },
    "hydra": {
        "hydra:view": {
            "@id": "/things?page=1",
            "hydra:first": "/things?page=1",
            "hydra:last": "/things?page=1",
        }
    },
    "fhir": {"link": [{"relation": "self", "url": f"{SELF}?_count=50"}]},
    "json:api": {"links": {"self": f"{SELF}?page[number]=1", "first": f"{SELF}?page[number]=1"}},
    "pagerduty": {"limit": 25, "offset": 0, "more": False, "total": None},
    "kubernetes": {"metadata": {"continue": "", "resourceVersion": "1700", "remainingItemCount": 0}},
    "segment": {"pagination": {"current": "MA==", "totalEntries": 10}},
    "square": {"cursor": ""},
    "eventbrite": {"pagination": {"page_number": 1, "has_more_items": False, "continuation": "tok2"}},
    "numbers for words": {"has_more": 0, "next_cursor": "tok2"},
    "german": {
        "ersteSeite": f"{SELF}?seite=1",
        "letzteSeite": f"{SELF}?seite=1",
        "vorherigeSeite": None,
        "naechsteSeite": None,
    },
    "japanese": {"最初": f"{SELF}?p=1", "最後": f"{SELF}?p=1", "前へ": None, "次へ": None},
    "a language nobody knows": {"eka": f"{SELF}?sivu=1", "vika": f"{SELF}?sivu=1"},
    "itself": {"here": SELF, "me": f"{SELF}?limit=10"},
    "other things": {
        "csv": f"{SELF}?format=csv",
        "pdf_url": f"{SELF}?as=pdf2",
        "search": f"{SELF}{{?q}}",
        "docs": "https://docs.test/things?v=2",
        "filters": {"active": f"{SELF}?status=active1"},
        "sort": {"newest": f"{SELF}?sort=new1"},
        "owner": "https://api.test/owners?page=2",
        "feed": f"{SELF}?version=2",
    },
    "its own address": {
        "url": "/things?page=1",
        "meta": {"href": f"{SELF}?page=1"},
        "odd": "http://[x?page=2",
    },
    "what was asked": {"query": {"limit": 50, "from": "2024-01-01"}, "cursor": None},
    "up next": {"next_item": None, "next_release": "2026-01-01", "next_steps": ["call"]},
    "a workflow": {"workflow": {"next": "approve", "after": "review", "position": "row_17abc"}},
}
LAST_HEADERS: dict[str, dict[str, str]] = {
    "json": {"X-Pagination": '{"TotalCount": 10, "TotalPages": 1, "HasNext": false}'},
    "json, nothing": {"X-Pagination": '{"nextPageLink": ""}', "X-Broken": "{"},
    "sentry": {"Link": f'<{LINK}>; rel="previous"; results="false", <{LINK}>; rel="next"; results="false"'},
    "github": {"Link": f'<{SELF}?page=1>; rel="first", <{SELF}?page=1>; rel="last"'},
    "gitlab": {"X-Next-Page": "", "X-Page": "1", "X-Total-Pages": "1"},
    "others": {"Location": LINK, "Content-Location": LINK, "X-Request-Id": "tok2", "Server-Timing": "{x}"},
}
OTHERS: dict[str, Pager] = {
    "single page": SinglePage(),
    "link": JsonLink(Path("next_link")),
    "cursor": Cursor(Path("cursors.nxt")),
    "header": HeaderLink("nxt"),
}


def answer(around: Json, headers: dict[str, str] | None = None) -> Page:
    """A first answer of ten rows, with this around them."""
    return page({"items": ROWS, **around} if "data" not in around else around, ROWS, headers=headers)


def left(shown: Page, pager: Pager) -> str:
    """What is left, where nothing was asked before."""
    return flagged(shown, pager) or pointed(shown, pager, lambda _: False)


@pytest.mark.parametrize("pager", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("name", NEXT)
def test_a_next_page_is_named_where_nobody_follows_it(name: str, pager: Pager) -> None:
    around, place, _ = NEXT[name]
    said = left(answer(around), pager)
    assert place in said
    assert SENTINEL not in said


@pytest.mark.parametrize("pager", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("name", HEADERS)
def test_so_is_one_in_a_header(name: str, pager: Pager) -> None:
    headers, place = HEADERS[name]
    said = left(answer({}, headers), pager)
    assert place in said
    assert SENTINEL not in said


@pytest.mark.parametrize("name", [name for name in NEXT if NEXT[name][2]])
def test_it_is_followed_where_it_is_known_how(name: str) -> None:
    around, _, wanted = NEXT[name]
    pager, why = detect_pager(answer(around))
    assert pager == wanted
    assert SENTINEL not in why


@pytest.mark.parametrize("name", [name for name in NEXT if "nobody" in name or "such" in name])
def test_an_address_of_an_unknown_word_is_not_followed(name: str) -> None:
    shown = answer(NEXT[name][0])
    pager, _ = detect_pager(shown)
    assert isinstance(pager, SinglePage)
    assert left(shown, pager)


@pytest.mark.parametrize(
    ("headers", "pager"),
    [
        (
            {"X-WP-Total": "43", "X-WP-TotalPages": "5"},
            PageNumber(base_page=1, total_path=None, total_header="X-WP-TotalPages"),
        ),
        (
            {"X-Total-Pages": "5", "X-Page": "1"},
            PageNumber(base_page=1, total_path=None, total_header="X-Total-Pages"),
        ),
        ({"X-Pages": "5", "X-Page": "0"}, PageNumber(total_path=None, total_header="X-Pages")),
        ({"X-Total-Pages": "5"}, None),
        ({"X-WP-Total": "10", "X-WP-TotalPages": "1"}, None),
        ({"X-Pagination": '{"TotalPages": 1}', "X-Page": "1"}, None),
    ],
)
def test_pages_that_a_header_counts_are_read(headers: dict[str, str], pager: Pager | None) -> None:
    found, _ = detect_pager(answer({}, headers))
    assert found == pager or (pager is None and isinstance(found, SinglePage))
    asked = replace(answer({}, headers), request=replace(START, params={"page": 2}))
    assert isinstance(detect_pager(asked)[0], SinglePage)


@pytest.mark.parametrize("pager", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("name", LAST)
def test_a_single_page_is_no_alarm(name: str, pager: Pager) -> None:
    assert left(answer(LAST[name]), pager) == ""


@pytest.mark.parametrize("name", LAST)
def test_nor_is_it_where_nothing_is_declared(name: str) -> None:
    shown = answer(LAST[name])
    pager, _ = detect_pager(shown)
    if isinstance(pager, SinglePage):
        assert pager.suspect == ""
    assert isinstance(pager, Cursor | JsonLink | PageNumber) or left(shown, pager) == ""


@pytest.mark.parametrize("pager", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("name", LAST_HEADERS)
def test_nor_are_headers_of_one(name: str, pager: Pager) -> None:
    assert left(answer({}, LAST_HEADERS[name]), pager) == ""


@pytest.mark.parametrize(
    ("pager", "around"),
    [
        (JsonLink(Path("paging.next")), {"paging": {"cursors": {"before": "tok1", "after": "tok2"}}}),
        (
            Cursor(Path("meta.next_token")),
            {"meta": {"page": {"startCursor": "tok1", "endCursor": "tok2"}, "count": 10}},
        ),
        (JsonLink(), {"next": None, "folgende": LINK.replace("t=", "since_t=")}),
    ],
)
def test_the_edges_of_a_page_are_no_next_one_where_the_config_knows_better(
    pager: Pager, around: Around
) -> None:
    assert left(answer({"paging": {"cursors": {"before": "1", "after": "2"}}}), SinglePage())
    if "next" not in around:
        assert left(answer(around), pager) == ""


@pytest.mark.parametrize(
    ("request_", "around"),
    [
        (replace(START, params={"page": 3}), {"eka": f"{SELF}?page=1", "toka": f"{SELF}?page=2"}),
        (replace(START, address=f"{SELF}?b=2&a=1"), {"omgång": f"{SELF}?a=1&b=2"}),
        (replace(START, params={"offset": "tok2tok2/x"}), {"offset": "tok2tok2/x"}),
        (replace(START, params={"startAt": 10}), {"startAt": 10}),
        (Request("POST", SELF, json={"search_after": [5, "x"]}), {"search_after": [5, "x"]}),
    ],
)
def test_an_echo_and_what_lies_before_are_no_next_page(request_: Request, around: Around) -> None:
    shown = replace(answer(around), request=request_)
    assert left(shown, SinglePage()) == ""


def test_addresses_in_records_are_none_of_the_list() -> None:
    records: list[Json] = [{"id": i, "mine": f"{SELF}?page={i + 2}"} for i in range(3)]
    for shown in (page({"items": {str(i): one for i, one in enumerate(records)}}, records), page(records[0])):
        assert (
            left(
                replace(shown, records=records[:1] if shown.document is records[0] else records), SinglePage()
            )
            == ""
        )


def test_an_unknown_word_counts_on_a_first_page_only() -> None:
    assert left(replace(answer({"sana": LINK}), number=2), SinglePage()) == ""
    assert left(replace(answer({"weiter": LINK}), number=2), SinglePage())
