"""`python -m fathom`: the command, where it is not on the path."""

import sys

from fathom.cli import main

if __name__ == "__main__":
    sys.exit(main())
