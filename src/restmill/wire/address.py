"""Addresses: whether a text is a URL that a request can be sent to (RFC 3986), and why not.

What a server calls a link may be anything: a port that no machine has, a bracket that nothing closes, half of
a surrogate pair. It is judged once, before anything else takes it apart, because each library has another
exception for each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from urllib.parse import SplitResult

LONGEST = 1 << 20
"""Characters of a URL. Servers read 8 kB to 64 kB of one."""
_LONGEST_LABEL = 63  # RFC 1035, 2.3.4


class NoAddress(ValueError):  # noqa: N818  # read as a sentence: "raise NoAddress"
    """The text is no URL that a request can be sent to; the message says why, and holds nothing of it."""


def flaw_of(url: str) -> str:
    """Why no request can be sent to the absolute `url`; "" when one can."""
    if len(url) > LONGEST:
        return f"it has {len(url):,} characters"
    try:
        url.encode()
        parts = urlsplit(url)
    except UnicodeEncodeError:
        return "it holds a character that no text can have"
    except ValueError:
        return "its host is not written as one"
    try:
        _ = parts.port
    except ValueError:
        return "its port is no number from 0 to 65535"
    return _flaw_of_host(parts)


def _flaw_of_host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not host and parts.scheme in ("http", "https"):
        return "it names no host"
    labels = host.rstrip(".").split(".")
    if ":" not in host and host and any(not 0 < len(label) <= _LONGEST_LABEL for label in labels):
        return "its host is not written as one"
    try:
        host.encode("ascii" if host.isascii() else "idna")
    except UnicodeError:
        return "its host is not written as one"
    return "its host is not written as one" if set(host) & _NEVER else ""


_NEVER = frozenset(map(chr, (*range(33), 127))) | frozenset('"<>\\^`{|}')
"""Characters that no host name has."""


def joined(base: str, link: str) -> str:
    """The absolute address of `link`, as it stands in an answer from `base` (RFC 3986, 5.2).

    Raises:
        NoAddress: it is none that a request can be sent to.
    """
    if len(link) > LONGEST:
        raise NoAddress(f"it has {len(link):,} characters")
    try:
        address = urljoin(base, link)
    except ValueError:
        raise NoAddress("its host is not written as one") from None
    if why := flaw_of(address):
        raise NoAddress(why)
    return address
