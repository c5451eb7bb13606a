"""`python -m restmill`: the same as the command `restmill`."""

import sys

from restmill.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
