"""Whoever dies while records are sifted leaves a package that the next run loads exactly."""

from __future__ import annotations

import importlib
import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill.errors import RestmillError
from restmill.load.refused import keep_apart
from tests.load.api import of
from tests.load.refused.test_keep_apart import OWN, kept, things, whole
from tests.load.refused.test_refused_rows import away, place
from tests.load.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.load.refused.test_refused_rows import Place

__all__ = ["place"]


class Killed(BaseException):
    """What nothing catches: the process is gone."""


MOMENTS: dict[str, tuple[str, int]] = {
    "the table waits": ("refused.keep_apart:_let_wait", 1),
    "some files are renewed": ("recovery.killed_runs:PackageStorage._move_job", -1),
    "all files are renewed": ("refused.keep_apart:_renew", 1),
    "the first trial is done": ("refused.trial_load:{}.takes", 1),
    "some trials are done": ("refused.trial_load:{}.takes", 4),
    "the search is over": ("refused.keep_apart:refused", 1),
    "the quarantine is known": ("refused.keep_apart:make_known", 1),
    "all is written": ("refused.keep_apart:write_rows", 1),
    "some files are in their places": ("refused.keep_apart:moved", 2),
    "all files are in their places": ("refused.keep_apart:_keep", 1),
}
"""Moment -> a function, and after which call of it the process is killed; -1: the first one of the search."""


def kill_after(patched: pytest.MonkeyPatch, name: str, call: int) -> None:
    """Kill the process after so many calls of a function."""
    module, _, inside = name.partition(":")
    path = inside.split(".")
    owner: Any = importlib.import_module(f"restmill.load.{module}")
    for part in path[:-1]:
        owner = getattr(owner, part)
    inner = getattr(owner, path[-1])
    calls = [0]

    @wraps(inner)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        made = inner(*arguments, **named)
        calls[0] += call > 0 or any(frame.function == "_renew" for frame in inspect.stack())
        if calls[0] == abs(call):
            raise Killed
        return made

    patched.setattr(owner, path[-1], wrapped)


KILLS = [("duckdb", disposition, moment) for disposition in ("append", "merge") for moment in MOMENTS] + [
    ("postgres", disposition, moment)
    for disposition in ("append", "merge")
    for moment in ("some files are renewed", "some trials are done", "some files are in their places")
]


@pytest.mark.parametrize(("where", "disposition", "moment"), KILLS)
def test_whoever_dies_while_sifting_leaves_what_the_next_run_makes_exact(
    place: Callable[[str], Place],
    where: str,
    disposition: str,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, shelf = place(where), Shelf(things=things(1), others=things(1))
    own = {**OWN, "columnar": disposition == "append"}
    there.sync(shelf, own, "others", write_disposition=disposition)
    there.query("CREATE UNIQUE INDEX u ON {}.things (v)")
    shelf.lists |= {"/things": things(11, "1", 4, 7), "/others": things(11)}
    name, call = MOMENTS[moment]
    with monkeypatch.context() as patched:
        kind = "FileTrial" if disposition == "append" else "StagedTrial"
        kill_after(patched, name.format(kind), call)
        with pytest.raises(Killed):
            there.sync(shelf, own, "others", write_disposition=disposition)
    shelf.lists |= {"/things": [], "/others": []}
    there.sync(shelf, own, "others", write_disposition=disposition)
    assert there.counted("things") == (18, 18)
    assert there.counted("others") == (20, 20)
    assert whole(there)
    assert [one["id"] for _, one in kept(there)] == [15, 18]
    assert not dlt.attach(there.pipeline).has_pending_data
    assert (
        there.query("SELECT count(*), count(DISTINCT load_id) FROM {}._dlt_loads WHERE status = 0")[0][0] >= 2
    )


@pytest.mark.parametrize("disposition", ["append", "merge"])
def test_a_destination_that_fails_while_sifting_is_no_refusal(
    place: Callable[[str], Place], disposition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, shelf = place("duckdb"), Shelf(things=things(1))
    there.sync(shelf, OWN, write_disposition=disposition)
    there.query("CREATE UNIQUE INDEX u ON {}.things (v)")
    shelf.lists["/things"] = things(11, "1", 4, 7)
    with monkeypatch.context() as patched:
        patched.setattr(keep_apart, "refused", away)
        with pytest.raises(RestmillError):
            there.sync(shelf, OWN, write_disposition=disposition)
    assert dlt.attach(there.pipeline).has_pending_data
    shelf.lists["/things"] = []
    receipt = there.sync(shelf, OWN, write_disposition=disposition)
    assert of(receipt, "things").quarantined == 2
    assert there.counted("things") == (18, 18)
    assert whole(there)
