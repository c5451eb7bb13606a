"""`python bench/run.py`: measure restmill, dlt, a hand-written loop and the floor side by side; see `--help`.

Started as a file, so that it needs no installation of its own; what it does is in `command.py`.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:1] = [str(ROOT), str(ROOT / "src")]  # `bench` by its full name, restmill from this checkout

from bench.command import main  # noqa: E402  # needs the lines above

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # what was measured so far is in the results file
