"""Readers of switch values: from JSON, from Python or from the text of a command line, to one clean value.

A reader takes what was given and returns the value, or raises `ValueError` whose text names what would be
accepted.
"""

from collections.abc import Callable
from typing import TypeAlias

Reader: TypeAlias = Callable[[object], object]


def _number(value: object, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(expected)  # noqa: TRY004 - readers promise ValueError
    try:
        return float(value)
    except ValueError:
        raise ValueError(expected) from None


def text(value: object) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise ValueError("a text")  # noqa: TRY004 - readers promise ValueError
    return value


def whole(value: object) -> int:
    """Read a whole number from 0 up."""
    expected = "a whole number, 0 or more"
    number = _number(value, expected)
    if number < 0 or number != int(number):
        raise ValueError(expected)
    return int(number)


def seconds(value: object) -> float:
    """Read a duration in seconds, 0 or more."""
    expected = "seconds, 0 or more"
    number = _number(value, expected)
    if not 0 <= number < float("inf"):
        raise ValueError(expected)
    return number


def rate(value: object) -> float:
    """Read a share of all requests, 0 to 1."""
    expected = "a share between 0 and 1"
    number = _number(value, expected)
    if not 0 <= number <= 1:
        raise ValueError(expected)
    return number


def flag(value: object) -> bool:
    """Read yes or no."""
    words = {
        "true": True,
        "on": True,
        "yes": True,
        "1": True,
        "false": False,
        "off": False,
        "no": False,
        "0": False,
    }
    found = words.get(str(value).lower())
    if found is None:
        raise ValueError("true or false")
    return found


def statuses(value: object) -> tuple[int, ...]:
    """Read HTTP error statuses: a list, or a text with commas."""
    expected = "one or more HTTP error statuses, such as 429,503"
    many = (
        value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    )
    found = tuple(int(_number(one, expected)) for one in many)
    if not found or not all(400 <= status <= 599 for status in found):
        raise ValueError(expected)
    return found


def retry_after(value: object) -> float | str | None:
    """Read what `Retry-After` says: nothing, seconds, or the word `date`."""
    if value is None or value in ("", "none", "null"):
        return None
    if value == "date":
        return "date"
    try:
        return seconds(value)
    except ValueError:
        raise ValueError('seconds, "date" or none') from None


def one_of(*choices: str | int) -> Reader:
    """Return a reader that accepts these values, numbers also as text."""

    def read(value: object) -> str | int:
        for choice in choices:
            if value == choice or (isinstance(value, str) and value == str(choice)):
                return choice
        raise ValueError(f"one of {', '.join(map(str, choices))}")

    return read
