"""Formats: what a body is that is no JSON, by its first bytes, its type and where its parser stopped.

Never what it holds. A body that breaks off, and the HTML page of some gateway, may be a whole answer the next
time; another format will be the same again.
"""

from __future__ import annotations

import json

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a zip archive",
    b"%PDF": "PDF",
    b"PAR1": "Parquet",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
}
_SEPARATORS = (b",", b";", b"\t", b"|")
_LONGEST_WORD = 9  # `-Infinity`, of which a cut body may have any part
_SHOWN = 4096  # bytes looked at


def is_binary(body: bytes) -> bool:
    """Whether the first bytes are those of a format that is no text."""
    return body.startswith(tuple(_MAGIC))


def looks_like(body: bytes, content_type: str, error: BaseException) -> tuple[str, bool]:
    """What the body is, and whether that may pass. `error` is what the JSON parser said."""
    size = f"{len(body):,} bytes"
    start, kind = body.lstrip()[:_SHOWN], content_type.lower()
    for magic, name in _MAGIC.items():
        if body.startswith(magic):
            return f"{name} instead of JSON ({size})", False
    if start[:1] == b"<" or "html" in kind:
        html = b"<html" in body[:2000].lower() or b"<!doctype html" in start.lower() or "html" in kind
        return f"{'HTML' if html else 'XML'} instead of JSON ({size})", html
    if _is_lines(start, kind):
        return f"JSON Lines instead of one JSON document ({size})", False
    if start[:1] in (b"{", b"["):
        return f"broken or truncated JSON ({size})", _breaks_off(error)
    if _is_csv(start, kind):
        return f"CSV instead of JSON ({size})", False
    return f"no JSON ({content_type or 'no content type'}, {size})", False


def _breaks_off(error: BaseException) -> bool:
    """Whether the parser stopped because there was no more, rather than at something wrong."""
    if not isinstance(error, json.JSONDecodeError):
        return isinstance(error, UnicodeDecodeError)
    left = len(error.doc.rstrip()) - error.pos
    return error.msg.startswith("Unterminated string") or left <= _LONGEST_WORD


def _is_lines(start: bytes, kind: str) -> bool:
    """Whether each line is a document of its own."""
    if any(word in kind for word in ("ndjson", "jsonl", "json-seq", "jsonlines")):
        return True
    first, _, rest = start.partition(b"\n")
    if first[:1] not in (b"{", b"[") or rest.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        json.loads(first)
    except ValueError:
        return False
    return True


def _is_csv(start: bytes, kind: str) -> bool:
    """Whether the first two lines have as many separators."""
    if "csv" in kind or "tab-separated" in kind:
        return True
    lines = start.splitlines()[:2]
    counts = [[line.count(one) for one in _SEPARATORS] for line in lines]
    return len(lines) == 2 and any(a == b > 0 for a, b in zip(*counts, strict=True))
