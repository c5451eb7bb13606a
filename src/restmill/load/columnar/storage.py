"""The columnar way: on their way into dlt's extract files, records become Arrow tables instead of JSON lines.

It begins where dlt has done everything a record may meet in its pipe: processing steps, `add_map`,
incremental filtering, transformers, limits. All of these still see records. What arrives for a claimed table
is collected, shaped into a root table and nested tables, and written to dlt's own Parquet storage; the schema
learns on the way what it would have learnt in the normalize step. What shaping is not sure of goes through
dlt's own normaliser at once, and what that refuses is written as records, for dlt to refuse in its own words.
"""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from dlt.extract.storage import ExtractorItemStorage

from restmill.events import Noted, Quarantined
from restmill.load.columnar import quarantine
from restmill.load.columnar.rewrite import as_now, remembered, rewrite
from restmill.load.merge.distinct_keys import Tallies
from restmill.load.schema.column_names import kept_apart, remember
from restmill.load.schema.empty_columns import keep_empty
from restmill.run.observers import tell
from restmill.shape.cast import Unfit, joined, mould_of
from restmill.shape.cast import cast as cast_in
from restmill.shape.depth import UNNAMED, is_too_long
from restmill.shape.records import Pressed, plain
from restmill.shape.schema_view import Lesson, Unsure
from restmill.shape.tables import shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa
    from dlt.common.schema import TTableSchemaColumns

    from restmill.load.columnar.batch import Batch
    from restmill.load.columnar.quarantine import Refused
    from restmill.load.schema.live import Ground
    from restmill.path import Json
    from restmill.shape.cast import Mould
    from restmill.shape.flatten import Sheet
    from restmill.shape.records import Records
    from restmill.shape.tables import Shaped

_LESSONS = 20
"""Times a batch may send the schema to school before it goes by rows."""
_NO_COLUMNS: Any = None
"""What dlt's extract step passes for records."""


class Claims(Protocol):
    """Which tables take the columnar way."""

    def take(self, load_id: str, table: str) -> Batch | None:
        """An empty batch for the table's records, once; None for a table that goes by rows."""

    def ground(self, load_id: str, table: str) -> Ground | None:
        """The rules of a table of ours that goes by rows; None for any other."""

    def sifts(self, load_id: str, resource: str) -> bool:
        """Whether refused records of the resource are kept beside its table."""

    def forget(self, load_id: str) -> None:
        """The extract step is over."""


