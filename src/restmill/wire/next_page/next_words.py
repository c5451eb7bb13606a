"""The words of paging: keys by which APIs name a page that follows, and those by which they name another one.

Keys are compared in small letters, without accents and without anything between them: `Next-Page`,
`nextPage` and `next_page` are one, and so are `nächsteSeite` and `nachste_seite`. A word that is missing here
is a sign that is not seen, unless it holds an address of the list that was read.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from restmill.wire.next_page.compounds import LONGEST, compound, many, maybe, one


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def squashed(key: str) -> str:
    """A key in small letters, without accents, and of letters and digits only; a long one is cut."""
    return _squashed(key[:LONGEST])


@lru_cache(maxsize=4096)
def _squashed(key: str) -> str:
    if key.isascii():
        return re.sub("[^a-z0-9]", "", key.lower())
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", key).casefold())
    return "".join(one for one in parts if one.isalnum())


_PARTS = """
    page pages result results record records set item items chunk batch url uri link href token cursor key
    marker mark offset start index number num no from position range param params query path request id after
    since bookmark skip pointer at str starting continuation pageid pagestate
"""
_BEFORE_PARTS = "version upload max min scroll partition row forward shard stream evaluated search history"
_IDS = "id key token marker iterator position"
_PLANS = """
    action appointment attempt backup bill billing charge check claim contact deadline delivery
    deliveries due episode event execution holiday invoice kin level maintenance match meeting milestone ofkin
    opening payment payout refresh release renewal reset retry review run schedule shift step steps sync task
    tier trigger update upgrade version visit
"""
_FIRM = compound(
    maybe("page results records url uri link href token cursor marker offset"),
    one("next"),
    many(f"{_PARTS} {' '.join(f'{one}{two}' for one in _BEFORE_PARTS.split() for two in _IDS.split())}"),
)
_PLANNED = compound(
    one("next"),
    many("scheduled planned expected available best possible"),
    one(_PLANS),
    many(_PLANS),
    many("at on by date datetime day time timestamp utc ms ts id name type status amount s"),
)
LOOSE = _words(
    """
    after aftercursor afterid afterkey aftertoken bookmark continuation continuationid continuationkey
    continuationlink continuationtoken continuationuri continuationurl continue continueafter
    continuefrom continueurl cursor cursorafter cursormark cursortoken endcursor exclusivestartkey
    fetchxmlpagingcookie lastcursor lastevaluatedkey lastevaluatedshardid lastevaluatedstreamarn
    lastevaluatedtablename lastkey lastsortkey lasttoken morecursor morekey morelink moreresultstoken
    moretoken moreuri moreurl nextbatch pagecookie pagecursor pagekey pagemarker pagestate pagetoken
    paginationcursor paginationkey paginationtoken pagingcookie pagingcursor pagingkey pagingstate
    pagingtoken querycontinue querylocator restarttoken resumekey resumetoken resumptiontoken scrollid
    scrolltoken searchafter sharditerator skiptoken startafter startingafter
    """
)
"""Words that may stay on a last page, as those of a scroll and of the edges of a page do."""
OFFSETS = _words("marker offset position scroll skip start startat startindex startkey startkeydocid")
"""Words for where a page begins; a token under one of them, or the number of the next row, leads on."""
COMMON = OFFSETS | _words("after bookmark continue cursor endcursor lastkey next startafter")
"""Words that may mean anything where they do not stand beside other words of the paging."""
TOKENS = LOOSE | _words("cursorid pagenumber pageid nextpage nextpagetoken nexttoken nextcursor page token")
"""Names of parameters that say which page."""
AROUND = _words(
    """
    additionaldata context cursor cursors d info link links list listing meta metadata nav navigation page
    pageinfo pager pages pagination paginginfo paging query queries responsemetadata result results
    searchmetadata
    """
)
"""Objects in which even a plain word such as `next` or `after` is of the paging."""
INSIDE = (
    *("href", "url", "uri", "link", "path", "cursor", "token", "after", "startingafter", "page", "offset"),
    *("startindex", "start", "value", "id"),
)
"""Keys of an object that a pointer may be: what it holds."""
NOTHING = _words(
    "null none nil false undefined # 0 -1 - n/a na nan eof end done javascript:; about:blank"
) | {
    "",
    "javascript:void(0)",
}
"""Texts that say that there is no next page."""
MORE = _words(
    """
    canloadmore hasadditional hasmore hasmoredata hasmoreelements hasmoreentries hasmoreitems
    hasmorepages hasmorerecords hasmoreresults hasmorerows hasmoretoload hasmoretopage hasnext
    hasnextcursor hasnextitems hasnextlink hasnextpage hasnextresults hasnextset ismore ismoreavailable
    ismoredata ismoredataavailable loadmore more moreavailable moredata moredataavailable moreitems
    moreitemsincollection morepages morerecords moreresult moreresults moreresultsavailable morerows
    nextpageexists
    """
)
"""Flags that say whether there is more."""
CUT = _words(
    """
    exceededtransferlimit incompleteresults istruncated next truncated
    """
)
"""Words that are no sign of the paging unless they are true."""
LAST = _words(
    """
    alldataloaded allloaded done endofdata endoffile endoflist endofrecords endofresults endofset
    endofstream eof finalpage isend isendofdata iseof isfinalpage islast islastbatch islastchunk
    islastpage last lastbatch lastchunk lastpage nomore nomoredata nomoreitems nomorepages nomorerecords
    nomoreresults nomorerows
    """
)
"""Flags that say whether this is the last page."""
LEFT = _words(
    """
    itemsleft itemsremaining recordsleft recordsremaining remainingitemcount remainingitems
    remainingrecords remainingresults remainingrows resultsremaining rowsleft rowsremaining
    """
)
"""Names of how many more there are."""
PAGE_COUNTS = _words(
    """
    lastpage lastpagenumber maxpage numberofpages numpages pagecount pages pagestotal totalpagecount
    totalpages
    """
)
"""Names of the number of all pages."""
_FOREIGN = """
    nachste nachster nachstes naechste naechster naechstes weiter weitere folgende suivant suivante
    prochain prochaine siguiente proxima proximo seguinte successiva successivo prossima prossimo
    seguente volgende nasta neste naeste næste seuraava nastepna nastepny nastepne dalsi nasledujici
    dalsia kovetkezo urmatoarea urmatorul urmator sonraki berikutnya selanjutnya tieptheo следующая
    следующий следующее след далее наступна наступний επομενη επομενο הבא הבאה التالي التالية بعدی अगला
    अगलापृष्ठ ถัดไป 下一页 下一頁 下页 下頁 下一步 下一 次 次へ 次の 다음
