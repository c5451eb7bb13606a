"""`python bench/run.py`: measure restmill, dlt, a hand-written loop and the floor side by side; see `--help`.

Started as a file, so that it needs no installation of its own; what it does is in `command.py`.
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # `bench` is imported by its full name

from bench.command import main  # noqa: E402  # only possible after the line above

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
