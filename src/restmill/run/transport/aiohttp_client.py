"""The default transport: aiohttp. The only module that knows it."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from restmill.errors import ConfigError, Place, Problem
from restmill.run.transport.protocol import Failed, unread
from restmill.wire.body import body_of
from restmill.wire.coding import Intake, Unread
from restmill.wire.header_fields import text_of
from restmill.wire.message import Headers, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from multidict import CIMultiDictProxy

    from restmill.plan.spec import Transport as Settings
    from restmill.run.clock import Clock
    from restmill.run.transport.protocol import Trouble
    from restmill.wire.message import Request

AGENT = "restmill/0.1"
_LONGEST_FIELD = 64 * 1024
"""Bytes of one header line; `requests` reads as many."""
_LONGEST_JOINED = 128 * 1024
"""Characters of all lines of one header together."""


class AiohttpTransport:
    """The default transport: aiohttp with pooled connections, made on first use inside the running loop."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._stranger: ssl.SSLContext | bool | None = None
        self._environment = getproxies()

    async def send(self, request: Request) -> Response:
        """See `Transport.send`; an attempt ends after the configured timeout."""
        session = self._session or self._open()
        started = self._clock.now()
        headers, body = _encoded(request)
        try:
            async with session.request(
                request.method,
                URL(request.url, encoded=True),
                headers=headers,
                data=body,
                allow_redirects=False,
                proxy=self._proxy(request.address),
                ssl=self._tls_for(request),
            ) as answer:
                fields = _merged(answer.headers)
                content = await self._body(answer, fields)
        except Unread as error:
            raise unread(error) from None
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _explained(error, self._settings.timeout) from None  # its text may hold the URL and a key
        return Response(
            answer.status,
            fields,
            content,
            request.url,
            self._clock.now() - started,
            reason=text_of(answer.reason or ""),
            cookies=tuple(map(text_of, answer.headers.getall("Set-Cookie", ()))),
        )

    async def _body(self, answer: aiohttp.ClientResponse, fields: Headers) -> bytes:
        """The body, unpacked and no larger than the config allows."""
        intake = Intake(answer.status, fields, self._settings.max_response_bytes)
        async for piece in answer.content.iter_any():
            if not intake.take(piece):
                answer.close()  # what follows is not read, and so the connection is of no use
                break
        return intake.whole()

    async def close(self) -> None:
        """Close the pool; the next `send` opens a new one."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=_tls(self._settings)),
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout),
            headers={"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"},
            auto_decompress=False,  # it knows no bound
            max_line_size=_LONGEST_FIELD,
            max_field_size=_LONGEST_FIELD,
            skip_auto_headers=(
                "Content-Type",
            ),  # a body of plain text has the type the config gives it, or none
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        # A dropped connection is the budget's and the receipt's business: without this aiohttp would send a
        # GET again by itself, uncounted. It has no public switch for it; its own test client does the same.
        self._session._retry_connection = False  # noqa: SLF001
        return self._session

    def _tls_for(self, request: Request) -> ssl.SSLContext | bool:
        """How to check the server; a client certificate proves who we are, so it is shown at home only."""
        if request.trust == "foreign" and self._settings.cert:
            self._stranger = self._stranger or _tls(replace(self._settings, cert=()))
            return self._stranger
        return True  # as the connector has it

    def _proxy(self, address: str) -> str | None:
        """The configured proxy, or the environment's (`HTTPS_PROXY`, `NO_PROXY`), as `requests` chooses."""
        if self._settings.proxy:
            return self._settings.proxy
        parts = urlsplit(address)
        proxy = self._environment.get(parts.scheme) or self._environment.get("all")
        return proxy if proxy and not proxy_bypass(parts.netloc) else None


def _encoded(request: Request) -> tuple[dict[str, str], bytes | None]:
    headers = {name: str(value) for name, value in request.headers.items()}
    body, kind = body_of(request)
    if kind and "content-type" not in map(str.lower, headers):
        headers["Content-Type"] = kind
    return headers, body


def _merged(fields: CIMultiDictProxy[str]) -> Headers:
    """Repeated fields joined by a comma (RFC 9110, 5.3), so that two Link headers stay readable.

    Raises:
        Unread: one of them has become longer than anybody needs.
    """
    together: dict[str, tuple[str, list[str]]] = {}
    for name, value in fields.items():
        together.setdefault(name.lower(), (name, []))[1].append(text_of(value))
    joined = {text_of(name): ", ".join(filter(None, values)) for name, values in together.values()}
    for name, value in joined.items():
        if len(value) > _LONGEST_JOINED and name.lower() != "set-cookie":
            raise Unread(f"a header of the answer has {len(value):,} characters", own=True)
    return Headers(joined)


def _tls(settings: Settings) -> ssl.SSLContext | bool:
    if settings.verify is False:
        return False
    if settings.verify is True and not settings.cert:
        return True
    with _readable("client.verify", str(settings.verify)):
        context = ssl.create_default_context(cafile=None if settings.verify is True else settings.verify)
    if settings.cert:
        with _readable("client.cert", ", ".join(settings.cert)):
            context.load_cert_chain(*settings.cert)
    return context


@contextmanager
def _readable(path: str, files: str) -> Iterator[None]:
    """Certificates that the config names and nobody can read are a mistake in the config."""
    try:
        yield
    except OSError as error:
        what = f"{files} cannot be read as a certificate"
        raise ConfigError(Problem(Place(path), what, got=_reason(error))) from error


_PLAIN: tuple[tuple[type[Exception], str, Trouble], ...] = (
    (aiohttp.ClientConnectorSSLError, "the TLS connection failed: does the server speak https here?", "tls"),
    (aiohttp.ClientPayloadError, "the answer broke off before its end", "body"),
    (aiohttp.ServerDisconnectedError, "the server closed the connection without an answer", "connection"),
    (ConnectionResetError, "the server closed the connection without an answer", "connection"),
    (aiohttp.InvalidURL, "the address is not a valid URL", "address"),
    (ValueError, "the address is not a valid URL", "address"),
)
"""Failures with nothing more to say: the class, the words, the kind."""
_FINAL = frozenset({"tls", "address", "size"})
"""Kinds of which trying again is useless."""


def _explained(error: Exception, timeout: float) -> Failed:
    """What went wrong, in words that hold no URL (a URL may hold a key)."""
    match error:
        case asyncio.TimeoutError():
            return Failed(f"no answer within {timeout:g} s", kind="timeout")
        case aiohttp.ClientConnectorCertificateError():
            why = f"the certificate is not accepted: {_reason(error.certificate_error)}"
            return Failed(why, final=True, kind="tls")
        case aiohttp.ClientConnectorDNSError():
            return Failed(f"the host name {error.host} is unknown", kind="connect")
        case aiohttp.ClientConnectorError() if not isinstance(error, aiohttp.ClientConnectorSSLError):
            why = f"no connection to {error.host}:{error.port} ({_reason(error.os_error)})"
            return Failed(why, kind="connect")
        case _:
            for of, why, kind in _PLAIN:
                if isinstance(error, of):
                    return Failed(why, final=kind in _FINAL, kind=kind)
            return Failed(f"the connection failed ({type(error).__name__})")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return str(getattr(error, "strerror", None) or type(error).__name__).lower()
