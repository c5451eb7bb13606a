"""What is said of rows that the config's destination would not treat as asked, before a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill.config.check.check import check
from restmill.plan.destinations import DESTINATIONS
from restmill.plan.dispositions import Asked, impossible, outcome, outcomes
from tests.plan.planning import notes, planned, tree

if TYPE_CHECKING:
    from restmill.path import Json

MERGE: dict[str, Json] = {"write_disposition": "merge", "primary_key": "id"}


KEYED = {"id": {"primary_key": True}}


def by(strategy: str, **options: Json) -> dict[str, Json]:
    return {"write_disposition": {"disposition": "merge", "strategy": strategy, **options}}


def users(**hints: Json) -> dict[str, Json]:
    return {"name": "users", "endpoint": "users", **MERGE, **hints}


def column(**flags: Json) -> dict[str, Json]:
    return {"columns": {"gone": flags}}


def refusals(destination: Json, **hints: Json) -> list[tuple[str, str]]:
    config = check(tree(users(**hints), pipeline={"destination": destination} if destination else {}))
    return [(one.place.path, one.what) for one in impossible(config)]


@pytest.mark.parametrize(
    ("destination", "hints", "what"),
    [
        ("filesystem", {}, "`merge` is not possible in plain `filesystem` tables"),
        ("dlt.destinations.filesystem", {}, "`merge` is not possible in plain `filesystem` tables"),
        ("filesystem", {"file_format": "parquet"}, "`merge` is not possible in plain `filesystem` tables"),
        ("filesystem", {"table_format": "native"}, "`merge` is not possible in plain `filesystem` tables"),
        ("filesystem", {"table_format": "hive"}, "no tables of the format `hive`"),
        ("filesystem", {"table_format": "hive", "write_disposition": "append"}, "no tables of the format"),
        ("filesystem", {"table_format": "delta", **by("scd2")}, "strategy `scd2` is not possible"),
        ("filesystem", {"table_format": "delta", **by("delete-insert")}, "strategy `delete-insert`"),
        ("filesystem", {"table_format": "iceberg", **by("cdc")}, "strategy `cdc` is not possible"),
        ("filesystem", {"table_format": "delta", "primary_key": None}, "tells rows by `primary_key`"),
        ("filesystem", {"table_format": "delta", "primary_key": None, "merge_key": "day"}, "`primary_key`"),
        ("filesystem", {"table_format": "iceberg", **by("upsert", skip_unchanged_rows=True)}, "`skip_unch"),
        (None, {"write_disposition": "skip"}, "dlt loads no records with `skip`"),
        ("filesystem", {"write_disposition": {"disposition": "skip"}}, "dlt loads no records with `skip`"),
        ("athena", {}, "`merge` is not possible in plain `athena` tables"),
        ("athena", {"table_format": "hive"}, "tables of the format `hive`"),
        ("athena", {"table_format": "delta"}, "`merge` is not possible in plain `athena` tables"),
        ("redshift", by("upsert"), "strategy `upsert` is not possible in `redshift`"),
        ("clickhouse", by("insert-only"), "strategy `insert-only` is not possible in `clickhouse`"),
        ("sqlalchemy", by("cdc"), "strategy `cdc` is not possible in `sqlalchemy`"),
        ("weaviate", by("delete-insert"), "strategy `delete-insert` is not possible in `weaviate`"),
        ("qdrant", {"primary_key": None}, "tells rows by `primary_key`"),
        ("lance", by("insert-only"), "strategy `insert-only` is not possible in `lance`"),
        ("lancedb", by("upsert", source_filter="a > 1"), "`source_filter` is not possible"),
        ("postgres", {**by("upsert"), "primary_key": None}, "`upsert`, which was asked for"),
        (None, {**by("insert-only"), "primary_key": None}, "`insert-only`, which was asked for"),
    ],
)  # fmt: skip
def test_what_the_destination_would_not_do_is_refused(
    destination: str | None, hints: dict[str, Json], what: str
) -> None:
    found = refusals(destination, **hints)
    assert [path for path, _ in found] == ["resources[0].write_disposition"]
    assert what in found[0][1]


@pytest.mark.parametrize(
    ("destination", "hints"),
    [
        ("filesystem", {"write_disposition": "append"}),
        ("filesystem", {"write_disposition": "replace"}),
        ("filesystem", {"write_disposition": None}),
        ("filesystem", {"write_disposition": lambda _: "merge"}),
        ("filesystem", {"table_format": lambda _: "delta"}),
        ("filesystem", {"table_format": "delta"}),
        ("filesystem", {"table_format": "iceberg"}),
        ("filesystem", {"table_format": "delta", **by("insert-only")}),
        ("filesystem", {"table_format": "delta", **by("cdc")}),
        ("filesystem", {"table_format": "delta", "primary_key": None, "columns": KEYED}),
        ("filesystem", {"table_format": "delta", "primary_key": None, "columns": lambda _: {}}),
        ("filesystem", {"on_unsupported_merge": "append"}),
        ("filesystem", {"on_unsupported_merge": "append", **by("scd2")}),
        ("redshift", {"on_unsupported_merge": "append", **by("upsert")}),
        ("athena", {"table_format": "iceberg", **by("scd2")}),
        ("somewhere_of_mine", by("scd2")),
        ("duckdb", {"primary_key": None}),
        *((name, {}) for name in DESTINATIONS if name not in {"filesystem", "athena"}),
    ],
)  # fmt: skip
def test_what_it_does_is_not(destination: str, hints: dict[str, Json]) -> None:
    assert refusals(destination, **hints) == []


def test_a_nested_table_with_a_disposition_of_its_own_is_judged_too() -> None:
    hints = {"nested_hints": {"labels": {"write_disposition": "merge", "primary_key": "id"}}}
    found = refusals("filesystem", write_disposition="append", **hints)
    assert [path for path, _ in found] == ["resources[0].nested_hints.labels.write_disposition"]


@pytest.mark.parametrize(
    ("destination", "hints", "note"),
    [
        ("filesystem", {"on_unsupported_merge": "append"}, "rows are appended, as `on_unsupported_merge`"),
        ("filesystem", {"table_format": "delta", "merge_key": "day"}, "`merge_key` has no effect"),
        ("filesystem", {"table_format": "iceberg", **column(hard_delete=True)}, "`hard_delete` deletes no"),
        ("filesystem", {"table_format": "delta", **column(dedup_sort="asc")}, "`dedup_sort` has no effect"),
        ("qdrant", column(hard_delete=True), "`hard_delete` deletes no rows"),
        ("duckdb", {"table_format": "delta"}, "`table_format: delta` has no effect in `duckdb`"),
        ("duckdb", {**by("scd2"), **column(hard_delete=True)}, "`hard_delete` deletes no rows"),
        ("duckdb", {**by("insert-only"), **column(hard_delete=True)}, "`hard_delete` deletes no rows"),
        ("duckdb", {**by("upsert"), **column(dedup_sort="desc")}, "`dedup_sort` has no effect"),
        ("duckdb", {"write_disposition": "append", **column(hard_delete=True)}, "only `merge` deletes rows"),
        ("duckdb", {"write_disposition": "replace", **column(dedup_sort="asc")}, "only `merge` drops"),
    ],
)  # fmt: skip
def test_what_has_no_effect_is_a_note(destination: str, hints: dict[str, Json], note: str) -> None:
    plan = planned(users(**hints), pipeline={"destination": destination})
    found = [
        one.outcome for one in outcomes(check(tree(users(**hints), pipeline={"destination": destination})))
    ]
    assert [not one.as_asked for one in found] == [True]
    assert any(note in text for text in found[0].notes)
    assert plan.resource("users").appends_unmerged is ("on_unsupported_merge" in hints)


@pytest.mark.parametrize(
    "hints",
    [
        column(hard_delete=True),
        column(dedup_sort="desc"),
        {**by("upsert"), **column(hard_delete=True)},
        {**by("cdc"), **column(hard_delete=True)},
        {"merge_key": "day"},
        by("scd2"),
        {**by("scd2"), "primary_key": None},
        {**by("delete-insert", destination_scope="a > 1"), "primary_key": None},
    ],
)
def test_what_works_needs_no_note(hints: dict[str, Json]) -> None:
    assert [one.outcome.as_asked for one in outcomes(check(tree(users(**hints))))] == [True]


def test_a_function_decides_for_itself() -> None:
    function = DESTINATIONS["destination"]
    for disposition in ("merge", "replace"):
        found = outcome(function, Asked(disposition))
        assert found.really == "handed to the function"
        assert found.refusal == ""


def test_the_merge_without_a_key_is_told_once() -> None:
    plan = planned(users(primary_key=None), pipeline={"destination": "duckdb"})
    assert sum("every run adds its rows again" in text for text in notes(plan, "users")) == 1
