"""Where the command `testcard` starts: Ctrl-C ends it quietly, while it still imports too.

Knows that there is a command line, and imports nothing of it ahead of time.
"""

from __future__ import annotations

import gc
import sys

from testcard.cli.interrupt import ending_at_once

_INTERRUPTED = 130
"""What a shell says of a command that Ctrl-C ended."""


def main() -> None:
    """Run the command line."""
    try:
        with ending_at_once():
            gc.disable()  # what is imported stays; to look for garbage in it takes long
            from testcard.cli.main import app

            gc.freeze()
            gc.enable()
        app()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
