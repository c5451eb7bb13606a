"""The envelope of a read's pages: what stands around the records, and whether it says that a page is none.

The first page shows what is usual. A further page that lacks what the first one had, or says of itself that
it is an error, is no page: its records are missing, whatever the pager makes of it. What is an error for sure
ends the read; what is one beside rows is a doubt; a list that is gone counts where the read ends with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from restmill.path import Path
from restmill.run.evidence.list_end import is_odd
from restmill.shape.decode import keys_of
from restmill.shape.records import Pressed
from restmill.wire.errors.changes import Surroundings
from restmill.wire.errors.envelopes import begins, held
from restmill.wire.errors.signs import (
    Sign,
    Usual,
    error_alone,
    error_inside,
    error_name,
    sign_of_error,
    speaks,
)
from restmill.wire.errors.values import is_busy, plain_name
from restmill.wire.paging.detect import detect_selector
from restmill.wire.paging.pagers import Cursor, JsonLink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from restmill.path import Json
    from restmill.run.evidence.proof import Proof
    from restmill.run.fetch.fetcher import Answer
    from restmill.shape.decode import Selection
    from restmill.shape.records import Records
    from restmill.wire.errors.envelopes import Keys
    from restmill.wire.message import Page, Request
    from restmill.wire.paging.pagers import Done, Pager

_FEW = 3
"""Records that may be an error in a list; a longer one is a list of something."""
_ASKED_FOR = (
    "err",
    "log",
    "event",
    "fail",
    "exception",
    "issue",
    "fault",
    "audit",
    "alert",
    "health",
    "status",
)
"""In the path of a request: what looks like an error may be what was asked for."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer is."""

    records: Records
    fault: str = ""
    """Why it is an error and no page; "" when it is a page."""
    busy: bool = False
    """Whether the error says that the server could not answer now."""
    beside: str = ""
    """A sign of an error beside rows."""
    sure: bool = True
    """Whether that sign is one of the answer; else it may be one of the thing whose part the list is."""
    lost: str = ""
    """What is there instead of the list that the first page had; "" when it is there."""
    strange: bool = False
    """Whether the page without its list has keys that the first one had not."""
    other: bool = False
    """Whether there is something else instead, if an empty one: null may well be an empty list."""
    changed: str = ""
    """What is otherwise around it than around the pages with rows, when it has none."""
    short: bool = False
    """Whether a short page came before it: then it may well be the one behind the last."""


class Envelope:
    """What is usual around the records of one pass, and what an answer has instead."""

    def __init__(self, request: Request, *, detected: bool) -> None:
        """`detected`: the place of the records is a guess."""
        path = request.address.partition("?")[0].lower()
        self._asked_for = any(word in path for word in _ASKED_FOR)
        self._detected = detected
        self._usual = Usual()
        self._around = Surroundings()
        self._like: Sequence[Json] = []
        self._base = Path("$")
        """Where the records are, or the list that is paged."""
        self._held = ""
        """What the first page has where its records are."""
        self._names: frozenset[str] = frozenset()
        self._most = 0
        self._short = False
        """Whether the last page with rows was shorter than one before it."""

    @property
    def fresh(self) -> frozenset[Keys]:
        """Places that hold something around the records of the last page with rows, and of none before it."""
        return self._around.fresh

    def seen(self, number: int, answer: Answer, found: Selection, place: Path, listed: int = 0) -> Seen:
        """What answer `number` of a pass is, whose selection at `place` is `found`.

        `listed`: how many elements the list that is paged has, where the records are something else.
        """
        document = answer.document
        if number == 1:
            self._base = _base(place, document)
            self._like = found.records[:1]
            self._held = held(document, self._base)
            self._names = _names(document)
        instead = (
            self._guessed(found, place, document) if number == 1 else self._instead(found, place, document)
        )
        here = held(document, self._base)
        listed = 0 if self._held == "a list" != here else listed  # what an object holds are no elements
        nothing = number > 1 and _is_nothing(found)
        rows = 0 if instead or nothing else max(len(found.records), listed)
        sign = _declared(answer) or self._sign(found, place, document, rows=rows)
        if sign is None:
            sign = instead if isinstance(instead, Sign) else self._stray(found.records)
        if rows == 0 and (sign.sure if sign else instead):
            return _fault(number, document, sign, str(instead))
        page = Seen(
            [] if nothing else found.records, beside=sign.what if sign else "", sure=sign is None or sign.sure
        )
        page = self._weighed(page, answer, place, rows)
        lost = "" if number == 1 or rows else self._lost(number, here)
        if not lost:
            return page
        strange = document is not None and not _names(document) <= self._names
        return replace(page, records=[], lost=lost, strange=strange, other=nothing, short=self._short)

    def _weighed(self, page: Seen, answer: Answer, place: Path, rows: int) -> Seen:
        """The page, with what is otherwise around it than around those before."""
        document, response = answer.document, answer.response
        if not rows:
            return replace(page, changed=self._around.change(document, self._base, response))
        if not page.beside and self._around.pages:
            cut = self._around.warning(document, self._base) if rows < self._most else ""
            page = replace(page, beside=self._around.header(response) or cut)
        self._around = self._around.with_page(document, self._base, response, rows)
        self._take(document, place, rows)
        return page

    def _take(self, document: Json, place: Path, rows: int) -> None:
        self._usual = self._usual.with_page(document, place)
        self._short = rows < self._most
        self._most = max(self._most, rows)

    def _lost(self, number: int, here: str) -> str:
        """What page `number` without rows has in the place of its list; "" where it has one."""
        listed = self._held in ("a list", "an object")
        objects = ("an object", "an empty object") if self._held == "an object" else ("an object",)
        own = here == "a list" or (here in objects and self._held != "a list")
        if own or (self._most and not listed):
            return ""
        if not listed:
            return f"page {number}, like those before it, has no list at `{self._base}`, but {here}"
        return f"page {number} has {here} at `{self._base}` where the first one has its records"

    def _sign(self, found: Selection, place: Path, document: Json, *, rows: int) -> Sign | None:
        if rows and found.lone and found.records[0] is document:
            return None  # the answer is the record
        return sign_of_error(document, place, self._usual, rows)

    def _guessed(self, found: Selection, place: Path, document: Json) -> Sign | None:
        """Whether what a first answer has for records is an error, unless just that was asked for."""
        if self._asked_for:
            return None
        if self._detected and place.keys and error_name(place.keys[-1]):
            return Sign(f"`{place}`")
        if not place.plain and self._held != "a list":
            return error_inside(document, place)
        if self._detected and found.lone and found.records[0] is document:
            return _errors_in(found.records) or error_inside(document, place)
        return _errors_in(found.records) if len(found.records) == 1 else None

    def _instead(self, found: Selection, place: Path, document: Json) -> Sign | str | None:
        """Whether what a further answer has for records are none: an error, or in words, something else."""
        records, like = found.records, self._like
        if isinstance(records, Pressed) or not records or not like or not isinstance(like[0], dict):
            return None
        if found.lone:
            if _is_nothing(found):
                return None
            what = f"{held(document, place)} at `{place}` where the first page has records"
            return error_alone(records[0]) or what if is_odd(found, document, like) else None
        if not any(isinstance(one, dict) for one in records):
            return f"a list without records at `{place}`"
        known = _own_keys(like[0])
        few = len(records) <= _FEW and all(known.isdisjoint(one) for one in records if isinstance(one, dict))
        if not few:
            return None
        spoken = all(map(speaks, records))
        return _errors_in(records) or (f"words about the answer at `{place}`" if spoken else None)

    def _stray(self, records: Records) -> Sign | None:
        """An error among the records, if one is nothing but that, and has hardly a key of the first record.

        The error of a region or a shard says which it is of.
        """
        if isinstance(records, Pressed) or not self._like or not isinstance(self._like[0], dict):
            return None
        known = _own_keys(self._like[0])
        names = {key for key in known if plain_name(key).endswith(("id", "key", "name"))}
        odd = (one for one in records if isinstance(one, dict) and names.isdisjoint(one))
        signs = (error_alone(stray) for one in odd if (stray := _stray_part(one, known)))
        found = next((sign for sign in signs if sign and sign.sure), None)
        return found and replace(found, what=f"a record that is nothing but an error, {found.what}")


