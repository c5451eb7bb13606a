"""What one read can prove: which rows were different, what the server claimed, and where the list had holes.

The pager knows when a list is over; whether everything came is a question of evidence. It is gathered page by
page, and turned into one sentence of doubt at the end, or none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from restmill.run.evidence.distinct import Distinct, Seams
from restmill.run.evidence.windows import Depth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.events import Basis
    from restmill.path import Json, Path
    from restmill.wire.message import Page, Paged
    from restmill.wire.paging.pagers import Done

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


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a page: of its records, and of the elements of the list that is paged."""

    records: list[int]
    listed: list[int]
    elements: Sequence[Json] | None = None
    """The elements, where the records are not those."""
    apart: bool = False
    """Whether records and elements differ in number, or cannot be compared."""


class Proof:
    """The evidence of one read; `keys` are the paths of what makes its records different."""

    distrusted = ""
    """That an end held in other reads as it did not in this one."""
    told = False
    """Whether the last answer says that it is the last."""
    passed_by = ""
    """That a scroll may have moved past the reader."""
    moved_on: bool | None = False
    """Whether the first page, asked for again, was another one; None: it did not come."""

    def __init__(self, keys: tuple[Path, ...], *, merged: bool = False) -> None:
        self._keys = keys
        self._merged = merged
        self._distinct = Distinct(keys)
        self._elements = Distinct()
        self.depth = Depth()
        self._seams = Seams()
        self.apart = False
        """Whether the records are something else than the elements of the list that is paged."""
        self.rows = 0
        self.listed = 0
        """Elements of the list that is paged."""
        self.pages_with_rows = 0
        self.first_rows = 0
        """How long the first page was."""
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
        self._moved = self._odd = self._beside = self._changed = ""
        self._odds = self._least = 0
        self._declared = 0
        """Pages that the server states."""
        self._promised = self._hinted = 0
        """What the server states though no row has come."""
        self.shared = False
        """Whether two different records of one page have the same key: then it is no key."""
        self.blind = False
        """Whether an offset moved though the elements of its list could not be counted."""
        self.left = ""
        """What the last answer says of a page behind it that nobody asked for."""
        self.spoilt = False
        """Whether something that looks like no record was taken for one."""
        self.opening: tuple[Json, ...] = ()
        """What names the elements of the first page, in order; () when nothing does."""

    @property
    def distinct(self) -> int:
        """How many different records came."""
        return self._distinct.count

    @property
    def erred(self) -> bool:
        """Whether a page says that something went wrong: its rows, too, may lack values."""
        return bool(self._beside or self._changed)

    @property
    def keyed(self) -> bool:
        """Whether records are told apart by a key."""
        return bool(self._keys)

    @property
    def met(self) -> bool:
        """Whether the server's last claim is what was received."""
        counts = (self.listed, self._elements.count) if self.apart else (self.rows, self.distinct)
        return self.claimed is not None and self.claimed in counts

    @property
    def proven(self) -> bool:
        """Whether distinct elements of the list are as many as the server claims."""
        return self.claimed == (self._elements.count if self.apart else self.distinct) and self.listed > 0

    def reached(self, said: int | None) -> bool:
        """Whether all that the server states has come; `said` is any number of rows or pages it stated."""
        if self.met or (
            said is not None and said == (self._elements if self.apart else self._distinct).count
        ):
            return self.listed > 0
        pages = 0 < self._declared <= self.pages_with_rows
        return pages and said in (None, self._declared) and self.claimed is None

    def owed(self, said: int | None) -> bool:
        """Whether the server states more rows, or pages, than have come."""
        return not self.reached(said) and (
            self._declared > self.pages_with_rows or max(said or 0, self.claimed or 0) > self.distinct
        )

    @property
    def said(self) -> int | None:
        """The last number that the server stated, of rows or pages, other than the length of a page."""
        return self._stated[-1] if self._stated else None

    @property
    def steady(self) -> bool:
        """Whether the server stated one number all the way, if any, and every page was like the first."""
        return len(self._stated) <= 1 and not self._odd

    def marks(self, records: Sequence[Json], paged: Paged | None = None) -> Marks:
        """The marks of a page's records, and of the elements of its list where these are something else."""
        marks = self._distinct.marks(records)
        if paged is None:
            return Marks(marks, marks)
        if paged.elements is None:
            return Marks(marks, marks, apart=True)
        apart = not paged.counted or len(paged.elements) != len(records)
        return Marks(marks, self._elements.marks(paged.elements), paged.elements, apart)

    def news(self, marks: Marks) -> bool:
        """Whether a page with these marks holds something that was not seen before."""
        elements = marks.elements is not None and self._elements.fresh(marks.listed)
        return elements or self._distinct.fresh(marks.records)

    def add(self, records: Sequence[Json], marks: Marks, *, full: bool, follows: bool = False) -> None:
        """Enter an accepted page; `full`: it has as many rows as were asked for; `follows`: see `Seams`."""
        new = self._distinct.add(records, marks.records)
        self._seams.add(marks.records, new, follows=follows)
        once = len(set(marks.records))
        self._across = self._across or once > new
        if self._keys and not self.shared and once < len(records):
            self.shared = _share_a_key(records, marks.records)
        self.rows += len(records)
        self.apart = self.apart or marks.apart
        listed = records
        if marks.elements is not None:
            listed, new = marks.elements, self._elements.add(marks.elements, marks.listed)
        self._pages += 1
        if self._pages == 1:
            self.first_rows, self.first_full = len(listed), full
            self.opening = self._names(records, marks.elements)
        self._enter(len(listed), new)

    def _enter(self, listed: int, new: int) -> None:
        """Enter a page of so many elements, of which some are new."""
        self.listed += listed
        self._blank = 0 if listed else self._blank + 1
        if listed:
            self._stale = 0 if new else self._stale + 1
            self._thin = 0 if 4 * new > listed else self._thin + 1
            self._empty = self._blank = 0
            self.pages_with_rows += 1
            self.depth.rows(listed)
            self._hole = -abs(self._hole)

    def recover(self, records: Sequence[Json]) -> list[Json]:
        """Enter records of a further pass; those that no pass has brought before."""
        fresh = self._distinct.pick(records, self._distinct.marks(records))
        self.rows += len(fresh)
        return fresh

    def identity(self, page: Page) -> tuple[Json, ...]:
        """What names each element of a page; () when nothing does."""
        return self._names(page.records, page.paged.elements if page.paged else None)

    def _names(self, records: Sequence[Json], elements: Sequence[Json] | None) -> tuple[Json, ...]:
        """Of elements that nothing names, the records in them do."""
        listed = () if elements is None else self._elements.identity(elements)
        return listed or self._distinct.identity(records)

    def odd(self, number: int, has: str, *, kept: bool) -> None:
        """Page `number` has something else where others have records; `kept`: it was taken for a record."""
        self._odds += 1
        self.spoilt = self.spoilt or kept
        self._odd = self._odd or f"page {number} is unlike the others, it has {has}: its rows may be missing"

    def beside(self, number: int, sign: str) -> None:
        """Page `number` has a sign of an error beside its rows."""
        self._beside = (
            self._beside or f"page {number} says that something went wrong: {sign}; rows may be missing"
        )

    def changed(self, number: int, what: str) -> None:
        """Page `number` has no rows, and around it something that no page with rows has so."""
        usual = "which no page with rows has so" if self.rows else "which may be one of an error"
        self._changed = (
            self._changed or f"page {number} is empty and has {what}, {usual}: rows may be missing"
        )

    def without_list(self, lost: str) -> None:
        """The read ended at a page whose list is gone."""
        self._beside = self._beside or lost

    def moved(self, *, known: bool) -> None:
        """The first page was asked for again: it is another one now, or (not `known`) did not come."""
        self.moved_on = True if known else None
        changed = "changed while the list was read" if known else "did not come again"
        self._moved = f"the first page {changed}: rows may have moved past the reader"

    def distrust(self, lists: int) -> None:
        """There were rows behind an end of the kind that so many lists were believed to have."""
        what = "1 other list was" if lists == 1 else f"{lists:,} other lists were"
        self.distrusted = (
            f"there are rows behind an end, and {what} not asked behind theirs: rows may be missing"
        )

    def unseen(self) -> None:
        """What lies behind the end the server states was asked for, and could not be read."""
        self._moved = self._moved or "what lies behind the end that the server states could not be read"

    def emptied(self) -> None:
        """The page just entered was empty where pages are counted: rows behind it make it a hole."""
        self._hole = self._hole or self._pages
        self._stale += 1
        self._empty += 1

    def claim(self, total: int | None, stated: int | None, rows: int, *, least: int | None = None) -> None:
        """Take what a page of `rows` rows says: the pager's credible total, and any number it states.

        `least`: there are as many rows at least, by a number that counts rows or pages of this list.
        """
        if total is not None or rows:
            self.claimed = total or (None if rows else self.claimed)
        self._least = least if least and rows else self._least
        if stated and not self.listed:
            self._promised = stated
        if stated is not None and rows and stated != rows and stated not in self._stated[-1:]:
            self._stated.append(stated)

    def hint(self, rows: int | None) -> None:
        """Take a number of rows by a word that may mean the page size; it counts for several pages only."""
        self._hinted = rows or self._hinted

    def declare(self, pages: int | None) -> None:
        """Take a number of pages that the server states; None leaves the last one as it is."""
        self._declared = self._declared if pages is None else pages

    def refuted(self) -> None:
        """There were rows behind the end that the claims had promised."""
        self.claimed = None
        self._least = self._hinted = 0
        self._declared = 0
        """Pages that the server states."""
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
        doubt = self._beside or self._drift() or self.repeats() or self._shortfall() or self.distrusted
        return (
            doubt
            or self.cut_off
            or (
                ""
                if self.proven and self.pages_with_rows > 1
                else self._changed or self.passed_by or self.left
            )
        )

    @property
    def cut_off(self) -> str:
        """Why the server may not let anybody read on; "" when nothing says so."""
        return self.depth.doubt(self.listed, proven=self.proven)

    def _drift(self) -> str:
        if len(self._stated) <= 1:
            return self._odd or self._moved
        first, last = self._stated[0], self._stated[-1]
        return f"the total changed from {first:,} to {last:,} during the read: rows may be missing or double"

    def _shortfall(self) -> str:
        return self._unmet() or self._gap()

    def _unmet(self) -> str:
        """Which claim of the server is not met."""
        if self._promised and not self.listed:
            return f"no row came, but the server states {self._promised:,}"
        if self.claimed is not None and not self.met:
            what = f"{self.listed:,} elements of the list" if self.apart else f"{self.rows:,} rows"
            return f"{what}, but the server claims {self.claimed:,}"
        if self.hollow and not self.met:
            return f"{self._empty} pages in a row were empty, but the server declares more"
        least = max(self._least, self._hinted if self.pages_with_rows > 1 else 0)
        if self.claimed is None and least > self.distinct and not self.apart:
            return f"{self.rows:,} rows, but the server states {least:,}, be it rows or pages"
        return ""

    def _gap(self) -> str:
        """Where rows may have been passed by."""
        if self.claimed is None and self.pages_with_rows < self._declared > 1:
            return f"{self.pages_with_rows:,} pages with rows, but the server states {self._declared:,}"
        if self.blind and self.pages_with_rows > 1:
            return (
                "which list is paged cannot be told: rows are missing if the server gave less than was asked"
            )
        if self._hole < 0 and not self.met:
            return f"page {-self._hole} was empty, but rows follow: its own may be missing"
        return ""

    def basis(self, done: Done) -> Basis:
        """What a read without doubt rests on: a total that distinct records meet, or the kind of its end."""
        return "total" if self.proven else done.basis

    def _excused(self) -> bool:
        """Whether equal records are no sign of loss.

        With a key: every one came, and equal ones become one. Without: all on one page, or honestly equal.
        """
        if self._keys:
            return self._merged and not self.apart and (self.proven or (self.told and self._seams.alone))
        if self._elements.count == self.listed > 0:
            return True  # equal records of elements that are not
        alike = not self._distinct.told_apart
        return not self._across or (alike and self.claimed == self.rows and not self.apart)

    def repeats(self) -> str:
        """The doubt that rows which came twice give rise to; "" when they do no harm."""
        if self.distinct == self.rows or self._excused():
            return ""
        name = ", ".join(f"`{key}`" for key in self._keys) or "records"
        of = f" of {self.claimed:,}" if self.claimed and not self.apart else ""
        cause = "the server's order is not stable; sort by a unique field"
        if self.shared:
            cause = "the primary key is none, different records of one page share it"
        if self._keys and self.proven and not self.apart:
            cause = "every one came, some more than once"
        return f"{self.rows:,} rows but {self.distinct:,} distinct {name}{of}: {cause}"


def _share_a_key(records: Sequence[Json], marks: list[int]) -> bool:
    """Whether two of the records have the same mark and are not equal."""
    seen: dict[int, Json] = {}
    return any(seen.setdefault(mark, record) != record for record, mark in zip(records, marks, strict=True))
