"""An API server that behaves like real ones, good and bad.

    with SandboxServer(Behaviour(rows=500, cap=100, fail_rate=0.1)) as server:
        sync(server.base_url)
        server.stats()["requests"]

or, as a process: `python -m restmill.sandbox --rows 500 --set cap=100`. It serves seven collections of
believable records (configurations, resource, feature_flags, projects, tasks, users, events), each in every
paging style, over loopback. A record depends on the seed, the collection and its index only. A key, when one
is set, is accepted as query `api_key` or `key`, header `X-API-Key`, bearer token, basic password or cookie
`api_key`. Lists take `sort`, `order`, and `since` and `until` on `updated_at`; `limit`, `per_page`, `size`
and `page_size` mean the same.

Routes (C is a collection; `ROUTES` holds this table):

{routes}

Switches (fields of `Behaviour`; set at the start, or later by `POST /_sandbox/behaviour`; `SWITCHES` holds
this table, `SWITCH_TABLE` also what each takes and its default):

{switches}
"""

import dataclasses
from typing import get_args

from restmill.sandbox import switches
from restmill.sandbox.behaviour import SWITCHES, Behaviour, SwitchError
from restmill.sandbox.data import KINDS, Collection, collection
from restmill.sandbox.pages import ROUTES
from restmill.sandbox.records import project_of, task_count, tasks_of
from restmill.sandbox.server import SandboxServer, run_forever

COLLECTIONS: tuple[str, ...] = tuple(KINDS)
"""The names of the collections."""

CHANGE = """curl -X POST http://127.0.0.1:8080/_sandbox/behaviour -d '{"cap": 60}'"""
"""How to set switches while the sandbox runs, on its usual port."""

_TAKES = {
    switches.text: "text",
    switches.whole: "whole number",
    switches.seconds: "seconds",
    switches.rate: "0 to 1",
    switches.flag: "true or false",
    switches.statuses: "HTTP statuses",
    switches.retry_after: "seconds, date or none",
}


def _told(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case tuple():
            return ",".join(map(str, value))
        case _:
            return "none" if value in (None, "") else str(value)


SWITCH_TABLE: tuple[tuple[str, str, str, str], ...] = tuple(
    (
        one.name,
        _TAKES.get(one.metadata["read"]) or "one of " + ", ".join(map(str, get_args(one.type))),
        _told(one.default),
        one.metadata["meaning"],
    )
    for one in dataclasses.fields(Behaviour)
)
"""Each switch: its name, what it takes, its default, what it means."""

__all__ = [
    "CHANGE",
    "COLLECTIONS",
    "ROUTES",
    "SWITCHES",
    "SWITCH_TABLE",
    "Behaviour",
    "Collection",
    "SandboxServer",
    "SwitchError",
    "collection",
    "project_of",
    "run_forever",
    "task_count",
    "tasks_of",
]


def _table(rows: tuple[tuple[str, str], ...]) -> str:
    return "\n".join(f"    {name:44} {meaning}" for name, meaning in rows)


__doc__ = (__doc__ or "").format(routes=_table(ROUTES), switches=_table(SWITCHES))
