"""A user's `requests.Session` as a transport: blocking sends in threads, behind the same face as the default.

The session's own headers, cookies, auth, adapters and proxies count, as under dlt. Redirects come back as
answers, because following them is decided above; retries that the session makes stay its own affair.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import requests

from restmill.run.foreign import answer_of, as_requests
from restmill.run.transport import Failed
from restmill.wire.message import Headers, Response

if TYPE_CHECKING:
    from restmill.plan.spec import Transport as Settings
    from restmill.run.clock import Clock
    from restmill.wire.message import Request

_MOST_THREADS = 16


class SessionTransport:
    """Sends through a `requests.Session`, up to 16 requests at a time."""

    def __init__(self, session: requests.Session, settings: Settings, clock: Clock) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._pool: ThreadPoolExecutor | None = None

    async def send(self, request: Request) -> Response:
        """See `Transport.send`."""
        self._pool = self._pool or ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="restmill-session")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._sent, request)

    async def close(self) -> None:
        """End the threads. The session is the user's and stays open."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            pool.shutdown(wait=True, cancel_futures=True)

    def _sent(self, request: Request) -> Response:
        started = self._clock.now()
        try:
            answer = self._answer(request)
            body = answer.content
        except requests.exceptions.RequestException as error:
            raise _explained(error, self._settings.timeout) from None  # its text may hold the URL and a key
        headers = Headers(dict(answer.headers))
        came = Response(answer.status_code, headers, body, request.url, self._clock.now() - started)
        return answer_of(answer, came)  # the session's own hooks may have changed it

    def _answer(self, request: Request) -> requests.Response:
        prepared = self._session.prepare_request(as_requests(request))
        verify = None if self._settings.verify is True else self._settings.verify  # None: the session's own
        settings = self._session.merge_environment_settings(prepared.url or "", {}, None, verify, None)
        match self._settings.cert:
            case (both,):
                settings["cert"] = both
            case (certificate, key):
                settings["cert"] = (certificate, key)
            case _:
                pass  # none configured: the session's own
        try:
            return self._session.send(
                prepared, allow_redirects=False, timeout=self._settings.timeout, **settings
            )
        except (
            requests.exceptions.HTTPError
        ) as error:  # a session that raises for status still has the answer
            if error.response is None:
                raise
            return error.response


def _explained(error: requests.exceptions.RequestException, timeout: float) -> Failed:
    """What went wrong, in words that hold no URL."""
    match error:
        case requests.exceptions.SSLError():
            return Failed("the TLS connection failed", final=True, kind="tls")
        case requests.exceptions.Timeout():
            return Failed(f"no answer within {timeout:g} s", kind="timeout")
        case requests.exceptions.InvalidURL() | requests.exceptions.MissingSchema():
            return Failed("the address is not a valid URL", final=True, kind="address")
        case requests.exceptions.ChunkedEncodingError():
            return Failed("the answer broke off before its end", kind="body")
        case _:
            return Failed(f"the connection failed ({type(error).__name__})")
