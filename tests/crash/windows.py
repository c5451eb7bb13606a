"""Windows: the named moments at which a run is killed, as functions of dlt's or ours and a side of them.

Nothing of this is in the product. The process that is to die wraps one function and kills itself before or
after the n-th call of it. A function may be called from a worker's thread; a signal meets the whole process.
"""

from __future__ import annotations

import importlib
import os
import threading
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import signal

Side = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Window:
    """One moment. Calls count only when a text argument, or one's end, is as `table` and `ending` say."""

    name: str
    where: str
    """`module:function` or `module:class.method`."""
    side: Side
    table: str = ""
    ending: str = ""
    early: bool = False
    """Whether this may come before the run has begun, when it leaves no receipt."""

    def concerns(self, arguments: tuple[Any, ...]) -> bool:
        """Whether a call with these arguments is one of this window's."""
        names = [os.path.basename(one) for one in arguments if isinstance(one, str)]  # noqa: PTH119  # of any text
        if self.table and not any(name.startswith(f"{self.table}.") for name in names):
            return False
        return not self.ending or any(name.endswith(self.ending) for name in names)


_PACKAGE = "dlt.common.storages.load_package:PackageStorage."
_LOADS = "dlt.common.storages.load_storage:LoadStorage."
_STEPS = "dlt.pipeline.pipeline:Pipeline."
_EXTRACT = "dlt.extract.extract:Extract."
_SQL = "dlt.destinations.job_client_impl:SqlJobClientBase."
_MARK = f"{_PACKAGE}save_pending_transition"

WINDOWS: tuple[Window, ...] = (
    Window(
        "a page is written", "dlt.common.storages.data_item_storage:DataItemStorage.write_data_item", "after"
    ),
    Window("all is read, nothing committed", f"{_EXTRACT}commit_packages", "before"),
    Window("extract committed, state not saved", f"{_EXTRACT}commit_packages", "after"),
    Window("state saved, extract not over", f"{_STEPS}_save_state", "after", early=True),
    Window("between extract and normalize", f"{_STEPS}normalize", "before"),
    Window("normalize has begun", f"{_LOADS}import_extracted_package", "after"),
    Window("schema saved, package not", f"{_PACKAGE}save_schema_updates", "after"),
    Window("before the package is renamed", f"{_LOADS}commit_new_load_package", "before"),
    Window("after the package is renamed", f"{_LOADS}commit_new_load_package", "after"),
    Window("the extracted half is gone", f"{_PACKAGE}delete_package", "after"),
    Window("between normalize and load", f"{_STEPS}load", "before"),
    Window("tables made, schema not stored", f"{_SQL}_update_schema_in_storage", "before"),
    Window("schema stored, not noted", f"{_LOADS}commit_schema_update", "before"),
    Window("schema noted", f"{_LOADS}commit_schema_update", "after"),
    Window("a job is started", f"{_PACKAGE}start_job", "after"),
    Window("a file committed, not marked", _MARK, "before"),
    Window("users committed, not marked", _MARK, "before", table="users"),
    Window("events committed, not marked", _MARK, "before", table="events"),
    Window("projects committed, not marked", _MARK, "before", table="projects"),
    Window("nested rows committed, not marked", _MARK, "before", table="feature_flags__tags"),
    Window("a merge committed, not marked", _MARK, "before", ending=".sql"),
    Window("the runs committed, not marked", _MARK, "before", table="_restmill_runs"),
    Window("the state committed, not marked", _MARK, "before", table="_dlt_pipeline_state"),
    Window("a file marked", _MARK, "after"),
    Window("a merge is made", f"{_PACKAGE}import_job", "after"),
    Window("a job is moved", f"{_PACKAGE}complete_job", "after"),
    Window("between jobs", "dlt.load.load:Load.start_new_jobs", "before"),
    Window("all jobs done, package not complete", "dlt.load.load:Load.complete_package", "before"),
    Window("_dlt_loads written", f"{_SQL}complete_load", "after"),
    Window("package marked as loaded", f"{_PACKAGE}complete_loading_package", "after"),
    Window("package moved", f"{_LOADS}complete_load_package", "after"),
    Window("loaded, receipt not written", "restmill.run.receipt.archive:store", "before"),
    Window("receipt written", "restmill.run.receipt.archive:store", "after"),
)


def arm(window: Window, nth: int, number: signal.Signals) -> None:
    """From now on, send this process `number` at the n-th moment of `window`."""
    module, _, path = window.where.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for one in outer:
        owner = getattr(owner, one)
    original, left = getattr(owner, name), [nth]
    counting = threading.Lock()

    def die(arguments: tuple[Any, ...]) -> None:
        with counting:
            left[0] -= window.concerns(arguments)
            now = left[0] == 0
            left[0] -= now  # once only
        if now:
            os.kill(os.getpid(), number)

    @wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if window.side == "before":
            die(args)
        answer = original(*args, **kwargs)
        if window.side == "after":
            die(args)
        return answer

    setattr(owner, name, wrapped)
