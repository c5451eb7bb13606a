"""Encoding: from a body's bytes to the same text in UTF-8, by what was declared, else as `requests` reads it.

    `encoding` of the config            counts before all else
    a byte order mark, UTF-16, UTF-32   says itself what it is (RFC 8259's predecessors allowed them)
    a charset in the content type       is believed; one that nobody knows is UTF-8
    text/* without one                  ISO-8859-1, as `requests` has it, and so dlt
    either, of one byte a character     not where more than ASCII is in it, and all is sound UTF-8: a text
                                        in such a charset never is by chance (RFC 8259, 8.1 asks for UTF-8)
    application/json without one        UTF-8
    nothing                             UTF-8, or what looks most likely, as `requests` guesses

What does not fit becomes U+FFFD and is counted: one stray byte costs one character, not the page.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass

from restmill.shape.formats import is_binary

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_UTF8 = frozenset({"utf-8", "utf-8-sig"})
_NO_TEXT = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape"})
"""Python's codecs for host names and its own source: no text is in them, and long names take long."""
_ONE_BYTE = re.compile(r"iso8859-\d+|cp125\d|cp(?:437|850|852|858)|mac-\w+|koi8-\w")
"""Charsets of one byte a character, by Python's names."""
_REPLACED = "\ufffd"
_LOST = re.compile(f'"{_REPLACED}+"')


@dataclass(frozen=True, slots=True)
class Recoded:
    """A body in UTF-8: how it was read, if not as UTF-8, and how many characters and texts could not be."""

    body: bytes
    encoding: str = ""
    replaced: int = 0
    denied: str = ""
    """The charset that was declared, and that the bytes are not in."""
    lost: int = 0
    """Texts of which nothing could be read: what was a value, perhaps a key, is none any more."""


def known(encoding: str) -> bool:
    """Whether there is a text encoding of this name, one that reads a long text in little time."""
    try:
        b"a".decode(encoding, "replace")
        if codecs.lookup(encoding).name in _NO_TEXT:
            return False
    except (LookupError, ValueError):  # also one that is not for texts
        return False
    return bool(encoding)


def recoded(body: bytes, content_type: str, encoding: str = "") -> Recoded:
    """The body in UTF-8, where something else is declared; as it is otherwise, be it sound or not."""
    if is_binary(body) or (not encoding and json.detect_encoding(body) != "utf-8"):
        return Recoded(body)  # it says so itself
    charset = encoding or _declared(content_type)
    if not known(charset) or codecs.lookup(charset).name in _UTF8:
        return Recoded(body)
    if not encoding and _is_denied(body, charset):
        return Recoded(body, denied=codecs.lookup(charset).name)
    return _read(body, charset)


def _is_denied(body: bytes, charset: str) -> bool:
    """Whether bytes are sound UTF-8, and something else is declared in which any bytes are a text."""
    if body.isascii() or _ONE_BYTE.fullmatch(codecs.lookup(charset).name) is None:
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def mended(body: bytes, content_type: str, encoding: str = "") -> Recoded | None:
    """A body that was to be UTF-8 and is not, as well as it can be read; None: it is, or is no text."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return None if is_binary(body) else _read(body, encoding or _declared(content_type) or _likely(body))
    return None


def _declared(content_type: str) -> str:
    charset = _CHARSET.search(content_type)
    if charset:
        return charset[1]
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("text/"):
        return "iso-8859-1"
    return "utf-8" if "json" in kind else ""


def _likely(body: bytes) -> str:
    from charset_normalizer import detect  # noqa: PLC0415  # slow to import, and rarely needed

    return str(detect(body)["encoding"] or "utf-8")


def _read(body: bytes, charset: str) -> Recoded:
    charset = charset if known(charset) else "utf-8"
    text = body.decode(charset, "replace")
    name = codecs.lookup(charset).name
    replaced = text.count(_REPLACED) - (body.count(_REPLACED.encode()) if name in _UTF8 else 0)
    lost = len(_LOST.findall(text)) if replaced > 0 else 0
    return Recoded(text.encode(errors="replace"), "" if name in _UTF8 else name, max(0, replaced), lost=lost)
