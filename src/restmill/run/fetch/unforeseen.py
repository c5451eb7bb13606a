"""Unforeseen: any exception that a read ends on, as an error of its resource with its place.

What a server says is met by our own code and by libraries, each with exceptions of its own. None of them may
end the run: it ends one read, says where it happened in the code, and the other resources go on. An exception
of the user's own code is the user's, as under dlt: it is raised as it is.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from requests import RequestException

from restmill.errors import ApiError, Place, Problem, RestmillError
from restmill.run.user_code import RESTMILL, is_installed

if TYPE_CHECKING:
    from collections.abc import Iterable

_HINT = "It should not happen: please report this line. What was read before stands."


def foreseen(error: Exception, place: Place) -> Exception:
    """`error` if it is one of ours or of the user's own code; else an `ApiError` at `place` in its stead.

    The text of such an exception may hold what a server sent, so only its class and the lines of code count.
    """
    if isinstance(error, RestmillError | RequestException):  # the latter only the user's code raises
        return error
    frames = traceback.extract_tb(error.__traceback__)
    if _is_own(frames):
        return error
    what = "an answer, or what was made of it, could not be dealt with"
    return ApiError(Problem(place, what, got=f"{type(error).__name__} at {_line_of(frames)}", hint=_HINT))


def _is_own(frames: Iterable[traceback.FrameSummary]) -> bool:
    """Whether the user's own code is the innermost that is neither ours nor a library's."""
    for frame in reversed(list(frames)):
        if frame.filename.startswith(RESTMILL):
            return False
        if not _is_library(frame.filename):
            return True
    return False


def _is_library(filename: str) -> bool:
    """What is installed, or generated; what is typed in at a prompt is the user's."""
    return filename == "<string>" or filename.startswith("<frozen") or is_installed(filename)


def _line_of(frames: Iterable[traceback.FrameSummary]) -> str:
    """The innermost line of ours, and the line of a library that it led to."""
    ours = [frame for frame in frames if frame.filename.startswith(RESTMILL)]
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "a library"
