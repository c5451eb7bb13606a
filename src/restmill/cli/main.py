"""The console entry, light enough that Ctrl-C is quiet from the first moment: commands are loaded inside it.

0 all complete   2 config or usage   3 loaded, but not all proven complete
4 the API failed   5 the destination failed   130 interrupted, 143 by SIGTERM   1 a fault nobody foresaw
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from restmill.cli import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments`, those of the process unless given; returns the exit code."""
    if arguments is None:
        _in_utf8()
    try:
        from restmill.cli.entry import run  # noqa: PLC0415  # a second of imports, which may be interrupted
    except KeyboardInterrupt:
        sys.stderr.write(f"{INTERRUPTED}\n")
        return 130
    return run(arguments)


def _in_utf8() -> None:
    """Start again in UTF-8 mode (PEP 540) where names of files are ASCII: those of tables need not be."""
    if sys.getfilesystemencoding() == "utf-8" or os.name == "nt" or sys.flags.utf8_mode:
        return
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606  # it is us
