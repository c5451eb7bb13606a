"""A config written in Python: run the file, take the dict.

Callables, sessions and dlt objects can stand in it, and it reads its own secrets (`dlt.secrets[...]`), so
nothing in it is a `${...}` reference.
"""

from __future__ import annotations

from traceback import extract_tb
from typing import TYPE_CHECKING

from restmill.errors import ConfigError, Place, Problem

if TYPE_CHECKING:
    from restmill.path import Json

_TELLING = (SyntaxError, NameError, ImportError, AttributeError, LookupError, OSError)
"""Errors whose message names what is missing; the message of others may hold anything."""


def run(file: str) -> dict[str, Json]:
    """The config that the Python program in `file` defines: a module-level dict.

    Raises:
        ConfigError: the program failed, or it defines no config, or several.
    """
    import runpy  # noqa: PLC0415  # only .py configs need it

    try:
        module = runpy.run_path(file)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # the user's program may raise anything
        raise ConfigError(_failure(error, file)) from None
    if isinstance(module.get("config"), dict):
        return dict(module["config"])
    found = [
        name
        for name, value in module.items()
        if isinstance(value, dict) and not name.startswith("__") and {"client", "resources"} <= value.keys()
    ]
    if len(found) == 1:
        return dict(module[found[0]])
    what = f"several configs: {', '.join(found)}" if found else "no config"
    raise ConfigError(Problem(Place(file=file), f"the file defines {what}", hint="Name the dict `config`."))


def _failure(error: BaseException, file: str) -> Problem:
    lines = [frame.lineno or 0 for frame in extract_tb(error.__traceback__) if frame.filename == file]
    line = lines[-1] if lines else 0
    if isinstance(error, SyntaxError) and error.filename == file:
        line = error.lineno or 0
    reason = type(error).__name__
    if isinstance(error, _TELLING):
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        reason = f"{reason}: {said.strip().partition(chr(10))[0]}"
    return Problem(Place(file=file, line=line), f"running the file failed: {reason}")
