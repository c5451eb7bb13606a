"""What cannot be used costs its own resource: the others load, and what is put right is read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill import sync
from restmill.errors import ApiError, CodeError, DestinationError, RestmillError, Unusable
from restmill.load.failures.dlt_errors import explained
from restmill.load.source import rest_api_source
from tests.load.api import of, rows
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.path import Json
    from restmill.run.receipt.receipt import Receipt

Config = dict[str, Any]
CURSOR = {"cursor_path": "at", "initial_value": "2000-01-01"}


class Mistake:
    """The user's own code, which raises for the thirteenth record until it is put right."""

    def __init__(self) -> None:
        self.healed = False

    def look(self, record: Json) -> None:
        if record["id"] == 13 and not self.healed:
            raise KeyError("s3cret of a record")

    def map(self, record: Json) -> Json:
        self.look(record)
        return record

    def filter(self, record: Json) -> bool:
        self.look(record)
        return True

    def yield_map(self, record: Json) -> Iterator[Json]:
        self.look(record)
        yield record

    def hook(self, response: Any, *_: Any, **__: Any) -> None:
        for record in response.json()["data"]:
            self.look(record)


KINDS = ("map", "filter", "yield_map")


def things(**more: Json) -> Config:
    endpoint = {"path": "/things", **more.pop("endpoint", {})}
    return {"name": "things", "endpoint": endpoint, **more}


def shelf() -> Shelf:
    return Shelf(things=records(25, at="2024-01-01"), others=records(5))


def read(own: Shelf, *resources: Json, on_error: Any = "isolate", **defaults: Json) -> Receipt:
    return sync(own.config(*resources, **defaults), on_error=on_error, pipeline_name="p", dataset_name="d")


def counted(table: str) -> tuple[int, int]:
    """Rows, and ids among them."""
    with dlt.attach("p", destination="duckdb", dataset_name="d").sql_client() as client:
        ((count, ids),) = client.execute_sql(f"SELECT count(*), count(DISTINCT id) FROM {table}") or ()  # noqa: S608
        return count, ids


