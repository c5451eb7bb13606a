"""The way a resource's records take into dlt: columns where pyarrow is installed and nothing needs rows."""

from __future__ import annotations

import logging
from importlib.util import find_spec

if find_spec("pyarrow") is None:

    def claim() -> str:
        """Nothing can be claimed without pyarrow. Returns this as the reason."""
        return "pyarrow is not installed"
else:
    from restmill.load.claims import claim

log = logging.getLogger("restmill")


def choose(name: str) -> None:
    """Let the resource `name`, whose generator is starting, go columnar if it can; log why not."""
    why = claim()
    if why:
        log.info("%s: goes to dlt row by row, which is slower: %s", name, why)
