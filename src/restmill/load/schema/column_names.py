"""What fills which column is remembered in dlt's schema, as a hint of the root table, and said in notes.

The schema is what comes back in the next run, wherever that is, and goes with the table when that is dropped.
"""

from __future__ import annotations

import time
from copy import deepcopy
from typing import TYPE_CHECKING, cast

from restmill.events import Noted
from restmill.run.observers import tell
from restmill.shape.records import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlt.common.schema import Schema

    from restmill.load.schema.live import Ground
    from restmill.path import Json
    from restmill.shape.column_names import Holders, Moved
    from restmill.shape.records import Records

HINT = "x-restmill-fields"


def remembered(schema: Schema, table: str) -> Holders:
    """Which fields fill the columns of a root table and those nested in it, as far as was decided."""
    stored = cast("Mapping[str, Json]", schema.tables.get(table) or {})
    return cast("Holders", deepcopy(stored.get(HINT) or {}))


def remember(ground: Ground) -> None:
    """Keep what has been decided for the next run."""
    if ground.names.holders:
        cast("dict[str, Json]", ground.schema.tables[ground.table])[HINT] = ground.names.holders


def kept_apart(records: Records, ground: Ground) -> list[Json]:
    """The records, no two fields of which become one column; what has to change for that is noted."""
    made = ground.names.apart(plain(records))
    for moved in ground.names.news():
        tell(Noted(ground.resource, time.monotonic(), _text(moved)))
    return made


def _text(moved: Moved) -> str:
    where = f"the table `{moved.name}`" if moved.is_list else f"the column `{moved.name}`"
    holder = moved.holder[1:] if moved.is_list else moved.holder
    others = f"with `{'.'.join(holder)}`" if holder else "which dlt fills"
    late = f"; rows from before may have it in `{moved.shared}`" if moved.late else ""
    return (
        f"the field `{'.'.join(moved.keys)}` of `{moved.table}` stands in {where}: by dlt's naming it "
        f"would share `{moved.shared}`, {others}{late}"
    )
