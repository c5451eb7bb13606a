"""The one error tree. An error has fields first and a message last.

Every mistake a user can make ends as one of these classes: *where* it is (file and line, config path, or the
URL template of a request), *what* is wrong, what was *got*, and one *hint*. The command line turns the class
into an exit code and the fields into two lines of text; nothing here ever holds a header, a body or a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something is: a file position when there is one, and a path such as `resources[2].endpoint`.

    `line` and `column` count from 1; 0 means unknown.
    """

    path: str = ""
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        position = self.file
        if self.file and self.line:
            position += f":{self.line}" + (f":{self.column}" if self.column else "")
        return "  ".join(part for part in (position, self.path) if part)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is, what is wrong, what was got, and at most one hint."""

    place: Place
    what: str
    got: str = ""
    hint: str = ""

    def cleaned(self, redact: Callable[[str], str]) -> Problem:
        """The problem with every text of it redacted."""
        place = replace(self.place, path=redact(self.place.path), file=redact(self.place.file))
        return Problem(place, redact(self.what), redact(self.got), redact(self.hint))

    def __str__(self) -> str:
        got = f" (got {self.got})" if self.got else ""
        hint = f"  {self.hint}" if self.hint else ""
        return f"{self.place}\n  {self.what}{got}{hint}"


def sentence(text: str) -> str:
    """The text of an error in one line: `where: what. Hint.`; any other text without its line breaks."""
    where, _, rest = text.partition("\n")
    what, _, hint = rest.strip().partition("  ")
    told = f"{where}: {what}" if where and what else where or what
    stop = "." if hint and not told.endswith((".", "!", "?")) else ""
    return " ".join(f"{told}{stop} {hint}".split())


class RestmillError(Exception):
    """Anything restmill refuses, with its fields; `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: Problem, *more: Problem) -> None:
        self.problems: tuple[Problem, ...] = (problem, *more)
        super().__init__("\n".join(str(p) for p in self.problems))

    @property
    def problem(self) -> Problem:
        """The first problem; API and destination errors have only one."""
        return self.problems[0]

    def __reduce__(self) -> tuple[type[RestmillError], tuple[Problem, ...]]:
        return type(self), self.problems


class ConfigError(RestmillError, ValueError):
    """The config is wrong, all problems at once. A `ValueError` too, as under dlt.

    Nothing was sent; or, where only records show it, nothing was loaded.
    """

    exit_code = 2


class ApiError(RestmillError):
    """The API could not be read: the place's path is `resource  METHOD url-template`.

    `resource  extract` where its records cannot be used.
    """

    exit_code = 4


class Unreachable(ApiError):  # noqa: N818  # these names are read as sentences
    """No answer: name, connection, TLS or timeout failed on every attempt."""


class Rejected(ApiError):  # noqa: N818
    """The API answered with a status that no rule forgives."""


class NotData(ApiError):  # noqa: N818
    """The answer is not in the declared format: HTML, broken or truncated JSON."""


class Unusable(ApiError):  # noqa: N818
    """A record cannot be used as the config asks: it has no cursor value, or is nested too deeply."""


class ForeignHost(ApiError):  # noqa: N818
    """A next link or a redirect leads to a host that `client.allowed_hosts` does not name."""


class Halted(ApiError):  # noqa: N818
    """The host failed so often in a row that no further request is sent to it (circuit breaker)."""


class Incomplete(ApiError):  # noqa: N818
    """What was read is less than `require` asks for: nothing was loaded."""


class DestinationError(RestmillError):
    """Reading went well; the destination could not be written."""

    exit_code = 5


class Refused(DestinationError):  # noqa: N818
    """A schema contract, or dlt itself, refused rows before the destination saw any: nothing was loaded."""


class SetAside(Refused):
    """Rows of some tables were refused, by a contract, dlt or the destination; all others are loaded."""


class Busy(DestinationError):  # noqa: N818
    """Another run of the same pipeline is under way; nothing was sent."""


class CodeError(RestmillError):
    """A function or script of the user's raised an exception of its own; the place is where."""


class Interrupted(RestmillError):  # noqa: N818
    """The user stopped the run."""

    exit_code = 130


class Terminated(KeyboardInterrupt):
    """A signal that asks a process to end has come: what Ctrl-C is to a terminal."""

    def __init__(self, signal_code: int) -> None:
        super().__init__(f"signal {signal_code}")
        self.signal_code = signal_code


STOPPED = frozenset({129, Interrupted.exit_code, 143})
"""Exit codes of an interruption, as shells have them: 128 and the number of SIGHUP, SIGINT or SIGTERM."""


def is_interruption(error: BaseException) -> bool:
    """Whether Ctrl-C, or a signal that means the same, is behind an error."""
    return interruption_code(error) != 0


def interruption_code(error: BaseException) -> int:
    """The exit code of an interruption, one of `STOPPED`; 0 when none is behind the error.

    dlt wraps it as the failure of whatever step it met, and has a class of its own with a `signal_code`.
    """
    behind: list[BaseException | None] = [error]
    seen: set[int] = set()
    while behind:
        one = behind.pop()
        if isinstance(one, KeyboardInterrupt | Interrupted):
            code = 128 + int(getattr(one, "signal_code", 0))
            return code if code in STOPPED else Interrupted.exit_code
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            behind += [one.__cause__, one.__context__]
    return 0


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean 'x'?` for the nearest known word, or "" when none is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else ""
