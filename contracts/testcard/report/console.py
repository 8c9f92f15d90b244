"""Where reports are printed: as wide as the terminal, or as wide as they are in a pipe or file.

Knows rich. Must not know verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TextIO

from rich.console import Console

_ENDLESS: Final = 100_000
"""Columns that no line of a report fills."""


def report_console(out: TextIO | None = None, environ: Mapping[str, str] | None = None) -> Console:
    """Return a console that breaks lines for a terminal, and for nothing else.

    Args:
        out: where to print; the standard output where None.
        environ: the process's environment; COLUMNS in it is kept to wherever the output goes.
    """
    console = Console(file=out)
    if console.is_terminal or (environ or {}).get("COLUMNS"):
        return console
    return Console(file=out, width=_ENDLESS)
