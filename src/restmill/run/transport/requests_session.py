"""A user's `requests.Session` as a transport: blocking sends in threads, behind the same face as the default.

A session with code of the user's own may wait between requests, or count them, as it can under dlt: it gets
them one at a time.

The session's own headers, cookies, auth, adapters and proxies count, as under dlt, for the API's own hosts. A
request to any other goes through a session of ours, which has its proxies and the certificates to check by.
Redirects come back as answers, because following them is decided above; retries that the session makes stay
its own affair.

One deadline holds for a whole request, since a server that sends a byte now and then never lets a session's
own time limit pass: it ends after `client.timeout`, or ten times that where the session may try again itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
from urllib3.exceptions import HTTPError

from restmill.run.credentials.of_session import secrets_of_session
from restmill.run.transport.protocol import Failed, unread
from restmill.run.transport.requests_messages import answer_of, as_requests
from restmill.run.transport.workers import Workers
from restmill.secrets import KEYRING, Secret
from restmill.wire.coding import Intake, Unread
from restmill.wire.header_fields import text_of
from restmill.wire.message import Headers, Response

if TYPE_CHECKING:
    from restmill.plan.spec import Transport as Settings
    from restmill.run.clock import Clock
    from restmill.wire.message import Request

_MOST_THREADS = 16
_OWN_ATTEMPTS = 10
_PIECE = 64 * 1024  # bytes
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
        self._workers: Workers | None = None
        self._patience = settings.timeout * (1 if _sends_once(session) else _OWN_ATTEMPTS)
        self._plain = _plain_like(session)
        KEYRING.learn(secrets_of_session(session))

    async def send(self, request: Request) -> Response:
        """See `Transport.send`."""
        self._workers = self._workers or Workers(1 if self._settings.in_turn else _MOST_THREADS)
        try:
            return await self._workers.call(self._patience, self._sent, request)
        except TimeoutError:
            raise Failed(f"no answer within {self._patience:g} s", kind="timeout") from None

    async def close(self) -> None:
        """End the threads. The session is the user's and stays open."""
        if self._workers is not None:
            workers, self._workers = self._workers, None
            workers.close()
        for adapter in self._plain.adapters.values():
            if adapter not in self._session.adapters.values():
                adapter.close()

    def _sent(self, request: Request) -> Response:
        started = self._clock.now()
        try:
            answer = self._answer(request)
            body = self._taken(answer).content
        except Unread as error:
            raise unread(error) from None
        except (requests.exceptions.RequestException, HTTPError, UnicodeError) as error:
            raise _explained(error, self._settings.timeout) from None  # its text may hold the URL and a key
        KEYRING.learn_passing(Secret(value) for value in answer.cookies.values() if value)
        headers = Headers({name: text_of(value) for name, value in answer.headers.items()})
        came = Response(answer.status_code, headers, body, request.url, self._clock.now() - started)
        return answer_of(answer, came)  # the session's own hooks may have changed it

    def _taken(self, answer: requests.Response, **_: object) -> requests.Response:
        """The answer with its body, which is no larger than the config allows.

        Raises:
            Unread: it is larger.
        """
        if getattr(answer, "_content", None) is not False or answer.raw is None:
            return answer  # somebody has read it
        intake = Intake(answer.status_code, answer.headers, self._settings.max_response_bytes, packed=False)
        try:
            for piece in answer.iter_content(_PIECE):
                if not intake.take(piece):
                    break
        finally:
            answer.close()  # gives back a connection that was read to its end
        answer._content = intake.whole()  # noqa: SLF001  # the one way to give a Response its body
        answer._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001  # or it would look for more
        return answer

    def _answer(self, request: Request) -> requests.Response:
        sender = self._session if request.trust == "home" else self._plain
        prepared = sender.prepare_request(as_requests(request))
        # Before the session's own hooks, and before it reads the body of a redirect by itself.
        prepared.hooks.setdefault("response", []).insert(0, self._taken)
        verify = None if self._settings.verify is True else self._settings.verify  # None: the session's own
        settings = self._session.merge_environment_settings(prepared.url or "", {}, True, verify, None)
        match self._settings.cert:
            case _ if request.trust == "foreign":
                settings["cert"] = None
            case (both,):
                settings["cert"] = both
            case (certificate, key):
                settings["cert"] = (certificate, key)
            case _:
                pass  # none configured: the session's own
        try:
            return sender.send(prepared, allow_redirects=False, timeout=self._settings.timeout, **settings)
        except (
            requests.exceptions.HTTPError
        ) as error:  # a session that raises for status still has the answer
            if error.response is None:
                raise
            return error.response


def _sends_once(session: requests.Session) -> bool:
    """Whether one call of `send` is one request: nobody tries again behind it, nor waits."""
    placed = vars(session).get("send")
    adapters = [getattr(adapter, "max_retries", None) for adapter in session.adapters.values()]
    once = not any(getattr(retries, "total", 0) for retries in adapters)
    return placed is None and once and is_plain(session)


def _plain_like(session: requests.Session) -> requests.Session:
    """A session without headers, cookies, auth, parameters, hooks and certificate of the user's."""
    plain = requests.Session()
    plain.trust_env = False  # ~/.netrc has logins; proxies and certificates are merged from the user's
    for prefix, adapter in session.adapters.items():
        if _known(adapter):
            plain.mount(prefix, adapter)
    return plain


def _explained(error: Exception, timeout: float) -> Failed:
    """What went wrong, in words that hold no URL."""
    match error:
        case requests.exceptions.SSLError():
            return Failed("the TLS connection failed", final=True, kind="tls")
        case requests.exceptions.Timeout():
            return Failed(f"no answer within {timeout:g} s", kind="timeout")
        case requests.exceptions.InvalidURL() | requests.exceptions.MissingSchema() | UnicodeError():
            return Failed("the address is not a valid URL", final=True, kind="address")
        case requests.exceptions.ChunkedEncodingError():
            return Failed("the answer broke off before its end", kind="body")
        case _:
            return Failed(f"the connection failed ({type(error).__name__})")
