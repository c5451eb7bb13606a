"""Signs in an answer that there is more than it holds: plain words that APIs use beside their rows.

No sign is proof. They are used where nothing else is known, to call a read suspect rather than complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restmill.path import Json

_TOTALS = frozenset(
    {"total", "count", "totalcount", "totalsize", "totalhits", "totalresults", "totalitems", "totalelements"}
    | {"totalrecords", "totalrows", "numfound", "resultcount", "itemcount", "recordcount", "rowcount"}
)
_MORE = frozenset(
    ("more", "hasmore", "hasnext", "hasnextpage", "hasmorepages", "hasmoreitems", "hasmoreresults")
)
_DEPTH = 2  # `total` or `meta.total`; deeper ones belong to the records


def sign_of_more(document: Json, rows: int) -> str:
    """A sentence on the first sign in `document` of more than `rows` rows; "" when there is none."""
    for path, name, value in _scalars(document, "", _DEPTH):
        if name in _MORE and value in (True, "true", "True"):
            return f"the answer says `{path}: true`, but nothing says how to ask for more"
        number = whole(value)
        if name in _TOTALS and number is not None and number > rows:
            said = f"the answer says `{path}: {number}`, but holds {rows} rows"
            return f"{said}, and nothing says how to ask for more"
    return ""


def whole(value: Json) -> int | None:
    """A non-negative whole number, also from "123" or 123.0; None for anything else."""
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 and value == value // 1 else None


_LONGEST = 18  # digits of a number that counts anything


def _scalars(document: Json, prefix: str, depth: int) -> Iterator[tuple[str, str, Json]]:
    if not isinstance(document, Mapping) or not depth:
        return
    for key, value in document.items():
        path = f"{prefix}{key}"
        yield path, str(key).lower().replace("_", "").replace("-", ""), value
        yield from _scalars(value, f"{path}.", depth - 1)
