"""The load: a plan as a dlt source, run by dlt's own pipeline. The only layer that imports dlt."""

from __future__ import annotations

from restmill.load.sync.run import sync

__all__ = ["sync"]
