"""Cases: every hint of a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.parity.case import PAGED, Case, Config, many, one, resource
from tests.parity.cases_incremental import GROWN

if TYPE_CHECKING:
    from collections.abc import Callable


def _hinted(path: str = "v1/users", **hints: Any) -> Callable[[str], Config]:
    return lambda api: one(api, path, paginator=PAGED, **hints)


def _model(**keys: Any) -> Callable[[str], Config]:
    def config(api: str) -> Config:
        from tests.parity import models  # noqa: PLC0415  # Pydantic may be missing

        return one(api, "v1/users", paginator=PAGED, columns=models.User, **keys)

    return config


def _by_role(row: Config) -> str:
    return f"users_{row['role']}"


def _merged(**keys: Any) -> Callable[[str], Config]:
    return _hinted("v1/feature_flags", **{"write_disposition": "merge", **keys})


def _defaults(api: str) -> Config:
    config = many(api, "users", resource("tasks", "tasks", primary_key="title", write_disposition="replace"))
    config["client"]["base_url"] = f"{api}/v1"
    config["resource_defaults"] = {
        "primary_key": "id",
        "write_disposition": "merge",
        "table_format": "native",
        "max_table_nesting": 1,
        # One page: titles repeat, and repeats on several pages would be looked into.
        "endpoint": {"params": {"sort": "id"}, "paginator": PAGED | {"limit": 500}},
    }
    return config


_BY_ID: Config = {"id": {"data_type": "text"}, "name": {"nullable": False}, "extra": {"data_type": "bigint"}}
_PRECISE = [
    {"name": "id", "data_type": "decimal", "precision": 10, "scale": 2},
    {"name": "email", "unique": True, "description": "An address"},
    {
        "name": "created_at",
        "data_type": "timestamp",
        "precision": 3,
        "timezone": False,
        "sort": True,
        "partition": True,
    },
    {"name": "preferences__language", "data_type": "text", "x-own": "kept"},
]
_SCD2 = {"disposition": "merge", "strategy": "scd2"}
_REFERENCE = {"columns": ["id"], "referenced_table": "others", "referenced_columns": ["id"]}
_NESTED: Config = {
    "environments": {"columns": {"enabled": {"name": "enabled", "data_type": "text"}}},
}
_FROZEN = {"tables": "evolve", "columns": "discard_value", "data_type": "evolve"}
_TWICE: Config = {"runs": 2, "between": GROWN}

CASES = (
    Case("columns as dict", _hinted(columns=_BY_ID)),
    Case("columns as list", _hinted(columns=_PRECISE)),
    Case("columns as Pydantic model", _model(), needs=("pydantic",)),
    Case(
        "columns as Pydantic model with a contract",
        _model(schema_contract={"columns": "discard_value"}),
        needs=("pydantic",),
    ),
    Case(
        "columns with keys",
        _hinted(
            columns={"id": {"primary_key": True}, "email": {"merge_key": True}}, write_disposition="merge"
        ),
        **_TWICE,
    ),
    Case(
        "columns hard_delete and dedup_sort",
        _merged(
            primary_key="status",
            columns={"enabled": {"hard_delete": True}, "updated_at": {"dedup_sort": "desc"}},
        ),
        **_TWICE,
    ),
    Case(
        "columns as function",
        lambda api: one(
            api,
            "v1/users",
            paginator=PAGED,
            table_name=_by_role,
            columns=lambda row: {f"only_{row['role']}": {"data_type": "text"}},
        ),
    ),
    Case("primary_key", _hinted(primary_key="id")),
    Case("primary_key of two columns", _hinted(primary_key=["id", "email"])),
    Case(
        "primary_key as function",
        _hinted(table_name=_by_role, primary_key=lambda row: "id" if row["active"] else "email"),
    ),
    Case("merge_key", _merged(merge_key="status"), **_TWICE),
    Case("write_disposition append", _hinted(write_disposition="append"), **_TWICE),
    Case("write_disposition replace", _hinted(write_disposition="replace"), **_TWICE),
    Case("write_disposition skip", _hinted(write_disposition="skip"), fails=True),
    Case("write_disposition merge without key", _merged(), **_TWICE),
    Case("write_disposition merge with nested tables", _merged(primary_key="id"), **_TWICE),
    Case(
        "write_disposition upsert",
        _merged(primary_key="id", write_disposition={"disposition": "merge", "strategy": "upsert"}),
        **_TWICE,
    ),
    Case("write_disposition scd2", _hinted(write_disposition=_SCD2), **_TWICE),
    Case(
        "write_disposition scd2 with options",
        _hinted(
            write_disposition={
                **_SCD2,
                "validity_column_names": ["_dlt_valid_a", "_dlt_valid_b"],
                "active_record_timestamp": "9999-12-31",
            },
            merge_key="id",
        ),
        **_TWICE,
    ),
    Case(
        "write_disposition delete-insert, deduplicated",
        _merged(primary_key="id", write_disposition={"disposition": "merge", "strategy": "delete-insert"}),
        **_TWICE,
    ),
    Case(
        "write_disposition as function",
        _hinted(table_name=_by_role, write_disposition=lambda row: "replace" if row["active"] else "append"),
    ),
    Case(
        "write_disposition of the run",
        _hinted(primary_key="id"),
        run={"write_disposition": "merge"},
        **_TWICE,
    ),
    Case("table_name", _hinted(table_name="people")),
    Case("table_name as function", _hinted(table_name=_by_role)),
    Case(
        "table_name shared by two resources",
        lambda api: many(
            api,
            resource("a", "v1/users", table_name="all", paginator=PAGED),
            resource("b", "v1/projects", table_name="all", paginator=PAGED),
        ),
    ),
    Case("schema_contract as word", _hinted(schema_contract="evolve")),
    Case("schema_contract as dict", _hinted("v1/resource", schema_contract=_FROZEN), **_TWICE),
    Case(
        "schema_contract freeze",
        _hinted(
            "v1/configurations",
            columns={"value": {"data_type": "bigint"}},
            schema_contract={"data_type": "freeze"},
        ),
        fails=True,
    ),
    Case("nested_hints", _hinted("v1/feature_flags", nested_hints=_NESTED)),
    Case("max_table_nesting 0", _hinted("v1/feature_flags", max_table_nesting=0)),
    Case("max_table_nesting 1", _hinted("v1/feature_flags", max_table_nesting=1)),
    Case(
        "selected",
        lambda api: many(
            api,
            resource("users", "v1/users", selected=False),
            resource("tasks", "v1/tasks", selected=True),
            paginator=PAGED,
        ),
    ),
    Case(
        "parallelized",
        lambda api: many(
            api,
            *(resource(name, f"v1/{name}", parallelized=True) for name in ("users", "tasks", "events")),
            paginator=PAGED,
        ),
    ),
    Case("references", _hinted(references=[_REFERENCE])),
    Case("file_format", _hinted(file_format="jsonl")),
    Case("file_format parquet", _hinted("v1/feature_flags", file_format="parquet")),
    Case("table_format", _hinted(table_format="native")),
    Case("resource_defaults", _defaults, **_TWICE),
    *(
        Case(f"every {kind} record", _hinted(f"v1/{kind}"), {"rows": 40, "default_limit": 40})
        for kind in ("configurations", "resource", "feature_flags", "projects", "tasks", "users", "events")
    ),
)
