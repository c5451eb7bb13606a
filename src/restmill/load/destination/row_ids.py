"""The row ids in a file of a load package: what tells its rows from all others in the table.

dlt gives each row an id of chance, `_dlt_id`, before it writes it, so a file knows the rows that it brings.
All formats are read that dlt writes for DuckDB and PostgreSQL.
"""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

from dlt.common.storages import FileStorage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_VALUE = re.compile(r"(?:E?'(?:[^'\\]|''|\\.)*+'|[^,'])++", re.DOTALL)
"""A value in a list of them, as dlt writes literals: texts with doubled quotes and escaped backslashes."""
_ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r", None: "'"}


def ids_in(path: str, file_format: str, column: str) -> list[str] | None:
    """The values of the `column` of ids in the file at `path`; None where there are none to be read."""
    read = _READERS.get(file_format)
    return None if read is None else read(path, column)


def _of_parquet(path: str, column: str) -> list[str] | None:
    import pyarrow.parquet as pq  # noqa: PLC0415  # whoever has such files has it

    if column not in pq.read_schema(path).names:
        return None
    found: list[str] = pq.read_table(path, columns=[column])[column].to_pylist()
    return found


def _of_inserts(path: str, column: str) -> list[str] | None:
    names, rows = literals_in(path)
    if column not in names:
        return None
    place = names.index(column)
    return [_value(row[place]) for row in rows]


def literals_in(path: str) -> tuple[list[str], Iterator[list[str]]]:
    """The columns and the rows, as literals of SQL, of a file with values to be inserted.

    It is `INSERT INTO {}("a","b")`, `VALUES`, and a row in each further line; of any other form, no columns.
    """
    rows = _lines(path)
    names = next(rows)
    return names, rows if names else iter(())


def _lines(path: str) -> Iterator[list[str]]:
    """The names of the columns, and then the literals of each row."""
    with FileStorage.open_zipsafe_ro(path, "r", encoding="utf-8") as file:
        header = file.readline().strip()
        names = [name.strip('"`[]') for name in header[header.index("(") + 1 : -1].split(",")]
        yield names if file.readline() == "VALUES\n" else []
        for line in file:
            row = line.strip("\n").rstrip(",;")
            if row:
                yield _VALUE.findall(row[1:-1])


def text_of(literal: str) -> str | None:
    """The text that a literal stands for, of whatever type it is; None for null."""
    return None if literal == "NULL" else _value(literal)


def _value(literal: str) -> str:
    text = literal.removeprefix("E").removeprefix("'").removesuffix("'")
    return _ESCAPED.sub(lambda pair: _MEANT.get(pair[1], pair[1]), text)


def _of_lines(path: str, column: str) -> list[str] | None:
    with FileStorage.open_zipsafe_ro(path, "r", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file if line.strip()]
    return [row[column] for row in rows] if all(column in row for row in rows) else None


def _of_csv(path: str, column: str) -> list[str] | None:
    with FileStorage.open_zipsafe_ro(path, "r", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        return [row[column] for row in rows] if column in (rows.fieldnames or ()) else None


_READERS: Mapping[str, Callable[[str, str], list[str] | None]] = {
    "parquet": _of_parquet,
    "insert_values": _of_inserts,
    "jsonl": _of_lines,
    "csv": _of_csv,
}
