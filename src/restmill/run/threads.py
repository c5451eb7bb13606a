"""A user's `requests.Session` as a transport: blocking sends in threads, behind the same face as the default.

A session with code of the user's own may wait between requests, or count them, as it can under dlt: it gets
them one at a time.

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
_SENDING = frozenset({"send", "prepare_request", "merge_environment_settings", "get_adapter", "rebuild_auth"})
"""Methods that a request goes through."""


def is_plain(session: requests.Session) -> bool:
    """Whether no code of the user's is called for a request: no class, method, hook, auth or adapter."""
    placed = [function for name, function in vars(session).items() if name in _SENDING]
    hooked = any(session.hooks.values()) or not all(map(_by_dlt, placed))
    auth = session.auth is None or isinstance(session.auth, tuple) or _known(session.auth)
    return not hooked and auth and all(map(_known, (session, *session.adapters.values())))


def _known(one: object) -> bool:
    """Whether its class is one of `requests`, or of dlt's own client, which is made of these."""
    return type(one).__module__.partition(".")[0] in ("requests", "dlt")


def _by_dlt(function: object) -> bool:
    """Whether it is how dlt's client tries again: by tenacity."""
    return str(getattr(function, "__globals__", {}).get("__name__", "")).partition(".")[0] == "tenacity"


class SessionTransport:
    """Sends through a `requests.Session`, up to 16 requests at a time; or one, where the settings say so."""

    def __init__(self, session: requests.Session, settings: Settings, clock: Clock) -> None:
        self._session = session
        self._settings = settings
        self._clock = clock
        self._pool: ThreadPoolExecutor | None = None
        self._threads = 1 if settings.in_turn else _MOST_THREADS

    async def send(self, request: Request) -> Response:
        """See `Transport.send`."""
        self._pool = self._pool or ThreadPoolExecutor(self._threads, thread_name_prefix="restmill-session")
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
