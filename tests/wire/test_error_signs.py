"""Signs of errors in an envelope: what is one, what is none, and what is never looked at or shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.path import Path
from restmill.wire.errors.envelopes import held
from restmill.wire.errors.signs import Usual, error_alone, sign_of_error

if TYPE_CHECKING:
    from restmill.path import Json

DATA = Path("data")
SCALARS = st.none() | st.booleans() | st.integers(-10, 1000) | st.text(max_size=12)
NAMES = st.sampled_from(
    ["ok", "success", "status", "code", "error", "errors", "message", "state", "result", "meta", "total", "x"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
ENVELOPES = st.dictionaries(NAMES, VALUES, max_size=5)


def what(document: Json, usual: Usual | None = None, rows: int = 0, place: Path = DATA) -> str:
    """What the sign says; "" for none."""
    sign = sign_of_error(document, place, usual or Usual(), rows)
    return sign.what if sign else ""


@given(ENVELOPES, VALUES)
def test_records_are_never_looked_at(envelope: Json, record: Json) -> None:
    bare = {**envelope, "data": []}
    full = {**envelope, "data": [record]}
    assert what(full) == what(bare)
    assert what({**envelope, "data": {"error": record}}) == what({**envelope, "data": None})


@given(ENVELOPES)
def test_scalars_that_stay_are_no_sign(envelope: Json) -> None:
    flat = {key: one for key, one in envelope.items() if not isinstance(one, dict | list)}
    document = {**flat, "data": []}
    assert what(document, Usual().with_page(document, DATA)) == ""


@given(ENVELOPES, ENVELOPES, st.integers(0, 3))
def test_any_envelope_can_be_judged_and_no_text_is_shown(usual: Json, envelope: Json, rows: int) -> None:
    secret = "s3cret-text"
    known = Usual().with_page({**usual, "data": [1]}, DATA)
    found = what({**envelope, "message": secret, "error": secret, "data": []}, known, rows)
    assert secret not in found
    assert found


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"code": 429}, "`code: 429`"),
        ({"meta": {"code": 500}}, "`meta.code: 500`"),
        ({"ok": False}, "`ok: false`"),
        ({"success": "false"}, '`success: "false"`'),
        ({"status": "error"}, '`status: "error"`'),
        ({"status": "NO_LUCK_AT_ALL ERROR"}, "`status`"),
        ({"errors": [{"message": "x"}]}, "`errors`"),
        ({"error": "x"}, "`error`"),
        ({"error": {"code": 7}}, "`error`"),
        ({"code": 40001}, "`code: 40001`"),
    ],
)
def test_a_sign_names_its_key_and_shows_numbers_and_flags_only(document: Json, said: str) -> None:
    assert what({**document, "data": []}) == said


def test_a_flip_says_what_was_before() -> None:
    usual = Usual().with_page({"code": 0, "data": [1]}, DATA)
    assert what({"code": 7, "data": []}, usual) == "`code: 7` (0 before)"


def test_what_moves_on_pages_with_rows_is_no_flip() -> None:
    usual = Usual().with_page({"code": 1, "data": [1]}, DATA).with_page({"code": 2, "data": [1]}, DATA)
    assert what({"code": 3, "data": []}, usual) == ""


THINGS: list[Json] = [
    {"id": 7, "status": "failed", "data": []},
    {"id": 7, "name": "job", "state": "error", "data": [1]},
    {"name": "job", "result": "FAILURE", "message": "exit 1", "data": []},
]


@pytest.mark.parametrize("thing", THINGS, ids=str)
def test_a_thing_that_has_the_list_as_its_part_has_a_status_of_its_own(thing: Json) -> None:
    assert what(thing, rows=len(thing["data"])) == ""


def test_an_error_of_such_a_thing_is_not_sure() -> None:
    sign = sign_of_error({"id": 7, "error": "boom", "data": [1]}, DATA, Usual(), 1)
    assert sign is not None
    assert not sign.sure


@pytest.mark.parametrize(
    "beside",
    [
        {"failures": [{"test": "a"}]},
        {"exceptions": ["2026-01-01"]},
        {"user": {"status": "rejected"}},
        {"last_sync": {"error": "timeout"}},
        {"status": "failed"},
        {"message": "error in line 3"},
        {"code": 404},
        {"title": "Errors of today"},
        {"warnings": ["x"]},
        {"result": 0},
    ],
    ids=str,
)
def test_what_may_be_data_beside_rows_is_no_sign(beside: Json) -> None:
    assert what({**beside, "data": [1]}, rows=1) == ""


@pytest.mark.parametrize(
    "record",
    [
        {"id": 1, "name": "a", "error": None},
        {"id": 1, "status": "failed", "type": "job", "description": "an error"},
        {"message": "Hello world"},
        {"status": "ok"},
        {"status": "healthy", "version": 3},
        {"success": True, "message": "created"},
        {},
        {"total": 3, "error": "x"},
    ],
    ids=str,
)
def test_records_that_are_no_errors(record: Json) -> None:
    sign = error_alone(record)
    assert sign is None or not sign.sure


@pytest.mark.parametrize(
    ("selector", "document", "kind"),
    [
        ("data", {"data": []}, "a list"),
        ("data", {"data": None}, "null"),
        ("data", {}, "nothing"),
        ("data.items", {"data": None}, "nothing"),
        ("data", {"data": "x"}, "a text"),
        ("data", {"data": {}}, "an empty object"),
        ("data[*].x", {"data": [{}]}, "a list"),
        ("data.items[*]", {"data": {"items": {"a": 1}}}, "an object"),
        ("$", [], "a list"),
        ("$", False, "true or false"),
    ],
)
def test_what_is_where_the_records_were(selector: str, document: Json, kind: str) -> None:
    assert held(document, Path(selector)) == kind


@pytest.mark.parametrize(
    ("document", "busy"),
    [
        ({"code": 429}, True),
        ({"error": {"code": 503}}, True),
        ({"error": "Rate limit exceeded"}, True),
        ({"error": "page out of range"}, False),
        ({"code": 404}, False),
    ],
    ids=str,
)
def test_whether_the_server_could_not_answer_now(document: Json, busy: bool) -> None:
    sign = sign_of_error({**document, "data": []}, DATA, Usual(), 0)
    assert sign is not None
    assert sign.busy is busy


@pytest.mark.parametrize(
    ("flag", "before", "seen"),
    [
        ("sucesso", True, True),
        ("aborted", False, True),
        ("has_prev", False, False),
        ("fin_empty", False, False),
    ],
)
def test_a_flag_that_flips_on_an_empty_page_is_a_sign_in_any_language(
    flag: str, before: bool, seen: bool
) -> None:
    usual = Usual()
    for _ in range(2):
        usual = usual.with_page({"data": [{"id": 1}], flag: before}, Path("data"))
    assert bool(sign_of_error({"data": [], flag: not before}, Path("data"), usual, 0)) == seen
    assert sign_of_error({"data": [], flag: before}, Path("data"), usual, 0) is None


@pytest.mark.parametrize(
    ("key", "before", "after", "seen"),
    [
        ("typ", "liste", "fehler", True),
        ("результат", "хорошо", "ошибка", True),
        ("object", "list", "error", True),
        ("day", "2026-11-28", "2026-11-29", False),  # no word
        ("token", "a8f3e", "b7c2d", False),
        ("typ", "liste", "done", False),
    ],
)
def test_a_word_that_stood_on_all_pages_and_is_another_on_an_empty_one(
    key: str, before: str, after: str, seen: bool
) -> None:
    once = Usual().with_page({"data": [{"id": 1}], key: before}, Path("data"))
    twice = once.with_page({"data": [{"id": 2}], key: before}, Path("data"))
    assert bool(sign_of_error({"data": [], key: after}, Path("data"), twice, 0)) == seen
