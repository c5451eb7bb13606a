"""Examples of the page "REST API source": incremental loading by placeholders, and the two older ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pendulum

from tests.parity.case import Case, Config, many, resource
from tests.parity.docs.basics import GROWN
from tests.parity.docs.records import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable

_START = "{incremental.start_value}"
_CREATED: Config = {"cursor_path": "created_at", "initial_value": "2024-01-25T00:00:00Z"}
_DAY: Config = {"cursor_path": "created_at", "initial_value": "2024-01-25"}


def _to_date(epoch: str) -> str:
    return str(pendulum.from_timestamp(int(epoch)).to_date_string())


_SECONDS: Config = {"cursor_path": "updated_at", "initial_value": str(EPOCH), "convert": _to_date}


def _posts(path: str = "posts", **keys: Any) -> Callable[[str], Config]:
    return lambda api: many(f"{api}/results", resource("posts", path, data_selector="results", **keys))


def _events(api: str) -> Config:
    since = {"cursor_path": "updated_at", "initial_value": "2024-01-01T00:00:00Z"}
    return many(
        f"{api}/plain", resource("events", "events", headers={"X-Since-Timestamp": _START}, incremental=since)
    )


def _twice(name: str, config: Callable[[str], Config]) -> Case:
    return Case(f"incremental: {name}", config, runs=2, between=GROWN)


CASES = (
    _twice("placeholder in the query", _posts(params={"created_since": _START}, incremental=_CREATED)),
    _twice(
        "placeholder in the JSON body",
        _posts(
            "posts/search",
            method="POST",
            json={"filters": {"fromDate": _START, "toDate": "2024-03-25"}, "limit": 1000},
            incremental=_CREATED,
        ),
    ),
    _twice("placeholder in the path", _posts(f"posts/since/{_START}/list", incremental=_DAY)),
    _twice("placeholder in a header", _posts(headers={"X-Since-Timestamp": _START}, incremental=_CREATED)),
    _twice("placeholder in a header of events", _events),
    _twice(
        "placeholders of all values",
        _posts(
            params={
                "from": "{incremental.initial_value}",
                "last": "{incremental.last_value}",
                "created_since": _START,
                "created_before": "{incremental.end_value}",
            },
            incremental={**_DAY, "end_value": "2024-01-31"},
        ),
    ),
    _twice("in params, the older way", _posts(params={"created_since": {"type": "incremental", **_DAY}})),
    _twice("start_param, the older way", _posts(incremental={"start_param": "created_since", **_DAY})),
    _twice(
        "start_param, end_param and convert",
        _posts(
            incremental={
                "start_param": "created_since",
                "end_param": "created_before",
                "cursor_path": "created_at",
                "initial_value": "2024-01-25",
                "end_value": "2024-01-30",
                "convert": lambda day: f"{day}T00:00:00Z",
            }
        ),
    ),
    _twice("convert in params", _posts(params={"created_since": {"type": "incremental", **_SECONDS}})),
    _twice("convert with start_param", _posts(incremental={"start_param": "created_since", **_SECONDS})),
    _twice("convert with a placeholder", _posts(params={"created_since": _START}, incremental=_SECONDS)),
)
