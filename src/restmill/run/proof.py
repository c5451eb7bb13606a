"""What one read can prove: which rows were different, what the server claimed, and where the list had holes.

The pager knows when a list is over; whether everything came is a question of evidence. It is gathered page by
page, and turned into one sentence of doubt at the end, or none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.run.distinct import Distinct
from restmill.wire.paging import Offset, PageNumber
from restmill.wire.ranges import stated_total
from restmill.wire.signs import any_total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.events import Basis
    from restmill.path import Json, Path
    from restmill.wire.message import Page
    from restmill.wire.paging import Done, Pager

_MOST_STALE = 5
"""Pages in a row without one new record: then the paging goes round."""
_MOST_STALE_ALIKE = 50
"""The same for records without anything that tells them apart: equal ones may be honest."""


_MOST_BLANK = 1000
"""Empty pages in a row, in whatever way they lead on: filters leave some, but not so many."""
_MOST_ODD = 20
"""Pages that have something else than records where the first one had them."""
_MOST_THIN = 20
"""Pages in a row of which at most a quarter is new: a list that grows while its first page comes for ever."""


class Proof:
    """The evidence of one read; `keys` are the paths of what makes its records different."""

    def __init__(self, keys: tuple[Path, ...], *, merged: bool = False) -> None:
        self._keys = keys
        self._merged = merged
        self._distinct = Distinct(keys)
        self.rows = 0
        self.pages_with_rows = 0
        self.first_rows = 0
        self.first_full = False
        """Whether the first page had as many rows as were asked for."""
        self._pages = 0
        self.claimed: int | None = None
        """All rows, by the last credible word of the server."""
        self._stated: list[int] = []
        self._hole = 0
        self._stale = self._thin = 0
        self._empty = self._blank = 0
        self._across = False
        self._moved = self._odd = ""
        self._odds = 0
        self._least = 0
        self._promised = 0
        """What the server states though no row has come."""
        self.shared = False
        """Whether two different records of one page have the same key: then it is no key."""
        self.spoilt = False
        """Whether something that looks like no record was taken for one."""
        self.opening: tuple[Json, ...] = ()
        """What names the records of the first page, in order; () when nothing does."""

    @property
    def distinct(self) -> int:
        """How many different records came."""
        return self._distinct.count

    @property
    def keyed(self) -> bool:
        """Whether records are told apart by a key."""
        return bool(self._keys)

    @property
    def met(self) -> bool:
        """Whether the server's last claim is what was received."""
        return self.claimed is not None and self.claimed in (self.rows, self.distinct)

    @property
    def said(self) -> int | None:
        """The last number that the server stated, of rows or pages, other than the length of a page."""
        return self._stated[-1] if self._stated else None

    @property
    def steady(self) -> bool:
        """Whether the server stated one number all the way, if any, and every page was like the first."""
        return len(self._stated) <= 1 and not self._odd

    def marks(self, records: Sequence[Json]) -> list[int]:
        """The marks of a page's records, one each."""
        return self._distinct.marks(records)

    def news(self, marks: list[int]) -> bool:
        """Whether a page with these marks holds a record that was not seen before."""
        return self._distinct.fresh(marks)

    def add(self, records: Sequence[Json], marks: list[int], *, full: bool) -> None:
        """Enter an accepted page; `full`: it has as many rows as were asked for."""
        new = self._distinct.add(records, marks)
        self._pages += 1
        if self._pages == 1:
            self.first_rows, self.first_full = len(records), full
            self.opening = self.identity(records)
        self.rows += len(records)
        self._blank = 0 if records else self._blank + 1
        if records:
            self._stale = 0 if new else self._stale + 1
            self._thin = 0 if 4 * new > len(records) else self._thin + 1
            self._empty = self._blank = 0
            self.pages_with_rows += 1
            once = len(set(marks))
            self._across = self._across or once > new
            if self._keys and not self.shared and once < len(marks):
                self.shared = _share_a_key(records, marks)
            self._hole = -abs(self._hole)

    def recover(self, records: Sequence[Json]) -> list[Json]:
        """Enter records of a further pass; those that no pass has brought before."""
        fresh = self._distinct.pick(records, self.marks(records))
        self.rows += len(fresh)
        return fresh

    def identity(self, records: Sequence[Json]) -> tuple[Json, ...]:
        """What names each record; () when nothing does."""
        return self._distinct.identity(records)

    def odd(self, number: int, has: str, *, kept: bool) -> None:
        """Page `number` has something else where others have records; `kept`: it was taken for a record."""
        self._odds += 1
        self.spoilt = self.spoilt or kept
        self._odd = self._odd or f"page {number} is unlike the others, it has {has}: its rows may be missing"

    def moved(self, *, known: bool) -> None:
        """The first page was asked for again: it is another one now, or (not `known`) did not come."""
        changed = "changed while the list was read" if known else "did not come again"
        self._moved = f"the first page {changed}: rows may have moved past the reader"

    def emptied(self) -> None:
        """The page just entered was empty where pages are counted: rows behind it make it a hole."""
        self._hole = self._hole or self._pages
        self._stale += 1
        self._empty += 1

    def claim(self, total: int | None, stated: int | None, rows: int, *, counted: bool = False) -> None:
        """Take what a page of `rows` rows says: the pager's credible total, and any number it states.

        `counted`: that number counts the rows or the pages of this list, so there are as many rows at least.
        """
        if total is not None or rows:
            self.claimed = total or (None if rows else self.claimed)
        self._least = stated if stated and rows and counted else self._least
        if stated and not self.rows:
            self._promised = stated
        if stated is not None and rows and stated != rows and stated not in self._stated[-1:]:
            self._stated.append(stated)

    def refuted(self) -> None:
        """There were rows behind the end that the claims had promised."""
        self.claimed = None
        self._least = 0
        self._stated.clear()

    def stale(self) -> str:
        """Why the read should stop, when page after page brings nothing new; "" when it should not."""
        if self._blank >= _MOST_BLANK:
            return f"{self._blank:,} pages in a row were empty"
        if self._odds >= _MOST_ODD:
            return f"{self._odds} pages are unlike the first one"
        apart = self._distinct.told_apart
        if self._stale >= (_MOST_STALE if apart else _MOST_STALE_ALIKE):
            return f"{self._stale} pages in a row brought no new record: the paging seems to go round"
        if apart and self._thin >= _MOST_THIN:
            return f"{self._thin} pages in a row brought hardly a new record: the list grows as it is read"
        return ""

    @property
    def hollow(self) -> bool:
        """Whether so many pages in a row were empty that the declared ones behind them can be left."""
        return self._empty >= _MOST_STALE

    def doubt(self) -> str:
        """Why rows may be missing though the read came to its end; "" when nothing says so."""
        return self._drift() or self.repeats() or self._shortfall()

    def _drift(self) -> str:
        if len(self._stated) <= 1:
            return self._odd or self._moved
        first, last = self._stated[0], self._stated[-1]
        return f"the total changed from {first:,} to {last:,} during the read: rows may be missing or double"

    def _shortfall(self) -> str:
        if self._promised and not self.rows:
            return f"no row came, but the server states {self._promised:,}"
        if self.claimed is not None and not self.met:
            return f"{self.rows:,} rows, but the server claims {self.claimed:,}"
        if self.hollow and not self.met:
            return f"{self._empty} pages in a row were empty, but the server declares more"
        if self.claimed is None and self._least > self.distinct:
            return f"{self.rows:,} rows, but the server states {self._least:,}, be it rows or pages"
        if self._hole < 0 and not self.met:
            return f"page {-self._hole} was empty, but rows follow: its own may be missing"
        return ""

    def basis(self, done: Done) -> Basis:
        """What a read without doubt rests on: a total that distinct records meet, or the kind of its end."""
        return "total" if self.claimed == self.distinct and self.rows else done.basis

    def _excused(self) -> bool:
        """Whether equal records are no sign of loss.

        With a key: every one came, and equal ones become one. Without: all on one page, or honestly equal.
        """
        if self._keys:
            return self._merged and self.claimed == self.distinct
        alike = not self._distinct.told_apart
        return not self._across or (alike and self.claimed == self.rows)

    def repeats(self) -> str:
        """The doubt that rows which came twice give rise to; "" when they do no harm."""
        if self.distinct == self.rows or self._excused():
            return ""
        name = ", ".join(f"`{key}`" for key in self._keys) or "records"
        of = f" of {self.claimed:,}" if self.claimed else ""
        cause = "the server's order is not stable; sort by a unique field"
        if self.shared:
            cause = "the primary key is none, different records of one page share it"
        if self._keys and self.claimed == self.distinct:
            cause = "every one came, some more than once"
        return f"{self.rows:,} rows but {self.distinct:,} distinct {name}{of}: {cause}"


def _share_a_key(records: Sequence[Json], marks: list[int]) -> bool:
    """Whether two of the records have the same mark and are not equal."""
    seen: dict[int, Json] = {}
    return any(seen.setdefault(mark, record) != record for record, mark in zip(records, marks, strict=True))


def stated(pager: Pager | None, page: Page) -> int | None:
    """Any number of all rows or pages in the answer: whatever it counts, it should not change."""
    if isinstance(pager, Offset | PageNumber) and (pager.total_path or pager.total_header):
        total = stated_total(pager, page)[0]
        one = isinstance(pager, PageNumber) and pager.counts_pages and total == 1
        return None if one and not page.records else total  # an empty list has one page, for many
    return any_total(page)
