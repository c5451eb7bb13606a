"""Spellings: how a secret may be written where it turns up, and which parts of it are secret alone.

Pure text. A value is looked for as it is and as others write it: in JSON, in HTML, in Python, in base64 at
any of its three alignments (`user:password` is encoded as a whole), in hex, with its white space folded. A
connection string, a login, an HTTP header or a key file holds a secret among what is none.
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST = 4
"""Characters: shorter values ("1", "on") would blank out ordinary text."""
_SHORTEST_CUT = 8
"""Characters of a piece of base64 that is no whole secret."""
LONGEST = 16 * 1024
"""Characters of a credential: no server takes a longer header, and a longer one is not taken apart."""
_SHORTEST_LINE = 12
"""Characters of one line of a key file."""
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*):/{0,2}(?:(?P<login>[^/?#@]*)@)?(?P<host>[^/?#]*)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_LOGIN = re.compile(r"(?:[^\s:/@]*):(?P<password>[^\s/]+)@[^\s@]+")
_DROPPED = re.compile("[\t\r\n]")
_PAIR = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]++)\s*+[=:]\s*(?:'(?P<quoted>[^']+)'|\"(?P<double>[^\"]+)\"|(?P<bare>[^\s;&,'\"]+))"
)
_TELLING = re.compile(
    r"(?:^|[_.-])(?:pwd|pass|passwd|passphrase|sig|signature|sharedaccesssignature|apikey|accountkey)$|"
    r"(?:api|account|access|private|shared)[_-]?key$|(?:token|password|secret)$",
    re.IGNORECASE,
)
"""Names in connection strings and key files that a secret stands behind."""
_WORDS = """
account append arrow auth basis browser bytes client code column columns complete config connection
count cursor data database dataset declared default delete demo destination detected digest distinct
doubt duckdb empty endpoint error errors exit extract failed false file files format given halted header
headers hint history host hosts http https incomplete index interrupted items json kind line lines link list
load loaded localhost merge message method name named next none note notes null number offset page pages
paginator params parent partial path pipeline plan position postgres preview problem problems quarantined
query read reads ready reason record records redirect replace request requests resource resources restmill
result results retries retry rows run running runs schema seconds secret sent server size skip source
started state status suspect table tables text timeout token tokens total true type url value values
verdict verdicts verify waited warning what where withheld
"""
OURS = frozenset(_WORDS.split())
"""Words that receipts and messages are made of. As a secret, one of them tells nobody anything."""


def parts(value: str) -> set[str]:
    """The value and what of it would be as secret alone.

    The last word of `Bearer <token>`; the password of a login or a connection string, and what follows
    `password=`; of a URL the path and the query, too, which other addresses are made from; the lines of a key
    file; the texts in a JSON document, which is how service accounts are given.
    """
    if len(value) > LONGEST:
        return {value}
    found = {value, value.rpartition(" ")[2]}
    url = _URL.fullmatch(value)
    if url:
        found |= _of_url(url)
    elif login := _LOGIN.fullmatch(value):
        found |= {login["password"], unquote(login["password"])}
    found |= {pair for name, pair in _pairs(value) if _TELLING.search(name)}
    if "\n" in value:
        lines = (line.strip() for line in value.splitlines())
        found |= {line for line in lines if len(line) >= _SHORTEST_LINE and not line.startswith("-----")}
    if value[:1] == "{":
        found |= _of_document(value)
    return found


def _of_url(url: re.Match[str]) -> set[str]:
    """Password, and of http also path and query: other schemes have the name of a database there."""
    name, _, password = (url["login"] or "").partition(":")
    path, _, query = url["rest"].partition("?")
    found = {password, unquote(password)} if password else {name, unquote(name)}
    if url["scheme"].lower() in ("http", "https"):
        return found | {path.strip("/"), query, *(value for _, value in parse_qsl(query))}
    return found | {value for name, value in parse_qsl(query) if _TELLING.search(name)}


def _pairs(value: str) -> Iterator[tuple[str, str]]:
    for pair in _PAIR.finditer(value):
        yield pair["name"], pair["quoted"] or pair["double"] or pair["bare"]


def _of_document(value: str) -> set[str]:
    """The texts of a JSON document that a telling name stands before."""
    try:
        document = json.loads(value)
    except ValueError:
        return set()
    return {one for name, text in _texts(document, "") if _TELLING.search(name) for one in parts(text)}


def _texts(tree: object, name: str) -> Iterator[tuple[str, str]]:
    match tree:
        case str():
            yield name, tree
        case dict():
            for key, one in tree.items():
                yield from _texts(one, str(key))
        case list():
            for one in tree:
                yield from _texts(one, name)


def forms(value: str) -> set[str]:
    """The value as it may be written; none at all for one that is too short."""
    if len(value) < SHORTEST:
        return set()
    raw = value.encode(errors="surrogatepass")
    dumped = json.dumps(value)[1:-1]
    written = {dumped, dumped.replace("/", "\\/"), json.dumps(value, ensure_ascii=False)[1:-1]}
    written |= {repr(value)[1:-1], json.dumps(repr(value)[1:-1])[1:-1]}
    written |= {html.escape(value), html.escape(value, quote=False)}
    written |= {
        value.replace("{", "{{").replace("}", "}}"),
        raw.decode("latin-1"),
    }  # as old software reads it
    in_url = {_DROPPED.sub("", value), unquote(value)}  # what urlsplit and `requote` make of it
    folded = " ".join(value.split())
    hexed = {raw.hex(), raw.hex().upper()}
    coded = {*_in_base64(raw), *_in_base64(quote_plus(raw).encode())}  # RFC 6749, 2.3.1
    cased = {value.lower(), value.upper()}
    return {value, value.strip(), folded, *cased, *in_url, *written, *hexed, *coded}


def _in_base64(raw: bytes) -> Iterator[str]:
    """The value in base64 (RFC 4648, 4 and 5), whole, or within a text, where it may begin anywhere."""
    for shift in range(3):
        encoded = b64encode(bytes(shift) + raw).decode()
        bits = 8 * shift, 8 * (shift + len(raw))
        cut = encoded[-(-bits[0] // 6) : bits[1] // 6]
        pieces = [encoded, encoded.rstrip("=")] if shift == 0 else []
        pieces += [cut] if len(cut) >= _SHORTEST_CUT else []
        for piece in pieces:
            yield piece
            yield piece.replace("+", "-").replace("/", "_")
