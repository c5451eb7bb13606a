"""Where things stand: paths through the config tree, and their positions in a file.

A path is a tuple of mapping keys and list indexes; it is written `resources[2].endpoint.params.since`, and a
key that is no plain word is quoted: `headers['X.Trace']`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from restmill.errors import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

Keys: TypeAlias = tuple[str | int, ...]
Stage: TypeAlias = Literal["python", "file", "resolved"]


@dataclass(frozen=True, slots=True)
class Positions:
    """The file a tree came from, and where in it each path stands.

    `stage` says what strings mean: in "python" they are what they are; in "file" they may hold `${...}`
    references; "resolved" is a file whose references were replaced by their values.
    """

    file: str = ""
    marks: Mapping[Keys, tuple[int, int]] = field(default_factory=dict, repr=False)
    """Path -> line and column of its key (of the item, in a list), both from 1."""
    stage: Stage = "python"

    def place(self, keys: Keys) -> Place:
        """The place of a path; a path without a mark of its own has that of the nearest one above it."""
        for length in range(len(keys), -1, -1):
            if mark := self.marks.get(keys[:length]):
                return Place(written(keys), self.file, *mark)
        return Place(written(keys), self.file)

    def resolved(self) -> Positions:
        """These positions, for the same tree after its references were resolved."""
        return replace(self, stage="resolved") if self.stage == "file" else self


def written(keys: Keys) -> str:
    """A path as text."""
    text = ""
    for one in keys:
        if isinstance(one, int):
            text += f"[{one}]"
        elif one.replace("-", "_").isidentifier():
            text += f".{one}" if text else one
        else:
            text += f"[{one!r}]"
    return text
