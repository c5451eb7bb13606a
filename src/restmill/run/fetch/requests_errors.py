"""The cause of an error in the words of `requests`, as a script written for dlt looks for it.

Under dlt the last error behind a failed pipeline is one of `requests`, with its answer. Our own errors stand
in front of such a one: its text is theirs, without query string, header or body; its answer is for the
script's own code, like the one that response actions see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

from restmill.errors import ApiError, Halted, NotData, Rejected, RestmillError, Unreachable, sentence
from restmill.run.fetch.fetcher import Refused
from restmill.run.transport.protocol import Failed
from restmill.run.transport.requests_messages import shown
from restmill.run.user_code import own_code, raised

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.run.transport.protocol import Trouble

_KINDS: dict[Trouble, type[requests.RequestException]] = {
    "connect": requests.ConnectionError,
    "connection": requests.ConnectionError,
    "timeout": requests.Timeout,
    "tls": requests.exceptions.SSLError,
    "body": requests.exceptions.ChunkedEncodingError,
    "address": requests.exceptions.InvalidURL,
    "size": requests.exceptions.ContentDecodingError,
}


def caused(error: BaseException) -> BaseException:
    """`error`; where it is about the API, with the error as its cause that dlt would end with."""
    if isinstance(error, ApiError):
        cause = _cause(error)
        if cause is not None:
            error.__cause__ = cause
    return error


def _cause(error: ApiError) -> requests.RequestException | None:
    text = sentence(str(error.problem))
    match error:
        case Rejected():
            return _of_answer(text, next((one for one in _behind(error) if isinstance(one, Refused)), None))
        case NotData():
            return requests.exceptions.JSONDecodeError(text, "", 0)
        case Unreachable():
            failed = next((one for one in _behind(error) if isinstance(one, Failed)), None)
            if failed is not None and isinstance(failed.answer, requests.Response):
                return requests.HTTPError(text, response=failed.answer)
            return _KINDS[failed.kind if failed else "connection"](text)
        case Halted():
            return requests.ConnectionError(text)
        case _:
            return None


def _of_answer(text: str, refused: Refused | None) -> requests.RequestException:
    if refused is None:
        return requests.HTTPError(text)
    answer = shown(refused.response)
    kind = requests.TooManyRedirects if answer.is_redirect and answer.history else requests.HTTPError
    return kind(text, response=answer)


def _behind(error: BaseException) -> Iterator[BaseException]:
    one = error.__cause__ or error.__context__
    seen: set[int] = set()
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def told(error: Exception) -> str:
    """What events say of an error: one that a user's function raised may quote a URL or a record."""
    if isinstance(error, RestmillError):
        return str(error)
    if not isinstance(error, requests.RequestException):
        return f"code of yours raised {raised(error)}" if own_code(error) else str(error)
    status = "" if error.response is None else f" ({error.response.status_code})"
    return f"a response action raised {type(error).__name__}{status}"
