"""Records of rows: made again from the rows that were to be loaded, for what the destination has refused.

When a destination refuses a row, the record as the API sent it is long gone. So it is kept as its columns
have it: fields have the names of columns, objects are spread over them (`address__city`), and lists of nested
rows stand where they came from. A column without a value is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlt.common.schema.utils import get_first_column_name_with_prop

if TYPE_CHECKING:
    from collections.abc import Container

    from restmill.load.refused.job_files import Records
    from restmill.load.schema.live import Ground
    from restmill.path import Json


def records_of_rows(records: Records, wanted: Container[int], ground: Ground) -> list[tuple[int, Json]]:
    """Those of the records that are wanted, each with its number; in the order of their root rows."""
    made: list[tuple[int, Json]] = []
    by_id: dict[tuple[str, Json], dict[str, Any]] = {}
    for file in records.files:
        stored = ground.schema.tables[file.table]
        above = stored.get("parent")
        for number, row in file.rows(wanted, stored["columns"]):
            record = _own(row, ground)
            by_id[file.table, row[ground.system.row_id]] = record
            if not above:
                made.append((number, record))
                continue
            link = str(get_first_column_name_with_prop(stored, "parent_key"))
            field = file.table.removeprefix(above + ground.schema.naming.PATH_SEPARATOR)
            by_id[above, row[link]].setdefault(field, []).append(_bare(record, ground))
    return made


def _own(row: Json, ground: Ground) -> dict[str, Any]:
    """What is the record's own in a row."""
    ours = ground.system.linking()
    return {name: value for name, value in row.items() if name not in ours and value is not None}


def _bare(record: dict[str, Any], ground: Ground) -> Json:
    """The element of a list: of one of plain values, the value."""
    value = ground.system.value
    return record[value] if record.keys() == {value} else record