"""
_FOREIGN_PART = """
    seite seiten seitenlink seitenurl pagina paginas pagine sida side strona strony strana sayfa sayfasi
    halaman trang страница страницы страницу сторінка σελιδα صفحة الصفحة صفحه پەڕە पृष्ठ หน้า 页 頁 页码
    链接 令牌 ページ のページ へ リンク トークン カーソル 페이지 링크 토큰 주소 ссылка токен курсор lien
    enlace lenke lank odkaz jeton marke zeiger versatz page url uri link href token cursor offset
"""
_ANOTHER = """
    self first last prev previous prior before current currentpage this start begin beginning end final
    initial original canonical base template help docs documentation up parent related alternate
    describedby edit delta sync refresh poll download export csv pdf rss feed html image icon avatar
    photo thumbnail id requested erste ersteseite letzte letzteseite vorige vorherige aktuelle selbst
    premier premiere dernier derniere precedent precedente actuel courant primera primero ultima ultimo
    anterior actual primeira primeiro prima primo attuale eerste laatste huidige forsta sista foregaende
    forste siste forrige pierwsza ostatnia poprzednia prvni posledni predchozi elso utolso elozo ilk son
    onceki pertama terakhir sebelumnya ensimmainen viimeinen edellinen первая последняя предыдущая
    текущая назад перша остання попередня πρωτη τελευταια προηγουμενη ראשון אחרון הקודם الأول الأولى
    الأخير الأخيرة السابق السابقة 首页 首頁 第一页 末页 尾页 最后 最后一页 上一页 上一頁 上页 当前 最初
    最初へ 最後 最後へ 前 前へ 前の 現在 처음 마지막 이전 현재
"""


_FOREIGN_FIRM = compound(
    many(_FOREIGN_PART, squashed), one(_FOREIGN, squashed), many(_FOREIGN_PART, squashed)
)
_OTHER_PAGE = compound(
    many(f"{_FOREIGN_PART} pages", squashed),
    one(_ANOTHER, squashed),
    many(f"{_FOREIGN_PART} pages", squashed),
)


def is_firm(key: str) -> bool:
    """Whether a key, as it is spelt or plain, names the next page in any language; a last page has none."""
    name = squashed(key)
    return _FIRM(name) or ((not key.isascii() or name not in LOOSE) and _FOREIGN_FIRM(name))


def is_planned(key: str) -> bool:
    """Whether a key names something to come that is no page, such as `next_run_at` or `next_steps`."""
    name = squashed(key)
    return _PLANNED(name) and not is_firm(key)


def is_another(key: str) -> bool:
    """Whether a key names the first, last, previous or present page, or something that is no page."""
    return _OTHER_PAGE(squashed(key))
