"""Response actions: what an answer means, by its status, headers and body, before anything else looks at it.

As in dlt, the rules are tried in order; the first that says what to do decides, and a user's functions may
look at the answer, or change it, on the way there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, assert_never

if TYPE_CHECKING:
    from restmill.wire.message import Response

Verb: TypeAlias = Literal["ignore", "retry", "skip", "end", "fail", "reauth"]
# A user's function: takes a `requests.Response`, and what it returns is looked at by nobody (dlt's rule).
Function: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One response action: all conditions given must hold. Without any, only functions apply (dlt's rule)."""

    do: Verb | tuple[Function, ...]
    status: int | None = None
    content: str | None = None
    """A piece of the body's text."""
    header: tuple[str, str] | None = None
    """Name and a piece of the value; "" for any value."""
    empty: bool = False
    """The body is empty or blank."""

    def applies(self, response: Response) -> bool:
        """Whether every condition given holds."""
        given = self.status is not None or self.content is not None or self.header is not None or self.empty
        if not given:
            return not isinstance(self.do, str)
        return (
            (self.status is None or response.status == self.status)
            and (self.content is None or self.content in response.text)
            and (self.header is None or self.header[1] in response.headers.get(self.header[0], _ABSENT))
            and (not self.empty or not response.body.strip())
        )

    def __str__(self) -> str:
        header = f"header {self.header[0]}" if self.header else ""
        status = "" if self.status is None else f"status {self.status}"
        content = "" if self.content is None else "content"
        parts = (status, content, header, "an empty body" if self.empty else "")
        return " and ".join(part for part in parts if part) or "any answer"


class _Absent(str):
    """The value of a header that is not there: it contains nothing, not even ""."""

    __slots__ = ()

    def __contains__(self, _: object) -> bool:
        return False


_ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Accept:
    """Read it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Leave this answer unread; the read is over, and that is no error."""

    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Treat this answer as a page without rows."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Ask again, within the retry policy."""

    why: str


@dataclass(frozen=True, slots=True)
class Fail:
    """An error. `declared`: a rule says so, and no retry may change it."""

    why: str
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Raised:
    """A user's function refused the answer, as `raise_for_status` does: dlt would try that again, or fail.

    `status` is the one it names; None: it speaks of a broken connection.
    """

    error: Exception
    status: int | None


@dataclass(frozen=True, slots=True)
class Reauth:
    """Renew the token and ask again."""


@dataclass(frozen=True, slots=True)
class Call:
    """Run the user's functions on the answer, then judge what has become of it by the remaining rules."""

    functions: tuple[Function, ...]
    rest: tuple[Rule, ...] = ()


Judgement: TypeAlias = Accept | Stop | Skip | Retry | Fail | Reauth | Call


def judge(rules: tuple[Rule, ...], response: Response, again: frozenset[int] = frozenset()) -> Judgement:
    """What `response` means by the first of `rules` that applies, else by its status.

    Without a rule a status of 400 or more fails, a good one that the retry policy names in `again` is tried
    again, and an empty body is a page without rows.
    """
    for number, rule in enumerate(rules):
        if rule.applies(response):
            if isinstance(rule.do, tuple):
                return Call(rule.do, rules[number + 1 :])
            return _done_by(rule.do, f"by the response action for {rule}")
    if response.status >= 400:
        return Fail(f"status {response.status}")
    if response.status in again:
        return Retry("by `retry.statuses`")
    return Accept() if response.said or response.body.strip() else Skip("an empty body")


def _done_by(verb: Verb, reason: str) -> Judgement:
    match verb:
        case "ignore" | "end":
            return Stop(reason)
        case "skip":
            return Skip(reason)
        case "retry":
            return Retry(reason)
        case "fail":
            return Fail(reason, declared=True)
        case "reauth":
            return Reauth()
        case _:
            assert_never(verb)
