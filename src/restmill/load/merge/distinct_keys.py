"""A proof that no key comes twice, so that the destination need not sort all rows to find out.

Before dlt's merge by delete-insert moves rows out of the staging tables, it numbers those of each key, and
nested ones of each row id, to keep one. dlt's hint `x-stage-data-deduplicated` leaves that out; ADR 10 has
the figures. The proof has two halves:

- While rows are written, their keys are kept; at the end they are sorted, and no two neighbours are equal.
- When dlt makes the merge, the staging tables hold as many rows as were written: each once, and no others.

So rows that came some other way, of another resource, or twice because a load was interrupted, break the
second half. Where a half is missing, dlt deduplicates. The proof lives in this process until the first
attempt to load its package is over; in the stored schema, the hint would outlive it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.configuration.container import Container
from dlt.common.schema.utils import get_columns_names_with_prop
from dlt.common.storages.load_package import LoadPackageStateInjectableContext

from restmill.load import dlt_patches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.schema.typing import TTableSchema
    from dlt.destinations.job_client_impl import SqlJobClientBase

    from restmill.load.schema.live import Ground

_MOST_BYTES = 64 * 1024 * 1024
"""Of the keys of all tables of an extract step together; 8 million integers."""
_DESTINATIONS = frozenset({"duckdb", "motherduck", "postgres"})
"""Those to which two texts are the same only if their bytes are."""
_TYPES: Mapping[str, pa.DataType] = {"bigint": pa.int64(), "text": pa.string()}
"""Types of key columns that no destination above changes on the way in."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Of one root table and those nested in it: what was written, no key of the root twice."""

    keys: frozenset[str]
    """The columns of the key."""
    rows: Mapping[str, int]
    """By table."""

    def is_of_key(self, root: TTableSchema) -> bool:
        """Whether the root table still has the key that was looked at."""
        return self.keys == set(get_columns_names_with_prop(root, "primary_key"))


_proofs: dict[tuple[str, str], Proof] = {}
"""By load id and root table."""


@dataclass(slots=True)
class _Tally:
    rows: Counter[str] = field(default_factory=Counter)
    keys: list[pa.Table] | None = field(default_factory=list)
    """None: given up."""
    size: int = 0

    def give_up(self) -> None:
        self.keys, self.size = None, 0


class Tallies:
    """What an extract step has written so far: rows by table, and the keys."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], _Tally] = {}

    def add(self, ground: Ground, name: str, table: pa.Table) -> None:
        """Count the rows of `table`, which are written to `name`, and keep the keys of the root table."""
        tally = self._open.setdefault((ground.load_id, ground.table), _Tally())
        tally.rows[name] += table.num_rows
        if name != ground.table or tally.keys is None:
            return
        keys = _keys_of(table, ground.schema.tables[name])
        if keys is None or (tally.keys and keys.schema != tally.keys[0].schema):
            tally.give_up()
            return
        tally.keys.append(keys)
        tally.size += keys.nbytes
        if sum(one.size for one in self._open.values()) > _MOST_BYTES:
            tally.give_up()

    def settle(self, ground: Ground, *, own_ids: bool) -> None:
        """All has been written: where no key came twice, remember that until the load.

        Not with `own_ids`: rows may have brought their ids, then nested ones need not differ in them.
        """
        tally = self._open.pop((ground.load_id, ground.table), None)
        if own_ids or tally is None or not tally.keys:
            return
        keys = pa.concat_tables(tally.keys)
        if not repeats(keys):
            _proofs[ground.load_id, ground.table] = Proof(frozenset(keys.column_names), tally.rows)


def repeats(keys: pa.Table) -> bool:
    """Whether any two rows (rows x key columns, without nulls) are equal."""
    if not _in_order(keys):
        keys = keys.sort_by([(name, "ascending") for name in keys.column_names])
    same = [pc.equal(column[1:], column[:-1]) for column in keys.columns]
    return bool(pc.any(reduce(pc.and_, same)).as_py())


def _in_order(keys: pa.Table) -> bool:
    """Whether there is one column and it never falls: equal keys are neighbours without a sorted copy."""
    column = keys.column(0)
    return keys.num_columns == 1 and bool(pc.all(pc.greater_equal(column[1:], column[:-1])).as_py())


def proven(client: SqlJobClientBase, chain: Sequence[PreparedTableSchema]) -> bool:
    """Whether no key stands twice in the staging tables of a root table and those nested in it.

    Asked while dlt makes the merge, in the context of the package that is being loaded.
    """
    container = Container()
    if LoadPackageStateInjectableContext not in container:
        return False
    package = container[LoadPackageStateInjectableContext]
    names = [str(table["name"]) for table in chain]
    proof = _proofs.get((package.load_id, names[0]))
    if proof is None or client.config.destination_type not in _DESTINATIONS:
        return False
    if not proof.is_of_key(cast("TTableSchema", chain[0])):
        return False
    jobs = package.storage.list_all_jobs_with_states(package.load_id)
    if any(state == "failed_jobs" or job.retry_count for state, job in jobs):
        return False
    return _staged(client, names) == tuple(proof.rows.get(name, 0) for name in names)


def proofs_of(client: SqlJobClientBase, load_id: str) -> Mapping[str, Proof]:
    """What is known of the root tables of a package, where the destination tells keys apart as we do."""
    if client.config.destination_type not in _DESTINATIONS:
        return {}
    return {root: proof for (package, root), proof in _proofs.items() if package == load_id}


def forget(load_id: str) -> None:
    """The first attempt to load the package is over; after another one, rows may be staged twice."""
    for key in [key for key in _proofs if key[0] == load_id]:
        del _proofs[key]


def _keys_of(table: pa.Table, stored: TTableSchema) -> pa.Table | None:
    """The key columns (rows x key columns); None where equal keys could not be told by them."""
    strategy = cast("Mapping[str, Any]", stored).get("x-merge-strategy")
    if stored.get("write_disposition") != "merge" or strategy not in {None, "delete-insert"}:
        return None
    names = get_columns_names_with_prop(stored, "primary_key", include_incomplete=True)
    columns = [stored["columns"][name] for name in names]
    if not names or any(column.get("precision") is not None for column in columns):
        return None  # PostgreSQL cuts spaces off that exceed the length of a text
    for column in columns:
        kind = _TYPES.get(str(column.get("data_type")))
        if kind is None or table.schema.field(column["name"]).type != kind:
            return None
    keys = table.select(names).replace_schema_metadata(None)
    return None if any(column.null_count for column in keys.columns) else keys


def _staged(client: SqlJobClientBase, names: Sequence[str]) -> tuple[int, ...] | None:
    """How many rows each staging table holds; None where that cannot be found out."""
    places = [client.sql_client.get_qualified_table_names(name)[1] for name in names]
    query = "SELECT " + ", ".join(f"(SELECT count(*) FROM {place})" for place in places)  # noqa: S608  # names of the schema's
    try:
        with client:
            rows = client.sql_client.execute_sql(query)
    except Exception:  # noqa: BLE001  # of any driver; the merge, which comes next, says so if it lasts
        return None
    return tuple(rows[0]) if rows else None


dlt_patches.prepare_load(proven, forget)
