"""A client's verdict on the terminal.

Knows rich. Must not know how it came about. What clients and servers sent is shown as plain
text: it cannot act as markup, or on the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text

from testcard.common.redaction import visible
from testcard.contract.verdict import Ruling, Verdict
from testcard.intercept.clientside import ClientVerdict, Met

_MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Aside:
    """What a run has to say beside the verdict.

    Attributes:
        refused: host -> how often a call to it was refused.
        silent: hosts that were connected to and sent no call.
        notes: further sentences.
        failed: why the run did not do what it was for; empty where it did.
    """

    refused: dict[str, int] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    failed: str = ""


def show(verdict: ClientVerdict, aside: Aside, answered_by: str, console: Console) -> None:
    """Print what a client did."""
    console.print(Text(f"\ntestcard: what the client did, answered by {answered_by}", "bold"))
    if verdict.met:
        console.print(_calls(verdict.met))
    else:
        console.print(Text("  no call came", "yellow"))
    for title, outcome, sign, style in (
        ("Broken, by the page's own word", "broken", "✗", "red"),
        ("Findings: other sources say so, or testcard had to choose", "finding", "!", "yellow"),
    ):
        _section(console, title, (_ruling(*each, sign, style) for each in verdict.rulings(outcome)))
    _section(console, "Beside that", _said(aside))
    if verdict.broken or not aside.failed:
        console.print(_summary(verdict))
    if aside.failed:
        console.print(Text(visible(aside.failed), "bold red"), soft_wrap=True)


def _calls(met: Iterable[Met]) -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(5):
        table.add_column(overflow="fold")
    for each in met:
        said = "" if each.known else "the page knows no such call"
        table.add_row("", each.provider, Text(visible(each.what)), _times(each), said)
    return table


def _times(met: Met) -> str:
    return f"{met.status}" if met.times == 1 else f"{met.status} × {met.times}"


def _ruling(verdict: Verdict, ruling: Ruling, sign: str, style: str) -> Text:
    operation = ruling.detail.partition(":")[0]
    said = ruling.evidence
    return Text.assemble(
        (f"{sign} ", style),
        f"{verdict.provider} {operation}: {visible(ruling.seen)}",
        (f" ({said.source}; {said.grade})", "dim"),
    )


def _said(aside: Aside) -> Iterable[Text]:
    for host, times in aside.refused.items():
        yield Text(
            f"! {visible(host)} was refused, {times} ×; --allow {visible(host)} lets it through"
        )
    for host in aside.silent:
        yield Text(
            f"! {host} was connected to, but no call came: does the client bring its own roots?"
        )
    for note in aside.notes:
        yield Text(f"! {visible(note)}")


def _section(console: Console, title: str, lines: Iterable[Text]) -> None:
    shown = list(lines)
    if not shown:
        return
    console.print(Text(f"{title}:"))
    for line in shown[:_MOST_ROWS]:
        console.print(Text.assemble("  ", line), soft_wrap=True)
    if len(shown) > _MOST_ROWS:
        console.print(f"  … and {len(shown) - _MOST_ROWS} more")


def _summary(verdict: ClientVerdict) -> Text:
    weaker = sum(1 for _ in verdict.rulings("finding"))
    findings = f", {weaker} finding{'s' if weaker != 1 else ''}" if weaker else ""
    if verdict.broken:
        rules = "rule" if verdict.broken == 1 else "rules"
        return Text(f"The client broke {verdict.broken} documented {rules}{findings}.", "bold red")
    if not verdict.exercised:
        return Text("There is nothing to judge.", "bold yellow")
    return Text(f"The client kept to the page{findings}.", "bold green")
