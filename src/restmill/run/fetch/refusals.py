"""What is said of an answer whose status no rule forgives."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from restmill.errors import ApiError, Place, Problem, Rejected, Unreachable

if TYPE_CHECKING:
    from restmill.run.fetch.fetcher import Terms
    from restmill.wire.message import Request

_HINTS = {
    401: "The credentials were not accepted: see `client.auth`.",
    403: "The credentials do not give access to this endpoint.",
    404: "Is `endpoint.path` right?",
    405: "Is `endpoint.method` right?",
    429: "Set `client.rate_limit.requests_per_second` below what the API allows.",
}


def rejected(terms: Terms, request: Request, status: int, why: str) -> ApiError:
    """The error for an answer with a status that no rule forgives."""
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "unknown status"
    kind = Unreachable if status == 0 else Rejected
    detail = f": {why}" if why and str(status) not in why else ""
    what = why if str(status) in why else f"the API answered {status} {phrase}{detail}"
    return kind(Problem(Place(f"{terms.resource}  {request.target}"), what, hint=_HINTS.get(status, "")))
