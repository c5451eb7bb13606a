"""A list of records as a server keeps it, and the pages it cuts from that list.

A listing is a sequence of positions: indexes of records, in order, with `BLANK` where a record was deleted
after the server had counted its place. Sorting, filters, duplicates, ties, rows that come and go and holes
are all changes to that sequence; a page is a slice of it. `start` and `limit` count positions; `total` counts
distinct records.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from restmill.errors import did_you_mean
from restmill.sandbox.behaviour import Behaviour
from restmill.sandbox.chance import unit
from restmill.sandbox.data import Collection
from restmill.sandbox.message import Ask, AskError
from restmill.sandbox.records import Json, tasks_of

BLANK = -1
SIZE_NAMES = ("limit", "per_page", "size", "page_size")

# Without a sort the order of a table is "about" the order of its ids: runs of this many records are ties. It
# does not divide the usual page sizes, so that runs straddle pages.
_RUN = 64


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records, and in which order. Hashable: a selection is computed once per collection.

    `since` (inclusive) and `until` (exclusive) are ISO timestamps to the second, or ""; `equal` holds pairs
    of field and JSON text; `parent` is the id of the project whose tasks are meant.
    """

    sort: str = ""
    descending: bool = False
    since: str = ""
    until: str = ""
    equal: tuple[tuple[str, bytes], ...] = ()
    parent: int | None = None

    @classmethod
    def asked(cls, ask: Ask, collection: Collection, parent: int | None = None) -> "Selection":
        """Read `sort`, `order`, `since`, `until` and `filter`.

        Raises:
            AskError: 400 for an unknown field, an unknown order, or a time that is none.
        """
        fields = ask.fields
        order = str(fields.get("order", "asc")).lower()
        if order not in ("asc", "desc"):
            raise AskError(400, "order is asc or desc")
        wanted = fields.get("filter") or {}
        if not isinstance(wanted, dict):
            raise AskError(400, "filter is an object of field and value")
        sort = str(fields.get("sort", ""))
        for name in (*wanted, *filter(None, [sort])):
            if name not in collection.fields:
                hint = did_you_mean(str(name), collection.fields)
                raise AskError(400, f"there is no field {name!r}", hint)
        return cls(
            sort=sort,
            descending=order == "desc",
            since=_moment(fields.get("since")),
            until=_moment(fields.get("until")),
            equal=tuple((name, orjson.dumps(value)) for name, value in wanted.items()),
            parent=parent,
        )


PLAIN = Selection()


@dataclass(frozen=True, slots=True)
class Drift:
    """How many records have come to, and gone from, the front of a list while it was being paged."""

    inserted: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """One slice: `rows` are the records' bytes; `length` counts the listing's positions, blanks too."""

    rows: list[bytes]
    start: int
    limit: int
    length: int
    total: int

    @property
    def number(self) -> int:
        """Which page it is, from 1, as its own size counts."""
        return self.start // self.limit + 1

    @property
    def past_end(self) -> bool:
        """True when the page was asked for beyond the last position; an empty list has a first page."""
        return self.start >= self.length and self.start > 0

    @property
    def middle(self) -> bool:
        """True for the page, not the first one, in the middle of the list."""
        return 0 < self.start <= self.length // 2 < self.start + self.limit

    @property
    def blank(self) -> bool:
        """True when every record of this page is gone though the list goes on."""
        return not self.rows and self.start < self.length


