"""Receipts on disk: whole or not at all, bounded, and readable by versions that know less or more."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.run.receipt import archive
from restmill.run.receipt.receipt import Evidence, Failure, Receipt

USERS = Evidence("users", "suspect", "why", rows=7, total=9, notes=("a", "b"), requests=3)
MADE = Receipt(
    "flags",
    "duckdb",
    "d",
    "2026-01-01T00:00:00+00:00",
    1.5,
    (USERS,),
    tables=("users",),
    run_id="20260101T000000Z-0a1b2c",
    error=Failure("ApiError", "users", "is away", exit_code=4),
    load_ids=("1.2",),
    versions={"dlt": "1"},
)


def numbered(number: int, pipeline: str = "flags") -> Receipt:
    return replace(MADE, pipeline=pipeline, run_id=f"20260101T{number:06}Z-{number:06x}")


def test_what_is_stored_is_read_again(tmp_path: Path) -> None:
    path = archive.store(MADE, tmp_path)
    assert path == tmp_path / "flags" / "20260101T000000Z-0a1b2c.json"
    assert archive.stored("flags", tmp_path).receipts == (MADE,)
    told = json.loads(path.read_text())
    assert (told["format"], told["verdict"], told["exit_code"]) == (1, "partial", 4)


def test_only_the_newest_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    (tmp_path / "flags").mkdir()
    (tmp_path / "flags" / "notes.json").write_text("mine")
    for number in range(archive.KEPT + 3):
        archive.store(numbered(number), tmp_path)
    archive.store(numbered(1, "others"), tmp_path)
    found = archive.stored("flags", tmp_path).receipts
    assert [one.run_id for one in (found[0], found[-1])] == [numbered(102).run_id, numbered(3).run_id]
    assert (tmp_path / "flags" / "notes.json").read_text() == "mine"
    assert len(archive.stored("", tmp_path).receipts) == archive.KEPT + 1
    assert archive.stored("", tmp_path, most=2).receipts == (numbered(102), numbered(101))


def test_a_receipt_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        archive.store(MADE, tmp_path)
    assert [*(tmp_path / "flags").iterdir()] == []


@given(st.text(min_size=1, max_size=40))
def test_no_pipeline_has_a_name_that_leads_elsewhere(name: str) -> None:
    folder = Path("receipts") / archive._folder_name(name)
    assert folder.parent == Path("receipts")
    assert folder.name not in ("", ".", "..")


@given(st.lists(st.text(min_size=1, max_size=6), min_size=2, max_size=2, unique=True))
def test_two_pipelines_have_two_folders(names: list[str]) -> None:
    assert archive._folder_name(names[0]) != archive._folder_name(names[1])


def test_fields_of_a_later_version_are_left_out_and_missing_ones_are_empty() -> None:
    told = json.loads(json.dumps(archive.as_json(MADE)))
    told["resources"][0]["colour"] = "blue"
    del told["resources"][0]["requests"], told["versions"]
    assert archive.from_json({**told, "mood": "good"}) == replace(
        MADE, resources=(replace(USERS, requests=0),), versions={}
    )


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"format": 2}', '{"format": 1, "resources": [{"resource": "a"}]}', '"format"'],
)
def test_a_file_that_is_no_receipt_is_named_and_costs_the_others_nothing(text: str, tmp_path: Path) -> None:
    archive.store(MADE, tmp_path)
    broken = tmp_path / "flags" / "20260102T000000Z-ffffff.json"
    broken.write_text(text)
    shelf = archive.stored("flags", tmp_path)
    assert shelf == archive.Shelf((MADE,), (broken,))


def test_a_run_is_found_by_its_id_or_by_the_letters_at_its_end(tmp_path: Path) -> None:
    for number in (1, 2, 255):
        archive.store(numbered(number), tmp_path)
    for name in ("0000ff", "20260101T000255Z", numbered(255).run_id):
        assert archive.named(name, tmp_path).receipts == (numbered(255),)
    assert len(archive.named("00000", tmp_path).receipts) == 2
    assert archive.named("f", tmp_path).receipts == ()


def test_a_folder_that_cannot_be_written_is_said_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / ".restmill").write_text("in the way")
    with caplog.at_level(logging.WARNING, "restmill"):
        archive.file(MADE)
    assert "could not be written to .restmill/receipts: not a directory" in caplog.text


def test_a_desk_takes_the_place_of_the_archive(tmp_path: Path) -> None:
    taken: list[Receipt] = []
    with archive.filing(taken.append):
        archive.file(MADE)
    assert taken == [MADE]
    assert not (tmp_path / ".restmill").exists()
    archive.file(MADE)
    assert (tmp_path / ".restmill" / "receipts" / "flags").is_dir()
