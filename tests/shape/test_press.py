"""The press: a page that it takes gives what decoding gives; any other it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from restmill.path import Path
from restmill.shape.cast import Fields, Hollow, Mould, Plain, Rows
from restmill.shape.page_parser import Press, joined
from restmill.shape.records import Pressed, plain
from restmill.shape.schema_view import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPES = {
    "id": "bigint",
    "name": "text",
    "at": "timestamp",
    "size": "double",
    "open": "bool",
    "price": "decimal",
    "address__city": "text",
}
FORM = Fields(
    {
        **{name: Plain(name, valued=True) for name in ("id", "name", "at", "size", "open")},
        "never": Plain("never", valued=False),
        "hollow": Hollow(),
        "address": Fields({"city": Plain("address__city", valued=True)}),
        "tags": Rows("things__tags", Plain("value", valued=True)),
        "parts": Rows("things__parts", Fields({"id": Plain("id", valued=True)})),
    }
)
FULL = {
    "id": 1,
    "name": "a",
    "at": "2024-01-02T03:04:05Z",
    "size": 1.5,
    "open": True,
    "never": None,
    "hollow": [],
    "address": {"city": "Łódź"},
    "tags": ["x", "y"],
    "parts": [{"id": 7}, {"id": None}],
}


class Rules:
    """As much of `Rules` as the press asks for."""

    def columns(self, table: str) -> Mapping[str, Column]:
        types = {**TYPES, "value": "text"} if table == "things" else {"value": "text", "id": "bigint"}
        return {name: Column(name, kind, pa.null(), nullable=True) for name, kind in types.items()}


def ready(selector: str = "data", like: Any = None, fields: Fields = FORM) -> Press:
    """A press that has seen one page."""
    press = Press()
    press.form(Mould("things", fields), Rules())  # type: ignore[arg-type]  # see there
    press.begin(Path(selector))
    press.learn({"data": [FULL], "total": 5, "next": "x"} if like is None else like)
    return press


def pressed(press: Press, body: bytes) -> Any:
    return press.documents([body])[0]


def page(*records: Any, **around: Any) -> bytes:
    return orjson.dumps({"data": records, "total": 5, "next": "x", **around})


def test_a_page_comes_out_as_decoding_would_have_it() -> None:
    body = page(FULL, {"id": 2}, {"parts": None, "id": 3, "address": None, "tags": []})
    document = pressed(ready(), body)
    records = document.pop("data")
    assert document == {"total": 5, "next": "x"}
    assert isinstance(records, Pressed)
    assert (len(records), records.size) == (3, len(body))
    assert records.column("id") == [1, 2, 3]
    assert records.array[0].as_py() == FULL
    assert records.record(-1)()["id"] == 3
    assert list(records) == orjson.loads(body)["data"]
    assert records[1] == {"id": 2}
    assert records.array[1].as_py() == dict.fromkeys(FULL) | {"id": 2}


def test_several_pages_at_once_are_the_same_as_one_by_one() -> None:
    press, bodies = ready(), [page(FULL), page(), page({"id": 2}, {"id": 3}, total=6)]
    together = press.documents(bodies)
    assert [plain(one["data"]) for one in together] == [orjson.loads(body)["data"] for body in bodies]
    assert [one["total"] for one in together] == [5, 5, 6]
    whole = joined([one["data"] for one in together])
    assert whole.column("id") == [1, 2, 3]
    assert list(whole) == [FULL, {"id": 2}, {"id": 3}]
    assert whole.size == sum(map(len, bodies))


def test_one_page_that_does_not_fit_leaves_the_others_pressed() -> None:
    documents = ready().documents([page(FULL), page({"id": "x"}), page({"id": 2})])
    assert [document is None for document in documents] == [False, True, False]


@pytest.mark.parametrize(
    "record",
    [
        b'{"id":1,"new":2}',
        b'{"id":1,"id":1}',
        b'{"id":1.0}',
        b'{"id":9223372036854775808}',
        b'{"id":"1"}',
        b'{"id":true}',
        b'{"name":1}',
        b'{"name":"\\ud800"}',
        b'{"name":"\\u0000"}',
        b'{"name":"\xff"}',
        b'{"size":1e400}',
        b'{"size":NaN}',
        b'{"size":9007199254740993}',
        b'{"size":"1.5"}',
        b'{"size":false}',
        b'{"never":0}',
        b'{"hollow":[1]}',
        b'{"hollow":[null,null]}',
        b'{"address":"x"}',
        b'{"address":{"zip":1}}',
        b'{"tags":"x"}',
        b'{"tags":[["x"]]}',
        b'{"parts":[{"id":1,"x":null}]}',
        b"null",
        b"1",
        b"[]",
        b'{"id":1}]} {"data":[{"id":2}',
        b'{"id":1}],"data":[{"id":2}',
        b'{"id":01}',
        b'{"id":1',
    ],
)
def test_what_python_may_read_otherwise_is_left_to_it(record: bytes) -> None:
    assert pressed(ready(), b'{"data":[{"id":1},%b],"total":5,"next":"x"}' % record) is None


@pytest.mark.parametrize(
    "body", [b"", b" ", b"null", b"<html>", b'{"data":null,"total":1,"next":"x"}', b"[]"]
)
def test_what_is_no_such_page_is_left_to_python(body: bytes) -> None:
    assert pressed(ready(), body) is None


def test_null_around_the_records_is_not_told_from_missing_by_the_press() -> None:
    press = ready(like={"data": [], "total": 1, "next": "x", "error": None, "meta": {"a": [{"b": 1}]}})
    whole = {"total": 1, "next": "x", "error": None, "meta": {"a": [{"b": 1}]}}
    assert pressed(press, page(**whole)) is not None
    assert pressed(press, page(**{**whole, "error": "x"})) is None
    assert pressed(press, page(**{**whole, "next": None})) is None
    assert pressed(press, page(**{**whole, "meta": {}})) is None
    assert pressed(press, page(**{**whole, "meta": {"a": [{"b": None}]}})) is None
    press.learn(orjson.loads(page(**{**whole, "error": "x", "meta": {"a": [], "c": 1}})))
    assert pressed(press, page(**{**whole, "error": "y", "meta": {"a": [], "c": 2}})) is not None


def test_records_may_lie_deeper_or_be_the_whole_document() -> None:
    deep = pressed(ready("a.b", {"a": {"b": [], "n": 1}, "c": 2}), b'{"c":3,"a":{"n":4,"b":[{"id":1}]}}')
    assert (deep["c"], deep["a"]["n"], list(deep["a"]["b"])) == (3, 4, [{"id": 1}])
    whole = pressed(ready("$", [FULL]), b'[{"id":1},\n {"id":2}]')
    assert list(whole) == [{"id": 1}, {"id": 2}]


def test_nothing_is_pressed_before_enough_is_known_or_after_too_many_misfits() -> None:
    assert pressed(Press(), page(FULL)) is None
    press = ready()
    for _ in range(5):
        assert pressed(press, page({"id": "x"})) is None
    assert pressed(press, page(FULL)) is None


def test_misfits_in_between_do_no_harm() -> None:
    press = ready()
    for _ in range(9):
        assert pressed(press, page({"id": "x"})) is None
        assert pressed(press, page(FULL)) is not None


@pytest.mark.parametrize(
    "like", [{"data": [], "total": 1, "x": 1}, {"data": [], "total": "1"}, {"data": [], "x": [1, "a"]}]
)
def test_what_stands_around_may_change_its_kind(like: Any) -> None:
    press = ready(like=like)
    press.learn({"data": [], "total": 5, "next": "x"})
    document = pressed(press, page(FULL))
    assert document is None or document["total"] == 5


@pytest.mark.parametrize("kind", ["decimal", "json", "unknown"])
def test_columns_of_other_types_are_not_pressed(kind: str) -> None:
    name = {"decimal": "price", "json": "raw", "unknown": "nowhere"}[kind]
    assert pressed(ready(fields=Fields({name: Plain(name, valued=True)})), page()) is None


def test_no_mould_no_press() -> None:
    press = ready()
    press.form(None, Rules())  # type: ignore[arg-type]  # see there
    assert pressed(press, page(FULL)) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from([*FORM.forms, "city", "x"]), inner, max_size=2)
    ),
    max_leaves=5,
)
fitting = st.fixed_dictionaries(
    {},
    optional={
        "id": st.none() | st.integers(-(2**63), 2**63 - 1),
        "name": st.none() | st.text(max_size=5),
        "size": st.none() | st.floats(-1e15, 1e15) | st.integers(-(2**53) + 1, 2**53 - 1),
        "open": st.none() | st.booleans(),
        "hollow": st.none() | st.just([]),
        "address": st.none() | st.fixed_dictionaries({}, optional={"city": st.none() | st.text(max_size=2)}),
        "tags": st.none() | st.lists(st.none() | st.text(max_size=3), max_size=3),
        "parts": st.none() | st.lists(st.fixed_dictionaries({"id": st.integers(0, 9)}), max_size=3),
    },
)


@given(
    records=st.lists(fitting, max_size=4)
    | st.lists(fitting | st.dictionaries(st.sampled_from([*TYPES, "x"]), anything), max_size=4),
    ascii_only=st.booleans(),
)
def test_whatever_is_pressed_is_what_was_written(records: list[Any], *, ascii_only: bool) -> None:
    import json  # noqa: PLC0415  # the text that servers in Python send, NaN included

    try:
        body = json.dumps({"data": records, "total": 1, "next": ""}, ensure_ascii=ascii_only).encode()
    except UnicodeError:
        return
    document = pressed(ready(), body)
    event("pressed" if document else "left")
    if document is None:
        assert not all(_fits(record) for record in records)
        return
    assert [_written(one) for one in document["data"].array.to_pylist()] == [_written(one) for one in records]
    assert repr(list(document["data"])) == repr(records)


def _fits(record: Any) -> bool:
    return record.keys() <= FORM.forms.keys() and all(
        value is None
        or (name in {"id", "size"} and type(value) is int and abs(value) < 2**53)
        or (name == "open" and type(value) is bool)
        for name, value in record.items()
    )


def _written(value: Any) -> Any:
    """The value without nulls, numbers as fractions where the column holds fractions."""
    if isinstance(value, dict):
        return {
            key: float(one) if key == "size" else _written(one)
            for key, one in value.items()
            if one is not None
        }
    return [_written(one) for one in value] if isinstance(value, list) else value
