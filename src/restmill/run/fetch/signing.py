"""Signing: who may see a credential, and what becomes of a request that may not.

A request to the API's own origins is signed; one to a host that the config allows goes out bare
(`credentials.bare`); any other is refused. A token is fetched once for all reads, by one of them at a time.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from restmill.config.telling import is_credential
from restmill.events import Doubted, Noted
from restmill.plan.spec import Signer
from restmill.run.credentials.bare import bare
from restmill.run.credentials.origins import at_home, foreign, login_of
from restmill.secrets import KEYRING, Secret
from restmill.spellings import LONGEST
from restmill.wire import auth as flows
from restmill.wire.message import without_login

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from restmill.events import Observer
    from restmill.path import Json
    from restmill.run.clock import Clock
    from restmill.run.fetch.fetcher import Answer, Terms
    from restmill.run.fetch.memory import Memory
    from restmill.wire.auth import Auth, Token
    from restmill.wire.message import Request, Response

_BODY_HINT = "Make the API's address in the config the one that it redirects to."
_AUTH_HINT = "If '{host}' is right, write its address into `access_token_url`."
_HELD = "an allowed host, but the address holds a credential of the config's"
_HELD_HINT = "It is not sent there: let the API give the address without it."


_MOST_FIELDS = 100
"""Fields of a token's answer that are looked at: RFC 6749 has five."""


class Signing:
    """The credentials of a run. `fetch` brings home the answers to requests for tokens."""

    def __init__(
        self,
        memory: Memory,
        clock: Clock,
        observer: Observer,
        fetch: Callable[[Request, Terms], Awaitable[Answer]],
    ) -> None:
        self._memory = memory
        self._clock = clock
        self._tell = observer
        self._fetch = fetch
        self._renewal = asyncio.Lock()
        self._told: set[str] = set()

    async def signed(self, request: Request, terms: Terms) -> Request:
        """The request with credentials if its host may see them; bare if it is a host allowed by name.

        Raises:
            ForeignHost: the host is neither, or a body or a secret in the address would leave home.
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
        return self._bare(request, terms)

    def _bare(self, request: Request, terms: Terms) -> Request:
        """The request as it may leave home; what was taken out of it is told, once for each resource."""
        known = terms.auth
        KEYRING.learn(flows.secrets_of(known) if known and not isinstance(known, Signer) else ())
        left = bare(request, KEYRING.finds)
        if left.unsafe:
            raise foreign(terms.resource, request, _HELD, _HELD_HINT)
        if left.dropped and terms.resource not in self._told:
            self._told.add(terms.resource)
            names = ", ".join(f"`{name}`" for name in left.dropped if name) or "a parameter"
            own = {known.name} if isinstance(known, flows.ApiKey) else set()
            what = f"a link to {request.origin} held {names}, which is secret and was taken out"
            now = self._clock.now()
            if set(left.doubtful) - own:
                self._tell(Doubted(terms.resource, now, f"{what}: without it the rows may be others"))
            else:
                self._tell(Noted(terms.resource, now, what))
        return left.request

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
        if not at_home(request.origin, terms.homes):
            request = replace(request, trust="named")
        own = replace(
            terms,
            auth=login_of(request.address),
            rules=(),
            press=None,
            encoding="",
            homes=frozenset({request.origin}),
            allowed=frozenset(),  # id and secret go to the declared address only
            far=_AUTH_HINT,
        )
        answer = await self._fetch(request, own)
        KEYRING.learn(_tokens(answer.document))
        return flows.read_token(auth, answer.response, answer.document, self._clock.now())


def _tokens(document: Json) -> Iterator[Secret]:
    """Every token in the answer of a token endpoint: the one asked for, one to refresh with, and so on."""
    fields = document if isinstance(document, dict) else {}
    told = (value for name, value in islice(fields.items(), _MOST_FIELDS) if is_credential(str(name)))
    yield from (Secret(value) for value in told if isinstance(value, str) and len(value) <= LONGEST)
