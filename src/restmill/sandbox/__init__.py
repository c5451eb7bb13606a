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
this table):

{switches}
"""

from restmill.sandbox.behaviour import SWITCHES, Behaviour, SwitchError
from restmill.sandbox.data import KINDS, Collection, collection
from restmill.sandbox.pages import ROUTES
from restmill.sandbox.records import project_of, task_count, tasks_of
from restmill.sandbox.server import SandboxServer, run_forever

COLLECTIONS: tuple[str, ...] = tuple(KINDS)
"""The names of the collections."""

__all__ = [
    "COLLECTIONS",
    "ROUTES",
    "SWITCHES",
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
