"""Between our messages and those of `requests`, for the user's objects that speak the latter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from restmill.wire.message import Headers, Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Request as ForeignRequest

    from restmill.path import Json


def request_of(foreign: ForeignRequest, like: Request) -> Request:
    """Our request with what a paginator has made of a foreign one; `like` gives the method."""
    return replace(
        like,
        address=str(foreign.url or like.address),
        params=dict(cast("Mapping[str, Json]", foreign.params or {})),
        headers=Headers({str(name): str(value) for name, value in (foreign.headers or {}).items()}),
        json=foreign.json,
        data=foreign.data or None,
    )


def as_answer(response: Response) -> requests.Response:
    """Our answer as a `requests.Response`: status, headers, body, encoding, links and `json()` work."""
    answer = requests.Response()
    answer.status_code = response.status
    answer.headers = CaseInsensitiveDict(response.headers)
    answer._content = response.body  # noqa: SLF001  # the one way to give a Response its body
    answer.url = response.url
    answer.encoding = response.encoding or get_encoding_from_headers(answer.headers)
    return answer


def answer_of(answer: requests.Response, before: Response) -> Response:
    """Our answer after a function has changed the foreign one in place.

    A function that sets `encoding` wants the text read that way.
    """
    declared = get_encoding_from_headers(answer.headers)
    given = "" if answer.encoding in (declared, None) else str(answer.encoding)
    return replace(
        before,
        status=answer.status_code,
        headers=Headers(dict(answer.headers)),
        body=answer.content,
        encoding=given,
    )
