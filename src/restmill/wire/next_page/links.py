"""The `Link` header (RFC 8288, 3), read from left to right in one go.

A header is the server's text: no expression that could go back over it looks at it, so that the time is in
proportion to its length, whatever it holds.
"""

from __future__ import annotations

import re

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[^\s;=,<]*")
_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_TOKEN = re.compile(r'[^",;]*')


def links(header: str) -> dict[str, str]:
    """Relation (lower case) -> target of a `Link` header (RFC 8288, 3); the last link of a relation wins.

    `rel` may name several relations; a second `rel` of one link is ignored (3.3); quoted values may
    hold , ; and =. A link that says `results="false"` leads to an empty page (Sentry's API) and is left out.
    """
    found: dict[str, str] = {}
    at = 0
    while (start := header.find("<", at)) >= 0 and (end := header.find(">", start)) >= 0:
        params, at = _params(header, end + 1)
        relations = "" if params.get("results", "").lower() == "false" else params.get("rel", "")
        for relation in relations.lower().split():
            found[relation] = header[start + 1 : end].strip()
    return found


def _params(header: str, at: int) -> tuple[dict[str, str], int]:
    """The parameters that begin at `at`, and where they end; of two with one name the first counts."""
    params: dict[str, str] = {}
    while header[(at := _past(_SPACE, header, at)) : at + 1] == ";":
        at = _past(_SPACE, header, at + 1)
        begun, at = at, _past(_NAME, header, at)
        name, value = header[begun:at].lower(), ""
        if header[(equals := _past(_SPACE, header, at)) : equals + 1] == "=":
            at = _past(_SPACE, header, equals + 1)
            quoted = _QUOTED.match(header, at)
            begun, at = at, quoted.end() if quoted else _past(_TOKEN, header, at)
            value = quoted[1] if quoted else header[begun:at].strip().strip("'")
        if name:
            params.setdefault(name, value)
    return params, at


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where the run of characters that begins at `at` ends; it may be empty."""
    found = pattern.match(text, at)
    return found.end() if found else at
