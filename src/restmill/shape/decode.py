"""Bytes to a document, a document to records.

orjson decodes what it can; what it must refuse or would round (integers beyond 64 bits, NaN, other encodings
than UTF-8) goes to the standard library, which keeps it exactly. Selection follows dlt: the matches of a
JSON path, one match that is a list being the page itself, anything that is no list being a page of one.
"""

from __future__ import annotations

import gc
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from restmill.shape.encoding import known, mended
from restmill.shape.formats import looks_like
from restmill.shape.records import Pressed
from restmill.shape.sanitize import may_hold_nul, storable

if TYPE_CHECKING:
    from restmill.path import Json, Path
    from restmill.shape.encoding import Recoded
    from restmill.shape.records import Records

_HUGE = re.compile(
    rb"(?:^|[\s:,\[])-?\d{19,}(?:[\s,\]}]|$)"
)  # orjson reads integers beyond 64 bits as floats
_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_LONG = b"0" * 19
_BOM = b"\xef\xbb\xbf"
_CHARSET = re.compile(r"charset=\W?([\w.:-]+)", re.IGNORECASE)
_KEYS_SHOWN = 8


class Undecodable(ValueError):  # noqa: N818  # read as a sentence: "raise Undecodable"
    """The body is not the declared format; the text says what it looks like, never what it holds.

    `passing`: another attempt may bring a whole one, because it breaks off, or a gateway's page stands there.
    """

    def __init__(self, what: str, *, passing: bool = False) -> None:
        super().__init__(what)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Selection:
    """The records a selector found; `matched` is False when the path led nowhere."""

    records: Records
    matched: bool
    lone: bool = False
    """Whether a plain path led to one value that is no list."""
    nulls: int = 0
    """How many elements have null in the field that the path leads to: they are no records."""


def document_of(body: bytes, content_type: str = "") -> Json:
    """The JSON document in the body, None when it is empty.

    JSON is Unicode (RFC 8259, 8.1); only a body that is not is read by the charset of its `content_type`,
    which otherwise helps to name what else it is.

    Raises:
        Undecodable: HTML, truncated or otherwise broken JSON.
    """
    return _decoded(body, content_type)[0]


def storable_document(body: bytes, content_type: str = "") -> Json:
    """As `document_of`, except that what no table can hold has become what one can (see `sanitize`).

    Only what orjson refuses, or a body with a NUL, can hold such a value: nothing else is searched for any.

    Raises:
        Undecodable: as `document_of`.
    """
    document, exact = _decoded(body, content_type)
    return storable([document])[0] if exact else document


def read_document(text: Recoded, content_type: str, encoding: str = "") -> tuple[Recoded, Json]:
    """As `storable_document`, of a body in UTF-8; one that is not quite that is mended, and comes back so.

    Raises:
        Undecodable: as `document_of`.
    """
    try:
        return text, storable_document(text.body, content_type)
    except Undecodable:
        better = mended(text.body, content_type, encoding)
        if better is None:
            raise
    return better, storable_document(better.body, content_type)


def _decoded(body: bytes, content_type: str) -> tuple[Json, bool]:
    """The document, and whether it was decoded by Python, which keeps every value exactly."""
    body = body.removeprefix(_BOM)
    if not body.strip():
        return None, False
    # Flattening digits to zeros finds a long number ten times faster than the expression does.
    exact = (_LONG in body.translate(_ZEROS) and _HUGE.search(body)) or may_hold_nul(body)
    try:
        return (json.loads(body), True) if exact else (_loads(body), False)
    except (ValueError, RecursionError):
        return _decoded_slowly(body, content_type), True


def _loads(body: bytes) -> Json:
    """Orjson with the cyclic garbage collector held off: parsing makes many containers and no garbage."""
    held = gc.isenabled()
    gc.disable()
    try:
        return orjson.loads(body)
    finally:
        if held:
            gc.enable()


def _decoded_slowly(body: bytes, content_type: str) -> Json:
    """What orjson refuses and dlt's parser accepts: UTF-16, UTF-32, NaN."""
    try:
        return json.loads(_unicode(body, content_type))
    except (ValueError, LookupError, RecursionError) as error:  # LookupError: a charset that nobody knows
        what, passing = looks_like(body, content_type, error)
        raise Undecodable(what, passing=passing) from error


def select(document: Json, path: Path) -> Selection:
    """The records at `path`, by dlt's `extract_response`: None is no record, a single value is one record."""
    values = path.find(document)
    found: Json = values[0] if len(values) == 1 else values
    if found is None:
        return Selection([], matched=True)
    if found is values and path.to_field:
        kept = [value for value in values if value is not None]
        return Selection(kept, bool(values), nulls=len(values) - len(kept))
    if isinstance(found, list | Pressed):
        return Selection(found, matched=bool(values))
    return Selection([found], matched=True, lone=path.plain)


def fingerprint(records: list[Json]) -> int:
    """A number that equal lists of records share; good for one process only."""
    try:
        return hash(orjson.dumps(records, option=orjson.OPT_NON_STR_KEYS))
    except TypeError:  # integers beyond 64 bits
        return hash(repr(records))


def keys_of(document: Json) -> str:
    """What a document has to offer a selector: its top-level keys, or its kind. Names only."""
    if isinstance(document, dict):
        names = list(document)
        more = f" and {len(names) - _KEYS_SHOWN} more" if len(names) > _KEYS_SHOWN else ""
        return "keys " + ", ".join(str(name) for name in names[:_KEYS_SHOWN]) + more if names else "no keys"
    return "a list" if isinstance(document, list | Pressed) else type(document).__name__


def _unicode(body: bytes, content_type: str) -> str:
    try:
        return body.decode(json.detect_encoding(body))
    except UnicodeDecodeError:
        charset = _CHARSET.search(content_type)
        if charset is None or not known(charset[1]):
            raise
        return body.decode(charset[1])
