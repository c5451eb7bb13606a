"""Cases: incremental loading, each over two runs; new records come between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt

from tests.parity.case import PAGED, Case, Config, many, one, resource

if TYPE_CHECKING:
    from collections.abc import Callable

GROWN = {"rows": 11}
START = "2025-01-01T00:00:00Z"
_CURSOR: Config = {"cursor_path": "updated_at", "initial_value": START}


def _to_day(value: str) -> str:
    return f"{value[:10]}T00:00:00Z"


def _twice(name: str, config: Callable[[str], Config], **keys: Any) -> Case:
    return Case(f"incremental {name}", config, runs=2, between=GROWN, **keys)


def _param(**keys: Any) -> Callable[[str], Config]:
    since = {"type": "incremental", **_CURSOR, **keys}
    return lambda api: one(api, "v1/users", params={"since": since}, paginator=PAGED, primary_key="id")


def _own(path: str = "v1/users", hints: Config | None = None, **keys: Any) -> Callable[[str], Config]:
    incremental = {**_CURSOR, "start_param": "since", **keys}
    return lambda api: one(api, path, incremental=incremental, paginator=PAGED, **(hints or {}))


def _placed(path: str = "echo/{incremental.start_value}", **keys: Any) -> Callable[[str], Config]:
    cursor = {"cursor_path": "id", "initial_value": "a"}
    return lambda api: one(api, path, **{"incremental": cursor, **keys})


def _object(api: str) -> Config:
    cursor = dlt.sources.incremental("updated_at", initial_value=START)
    return one(api, "v1/users", params={"since": cursor}, paginator=PAGED, primary_key="id")


def _child(api: str) -> Config:
    return many(
        api,
        resource("projects", "v1/projects", paginator={"type": "offset", "limit": 50}),
        resource(
            "tasks",
            "v1/projects/{resources.projects.id}/tasks",
            paginator={"type": "offset", "limit": 50},
            incremental={**_CURSOR, "start_param": "since"},
        ),
    )


def _child_with_placeholder(api: str) -> Config:
    config = _child(api)
    endpoint = config["resources"][1]["endpoint"]
    endpoint["params"] = {"since": "{incremental.start_value}"}
    endpoint["incremental"] = {**_CURSOR, "convert": _to_day}
    return config


_HOLES = {
    "answer": [{"id": 1, "at": "2025-01-02"}, {"id": 2}, {"id": 3, "at": None}, {"id": 4, "at": "2025-01-03"}]
}


def _holes(missing: str | None) -> Callable[[str], Config]:
    cursor = {"cursor_path": "at"} | ({"on_cursor_value_missing": missing} if missing else {})
    return lambda api: one(api, "made/answer", incremental=cursor, data_selector="$", paginator="single_page")


CASES = (
    _twice("in a param", _param()),
    _twice("in a param with convert", _param(convert=_to_day)),
    _twice("in a param with transform, the old name", _param(transform=_to_day)),
    _twice("in a param, no initial value", _param(initial_value=None)),
    _twice("object in a param", _object),
    _twice("on the endpoint, start_param", _own()),
    _twice(
        "on the endpoint, start_param and end_param",
        _own(end_param="until", end_value="2025-01-02T12:00:00Z"),
        may_ask_past_end=True,
    ),
    _twice("convert", _own(convert=_to_day)),
    _twice("lag", _own(lag=3600.0), may_ask_past_end=True),
    _twice(
        "row_order desc", _own(row_order="desc", hints={"params": {"sort": "updated_at", "order": "desc"}})
    ),
    _twice(
        "row_order asc with end_value",
        _own(row_order="asc", end_value="2025-01-02T12:00:00Z", hints={"params": {"sort": "updated_at"}}),
        may_ask_past_end=True,
    ),
    _twice(
        "last_value_func min",
        _own(last_value_func="min", initial_value="2030-01-01T00:00:00Z", start_param="until"),
    ),
    _twice("last_value_func of the user's own", _own(last_value_func=max)),
    _twice("range_start open", _own(range_start="open")),
    _twice(
        "range_end closed",
        _own(end_param="until", end_value="2025-01-02T12:00:00Z", range_end="closed"),
        may_ask_past_end=True,
    ),
    _twice("primary_key of its own", _own(primary_key="name")),
    _twice("primary_key empty, no deduplication", _own(primary_key=[])),
    _twice(
        "on a number",
        lambda api: one(
            api, "v1/users", incremental={"cursor_path": "id", "initial_value": 0}, paginator=PAGED
        ),
    ),
    _twice(
        "on a nested cursor",
        lambda api: one(
            api, "v1/configurations", incremental={"cursor_path": "scope.service.version"}, paginator=PAGED
        ),
    ),
    _twice("with merge on a key", _own(hints={"primary_key": "id", "write_disposition": "merge"})),
    _twice(
        "with filter steps",
        _own(hints={"processing_steps": [{"filter": lambda row: row["id"] % 2}]}),
        may_ask_past_end=True,
    ),
    Case("incremental on_cursor_value_missing include", _holes("include"), documents=_HOLES, runs=2),
    Case("incremental on_cursor_value_missing exclude", _holes("exclude"), documents=_HOLES, runs=2),
    Case("incremental on_cursor_value_missing raise", _holes("raise"), documents=_HOLES, fails=True),
    Case("incremental on_cursor_value_missing not said", _holes(None), documents=_HOLES, fails=True),
    _twice("placeholder in the path", _placed()),
    _twice(
        "placeholder in params",
        _placed("echo/b", params={"since": "{incremental.start_value}", "last": "{incremental.last_value}"}),
    ),
    _twice("placeholder in headers", _placed("echo/b", headers={"X-Since": "{incremental.start_value}"})),
    _twice(
        "placeholder in json",
        _placed(
            "echo/b",
            method="POST",
            json={"since": "{incremental.start_value}", "deep": [{"x": "from {incremental.initial_value}"}]},
        ),
    ),
    _twice(
        "placeholder in data", _placed("echo/b", method="POST", data={"since": "{incremental.start_value}"})
    ),
    _twice(
        "placeholder with convert",
        _placed(
            "echo/b",
            params={"since": "{incremental.start_value}"},
            incremental={"cursor_path": "id", "initial_value": "a", "convert": str.upper},
        ),
    ),
    _twice(
        "placeholder of end_value",
        _placed(
            "echo/b",
            params={"until": "{incremental.end_value}"},
            incremental={"cursor_path": "id", "initial_value": "a", "end_value": "z"},
        ),
    ),
    _twice("of a child", _child, any_order=True),
    _twice("placeholder of a child with convert", _child_with_placeholder, any_order=True),
)