@dataclass(frozen=True, slots=True)
class Listing:
    """One list as one request finds it."""

    collection: Collection
    selection: Selection
    behaviour: Behaviour
    drift: Drift = Drift()

    def page(self, start: int, limit: int, asked: int = 0) -> Page:
        """Cut the page of `limit` positions from `start`; `asked`: its size if it is not short of one."""
        live = self._live()
        positions = self._disturbed(live, start, asked or limit)
        window = positions[start : start + limit]
        if BLANK in window:
            window = [index for index in window if index != BLANK]
        rows = self._grouped(window) if self.behaviour.grouped else self.collection.encoded(window)
        return Page(rows, start, limit, len(positions), len(live))

    def _grouped(self, window: Sequence[int]) -> list[bytes]:
        """Return an element for each index: every third one is empty, its record is in the one behind it."""
        last = self.collection.rows - 1
        elements = []
        for index in window:
            held = [index - 1, index] if index % 3 == 1 else [index]
            held = [] if index % 3 == 0 and index != last else held
            items = b",".join(self.collection.encoded(held))
            elements.append(b'{"group":%d,"items":[%b]}' % (index, items))
        return elements

    def _live(self) -> Sequence[int]:
        base = selected(self.collection, self.selection)
        if self.drift == Drift() or self.selection != PLAIN:
            return base
        rows = self.collection.rows
        return [*range(rows + self.drift.inserted - 1, rows - 1, -1), *base[self.drift.deleted :]]

    def _disturbed(self, live: Sequence[int], start: int, limit: int) -> Sequence[int]:
        behaviour, positions = self.behaviour, live
        if behaviour.duplicates:
            positions = [index for index in positions for _ in range(1 + self._is_doubled(index))]
        if behaviour.unstable_order and self.selection.sort != "id":
            positions = self._shuffled(positions, f"{start},{limit}")
        hole = len(positions) // 2 // limit * limit
        if hole and (behaviour.empty_middle or behaviour.no_content_middle):
            positions = [*positions[:hole], *[BLANK] * limit, *positions[hole:]]
        return positions

    def _is_doubled(self, index: int) -> bool:
        return unit(self.behaviour.seed, self.collection.name, "double", index) < self.behaviour.duplicates

    def _shuffled(self, positions: Sequence[int], salt: str) -> Sequence[int]:
        """Order ties anew: records equal in the sorted field, or near neighbours where nothing was sorted."""
        sort = self.selection.sort
        column = self.collection.column(sort) if sort else ()
        noise = [unit(self.behaviour.seed, salt, index) for index in positions]
        runs: list[int] = []
        for place, index in enumerate(positions):
            if sort:
                same = place > 0 and _rank(column[index]) == _rank(column[positions[place - 1]])
                runs.append(runs[-1] if same else place)
            else:
                runs.append(place // _RUN)
        order = sorted(range(len(positions)), key=lambda place: (runs[place], noise[place]))
        return [positions[place] for place in order]


@lru_cache(maxsize=64)
def selected(collection: Collection, selection: Selection) -> Sequence[int]:
    """Return the indexes of the selected records, in the selection's order, which is stable."""
    chosen: Sequence[int] = range(collection.rows)
    if selection.parent is not None:
        chosen = tasks_of(selection.parent)
    if selection.since or selection.until:
        changed = collection.column("updated_at")
        until = selection.until or "9999"
        chosen = [index for index in chosen if selection.since <= str(changed[index]) < until]
    for name, wanted in selection.equal:
        column = collection.column(name)
        chosen = [index for index in chosen if orjson.dumps(column[index]) == wanted]
    if selection.sort:
        column = collection.column(selection.sort)
        chosen = sorted(chosen, key=lambda index: _rank(column[index]), reverse=selection.descending)
    elif selection.descending:
        chosen = chosen[::-1]
    return chosen


def page_size(ask: Ask, behaviour: Behaviour) -> int:
    """Return how many records a page has: what was asked for, as far as the server's manners allow.

    Raises:
        AskError: 400 when the size is no number above 0.
    """
    size = number(ask, SIZE_NAMES, behaviour.default_limit, least=1)
    if behaviour.limit_ignored:
        size = behaviour.default_limit
    if behaviour.cap and size > max(behaviour.cap, behaviour.cap_above):
        size = min(behaviour.default_limit, behaviour.cap) if behaviour.cap_to_default else behaviour.cap
    return size


def number(ask: Ask, names: Sequence[str], default: int, *, least: int = 0) -> int:
    """Return the first of these fields that is there, as a whole number.

    Raises:
        AskError: 400 when it is no whole number, or below `least`.
    """
    for name in names:
        if name not in ask.fields:
            continue
        given = ask.fields[name]
        digits = str(given)
        if isinstance(given, bool) or not is_count(digits) or int(digits) < least:
            raise AskError(400, f"{name} is a whole number, {least} or more")
        return int(digits)
    return default


def is_count(text: str) -> bool:
    """Say whether a text is a whole number from 0 up that fits in 64 bits."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def _rank(value: Json) -> tuple[bool, str, Json]:
    """Return a sort key for values of any type: nulls last, numbers together, other types by name."""
    if isinstance(value, bool | int | float):
        return (False, "", value)
    if isinstance(value, dict | list):
        return (False, "~", orjson.dumps(value).decode())
    return (value is None, "str", value or "")


def _moment(given: object) -> str:
    """Return a time (ISO, or epoch seconds) as ISO to the second, rounded up; "" for nothing given."""
    if given is None or given == "":
        return ""
    text = str(given)
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            hint = "a plus sign in a query is written %2B" if " " in text else "write 2025-01-31T12:00:00Z"
            raise AskError(400, "since and until are times", hint) from None
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    try:
        # Records are stamped to the second: for both bounds the next whole second selects the same records.
        return datetime.fromtimestamp(math.ceil(seconds), UTC).isoformat()[:19] + "Z"
    except (ValueError, OverflowError, OSError):
        raise AskError(400, "since and until are times between the years 1 and 9999") from None