class ColumnarStorage(ExtractorItemStorage):
    """dlt's storage of extracted records, which writes those of claimed tables as Arrow tables."""

    def __init__(
        self,
        records: ExtractorItemStorage,
        tables: ExtractorItemStorage,
        claims: Claims,
    ) -> None:
        super().__init__(records.package_storage, records.writer_spec)
        self._tables = tables
        self._claims = claims
        self._tallies = Tallies()
        self._batches: dict[tuple[str, str, str], Batch] = {}
        self._grounds: dict[tuple[str, str, str], Ground | None] = {}
        """Of the tables that go by rows, ours and others."""
        self._students: dict[tuple[str, str, str], Ground] = {}
        """Of those with a quarantine: what the schema will be once dlt has normalised them."""

    def write_data_item(
        self,
        load_id: str,
        schema_name: str,
        table_name: str,
        item: Any,
        columns: TTableSchemaColumns,
    ) -> int:
        """Collect the records of a claimed table, write all others. Returns the number of records."""
        key = (load_id, schema_name, table_name)
        batch = self._batches.get(key)
        if batch is None:
            batch = self._claims.take(load_id, table_name)
            if batch is not None:
                self._batches[key] = batch
        page = item if isinstance(item, list | Pressed) else [item]
        if batch is None or not page:
            item = self._apart(key, item)
            return super().write_data_item(load_id, schema_name, table_name, item, columns)
        if not batch.takes(page):
            if batch.worthwhile():
                self._flush(key, batch)
            else:
                page = batch.loosened(page)
        batch.add(page)
        if batch.full():
            self._flush(key, batch)
        return len(page)

    def _apart(self, key: tuple[str, str, str], item: Any) -> Any:
        """What goes by rows; where the table is one of ours, with each field under a name of its own."""
        item = item.plain() if isinstance(item, Pressed) else item
        if key not in self._grounds:
            self._grounds[key] = self._claims.ground(key[0], key[2])
        ground = self._grounds[key]
        if ground is None or item == []:
            return item
        page = item if isinstance(item, list) else [item]
        ground.losses.look(page, ground.table)
        page = kept_apart(page, ground)
        if not self._claims.sifts(key[0], ground.resource):
            return page
        return self._sift(key, page, ground)

    def _sift(self, key: tuple[str, str, str], page: Sequence[Json], ground: Ground) -> list[Json]:
        """The records that dlt and the destination will take; the others go to quarantine."""
        student = self._students.setdefault(key, ground.twin())
        taken, refused = quarantine.parted(page, student)
        if refused:
            try:
                name, table = quarantine.table_of(refused, ground)
            except Unsure as unsure:
                text = f"`quarantine` has no effect: {unsure}"
                tell(Noted(ground.resource, time.monotonic(), text))
                return list(page)
            super().write_data_item(key[0], key[1], name, quarantine.rows_of(table, ground), _NO_COLUMNS)
            tell(Quarantined(ground.resource, time.monotonic(), len(refused), name))
        return taken

    def close_writers(self, load_id: str, skip_flush: bool = False) -> None:
        """Shape what is left, then close; with `skip_flush` drop it."""
        for key in [key for key in self._batches if key[0] == load_id]:
            batch = self._batches.pop(key)
            if not skip_flush:
                self._flush(key, batch)
                self._settle(key, batch)
                remember(batch.ground)
                batch.ground.losses.tell(batch.ground.schema)
                rewrite(self._tables, key, batch.ground)
        for key in [key for key in self._grounds if key[0] == load_id]:
            ground = self._grounds.pop(key)
            self._students.pop(key, None)
            if ground is not None:
                remember(ground)
                ground.losses.tell(ground.schema)
        self._claims.forget(load_id)
        super().close_writers(load_id, skip_flush=skip_flush)

    def _flush(self, key: tuple[str, str, str], batch: Batch) -> None:
        if not batch.rows:
            return
        records = batch.taken()
        if batch.ground.names.active:
            records = kept_apart(records, batch.ground)
        try:
            with _no_collection():
                made, refused = sorted_out(records, batch)
                batch.remember_empty(made)
                batch.ground.losses.refused(made)
                tables = [(one.name, _with_empty(one)) for one in made]
                if refused:
                    tables.append(quarantine.table_of(refused, batch.ground))
                if isinstance(records, list):
                    records.clear()  # before the collector could look through them in vain
        except Unsure as unsure:
            self._leave(key, batch, records, unsure)
        else:
            self._write(key, batch, tables)
            if refused:
                tell(Quarantined(batch.ground.resource, time.monotonic(), len(refused), tables[-1][0]))

    def _leave(self, key: tuple[str, str, str], batch: Batch, records: Records, unsure: Unsure) -> None:
        """Write records for dlt to judge."""
        if batch.departures.quarantine:
            text = f"`quarantine` has no effect: {unsure}"
            tell(Noted(batch.ground.resource, time.monotonic(), text))
        super().write_data_item(*key, kept_apart(records, batch.ground), _NO_COLUMNS)
        batch.written.add(key[2])

    def _write(self, key: tuple[str, str, str], batch: Batch, tables: Iterable[tuple[str, pa.Table]]) -> None:
        load_id, schema_name, _ = key
        for name, made in tables:
            table = as_now(self._tables, (load_id, schema_name, name), made, batch.ground.widener)
            stored = batch.ground.stored(name)
            # dlt begins another file when there are more of them: those without a type yet must not count.
            columns = {column: stored[column] for column in table.column_names}
            self._tables.write_data_item(load_id, schema_name, name, table, columns)
            self._tallies.add(batch.ground, name, table)
            batch.ground.losses.count(name, table, stored)
            batch.written.add(name)

    def _settle(self, key: tuple[str, str, str], batch: Batch) -> None:
        """Write empty tables where no row tells the destination what must happen.

        A table whose rows were all dropped by a contract is not replaced without a file, nor do its new
        columns reach the destination; and no row has the columns that are kept without ever having a value.
        """
        owed = [*batch.ground.owed(batch.written), *self._kept_empty(batch)]
        owed = [name for name in owed if not is_too_long(name)]
        self._write(key, batch, [(name, batch.ground.no_rows(name)) for name in owed])
        self._tallies.settle(batch.ground, own_ids=batch.by_dlt)

    @staticmethod
    def _kept_empty(batch: Batch) -> list[str]:
        """The tables that get columns that never had a value."""
        kind = batch.departures.empty_columns
        made = list(keep_empty(batch.ground, batch.empty, kind)) if kind else []
        for table, columns in made:
            text = f"never had a value, and kept as {kind}: {', '.join(f'{table}.{one}' for one in columns)}"
            tell(Noted(batch.ground.resource, time.monotonic(), text))
        return [table for table, _ in made]


