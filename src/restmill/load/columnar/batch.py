"""A batch: the records collected for one table, of which sort they are, and when they are worth shaping."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from restmill.plan.spec import Departures
from restmill.shape.page_parser import joined
from restmill.shape.records import Pressed, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from restmill.load.schema.live import Ground
    from restmill.path import Json
    from restmill.shape.cast import Mould
    from restmill.shape.page_parser import Press
    from restmill.shape.records import Records
    from restmill.shape.tables import Shaped

_BATCH_ROWS = 5_000
_FIRST_ROWS = 500
_BATCH_BYTES = 8 * 1024 * 1024
_MOST_MISFITS = 5
"""After so many misfits in a row, batches are taken apart without trying a mould first."""
AS_DLT = Departures()


@dataclass(slots=True)
class Batch:
    """The records collected for one claimed table."""

    ground: Ground
    departures: Departures = AS_DLT
    press: Press | None = None
    """What presses the pages of the table's resource; told of every mould."""
    records: list[Json] = field(default_factory=list)
    pressed: list[Pressed] = field(default_factory=list)
    """Pressed pages of one type; while there are any, there are no `records`."""
    rows: int = 0
    size: int = 0
    mould: Mould | None = None
    misfits: int = 0
    """Batches in a row that had another form than the mould, or one that cannot be cast."""
    empty: dict[str, set[str]] = field(default_factory=dict)
    """By table, columns that have had no value in some batch; asked for when such columns are kept."""
    written: set[str] = field(default_factory=set)
    """Tables that have a file in this extract step."""
    by_dlt: bool = False
    """Whether dlt's normaliser has made rows, which may have ids that came with the records."""

    def full(self) -> bool:
        """Whether it should be shaped now; while there is no mould, soon, because that makes one."""
        most = _FIRST_ROWS if self.mould is None and self.hopeful() else _BATCH_ROWS
        return self.rows >= most or self.size >= _BATCH_BYTES

    def worthwhile(self) -> bool:
        """Whether there are enough rows to shape them although it is not full."""
        return self.rows >= _FIRST_ROWS

    def hopeful(self) -> bool:
        """Whether a mould may still be of use."""
        return self.misfits < _MOST_MISFITS

    def remember(self, mould: Mould | None) -> None:
        """Try this mould first from now on."""
        self.mould = mould
        if self.press is not None:
            # What a field is renamed to, the press does not know.
            self.press.form(None if self.ground.names.active else mould, self.ground)

    def add(self, page: Sequence[Json]) -> None:
        """Collect the records of a page."""
        self.rows += len(page)
        if isinstance(page, Pressed):
            self.pressed.append(page)
            self.size += page.size
        else:
            self.records += page
            self.size += _size_of(page[0]) * len(page)

    def takes(self, page: Sequence[Json]) -> bool:
        """Whether the records of a page can stand beside those collected."""
        if not isinstance(page, Pressed):
            return not self.pressed
        return not self.records and all(one.array.type == page.array.type for one in self.pressed[:1])

    def loosened(self, page: Sequence[Json]) -> list[Json]:
        """The page as objects, after all that is collected has become objects: both stand together then."""
        self.records += [record for one in self.pressed for record in one.plain()]
        self.pressed = []
        return plain(page)

    def taken(self) -> Records:
        """All records collected; none are left."""
        records: Records = joined(self.pressed) if self.pressed else self.records
        self.records, self.pressed, self.rows, self.size = [], [], 0, 0
        return records

    def remember_empty(self, tables: Iterable[Shaped]) -> None:
        """Remember the columns that have no value yet."""
        if self.departures.empty_columns:
            for one in tables:
                self.empty.setdefault(one.name, set()).update(one.empty)


def _size_of(record: Json) -> int:
    try:
        return len(orjson.dumps(record, default=str, option=orjson.OPT_NON_STR_KEYS))
    except TypeError:  # integers beyond 64 bits
        return 1000
