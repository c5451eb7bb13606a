"""Between our messages and those of `requests`, for the user's objects that speak the latter.

All of a user's code sees one `requests.Response` of an answer: the response actions one after the other, then
the paginator. What the code makes of it counts from then on, as far as dlt looks at it: status, headers,
body, encoding and `json`. It knows the request as it was sent, with credentials: they are the script's own.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPMessage
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

import requests
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPHeaderDict, HTTPResponse

from restmill.run.transport.aiohttp_client import AGENT
from restmill.wire.message import Headers, Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import PreparedRequest
    from requests import Request as ForeignRequest

    from restmill.path import Json
    from restmill.wire.message import Method

_ADDED = {
    "User-Agent": AGENT,
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
}
"""Fields that the transport adds to every request."""
# A cookie that `http.cookiejar` cannot read is no bug, as it says with a traceback: a server wrote it.
warnings.filterwarnings("ignore", message="http.cookiejar bug", category=UserWarning)


def as_requests(request: Request) -> requests.Request:
    """The same request in the words of `requests`."""
    return requests.Request(
        request.method,
        request.address,
        headers={name: str(value) for name, value in request.headers.items()},
        params=dict(request.params),
        json=request.json,
        data=request.data,
    )


def request_of(foreign: ForeignRequest, like: Request) -> Request:
    """Our request with what a paginator has made of a foreign one; `like` gives what it left empty."""
    fields = (foreign.headers or {}).items()
    return replace(
        like,
        method=cast("Method", str(foreign.method or like.method).upper()),
        address=str(foreign.url or like.address),
        params=_params(foreign.params),
        headers=Headers({str(name): str(value) for name, value in fields if value is not None}),
        json=foreign.json,
        data=foreign.data or None,
    )


def _params(params: Json) -> Mapping[str, Json]:
    """Query parameters as a mapping, whichever way `requests` takes they are written."""
    if isinstance(params, str | bytes):
        text = params.decode() if isinstance(params, bytes) else params
        params = parse_qsl(text, keep_blank_values=True)
    if not isinstance(params, list | tuple):
        return dict(params or {})
    together: dict[str, Json] = {}
    for name, value in params:
        together.setdefault(name, []).append(value)
    return together


def shown(response: Response) -> requests.Response:
    """The one object that all of the user's code sees of an answer."""
    answer = response.guise if isinstance(response.guise, requests.Response) else _made(response)
    if response.hops and not answer.history:
        answer.history = [shown(hop) for hop in response.hops]
    return answer


def _made(response: Response) -> requests.Response:
    answer = requests.Response()
    answer.status_code = response.status
    answer.reason = response.reason or _phrase(response.status)
    answer.headers = CaseInsensitiveDict(response.headers)
    answer._content = response.body  # noqa: SLF001  # the one way to give a Response its body
    answer._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001  # or it would look for more
    answer.encoding = response.encoding or get_encoding_from_headers(answer.headers)
    answer.elapsed = timedelta(seconds=response.seconds)
    answer.url = response.url
    answer.raw = _raw(response)
    if response.sent is not None:
        answer.request = _prepared(response.sent)
        answer.url = answer.request.url or response.url
        extract_cookies_to_jar(answer.cookies, answer.request, answer.raw)  # type: ignore[no-untyped-call]
    return answer


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""


def _raw(response: Response) -> HTTPResponse:
    """What urllib3 would have given: head and fields; the body is read."""
    cookies = [("Set-Cookie", cookie) for cookie in response.cookies]
    fields = [(name, value) for name, value in response.headers.items() if name.lower() != "set-cookie"]
    message = HTTPMessage()
    for name, value in (*fields, *cookies):
        message[name] = value
    return HTTPResponse(
        body=BytesIO(),
        headers=HTTPHeaderDict([*fields, *cookies]),
        status=response.status,
        reason=response.reason or _phrase(response.status),
        version=11,
        preload_content=False,
        decode_content=False,
        original_response=SimpleNamespace(msg=message, isclosed=lambda: True, close=lambda: None),  # type: ignore[arg-type]  # what `requests` takes cookies from
    )


def _prepared(sent: Request) -> PreparedRequest:
    prepared = as_requests(sent).prepare()
    for name, value in _ADDED.items():
        prepared.headers.setdefault(name, value)
    return prepared


def answer_of(answer: requests.Response, before: Response) -> Response:
    """Our answer after the user's code has had `answer`, whatever it has changed in place.

    Where it has set `encoding` the text is to be read that way. Where it has given the object another `json`,
    or a body that is none, `json()` is what the body says.
    """
    content = answer.content if answer.content is not None else b""
    headers = Headers({str(name): str(value) for name, value in answer.headers.items()})
    after = replace(before, status=answer.status_code, headers=headers, guise=answer)
    own = "json" in vars(answer) or type(answer).json is not requests.Response.json
    if own or not isinstance(content, bytes):
        return replace(after, said=answer.json)
    declared = get_encoding_from_headers(answer.headers)
    given = "" if answer.encoding in (declared, None) else str(answer.encoding)
    return replace(after, body=content, encoding=given, said=None)
