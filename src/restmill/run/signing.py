"""Signing: who may see a credential, and what becomes of a request that may not.

A request to the API's own origins is signed; one to a host that the config allows goes out bare, without any
configured header; any other is refused. A token is fetched once for all reads, and by one of them at a time.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from restmill.plan.spec import Signer
from restmill.run.origins import at_home, foreign, login_of
from restmill.secrets import Secret
from restmill.wire import auth as flows
from restmill.wire.message import Headers, without_login

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restmill.run.clock import Clock
    from restmill.run.fetch import Answer, Terms
    from restmill.run.memory import Memory
    from restmill.wire.auth import Auth, Token
    from restmill.wire.message import Request, Response

_BODY_HINT = "Make the API's address in the config the one that it redirects to."
_AUTH_HINT = "If '{host}' is right, write its address into `access_token_url`."


class Signing:
    """The credentials of a run. `fetch` brings home the answers to requests for tokens."""

    def __init__(
        self, memory: Memory, clock: Clock, fetch: Callable[[Request, Terms], Awaitable[Answer]]
    ) -> None:
        self._memory = memory
        self._clock = clock
        self._fetch = fetch
        self._renewal = asyncio.Lock()

    async def signed(self, request: Request, terms: Terms) -> Request:
        """The request with credentials if its host may see them; bare if it is a host allowed by name.

        Raises:
            ForeignHost: the host is neither, or a body would leave home: it may hold secrets, too.
            Failed: an auth object of the user's could not get its credentials.
            ApiError: there was no token to be had.
        """
        request = replace(request, address=without_login(request.address))
        if at_home(request.origin, terms.homes):
            if terms.auth is None:
                return request
            if isinstance(terms.auth, Signer):
                return await asyncio.to_thread(terms.auth.sign, request)
            return flows.sign(terms.auth, request, await self._token(terms.auth, terms))
        host = urlsplit(request.address).hostname or ""
        if request.origin not in terms.allowed and host not in terms.allowed:
            hint = terms.far.format(host=host)
            raise foreign(terms.resource, request, "which is not the API's own host", hint)
        if request.json is not None or request.data is not None:
            what = "an allowed host, but the request has a body, which goes to the API's own host only"
            raise foreign(terms.resource, request, what, _BODY_HINT)
        return replace(request, headers=Headers())

    def drop(self, auth: Auth | Signer | None, response: Response) -> bool:
        """Make the next request get a new token, unless another has just got one; False: `auth` has none."""
        if not isinstance(auth, flows.ClientCredentials):
            return False
        now = self._clock.now()
        token = self._memory.tokens.get(auth)
        sent = now - response.seconds
        if token is None or token.expires_at - token.lifetime <= sent:
            self._memory.tokens[auth] = flows.Token(Secret(""), expires_at=now, lifetime=0.0)
        return True

    async def _token(self, auth: Auth, terms: Terms) -> Token | None:
        if not isinstance(auth, flows.ClientCredentials):
            return None
        async with self._renewal:
            token = self._memory.tokens.get(auth)
            if flows.needs_token(auth, token, self._clock.now()):
                token = self._memory.tokens[auth] = await self._new_token(auth, terms)
            return token

    async def _new_token(self, auth: flows.ClientCredentials, terms: Terms) -> Token:
        request = flows.token_request(auth)
        bare = replace(
            terms,
            auth=login_of(request.address),
            rules=(),
            press=None,
            encoding="",
            homes=frozenset({request.origin}),
            allowed=frozenset(),  # id and secret go to the declared address only
            far=_AUTH_HINT,
        )
        answer = await self._fetch(request, bare)
        return flows.read_token(auth, answer.response, answer.document, self._clock.now())
