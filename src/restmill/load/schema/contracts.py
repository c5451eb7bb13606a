"""Schema contracts: which new columns of a table they would let in, asked before a value comes for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlt.common.schema import Schema
    from dlt.common.schema.typing import TTableSchema


def let_in(schema: Schema, table: str, columns: Mapping[str, Any]) -> TTableSchema | None:
    """A known table with those of some new columns that its contract lets in; None where that is none."""
    partial = cast("Any", {**schema.tables[table], "columns": dict(columns)})
    contract = schema.resolve_contract_settings_for_table(table)
    allowed, _ = schema.apply_schema_contract(contract, partial, raise_on_freeze=False)
    return allowed if allowed and allowed["columns"] else None
