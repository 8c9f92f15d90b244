"""A drift on the terminal: what is judged no more, what was added, changed and removed.

Knows rich. Must not know how changes are found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from testcard.common.redaction import visible
from testcard.record.drift import CHANGE_KINDS, Change, Drift
from testcard.report.summary import named, plural

_STYLES: Final = {"broken": "bold red", "finding": "yellow", "not-exercised": "dim"}
_SIGNS: Final = {"added": "+", "changed": "~", "removed": "-"}


def print_drift(drift: Drift, console: Console) -> None:
    """Print what differs, the weightiest first, and a last line that counts it.

    Args:
        drift: of two runs; none is a line that says so.
        console: where to; every width will do.
    """
    if drift == Drift():
        console.print(Text("Nothing changed.", "bold green"))
        return
    for name in drift.vanished:
        console.print(_vanished(name))
    for change in drift.changes:
        console.print(_head(change))
        for line in _what(change):
            console.print(Padding(Text(visible(line)), (0, 0, 0, 4), expand=False))
    console.print()
    console.print(_summary(drift))


def _vanished(name: str) -> Text:
    told = visible(name.replace(":", "  "))
    return Text.assemble(("? ", "bold red"), (told, "bold"), "  was judged, and is no more")


def _head(change: Change) -> Text:
    provider, clause, _ = named(change.latest.fingerprint)
    style = _STYLES[change.latest.severity]
    return Text.assemble(
        (f"{_SIGNS[change.kind]} {_severity(change)}", style),
        (f"  {visible(provider)}  {visible(clause)}", "bold"),
    )


def _severity(change: Change) -> str:
    before, after = change.before, change.after
    if before and after and before.severity != after.severity:
        return f"{before.severity} → {after.severity}"
    return change.latest.severity


def _what(change: Change) -> Iterator[str]:
    *_, detail = named(change.latest.fingerprint)
    yield from [detail] if detail else []
    before, after, latest = change.before, change.after, change.latest
    if before and after and before.seen != after.seen:
        yield f"was: {before.seen}"
        yield f"now: {after.seen}"
        yield f"expected: {after.expected}"
        return
    yield from [latest.sentence] if change.kind == "added" else []
    yield latest.seen


def _summary(drift: Drift) -> Text:
    broken = sum(change.breaks for change in drift.changes)
    kinds = [change.kind for change in drift.changes]
    counts = [f"{kinds.count(each)} {each}" for each in CHANGE_KINDS if each in kinds]
    counts += [f"{len(drift.vanished)} judged no more"] if drift.vanished else []
    verdict = f"{plural(broken, 'promise')} newly broken" if broken else "No promise newly broken"
    style = "bold red" if broken else "bold yellow" if drift.vanished else "bold green"
    return Text.assemble((verdict, style), f": {', '.join(counts)}")
