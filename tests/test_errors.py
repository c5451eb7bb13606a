"""Errors: fields first, then two lines of text; classes that a command line can turn into exit codes."""

from __future__ import annotations

import pickle

import pytest

from restmill import errors
from restmill.errors import ApiError, ConfigError, NotData, Place, Problem, RestmillError, did_you_mean


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place(), ""),
        (Place("resources[2]"), "resources[2]"),
        (Place("resources[2]", "a.yaml"), "a.yaml  resources[2]"),
        (Place("resources[2]", "a.yaml", 3), "a.yaml:3  resources[2]"),
        (Place("resources[2]", "a.yaml", 3, 7), "a.yaml:3:7  resources[2]"),
        (Place(file="a.yaml", column=7), "a.yaml"),
        (Place("x", line=3), "x"),
    ],
)
def test_a_place_is_written_as_editors_read_it(place: Place, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(Place("a"), "is wrong"), "a\n  is wrong"),
        (Problem(Place("a"), "is wrong", "5"), "a\n  is wrong (got 5)"),
        (Problem(Place("a"), "is wrong", "5", "Try 6."), "a\n  is wrong (got 5)  Try 6."),
    ],
)
def test_a_problem_says_where_what_got_and_a_hint(problem: Problem, text: str) -> None:
    assert str(problem) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("stopped", "stopped"),
        ("two  blanks", "two blanks"),
        (str(Problem(Place("a  GET b"), "is wrong")), "a GET b: is wrong"),
        (str(Problem(Place("a"), "is wrong", "5", "Try 6.")), "a: is wrong (got 5). Try 6."),
        (str(Problem(Place("a"), "is wrong.", hint="Try 6.")), "a: is wrong. Try 6."),
        (str(Problem(Place(), "is wrong")), "is wrong"),
    ],
)
def test_an_errors_text_in_one_line_keeps_its_parts_apart(text: str, told: str) -> None:
    assert errors.sentence(text) == told


def test_an_error_holds_all_its_problems() -> None:
    first, second = Problem(Place("a"), "one"), Problem(Place("b"), "two")
    error = ConfigError(first, second)
    assert error.problem is first
    assert error.problems == (first, second)
    assert str(error) == "a\n  one\nb\n  two"
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert type(copy) is ConfigError
    assert copy.problems == error.problems


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ConfigError", 2),
        ("ApiError", 4),
        ("Unreachable", 4),
        ("Rejected", 4),
        ("NotData", 4),
        ("Unusable", 4),
        ("ForeignHost", 4),
        ("Incomplete", 4),
        ("Busy", 5),
        ("Halted", 4),
        ("DestinationError", 5),
        ("Refused", 5),
        ("SetAside", 5),
        ("CodeError", 1),
        ("Interrupted", 130),
    ],
)
def test_every_class_has_its_exit_code(name: str, code: int) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, RestmillError)
    assert kind.exit_code == code


def test_the_table_of_exit_codes_is_whole() -> None:
    kinds = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RestmillError)
    }
    assert len(kinds) == 16
    assert issubclass(NotData, ApiError)


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("totl_path", ["total_path", "limit"], "Did you mean 'total_path'?"),
        ("zzz", ["total_path", "limit"], ""),
        ("limit", [], ""),
    ],
)
def test_did_you_mean(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint
