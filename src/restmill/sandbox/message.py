"""What goes in and out of the pure part of the server: `Ask`, `Answer`, and `AskError` for a refusal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as the routes see it.

    `parts` is the path without its leading slash, cut at slashes; `fields` is the query, for a POST with the
    keys of the JSON body laid over it; `origin` is `scheme://host`.
    """

    method: str
    path: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    fields: Mapping[str, object]
    origin: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: `body` is bytes of `content_type`."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE


class AskError(Exception):
    """A request that cannot be served as asked.

    `status` is the HTTP status; `hint` may be empty; `known` are the paths there are, when the path is not
    one of them.
    """

    def __init__(
        self,
        status: int,
        what: str,
        hint: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        known: Sequence[str] = (),
    ) -> None:
        self.status = status
        self.what = what
        self.hint = hint
        self.headers = headers or {}
        self.known = known
        super().__init__(what)

    def answer(self) -> Answer:
        """Return the refusal as JSON: `{"error": {"status", "message", "hint"?, "known"?}}`."""
        error: dict[str, object] = {"status": self.status, "message": self.what}
        if self.hint:
            error["hint"] = self.hint
        if self.known:
            error["known"] = list(self.known)
        return Answer(self.status, orjson.dumps({"error": error}), self.headers)


def document(content: object, status: int = 200) -> Answer:
    """Return a JSON answer."""
    return Answer(status, orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS), {})
