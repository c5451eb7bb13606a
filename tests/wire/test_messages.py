"""Lists of messages around the records: which of them say that something went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill.wire.errors.messages import is_bad, speaks_up, told, warns

if TYPE_CHECKING:
    from restmill.path import Json

WARN: list[Json] = [
    "3 shards failed to answer",
    ["backend 3: timeout exceeded"],
    [{"severity": "WARNING", "code": "HR-2207", "text": "Result list was cut; 13 entries were left out"}],
    [{"TYPE": "A", "ID": "RT", "NUMBER": "128", "MESSAGE": "no more storage space available"}],
    [{"TYPE": "S", "MESSAGE": "done"}, {"TYPE": "E", "MESSAGE": "plant 3 was left out"}],
    [{"MSGTYP": "W", "MSGTEXT": "not all plants were read"}],
    [{"severity": "error", "diagnostics": "index unavailable"}],
    [{"level": "Critical", "message": "x"}],
    [{"kind": "remark", "message": "the export was truncated"}],
    {"level": "warn", "msg": "replica is behind"},
]
QUIET: list[Json] = [
    "all is well",
    "timeout",  # one word may be the name of anything
    [],
    None,
    7,
    [{"TYPE": "S", "NUMBER": "000", "MESSAGE": "Selection carried out"}],
    [{"severity": "information", "diagnostics": "All OK"}],
    [{"type": "E", "id": 7}],  # no text: something that goes with the records
    [{"title": "The warning", "author": "x"}],  # no grade
    [{"text": "a", "type": "W"}, {"id": 1}],
    {"level": "info", "msg": "cached"},
]


@pytest.mark.parametrize("value", WARN, ids=str)
def test_a_list_of_messages_warns(value: Json) -> None:
    assert warns(value)


@pytest.mark.parametrize("value", QUIET, ids=str)
def test_others_do_not(value: Json) -> None:
    assert not warns(value)


@pytest.mark.parametrize(
    ("value", "speaks"),
    [
        ([{"schwere": "FEHLER", "text": "Mandant 300 nicht erreichbar, Liste unvollständig"}], True),
        (["データ が 見つかりません でした"], True),
        ([{"kod": 7, "mesaj": "sunucu hata verdi, liste eksik"}], True),
        ([{"id": 7, "title": "The war of the worlds"}], False),
        ([{"user_id": 7, "bio": "I like to sail"}], False),
        ([{"text": "fertig"}], False),
        ([], False),
        ("a text of its own", False),
    ],
)
def test_a_sentence_speaks_up(value: Json, *, speaks: bool) -> None:
    assert speaks_up(value) is speaks


def test_grades_are_told_by_key_and_joined() -> None:
    found = told([{"TYPE": "S", "MESSAGE": "a", "X": 1}, {"TYPE": "E", "MESSAGE": "b"}, "c"])
    assert list(found) == [("TYPE", "E, S")]
    assert list(told({"TYPE": "S", "MESSAGE": "a"})) == []


@pytest.mark.parametrize(
    ("grade", "bad"),
    [("S", False), ("I", False), ("A", True), ("E, S", True), ("warning", True), ("0", False)],
)
def test_a_grade_is_bad(grade: str, *, bad: bool) -> None:
    assert is_bad(grade) is bad
