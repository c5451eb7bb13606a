"""Python objects that only a Python config can hold: callables, sessions, auth and paginator objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, repr=False)
class Opaque:
    """A Python object of the user's own, named by its config path; its own repr may hold a credential."""

    value: Any  # the one place where a config or plan holds what restmill knows nothing about
    path: str

    def __repr__(self) -> str:
        return f"Opaque({type(self.value).__name__} at {self.path})"
