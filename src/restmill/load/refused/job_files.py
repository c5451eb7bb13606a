"""The files of a root table in a load package, and of those nested in it, seen as records.

A record is a root row with all rows that hang on it, in whatever file they lie. Rows are linked by the ids
that dlt has given them. Files of the formats are read that dlt writes for DuckDB and PostgreSQL by itself:
Parquet, and lists of values to be inserted.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlt.common.schema.typing import C_DLT_ID
from dlt.common.schema.utils import get_first_column_name_with_prop, get_nested_tables
from dlt.common.storages import FileStorage
from dlt.common.storages.load_package import ParsedLoadJobFileName

from restmill.load.destination.row_ids import ids_in, literals_in, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dlt.common.schema import Schema
    from dlt.common.schema.typing import TTableSchemaColumns

    from restmill.path import Json

_FORMATS = ("parquet", "insert_values")
_GZIP = ".gz"


@dataclass(frozen=True, slots=True)
class JobFile:
    """One file; row `n` has the id `ids[n]` and belongs to the record `owners[n]`."""

    path: Path
    table: str
    ids: Sequence[str]
    owners: Sequence[int]

    @property
    def format(self) -> str:
        """Dlt's name of its format."""
        return ParsedLoadJobFileName.parse(self.path.name).file_format

    def ids_of(self, records: Container[int]) -> list[str]:
        """The ids of the rows of these records."""
        return [one for one, owner in zip(self.ids, self.owners, strict=True) if owner in records]

    def copy(self, target: Path, keep: Callable[[int], bool]) -> None:
        """Write those rows to `target` whose record is to be kept."""
        kept = [keep(owner) for owner in self.owners]
        if self.format == "parquet":
            _copy_parquet(self.path, target, kept)
        else:
            _copy_inserts(self.path, target, kept)

    def rows(self, records: Container[int], columns: TTableSchemaColumns) -> Iterator[tuple[int, Json]]:
        """The rows of these records as objects, each with the number of its record."""
        kept = [owner in records for owner in self.owners]
        owners = [owner for owner, keep in zip(self.owners, kept, strict=True) if keep]
        found = _of_parquet(self.path, kept) if self.format == "parquet" else _of_inserts(self.path, kept)
        for owner, row in zip(owners, found, strict=True):
            yield owner, {name: _meant(value, columns.get(name, {})) for name, value in row.items()}


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a root table in a package."""

    files: Sequence[JobFile]
    """Those of a table before those of tables nested in it."""
    count: int


def records_in(paths: Iterable[Path], schema: Schema, root: str) -> Records | None:
    """The records of the root table in these files; None where rows cannot be told apart or linked."""
    by_table: dict[str, list[Path]] = {}
    for path in sorted(paths):
        by_table.setdefault(ParsedLoadJobFileName.parse(path.name).table_name, []).append(path)
    numbers: dict[str, dict[str, int]] = {}
    files: list[JobFile] = []
    for table in get_nested_tables(schema.tables, root):
        name, above = str(table["name"]), table.get("parent")
        known = numbers.setdefault(name, {})
        for path in by_table.get(name, []):
            link = get_first_column_name_with_prop(table, "parent_key") if above else None
            one = _file(path, name, schema.naming.normalize_identifier(C_DLT_ID))
            owners = None if one is None else _owners(one, known, link, numbers.get(above or "", {}))
            if one is None or owners is None:
                return None
            files.append(JobFile(path, name, one.ids, owners))
            known.update(zip(one.ids, owners, strict=True))
    return Records(files, len(numbers[root])) if numbers[root] else None


def _file(path: Path, table: str, key: str) -> JobFile | None:
    job = ParsedLoadJobFileName.parse(path.name)
    if job.file_format not in _FORMATS:
        return None
    ids = ids_in(str(path), job.file_format, key)
    return None if ids is None else JobFile(path, table, ids, ())


def _owners(
    one: JobFile, known: dict[str, int], link: str | None, above: Mapping[str, int]
) -> list[int] | None:
    """The record of each row: a new one for a root row, else that of the row above."""
    if link is None:
        return [known.setdefault(row, len(known)) for row in one.ids]
    links = ids_in(str(one.path), one.format, link)
    if links is None or any(row not in above for row in links):
        return None
    return [above[row] for row in links]


def _copy_parquet(source: Path, target: Path, kept: Sequence[bool]) -> None:
    import pyarrow as pa  # noqa: PLC0415  # whoever has such files has it
    import pyarrow.parquet as pq  # noqa: PLC0415  # same

    pq.write_table(pq.read_table(source).filter(pa.array(kept, pa.bool_())), target)


def _of_parquet(source: Path, kept: Sequence[bool]) -> Iterable[Mapping[str, Any]]:
    import pyarrow as pa  # noqa: PLC0415  # whoever has such files has it
    import pyarrow.parquet as pq  # noqa: PLC0415  # same

    rows: list[dict[str, Any]] = pq.read_table(source).filter(pa.array(kept, pa.bool_())).to_pylist()
    return rows


def _copy_inserts(source: Path, target: Path, kept: Sequence[bool]) -> None:
    """The two lines of a header, and rows with a comma between them and a semicolon behind the last."""
    opened = gzip.open if target.suffix == _GZIP else open
    with (
        FileStorage.open_zipsafe_ro(str(source), "r", encoding="utf-8") as lines,
        opened(target, "wt", encoding="utf-8") as copy,
    ):
        copy.write(lines.readline() + lines.readline())
        between = ""
        rows = (line.rstrip("\n") for line in lines if line.strip("\n"))
        for row, keep in zip(rows, kept, strict=True):
            if keep:
                copy.write(between + row.rstrip(",;"))
                between = ",\n"
        copy.write(";" if between else "")


def _of_inserts(source: Path, kept: Sequence[bool]) -> Iterator[Mapping[str, Any]]:
    names, rows = literals_in(str(source))
    for row, keep in zip(rows, kept, strict=True):
        if keep:
            yield {name: text_of(one) for name, one in zip(names, row, strict=True)}


def _meant(value: Any, column: Mapping[str, Any]) -> Json:
    """What a value in a file stands for, as JSON has it; texts where JSON has no such type."""
    if value is None or not isinstance(value, str):
        return value if isinstance(value, bool | int | float | None) else str(value)
    try:
        match column.get("data_type"):
            case "bigint" | "json":
                return json.loads(value)
            case "double":
                return float(value)
            case "bool":
                return value.casefold() == "true"
            case _:
                return value
    except ValueError:
        return value


def moved(source: Path, folder: Path) -> None:
    """Move a file into a folder, over one of the same name, at once."""
    source.replace(folder / source.name)