@pytest.mark.parametrize("columnar", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_that_raises_costs_the_record(kind: str, columnar: bool) -> None:
    own, mistake = shelf(), Mistake()
    step = {kind: getattr(mistake, kind)}
    one = things(processing_steps=[step], columnar=columnar)
    receipt = read(own, one, "others")
    seen = of(receipt, "things")
    assert (seen.verdict, receipt.exit_code) == ("partial", 3)
    assert seen.reason.startswith(f"1 record left out: a `{kind}` step raised KeyError at {__file__}:")
    assert "s3cret" not in str(receipt)
    assert (counted("things"), counted("others")) == ((24, 24), (5, 5))
    mistake.healed = True
    assert read(own, one, "others").verdict == "complete"
    assert counted("things") == (25, 25)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("disposition", ["append", "merge", "replace"])
@pytest.mark.parametrize("order", ["asc", None])
def test_its_cursor_stays_and_nothing_is_doubled(kind: str, disposition: str, order: str | None) -> None:
    own, mistake = shelf(), Mistake()
    own.lists["/things"] = [{"id": number, "at": f"2024-01-{number:02}"} for number in range(1, 26)]
    cursor = CURSOR | ({"row_order": order} if order else {})
    steps = [{kind: getattr(mistake, kind)}]
    one = things(processing_steps=steps, endpoint={"incremental": cursor})
    seen = of(read(own, one, "others", write_disposition=disposition), "things")
    assert seen.verdict == "partial"
    assert any("the cursor stays" in note for note in seen.notes)
    mistake.healed = True
    assert of(read(own, one, "others", write_disposition=disposition), "things").verdict == "complete"
    assert counted("things") == (25, 25)


def test_a_step_that_raises_for_all_leaves_a_table_that_would_be_replaced() -> None:
    own = shelf()
    read(own, things(), "others", write_disposition="replace")
    one = things(processing_steps=[{"map": lambda record: record["no"]}])
    seen = of(read(own, one, "others", write_disposition="replace"), "things")
    assert (seen.verdict, seen.withheld) == ("partial", True)
    assert seen.reason.startswith("25 records left out")
    assert counted("things") == (25, 25)


@pytest.mark.parametrize("kind", KINDS)
def test_with_raise_a_step_names_resource_and_place(kind: str) -> None:
    one = things(processing_steps=[{kind: getattr(Mistake(), kind)}])
    with pytest.raises(CodeError) as caught:
        read(shelf(), one, "others", on_error="raise")
    assert caught.value.problem.place.file == __file__
    assert caught.value.problem.what.startswith("this code raised KeyError while `things` was read")
    assert not dlt.attach("p").has_pending_data


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("on_error", ["isolate", None])
def test_a_step_added_to_a_source_in_a_pipeline_of_ones_own(kind: str, on_error: str | None) -> None:
    config = shelf().config(things(), "others", **({"on_error": on_error} if on_error else {}))
    config.pop("pipeline")
    source = rest_api_source(config)
    getattr(source.resources["things"], f"add_{kind}")(getattr(Mistake(), kind))
    pipeline = dlt.pipeline("p", destination="duckdb", dataset_name="d")
    if on_error:
        pipeline.run(source)
        assert (counted("things"), counted("others")) == ((24, 24), (5, 5))
    else:
        with pytest.raises(PipelineStepFailed) as caught:
            pipeline.run(source)
        assert isinstance(explained(caught.value), CodeError)


def test_a_hook_that_raises_costs_its_read() -> None:
    own, mistake = shelf(), Mistake()
    one = things(endpoint={"response_actions": [mistake.hook]})
    receipt = read(own, one, "others")
    seen = of(receipt, "things")
    assert (seen.verdict, receipt.exit_code) == ("partial", 3)
    assert f"code of yours raised KeyError at {__file__}:" in seen.reason
    assert "s3cret" not in str(receipt)
    assert counted("others") == (5, 5)
    mistake.healed = True
    assert read(own, one, "others").verdict == "complete"
    assert counted("things") == (25, 25)


def test_with_raise_a_hook_names_resource_and_place() -> None:
    with pytest.raises(CodeError) as caught:
        read(shelf(), things(endpoint={"response_actions": [Mistake().hook]}), "others", on_error="raise")
    assert caught.value.problem.place.file == __file__
    assert "while `things` was read" in caught.value.problem.what


def test_a_conversion_of_the_cursor_that_raises_costs_its_resource() -> None:
    def convert(_value: Json) -> Json:
        raise ValueError("no")

    one = things(endpoint={"incremental": {**CURSOR, "start_param": "since", "convert": convert}})
    receipt = read(shelf(), one, "others")
    seen = of(receipt, "things")
    assert seen.verdict == "partial"
    assert f"ValueError at {__file__}:" in seen.reason
    assert counted("others") == (5, 5)


def deep(levels: int, *, lists: bool) -> Json:
    made: Json = 1
    for _ in range(levels):
        made = [made] if lists else {"d": made}
    return made


@pytest.mark.parametrize("columnar", [True, False])
@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize("levels", [260, 400, 900])
def test_a_record_that_is_nested_too_deeply_costs_itself(levels: int, lists: bool, columnar: bool) -> None:
    own = shelf()
    own.lists["/things"][12] = {"id": 13, "v": deep(levels, lists=lists)}  # type: ignore[index]
    one = things(columnar=columnar, max_table_nesting=2)
    seen = of(read(own, one, "others"), "things")
    assert seen.verdict == "partial"
    assert seen.reason == "1 record left out: nested more than 250 levels deep"
    assert (counted("things"), counted("others")) == ((24, 24), (5, 5))
    own.lists["/things"] = records(25)
    assert read(own, one, "others").verdict == "complete"
    assert counted("things") == (25, 25)


def test_a_record_that_is_just_not_too_deep_is_a_row() -> None:
    own = shelf()
    own.lists["/things"][12] = {"id": 13, "v": deep(249, lists=False)}  # type: ignore[index]
    assert read(own, things(max_table_nesting=2), "others").verdict == "complete"
    assert counted("things") == (25, 25)


def test_a_map_may_take_away_what_is_too_deep() -> None:
    own = shelf()
    own.lists["/things"][12] = {"id": 13, "v": deep(300, lists=True)}  # type: ignore[index]
    one = things(processing_steps=[{"map": lambda record: {"id": record["id"]}}])
    assert read(own, one, "others").verdict == "complete"
    assert counted("things") == (25, 25)


@pytest.mark.parametrize("columnar", [True, False])
def test_with_a_quarantine_what_is_too_deep_is_kept_there(columnar: bool) -> None:
    own = shelf()
    own.lists["/things"][12] = {"id": 13, "v": deep(300, lists=True)}  # type: ignore[index]
    receipt = read(own, things(quarantine=True, columnar=columnar), "others")
    assert (of(receipt, "things").verdict, of(receipt, "things").quarantined) == ("suspect", 1)
    assert rows(receipt, "SELECT count(*) FROM things__quarantine") == [(1,)]


def test_with_raise_what_is_too_deep_ends_the_run_with_its_resource() -> None:
    own = shelf()
    own.lists["/things"][12] = {"id": 13, "v": deep(300, lists=True)}  # type: ignore[index]
    with pytest.raises(Unusable) as caught:
        read(own, things(), "others", on_error="raise")
    assert str(caught.value.problem.place) == "things  extract"
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("bad", ["a\nb", "\u20ac", "a\x01b"])
def test_a_value_that_no_header_can_hold_costs_its_read(bad: str) -> None:
    own = shelf()
    own.lists |= {
        "/things": [{"id": n, "h": bad if n == 13 else "ok"} for n in range(1, 26)],
        "/kids": records(1),
    }
    kids = {"name": "kids", "endpoint": {"path": "/kids", "headers": {"X": "{resources.things.h}"}}}
    receipt = read(own, things(), kids, "others")
    assert of(receipt, "kids").verdict == "partial"
    assert "1 of 25 reads failed: kids GET http://shelf.test/kids: the header `X` holds" in (
        of(receipt, "kids").reason
    )
    assert of(receipt, "others").verdict == of(receipt, "things").verdict == "complete"
    with pytest.raises(ApiError, match="the header `X` holds"):
        read(own, things(), kids, "others", on_error="raise")


UNJUDGED = {"missing": {"id": 13}, "null": {"id": 13, "at": None}, "other type": {"id": 13, "at": 7}}


@pytest.mark.parametrize("case", UNJUDGED)
def test_with_raise_a_record_that_the_cursor_cannot_judge_names_resource_and_field(case: str) -> None:
    own = shelf()
    own.lists["/things"][12] = UNJUDGED[case]  # type: ignore[index]
    with pytest.raises(Unusable) as caught:
        read(own, things(endpoint={"incremental": CURSOR}), "others", on_error="raise")
    assert str(caught.value.problem.place) == "things  extract"
    assert "`at`" in caught.value.problem.what


FROZEN: dict[str, tuple[Config, list[Json]]] = {
    "tables, a new one": ({"schema_contract": {"tables": "freeze"}}, []),
    "all, a new one": ({"schema_contract": "freeze"}, []),
    "columns": ({"schema_contract": {"columns": "freeze"}}, [{"id": 13, "new": 1}]),
    "tables, a nested one": (
        {"schema_contract": {"tables": "freeze"}},
        [{"id": 13, "parts": [{"p": 1}]}],
    ),
    "a hint for a new column": (
        {"schema_contract": {"columns": "freeze"}, "columns": {"hinted": {"data_type": "text"}}},
        [{"id": 13, "hinted": "x"}],
    ),
    "data_type": (
        {"schema_contract": {"data_type": "freeze"}},
        [{"id": "thirteen"}],
    ),
}


@pytest.mark.parametrize("columnar", [True, False])
@pytest.mark.parametrize("disposition", ["append", "merge"])
@pytest.mark.parametrize("case", FROZEN)
def test_a_frozen_contract_costs_its_own_table(case: str, disposition: str, columnar: bool) -> None:
    contract, bad = FROZEN[case]
    own = Shelf(things=records(25), others=records(5))
    settings = {"write_disposition": disposition}
    before = 0
    if bad:  # the table is there before
        read(own, things(columnar=columnar), "others", **settings)
        before = 25
        own.lists["/things"] = [*records(12, 101), *bad, *records(12, 114)]
    with pytest.raises(DestinationError) as caught:
        read(own, things(columnar=columnar, **contract), "others", **settings)
    problem = caught.value.problem
    assert "`things" in problem.what + problem.got
    assert "The other tables are loaded" in problem.hint
    assert "thirteen" not in str(problem)
    assert counted("others")[1] == 5
    assert not dlt.attach("p").has_pending_data
    if bad:
        assert counted("things") == (25, 25)
    own.lists["/things"] = records(25, 101)
    assert read(own, things(columnar=columnar), "others", **settings).verdict == "complete"
    assert counted("things") == (before + 25, before + 25)


@pytest.mark.parametrize("case", FROZEN)
def test_with_raise_a_frozen_contract_names_its_table(case: str) -> None:
    contract, bad = FROZEN[case]
    own = Shelf(things=records(25), others=records(5))
    if bad:
        read(own, things(), "others")
        own.lists["/things"] = [*records(12, 101), *bad, *records(12, 114)]
    with pytest.raises(RestmillError) as caught:
        read(own, things(**contract), "others", on_error="raise")
    assert "`things" in caught.value.problem.what
    assert "schema contract" in caught.value.problem.what
    assert caught.value.exit_code == 5
    assert not dlt.attach("p").has_pending_data


def test_a_frozen_contract_withholds_what_the_cursor_reads_again() -> None:
    """Children are appended only when the cursor of their parent moves."""
    own = shelf()
    own.lists["/kids"] = records(2)
    kids = {"name": "kids", "endpoint": {"path": "/kids", "params": {"of": "{resources.things.id}"}}}
    one = things(endpoint={"incremental": CURSOR})
    with pytest.raises(DestinationError):
        read(
            own, {**one, "schema_contract": {"tables": "freeze"}}, kids, "others", write_disposition="append"
        )
    receipt = read(own, one, kids, "others", write_disposition="append")
    assert receipt.verdict == "complete"
    assert counted("things") == (25, 25)
    assert counted("kids")[0] == 50