def tables_of(records: Records, batch: Batch) -> list[Shaped]:
    """The tables of a batch, by dlt's own normaliser where shaping is not sure.

    Raises:
        Unsure: dlt refuses a record.
    """
    try:
        return remembered(cast_or_shaped(records, batch), batch.ground.widener)
    except Unsure:
        batch.by_dlt = True
        batch.ground.losses.look(plain(records), batch.ground.table)
        rows = kept_apart(records, batch.ground)
        tables = batch.ground.normalized(rows)
        if any(is_too_long(one.name) for one in tables):
            raise Unsure(UNNAMED) from None
        return remembered(tables, batch.ground.widener)


def sorted_out(records: Records, batch: Batch) -> tuple[list[Shaped], list[Refused]]:
    """The tables of the records that dlt takes, and where there is a quarantine, the records that it refuses.

    Raises:
        Unsure: dlt refuses a record, and there is no quarantine; or it takes records apart but not together.
    """
    if not batch.departures.quarantine:
        return tables_of(records, batch), []
    if not quarantine.lacking(batch.ground):
        with suppress(Unsure):
            shaped_ones = cast_or_shaped(records, batch)
            if not quarantine.unfit(shaped_ones, batch.ground):
                return remembered(shaped_ones, batch.ground.widener), []
    tables: list[Shaped] = []
    refused: list[Refused] = []
    for part in quarantine.sifted(kept_apart(records, batch.ground), batch.ground):
        if isinstance(part, quarantine.Refused):
            refused.append(part)
        else:  # the schema learns from these before what follows them is judged
            tables += tables_of(part, batch)
    return tables, refused


def cast_or_shaped(records: Records, batch: Batch) -> list[Shaped]:
    """The tables of a batch, by the mould of those before it where it fits.

    Where a contract has refused something, each record is looked at: a mould knows nothing of contracts.

    Raises:
        Unsure: the batch must go by rows. The schema has learnt nothing.
    """
    if batch.ground.has_refused():
        batch.remember(None)
        return shaped(plain(records), batch.ground)
    if batch.mould is not None:
        with suppress(Unfit):
            tables = cast_in(records, batch.mould, batch.ground)
            batch.misfits = 0
            return tables
    tables = shaped(plain(records), batch.ground)
    if batch.hopeful() and not batch.ground.has_refused():
        batch.misfits += 1
        batch.remember(_remoulded(batch, tables[0].sheet))
    return tables


def _remoulded(batch: Batch, sheet: Sheet | None) -> Mould | None:
    """A mould for what was shaped, too; None where there is none, or no use in trying."""
    if sheet is None or not batch.hopeful():
        return None
    with suppress(Unfit):
        mould = mould_of(sheet, batch.ground)
        return joined(batch.mould, mould, batch.ground) if batch.mould else mould
    return None


def shaped(records: Sequence[Json], ground: Ground) -> list[Shaped]:
    """The tables of a batch; the schema learns what it lacks for them.

    Lessons are tried on a twin of the schema first. What they teach may show that more records hold news, or
    that an earlier one does; the schema has to hear of all of them in the records' order.

    Raises:
        Unsure: the batch must go by rows. The schema has learnt nothing.
    """
    if set(map(type, records)) != {dict}:
        raise Unsure("a record is no object")
    try:
        return shape(records, ground)
    except Lesson as lesson:
        news = set(lesson.records)
    except RecursionError:
        raise Unsure("a record is nested too deeply") from None
    for _ in range(_LESSONS):
        student = ground.twin()
        student.learn([records[number] for number in sorted(news)])
        try:
            tables = shape(records, student)
        except Lesson as lesson:
            if news.issuperset(lesson.records):  # it has heard of them and has not learnt
                break
            news.update(lesson.records)
            continue
        missed = _missed(tables, student, ground)
        if missed <= news:
            ground.learn([records[number] for number in sorted(news)])
            return tables
        news |= missed
    raise Unsure("the schema does not take up what the records hold")


def _missed(tables: Sequence[Shaped], student: Ground, ground: Ground) -> set[int]:
    """The records in which columns that the student has learnt begin."""
    return {
        number
        for one in tables
        for number in one.first_records(student.columns(one.name).keys() - ground.columns(one.name).keys())
    }


def _with_empty(one: Shaped) -> pa.Table:
    """The table, telling dlt which columns it would have if they had ever had a value."""
    if not one.empty:
        return one.table
    return one.table.replace_schema_metadata({"dlt.null_columns": orjson.dumps(one.empty)})


@contextmanager
def _no_collection() -> Iterator[None]:
    """Shaping makes no cycles but many containers, which would only set off the garbage collector."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
