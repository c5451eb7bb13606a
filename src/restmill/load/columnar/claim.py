"""What came of asking for the columnar way, known with pyarrow and without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restmill.shape.page_parser import Press


OWN_NORMALIZER = "the schema has a normalizer of its own"


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a resource's table was claimed."""

    why: str = ""
    """Why it must go by rows, once in an extract step."""
    press: Press | None = None
    """What may press its pages: it is claimed, and nobody but the storage looks at its records."""