def without_list(done: Done, seen: Seen, page: Page, pager: Pager | None, proof: Proof) -> Done:
    """The end at a page whose list is gone, as some servers write an empty one.

    A total that more than one page have met makes it sure, and so does a short page before it. Where the
    answer has the key that says how to go on, and nothing there, a doubt is entered. Otherwise the list may
    go on behind an error.
    """
    if not (seen.lost and done.complete) or (proof.met and proof.rows > proof.first_rows):
        return done
    if seen.short and not seen.strange:
        return done
    if seen.strange or not _says_end(pager, page.document):
        return replace(done, complete=False, reason=seen.lost, detail="")
    proof.without_list(seen.lost)
    return done


def _says_end(pager: Pager | None, document: Json) -> bool:
    match pager:
        case Cursor(cursor_path=path) | JsonLink(next_url_path=path):
            return bool(path.find(document))
        case _:
            return False


def _declared(answer: Answer) -> Sign | None:
    kind = answer.response.content_type
    return Sign(f"the content type `{kind}`") if kind.startswith("application/problem") else None


def _own_keys(record: Mapping[str, Json]) -> set[str]:
    """The keys that tell a record from an error: those that are no words about an answer, if any is none."""
    return {key for key in record if not speaks({key: None})} or set(record)


def _stray_part(record: Mapping[str, Json], known: set[str]) -> Mapping[str, Json]:
    """What a record has beside the keys of the first one; {} where it has half of these, being sparse."""
    shared = known & record.keys()
    if 2 * len(shared) >= len(known):
        return {}
    return {key: value for key, value in record.items() if key not in shared}


def _is_nothing(found: Selection) -> bool:
    """Whether there is an empty value where the records are; null is none at all, and 0 is a number."""
    return found.lone and (found.records[0] in ("", {}) or found.records[0] is False)


def _errors_in(records: Records) -> Sign | None:
    signs = [error_alone(one) for one in records]
    return signs[0] if signs and all(one is not None and one.sure for one in signs) else None


def _fault(number: int, document: Json, sign: Sign | None, instead: str) -> Seen:
    which = "the first answer" if number == 1 else f"page {number}"
    what = f"is an error under a good status: {sign.what}" if sign else f"is no page: it has {instead}"
    return Seen([], fault=f"{which} {what}; it has {keys_of(document)}", busy=is_busy(document))


def _base(place: Path, document: Json) -> Path:
    """Where the list is that a selector goes through; a guess for one that does not begin with names."""
    return place if place.plain or begins(place) else detect_selector(document)


def _names(document: Json) -> frozenset[str]:
    """The keys of an answer; for one that is no object, what it is."""
    return (
        frozenset(map(str, document)) if isinstance(document, dict) else frozenset([type(document).__name__])
    )
