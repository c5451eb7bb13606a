"""Errors with status 200: what a server sends in the place of a page, or beside half of one.

Each kind is a way in which APIs say "no" in a body. `instead` is such a body; `beside` is what stands around
the records when only some could be had; `usual` is what the same API says around good ones.
"""

from collections.abc import Mapping
from typing import Literal

import orjson

ErrorKind = Literal[
    "ok",
    "success",
    "code",
    "status",
    "error_code",
    "fault",
    "json_rpc",
    "graphql",
    "timed_out",
    "null",
    "object",
    "warnings",
    "flipped",
]

_WHY = "the server cannot answer now"
_BODIES: Mapping[str, object] = {
    "ok": {"ok": False, "error": {"code": "too_busy", "message": _WHY}},
    "success": {"success": False, "data": None},
    "status": {"status": "error", "data": [], "message": _WHY},
    "error_code": {"error_code": 1200, "errors": [_WHY]},
    "fault": {"fault": {"faultstring": _WHY, "detail": {"errorcode": "policies.quota"}}},
    "json_rpc": {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": _WHY}},
    "graphql": {"data": None, "errors": [{"message": _WHY, "path": ["list"]}]},
}
_BESIDE: Mapping[str, dict[str, object]] = {
    "ok": {"ok": False},
    "success": {"success": False},
    "code": {"code": 40001, "message": _WHY},
    "status": {"status": "error"},
    "error_code": {"error_code": 1200},
    "timed_out": {"timed_out": True},
    "warnings": {"warnings": [_WHY]},
    "flipped": {"durum": 0},
}
_USUAL: Mapping[str, dict[str, object]] = {
    "ok": {"ok": True},
    "success": {"success": True},
    "code": {"code": 0, "message": "ok"},
    "status": {"status": "ok"},
    "timed_out": {"timed_out": False},
    "flipped": {"durum": 1},
}


def usual(kind: ErrorKind) -> dict[str, object]:
    """Return what stands around the records of a good page where errors are of this kind."""
    return _USUAL.get(kind, {})


def beside(kind: ErrorKind) -> dict[str, object]:
    """Return what stands around records of which some could not be had."""
    return _BESIDE.get(kind, {"errors": [{"message": _WHY, "path": ["list", 1]}]})


def instead(kind: ErrorKind, body: bytes) -> bytes:
    """Return the error in the place of a good page with this body."""
    if kind in _BODIES:
        return orjson.dumps(_BODIES[kind])
    try:
        page = orjson.loads(body)
    except orjson.JSONDecodeError:  # in another encoding
        page = None
    emptied: object = {"null": None, "object": {"error": "too busy"}}.get(kind, [])
    if not isinstance(page, dict):
        return orjson.dumps(emptied if emptied != [] else {**_BESIDE["code"], "data": []})
    name = next(name for name, value in page.items() if isinstance(value, list))
    return orjson.dumps({**page, **(beside(kind) if emptied == [] else {}), name: emptied})
