"""A drift on the terminal: what was added, changed and removed, the weightiest first.

Knows rich. Must not know how changes are found.
"""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from testcard.common.redaction import visible
from testcard.record.drift import CHANGE_KINDS, Change, Drift
from testcard.report.summary import named, plural

_STYLES: Final = {"broken": "bold red", "finding": "yellow", "not-exercised": "dim"}
_SIGNS: Final = {"added": "+", "changed": "~", "removed": "-"}


def print_drift(changes: Drift, console: Console) -> None:
    """Print a table of changes and a last line that counts them.

    Args:
        changes: of two runs; fewer is better, none is a line that says so.
        console: where to.
    """
    if not changes:
        console.print(Text("Nothing changed.", "bold green"))
        return
    table = Table(show_lines=True)
    for name in ("", "severity", "provider", "clause", "what"):
        table.add_column(name, overflow="fold", no_wrap=name in ("", "severity", "provider"))
    for change in changes:
        table.add_row(*_cells(change))
    console.print(table)
    console.print(_summary(changes))


def _cells(change: Change) -> tuple[Text, ...]:
    latest = change.latest
    provider, clause, detail = named(latest.fingerprint)
    style = _STYLES[latest.severity]
    return (
        Text(_SIGNS[change.kind], style),
        Text(_severity(change), style),
        Text(visible(provider)),
        Text(visible(clause)),
        Text(visible("\n".join(line for line in (detail, *_what(change)) if line))),
    )


def _severity(change: Change) -> str:
    before, after = change.before, change.after
    if before and after and before.severity != after.severity:
        return f"{before.severity} → {after.severity}"
    return change.latest.severity


def _what(change: Change) -> tuple[str, ...]:
    before, after = change.before, change.after
    if before and after and before.seen != after.seen:
        return (f"was: {before.seen}", f"now: {after.seen}", f"expected: {after.expected}")
    latest = change.latest
    return (latest.sentence, latest.seen) if change.kind == "added" else (latest.seen,)


def _summary(changes: Drift) -> Text:
    broken = sum(change.breaks for change in changes)
    kinds = [change.kind for change in changes]
    counts = ", ".join(f"{kinds.count(each)} {each}" for each in CHANGE_KINDS if each in kinds)
    verdict = f"{plural(broken, 'promise')} newly broken" if broken else "No promise newly broken"
    return Text.assemble((verdict, "bold red" if broken else "bold green"), f": {counts}")
