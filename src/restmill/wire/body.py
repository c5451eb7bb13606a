"""The body of a request as bytes, and the type it is sent with, by the rules of `requests`.

The same config puts the same bytes on the wire as under dlt: a signature or a hash that a script computes of
a body holds. A form may be a mapping or pairs (a field twice); a field that is None is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Request

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


def body_of(request: Request) -> tuple[bytes | None, str]:
    """The body and its content type; None: no body, "": no type. `data` counts where both are given.

    Raises:
        ValueError: a form is neither a mapping nor pairs.
    """
    if isinstance(request.data, bytes):
        return request.data or None, ""
    if isinstance(request.data, str) and request.data:
        return request.data.encode(), ""
    if request.data:
        return _form(request.data), FORM_TYPE
    if request.json is None:
        return None, ""
    return _json(request.json), JSON_TYPE


def _form(data: Json) -> bytes:
    try:
        pairs = list(_pairs(data))
    except (TypeError, ValueError):  # its text may repeat a value
        raise ValueError("a form is a mapping, or a list of pairs") from None
    return urlencode(pairs).encode()


def _pairs(data: Json) -> Iterator[tuple[Json, Json]]:
    for name, value in data.items() if isinstance(data, Mapping) else data:
        many = value if isinstance(value, Iterable) and not isinstance(value, str | bytes) else [value]
        yield from ((name, one) for one in many if one is not None)


def _json(document: Json) -> bytes:
    try:
        return json.dumps(document, allow_nan=False).encode()
    except (TypeError, ValueError):  # dates among others, which `requests` refuses
        return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)
