"""Telling names: which header, parameter or field is a credential by its name, and which text by its looks.

A name is cut into words: `X-Amz-Security-Token`, `subscription-key` and `accessToken` end in one that tells,
`page_token` and `primary_key` do not, because the word before takes it back. `key` and `code` alone are no
proof: their values are masked where they are shown, and count as secret only when they look like one.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from restmill.secrets import MASK, without_credentials
from restmill.spellings import parts

if TYPE_CHECKING:
    from collections.abc import Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ALONE = _words(
    """
    accesskey accesstoken apikey apisecret apitoken appid appkey assertion auth authkey authorization
    authtoken bearer clientsecret cookie credential credentials hapikey hmac jsessionid jwt otp pass
    passcode passphrase passwd password phpsessid privatekey privatetoken psk pwd secret secretkey
    sessid sessionid sharedkey sid sig signature signingkey subscriptionkey ticket token wskey
    """
)
"""Last words that tell by themselves."""
_OF_A_LIST = _words(
    """
    after before continuation cursor delta end next offset page pagination paging position previous
    resume scroll search since skip start sync
    """
)
"""Words before `token` that make it a place in a list."""
_OF_A_KEY = _words(
    """
    access account api app application auth client consumer dev developer encryption functions license
    master partner private project rapidapi read secret security server service shared signing site
    subscription user write
    """
)
"""Words before `key` that make it a credential."""
_MAYBE = frozenset(("code", "key"))
_CHUNK = re.compile(r"[A-Za-z0-9+_.~-]{12,}={0,2}")
_SWITCHES = 4


def is_credential(name: str) -> bool:
    """Whether a header or parameter of this name is a credential: `X-Api-Key` is, `page_token` is not."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words:
        return False
    before = words[-2] if len(words) > 1 else ""
    match words[-1]:
        case "token" | "tokens":
            return words[-1] == "token" and before not in _OF_A_LIST
        case "key":
            return before in _OF_A_KEY
        case "id":
            return (before in ("session", "app", "sess") and len(words) == 2) or words[-3:-1] == [
                "access",
                "key",
            ]
        case last:
            return last in _ALONE


def may_be_credential(name: str) -> bool:
    """Whether what has this name is not shown: a credential, or one of the words that often are one."""
    return is_credential(name) or name.lower() in _MAYBE


def looks_secret(text: str) -> bool:
    """Whether a text looks like a key or token: long, without a space, letters and digits in turn."""
    if not _CHUNK.fullmatch(text):
        return False
    kinds = [char.isdigit() for char in text if char.isalnum()]
    return sum(one != other for one, other in pairwise(kinds)) >= _SWITCHES


def without_literals(text: str) -> str:
    """`text` as a message may quote it: without what looks like a key, or stands where one does."""
    return _CHUNK.sub(lambda chunk: MASK if looks_secret(chunk[0]) else chunk[0], without_credentials(text))


def is_literal(name: str, value: str) -> bool:
    """Whether a value under this name is a credential: by the name, or by name and looks together."""
    return bool(value) and (is_credential(name) or (may_be_credential(name) and looks_secret(value)))


def credentials_in(address: str) -> tuple[str, ...]:
    """The password before the host of a URL or path, or the user name without one, and query credentials."""
    try:
        parts = urlsplit(address)
    except ValueError:  # an unclosed IPv6 bracket: no address at all, as whoever needs one will say
        return tuple(_of_query(address.partition("?")[2]))
    name, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return tuple(
        one for one in (unquote(password or name), *_of_query(parts.query)) if one and "{" not in one
    )


def credentials_in_dsn(dsn: str) -> tuple[str, ...]:
    """What is secret of a connection string; of a mere name nothing."""
    if dsn.lower().startswith(("http://", "https://")):
        return credentials_in(dsn)
    alone = parts(dsn) - {dsn, dsn.rpartition(" ")[2], ""}
    chunks = _CHUNK.finditer(dsn) if "://" in dsn else ()  # of a path each part is a name
    found = [chunk[0] for chunk in chunks if looks_secret(chunk[0])]
    return tuple(sorted(alone | set(found)))


def _of_query(query: str) -> Iterator[str]:
    return (value for key, value in parse_qsl(query) if is_literal(key, value))
