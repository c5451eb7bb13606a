"""What is drawn: nothing wider than the terminal, a word for each verdict, no escape code in a pipe."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from restmill import events
from restmill.cli.progress.live import chosen, drawn
from restmill.cli.progress.model import Line, Progress
from restmill.cli.progress.plain import Lines
from restmill.cli.views.run import look_command, show_receipt
from restmill.cli.views.sheet import Column, Row, Sheet
from restmill.run.receipt.receipt import Evidence, Receipt

if TYPE_CHECKING:
    from pathlib import Path

    from restmill.run.receipt.receipt import Verdict

LONG = "GET https://api.example.com/v1/a/very/long/path: the API answered 401 Unauthorized, " * 4
EVIDENCE = (
    Evidence(
        "feature_flags", "complete", "the total of 1300 rows is reached", 1300, 13, 1, 3, 0.0, 1, 1300, 1.2
    ),
    Evidence("a_resource_with_a_name_that_is_much_too_long_for_it", "suspect", LONG, 8400, 84, seconds=67.0),
    Evidence("users", "partial", "failed", errors=("x", "second \x1b[31merror"), notes=("guessed",)),
)


def receipt(
    resources: tuple[Evidence, ...] = EVIDENCE, destination: str = "duckdb", location: str = ""
) -> Receipt:
    began, tables = "2026-01-01T00:00:00+00:00", ("first_table", "second_table")
    return Receipt("flags", destination, "features", began, 71.3, resources, location, tables)


def paper(*, terminal: bool, width: int = 80) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=terminal, highlight=False)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_receipt_fits_its_terminal(width: int, *, terminal: bool) -> None:
    console = paper(terminal=terminal, width=width)
    show_receipt(Sheet(console), receipt())
    lines = bare(written(console)).splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if line != line.rstrip()]


def test_a_receipt_says_each_verdict_in_words_and_each_reason_in_full() -> None:
    console = paper(terminal=True)
    show_receipt(Sheet(console), receipt())
    text = bare(written(console))
    for sign, word in (("✓", "complete"), ("!", "suspect"), ("✗", "partial")):
        assert f"{sign} {word}" in text
    assert "the total of 1,300 rows is reached" in text
    assert " ".join(LONG.split()) in " ".join(text.split())
    assert "(3 retries)" in text
    assert "note: guessed" in text
    assert "3 resources, 1 complete: 9,700 rows" in text


def test_a_pipe_gets_no_escape_code_and_no_sign_beyond_ascii() -> None:
    console = paper(terminal=False)
    show_receipt(Sheet(console), receipt())
    text = written(console)
    assert "\x1b" not in text
    assert text.isascii()


def test_a_name_in_another_script_stays_readable_in_a_pipe() -> None:
    console = paper(terminal=False)
    show_receipt(Sheet(console), receipt((Evidence("利用者", "complete", "end"),)))
    assert "利用者" in written(console)


def test_colour_is_left_out_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    console = paper(terminal=True)
    show_receipt(Sheet(console), receipt())
    assert not re.search(r"\x1b\[[0-9;]*3[1-7]m", written(console))


def test_the_way_to_the_tables_is_a_command_to_copy(tmp_path: Path) -> None:
    console = paper(terminal=False)
    file = tmp_path / "a-rather-long-name-for-a-database-file-so-that-the-line-is-long.duckdb"
    show_receipt(Sheet(console), receipt(location=str(file)))
    text = written(console)
    assert file.name in text.partition("Look at one:")[2]
    assert "from features.first_table limit 5" in text


def test_a_run_without_rows_has_no_tables_to_look_at(tmp_path: Path) -> None:
    console = paper(terminal=False)
    nothing = (Evidence("users", "partial", "401", errors=("401",)),)
    show_receipt(Sheet(console), receipt(nothing, location=str(tmp_path / "x.duckdb")))
    assert "Look at" not in written(console)


def test_another_destination_is_shown_by_dlt() -> None:
    console = paper(terminal=False)
    show_receipt(Sheet(console), receipt(destination="postgres"))
    assert "dlt pipeline flags show" in written(console)


@pytest.mark.parametrize("file", ["plain.duckdb", "it's $HOME.duckdb", 'a "quoted" `name`.duckdb'])
def test_the_command_survives_any_file_name(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import shlex  # noqa: PLC0415  # only this test reads shell

    monkeypatch.setattr("shutil.which", lambda _name: None)
    words = shlex.split(look_command(file, "show all tables", 200))
    assert words[1] == "-c"
    assert repr(file) in words[2]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_command_is_broken_between_its_parts_only(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr("restmill.cli.views.run._python", lambda: "python")
    file, query = "data/a_name.duckdb", "from some_schema.a_table limit 5"
    whole = look_command(file, query, 200)
    broken = look_command(file, query, width)
    assert "\n" not in whole
    if width >= 60:
        assert max(map(len, broken.splitlines())) <= width
    assert file in broken
    assert query in broken
    assert "".join(broken.replace("\\\n", "").split()) == "".join(whole.split())


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5), st.integers(0, 12))
def test_table_columns_line_up_in_cells(cells: list[str], most: int) -> None:
    console = paper(terminal=True, width=120)
    Sheet(console).table((Column("a", most=most), Column("end")), [Row((cell, "|")) for cell in cells])
    lines = bare(written(console)).splitlines()[1:]
    assert len({cell_len(line) for line in lines}) == 1


def live_progress() -> Progress:
    progress = Progress(["done", "reading_with_a_name_that_is_too_long", "failed", "waiting", "queued"])
    for name in ("done", "reading_with_a_name_that_is_too_long", "failed", "waiting"):
        progress(events.ReadStarted(name, 0.0, "GET https://api.test"))
    progress(events.PageRead("done", 1.0, 1, 1300, 10, 0.1, 1300))
    progress(events.ReadDone("done", 1.1, 1300, 1, complete=True, reason="total"))
    for at in (1.0, 2.0):
        progress(events.PageRead("reading_with_a_name_that_is_too_long", at, 1, 1000, 10, 0.1, 1_300_000))
    progress(events.ReadFailed("failed", 1.0, 0, 0, LONG))
    progress(events.Retrying("waiting", 2.0, 2, 4.0, "status 503"))
    progress(events.Waiting("waiting", 2.0, "https://api.test", 57.0, "429, Retry-After"))
    progress(events.HostHalted("", 2.0, "https://other.test", "10 failures in a row"))
    return progress


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_live_frame_fits_and_shows_every_state(width: int, *, ascii_only: bool) -> None:
    console = paper(terminal=True, width=width)
    console.print(drawn(live_progress().picture(2.5), "restmill run x.yaml", 2.5, (width, 20), ascii_only))
    text = bare(written(console))
    assert max(map(cell_len, text.splitlines())) <= width
    for words in ("queued", "failed", "again in 3.5 s", "waiting 56 s for https://api.test", "halted"):
        assert words in text
    if width == 200:
        assert "reading_with_a_name_that_is_too_long" in text
    if width >= 80:
        assert "2,000/1,300,000" in text
        assert "min" in text  # the time to go


@given(
    st.lists(st.sampled_from(["queued", "reading", "done", "short", "failed"]), max_size=60),
    st.integers(3, 30),
)
def test_what_is_being_read_is_never_left_out_for_what_is_done(states: list[str], room: int) -> None:
    lines = [Line(f"r{i}", state) for i, state in enumerate(states)]  # type: ignore[arg-type]
    kept, left_out = chosen(lines, room)
    assert len(kept) + bool(left_out) <= room
    assert bool(left_out) == (len(lines) > room)
    reading = sum(line.state == "reading" for line in lines)
    assert sum(line.state == "reading" for line in kept) == min(reading, room if not left_out else room - 1)


def test_plain_lines_tell_beginnings_waits_retries_and_ends() -> None:
    said: list[str] = []
    lines = Lines(Progress(), said.append, singles=["users"])
    lines(events.ReadStarted("users", 0.0, "GET https://api.test/users"))
    lines(events.PageRead("users", 0.5, 1, 100, 10, 0.1, None))
    lines(events.Waiting("users", 1.0, "https://api.test", 0.2, "budget"))
    lines(events.Waiting("users", 1.0, "https://api.test", 2.0, "429"))
    lines(events.Retrying("users", 3.0, 1, 1.0, "status \x1b[2J503"))
    lines(events.ReadDone("users", 4.0, 100, 1, complete=True, reason="end"))
    lines(events.ReadStarted("tasks", 4.0, "GET https://api.test/tasks/1"))
    lines(events.ReadStarted("tasks", 4.1, "GET https://api.test/tasks/2"))
    lines(events.ReadDone("tasks", 4.5, 0, 1, complete=True, reason="end"))
    lines(events.ReadFailed("tasks", 5.0, 0, 1, "tasks  GET x\n  status 404  Look again."))
    lines(events.StageBegan("", 5.5, "look"))
    lines.close(6.0)
    assert said == [
        "users: reading GET https://api.test/users",
        "users: waiting 2.0 s for https://api.test: 429",
        "users: attempt 1 failed, the next one in 1.0 s: status ?[2J503",
        "users: 100 rows, 1 page, 1 retry, 4.0 s",
        "tasks: reading GET https://api.test/tasks/1",
        "looking again for rows that seem to have vanished",
        "tasks: failed, 0 rows, 0 pages, 2 reads, 1.0 s: tasks GET x: status 404. Look again.",
    ]


def test_retries_alike_are_one_line_and_counted_in_the_next() -> None:
    said: list[str] = []
    lines = Lines(Progress(), said.append)
    for at in (0.0, 0.1, 0.2, 9.9, 10.0):
        lines(events.Retrying("users", at, 1, 1.0, "status 503"))
    lines(events.Retrying("users", 10.1, 2, 2.0, "status 503"))
    lines(events.Retrying("users", 10.2, 1, 1.0, "status 429"))
    lines(events.Retrying("teams", 10.3, 1, 1.0, "status 503"))
    assert said == [
        "users: attempt 1 failed, the next one in 1.0 s: status 503",
        "users: attempt 1 failed, the next one in 1.0 s: status 503 (and 3 more like it before)",
        "users: attempt 2 failed, the next one in 2.0 s: status 503",
        "users: attempt 1 failed, the next one in 1.0 s: status 429",
        "teams: attempt 1 failed, the next one in 1.0 s: status 503",
    ]


@pytest.mark.parametrize(
    ("one", "rows"),
    [
        (Evidence("a", "complete", "", rows=1439, total=1300, distinct=1300), "1,300"),
        (Evidence("a", "suspect", "", rows=1439, total=1300, distinct=1300), "1,439"),
        (Evidence("a", "complete", "", rows=1300, total=1300, distinct=1200), "1,300"),
        (Evidence("a", "complete", "", rows=1300, distinct=None), "1,300"),
    ],
)
def test_rows_that_came_twice_are_told_apart_where_a_total_shows_them(one: Evidence, rows: str) -> None:
    console = paper(terminal=False)
    show_receipt(Sheet(console), receipt((one,)))
    text = written(console)
    assert f"a         {rows} " in text
    assert f"complete: {rows} rows in" in text
    assert ("1,439 rows read" in text) == (rows != f"{one.rows:,}")


def test_a_stopped_run_says_how_far_it_came() -> None:
    said: list[str] = []
    lines = Lines(Progress(), said.append, singles=["users"])
    lines(events.ReadStarted("users", 0.0, "GET x"))
    lines.close(2.0)
    assert said[-1] == "users: stopped, 0 rows, 0 pages, 2.0 s"


@pytest.mark.parametrize(
    ("verdicts", "code"), [(("complete",), 0), (("complete", "suspect"), 3), (("partial",), 3)]
)
def test_the_summary_counts_what_is_complete(verdicts: tuple[Verdict, ...], code: int) -> None:
    made = receipt(tuple(Evidence(f"r{i}", verdict, "why", rows=1) for i, verdict in enumerate(verdicts)))
    console = paper(terminal=False)
    show_receipt(Sheet(console), made)
    assert ("all complete" in written(console)) == (code == 0)
    assert made.exit_code == code
