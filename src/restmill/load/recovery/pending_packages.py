"""Pending: what an earlier run has read and not loaded is loaded first, if it is this config's.

dlt loads what is pending before it reads, whoever has read it. A package carries the digest of the config
that it was read with; one of another config may have keys and columns that were put right meanwhile, so it is
let go while none of it is loaded, its cursors go back, and this run reads the same again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from restmill.errors import DestinationError
from restmill.events import Noted
from restmill.load.failures.dlt_errors import explained
from restmill.load.receipt.open_receipt import digest_of
from restmill.load.recovery.earlier_packages import load_earlier
from restmill.load.recovery.set_aside import set_apart, store_state
from restmill.load.refused.let_go import let_go
from restmill.run.observers import tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dlt import Pipeline
    from dlt.common.storages.load_package import PackageStorage

    from restmill.plan.spec import Plan
    from restmill.run.receipt.receipt import Earlier

_CONFIG = "restmill_config"
"""The key in the state of a load package."""
_GONE = "what an earlier run had read was let go: "
_OTHER = "it was read with another config"


def sign(packages: PackageStorage, plan: Plan) -> None:
    """Write into packages that are about to be committed which config they were read with."""
    for load_id in packages.list_packages():
        state: Any = packages.get_load_package_state(load_id)
        state[_CONFIG] = digest_of(plan)
        packages.save_load_package_state(load_id, state)


def load_pending(pipeline: Pipeline, plan: Plan, names: Iterable[str]) -> tuple[Earlier, ...]:
    """Restore state from the destination and load what an earlier run has read; nothing is read here.

    What is refused for good is let go, with a note at its resource, or at each of the resources `names`: this
    run reads it again.

    Returns:
        What was loaded.
    """
    if _is_foreign(pipeline, plan):
        pipeline.abort_packages()
        _say(names, _OTHER)
    try:
        loaded, refused = set_apart(pipeline, plan, lambda: load_earlier(pipeline))
    except Exception as error:
        if not let_go(pipeline, error):
            raise
        reason = explained(error)
        _say(names, reason.problem.what if isinstance(reason, DestinationError) else str(reason))
        return load_earlier(pipeline)
    for one in refused:
        _say((one.resource, *one.waiting), one.problem.what)
    if refused:
        store_state(pipeline, refused)
    return loaded


def _say(names: Iterable[str], why: str) -> None:
    for name in names:
        tell(Noted(name, time.monotonic(), f"{_GONE}{why}"))


def _is_foreign(pipeline: Pipeline, plan: Plan) -> bool:
    """Whether all that is pending was read with other configs, and none of it is loaded yet."""
    found = list(waiting(pipeline))
    signs = {str(_state(packages, load_id).get(_CONFIG, "")) for packages, load_id in found}
    if not found or signs & {"", digest_of(plan)}:
        return False
    return not any(_is_begun(packages, load_id) for packages, load_id in found)


def waiting(pipeline: Pipeline) -> Iterator[tuple[PackageStorage, str]]:
    """The packages that were read and not loaded, each with its storage."""
    for load_id in pipeline.list_extracted_load_packages():
        yield pipeline._get_normalize_storage().extracted_packages, load_id  # noqa: SLF001  # dlt only shows them
    for load_id in pipeline.list_normalized_load_packages():
        yield pipeline._get_load_storage().normalized_packages, load_id  # noqa: SLF001  # as above


def _state(packages: PackageStorage, load_id: str) -> Any:
    return packages.get_load_package_state(load_id)


def _is_begun(packages: PackageStorage, load_id: str) -> bool:
    return any(state != "new_jobs" for state, _ in packages.list_all_jobs_with_states(load_id))
