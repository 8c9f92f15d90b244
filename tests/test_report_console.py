"""Consoles of reports: lines break for terminals, and for nothing else."""

from __future__ import annotations

import io

from tests.reports import example

from testcard.report.console import report_console
from testcard.report.terminal import print_report


class Terminal(io.StringIO):
    """A file that is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def test_a_pipe_gets_whole_lines_and_no_filling() -> None:
    out = io.StringIO()
    print_report(example(), report_console(out))
    lines = out.getvalue().splitlines()
    found = next(line for line in lines if line.lstrip().startswith("!"))
    assert "openapi/segmind.yaml:" in found
    assert "expected" in found
    assert max(map(len, lines)) < 1000


def test_a_terminal_gets_lines_that_fit() -> None:
    out = Terminal()
    console = report_console(out, {})
    assert console.width == 80


def test_columns_are_kept_to_where_they_are_told() -> None:
    assert report_console(io.StringIO(), {"COLUMNS": "120"}).width < 1000
