"""Random APIs and random configs: lists of JSON records, served by a tiny server, and how to read them.

Many lists are generated at once and become the resources of one source: a pipeline costs a second, a resource
almost nothing. What dlt itself cannot load (a text that is no time in a column of times, integers beyond 64
bits beside texts, 1e300 in a column of integers) is left out of the batches.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from restmill.plan.names import normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.path import Json

Record = dict[str, Any]
BATCH = 25

KEYS = st.one_of(
    st.sampled_from(
        [
            "id",
            "name",
            "Name",
            "fullName",
            "full_name",
            "äöü",
            "日本",
            "with space",
            "with-dash",
            "a.b",
            "1st",
            "__dunder__",
            "select",
            "value",
            "list",
            "x" * 70,
            "emoji🚀",
            "UPPER",
            "camelCaseKey",
            "trailing_",
            "$ref",
            "@type",
            "a__b",
            "_dlt",
            "",
            "é",
        ]
    ),
    st.text(string.ascii_letters + "_ -.äß0123456789", min_size=1, max_size=8),
)
TIMES = st.sampled_from(["2025-01-01T00:00:00Z", "2024-02-29T12:30:00.123456+02:00", "1999-12-31T23:59:59Z"])
DATES = st.sampled_from(["2025-01-01", "2024-02-29"])
TEXTS = st.sampled_from(
    ["", "plain", "ünï", "日本 🚀", "line\nbreak", 'it\'s "quoted"', "true", "12", "1.5", "null", "\\N", "\t"]
)
WHOLE = st.one_of(st.integers(-10, 10), st.sampled_from([2**31, -(2**31), 2**53 + 1, 2**63 - 1, -(2**63)]))
PARTS = st.sampled_from([0.0, 0.1, 1e-300, 1e300, -2.5, 1.0, 123456789.123456789, 5e-324])
FLAGS = st.booleans()

# One kind for a field of all records of a list, or any mixture that dlt can tell apart.
_KINDS: list[st.SearchStrategy[Json]] = [WHOLE, PARTS, FLAGS, TIMES, DATES, TEXTS]
_MIXTURES: list[st.SearchStrategy[Json]] = [
    st.one_of(WHOLE, PARTS.filter(lambda part: abs(part) < 2**63)),
    st.one_of(WHOLE, TEXTS),
    st.one_of(WHOLE, FLAGS, TEXTS),
    st.one_of(PARTS, TEXTS, st.none()),
    st.one_of(FLAGS, WHOLE, st.none()),
]


def fields(depth: int) -> st.SearchStrategy[st.SearchStrategy[Json]]:
    """Strategies for the values of one field: alike in all records, or mixed, or sometimes nested."""
    flat = st.sampled_from(_KINDS + _MIXTURES)
    if not depth:
        return flat
    return st.one_of(
        flat,
        flat.map(lambda one: st.one_of(one, st.none())),
        records(depth - 1),
        records(depth - 1).map(lambda one: st.lists(one, max_size=3)),
        flat.map(lambda one: st.lists(one, max_size=3)),
        st.tuples(flat, records(depth - 1)).map(lambda pair: st.one_of(*pair)),
        flat.map(lambda one: st.lists(st.lists(one, max_size=2), max_size=2)),
        st.just(st.none()),
        st.just(st.just([])),
        st.just(st.just({})),
    )


def _column(key: str) -> str:
    """The name that dlt makes of a key: two keys of one name are a difference that is meant."""
    return normal(key) if key.strip() else ""


@st.composite
def records(draw: st.DrawFn, depth: int) -> st.SearchStrategy[Record]:
    """A strategy for records that look like each other: the same few keys, some of which may be absent."""
    keys = draw(st.lists(KEYS, min_size=1, max_size=5, unique_by=_column))
    values = {key: draw(fields(depth)) for key in keys}
    always = draw(st.sets(st.sampled_from(keys)))
    return st.fixed_dictionaries(
        {key: one for key, one in values.items() if key in always},
        optional={key: one for key, one in values.items() if key not in always},
    )


@dataclass(frozen=True, slots=True)
class Served:
    """One list as the server has it: its records, how a page of it looks, and how the config reads it."""

    rows: list[Record]
    style: str
    limit: int
    selector: str
    hints: Mapping[str, Any]

    def resource(self, number: int) -> Record:
        """The resource of the config that reads list `number`."""
        endpoint: Record = {
            "path": f"list/{number}",
            "paginator": self.paginator(),
            "data_selector": self.selector,
        }
        if self.selector == "detected":
            del endpoint["data_selector"]
        hints = dict(self.hints)
        if (
            "table_name" in hints
        ):  # a table of its own: the first of several resources would name a shared one
            hints["table_name"] = hints["table_name"].replace("{number}", str(number))
        return {"name": f"list_{number}", "endpoint": endpoint, **hints}

    def paginator(self) -> Json:
        """The paginator that suits the style."""
        match self.style:
            case "offset":
                return {"type": "offset", "limit": self.limit, "total_path": "total"}
            case "page":
                return {"type": "page_number", "base_page": 0, "total_path": "pages"}
            case "cursor":
                return {"type": "cursor", "cursor_path": "after", "cursor_param": "after"}
            case "link":
                return {"type": "json_link", "next_url_path": "next"}
            case _:
                return "single_page"

    def page(self, number: int, query: Mapping[str, str]) -> Json:
        """The page that is asked for."""
        if self.style == "single":
            return self._wrapped(self.rows, {})
        start = int(query.get("offset") or query.get("after") or int(query.get("page") or 0) * self.limit)
        then = start + self.limit
        more = then < len(self.rows)
        rest: Record = {
            "total": len(self.rows),
            "pages": max(1, -(-len(self.rows) // self.limit)),
            "after": str(then) if more else None,
            "next": f"/list/{number}?offset={then}" if more else None,
        }
        return self._wrapped(self.rows[start:then], rest)

    def _wrapped(self, rows: list[Record], rest: Record) -> Json:
        match self.selector:
            case "deep.rows":
                return {"deep": {"rows": rows}, **rest}
            case "items[*].it":
                return {"items": [{"it": row} for row in rows], **rest}
            case _:
                return {"results": rows, **rest}


HINTS: st.SearchStrategy[Record] = st.sampled_from(
    [
        {},
        {},
        {"write_disposition": "replace"},
        {"max_table_nesting": 0},
        {"max_table_nesting": 1},
        {"columns": {"name": {"data_type": "text"}}},
        {"table_name": "Renamed Table {number}"},
        {"parallelized": True},
        {"processing_steps": [{"filter": lambda row: row["nr"] != 1}]},
        {"processing_steps": [{"map": lambda row: {**row, "added": len(row)}}]},
        {"processing_steps": [{"yield_map": lambda row: iter([row, row])}]},
    ]
)


@st.composite
def lists(draw: st.DrawFn) -> Served:
    """One random list and one random way to serve and read it."""
    looks = draw(records(draw(st.integers(0, 2))))
    found = draw(st.lists(looks, max_size=7))
    # Numbered, because restmill takes a page that comes twice for a loop.
    rows = [{**row, "nr": number} for number, row in enumerate(found)]
    style = draw(st.sampled_from(["offset", "page", "cursor", "link", "single"]))
    selector = draw(st.sampled_from(["results", "$.results", "deep.rows", "detected"]))
    return Served(rows, style, draw(st.integers(1, 5)), selector, draw(HINTS))


BATCHES = st.lists(lists(), min_size=BATCH, max_size=BATCH)
