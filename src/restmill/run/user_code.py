"""Whose code raised: the user's own, which is theirs to put right, or ours or dlt's.

An exception of the user's may quote a record or a secret: events and receipts have its class and its place.
"""

from __future__ import annotations

import sysconfig
import traceback
from importlib.util import find_spec
from pathlib import Path

from restmill.errors import Place

RESTMILL = str(Path(__file__).parents[1])
"""The folder of the package."""
_DLT = str(Path(getattr(find_spec("dlt"), "origin", None) or RESTMILL).parent)
_LIBRARIES = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})


def own_code(error: BaseException) -> Place | None:
    """Where in the user's code `error` was raised; None when it was raised in dlt or in restmill."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_ours(frame.filename):
            return None
        if not _is_library(frame.filename):
            return Place(file=frame.filename, line=frame.lineno or 0)
    return None


def raised(error: BaseException) -> str:
    """The class of an exception of the user's, and where it was raised: `KeyError at steps.py:12`."""
    place = own_code(error)
    return f"{type(error).__name__} at {place}" if place else type(error).__name__


def _is_ours(filename: str) -> bool:
    return filename.startswith((_DLT, RESTMILL))


def _is_library(filename: str) -> bool:
    """What is installed, or code that has no file."""
    return filename.startswith("<") or is_installed(filename)


def is_installed(filename: str) -> bool:
    """Whether code is the standard library's or an installed package's, compiled or not."""
    return (
        filename.startswith(_LIBRARIES) or "site-packages" in filename or filename.endswith((".pyx", ".pxi"))
    )
