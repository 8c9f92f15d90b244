"""A report on the terminal, and the progress of a run while it goes.

Knows rich. Must not know how a run is made. Everything shown is plain text to rich: nothing
that a server sent can act as markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.progress import (
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from testcard.contract.safe import safe
from testcard.contract.served import unserved
from testcard.contract.verdict import ProviderRun, Report, Ruling, Verdict
from testcard.report.curl import curl_to
from testcard.report.summary import (
    GROUPS,
    STANDINGS,
    Standing,
    called,
    count,
    headline,
    named,
    of_standing,
    place_of,
    plural,
    reached_nothing,
    shown_subject,
    why_idle,
)

_STYLES: Final[dict[Standing, str]] = {
    "broken": "bold red",
    "finding": "yellow",
    "accepted": "cyan",
    "kept": "green",
    "not-exercised": "dim",
}
_MOST_RULINGS: Final = 5
_RULE: Final = 80  # columns
_MOST_CALLS: Final = 2


def print_report(report: Report, console: Console) -> None:
    """Print a report: a table, each broken clause, findings, what was not exercised, a summary.

    Args:
        report: any; secrets in it are not printed.
        console: where to. On a terminal it has colours; elsewhere it is plain text.
    """
    report = safe(report)
    console.print(_table(report))
    for run in report.runs:
        for verdict in of_standing(run, "broken"):
            _print_broken(run, verdict, console)
    _print_section("Findings", _findings(report), console)
    _print_section("Accepted by the baseline", _accepted(report), console)
    _print_section("Not exercised", _not_exercised(report), console)
    _print_section("No valid call succeeded", _never_served(report), console)
    _print_section("Stopped early", _stopped(report), console)
    _print_section("In the baseline, but seen no more: remove", _stale(report), console)
    for run in report.runs:
        for note in run.notes:
            title = f"\n{run.reading.spec.id}, in the fewest steps:"
            console.print(Text(title, "bold"), Text(note), sep="\n", soft_wrap=True)
    console.print()
    console.print(_summary(report))


def _table(report: Report) -> Table:
    table = Table(title=Text(f"testcard: {report.target}", "bold"), title_justify="left")
    table.add_column("provider", no_wrap=True)
    table.add_column("clauses", no_wrap=True)
    shown = [each for each in STANDINGS if each != "accepted" or count(report.verdicts)[each]]
    for each in shown:
        table.add_column(each.replace("-", " "), justify="right")
    for run in report.runs:
        name = run.reading.spec.id
        for group in GROUPS:
            found = count(each for each in run.verdicts if each.clause.group == group)
            if found:
                cells = (_cell(each, found[each]) for each in shown)
                table.add_row(Text(name), group, *cells)
                name = ""
        table.add_section()
    return table


def _cell(each: Standing, number: int) -> Text:
    return Text(str(number), _STYLES[each]) if number else Text("·", "dim")


def _print_broken(run: ProviderRun, verdict: Verdict, console: Console) -> None:
    console.print()
    console.print(Text("─" * min(console.width, _RULE), "red"))
    title = Text.assemble(("✗ ", "bold red"), (verdict.clause.id, "bold"), f"  {verdict.provider}")
    console.print(title)
    console.print(Padding(Text(verdict.clause.sentence), (0, 2), expand=False))
    for ruling in verdict.rulings[:_MOST_RULINGS]:
        console.print()
        console.print(Padding(_ruling(run, ruling), (0, 2), expand=False))
        _print_calls(run, ruling, console)
    more = len(verdict.rulings) - _MOST_RULINGS
    if more > 0:
        console.print(Text(f"\n  … and {more} more like it: --report html=FILE shows all", "dim"))


def _ruling(run: ProviderRun, ruling: Ruling) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    rows = (
        ("about", ruling.detail),
        ("seen", ruling.seen),
        ("expected", ruling.expected),
        ("source", _source(run, ruling)),
    )
    for name, value in rows:
        if value:
            grid.add_row(name, Text(value, "red" if name == "seen" else ""))
    return grid


def _source(run: ProviderRun, ruling: Ruling) -> str:
    said = ruling.evidence
    where = f"{said.source} ({said.grade})" if said.source else said.grade
    return f"{where}; {place_of(run, ruling)}"


def _print_calls(run: ProviderRun, ruling: Ruling, console: Console) -> None:
    """As commands to copy: rich must not break their lines."""
    shown = shown_subject(ruling, run.trace, _MOST_CALLS)
    before = ""
    for index in shown:
        exchange = run.trace[index]
        command = curl_to(run, exchange.call, multiline=True)
        again = ", the same again" if command == before else ""
        console.print(Text(f"  sent, as call {index + 1}{again}: {called(exchange)}", "dim"))
        for line in () if again else command.splitlines():
            console.print(Text(f"    {line}"), soft_wrap=True)
        before = command
    left = len(set(ruling.subject)) - len(shown)
    if left > 0:
        console.print(Text(f"  … with {plural(left, 'call')} between", "dim"))


Row = tuple[str, str, str, str]
"""What a line of a section says: a sign, a provider, a clause, a text."""


def _print_section(title: str, rows: Iterator[Row], console: Console) -> None:
    grid = Table.grid(padding=(0, 2))
    for number in range(4):
        grid.add_column(no_wrap=number < 3, overflow="fold")
    for sign, provider, clause, text in rows:
        grid.add_row(Text(sign, "dim"), Text(provider), Text(clause), Text(text))
    if grid.row_count:
        console.print()
        console.print(Text(title, "bold"))
        console.print(Padding(grid, (0, 2), expand=False))


def _findings(report: Report) -> Iterator[Row]:
    for run in report.runs:
        for verdict in of_standing(run, "finding"):
            for ruling in verdict.rulings or ():
                text = f"{ruling.seen}; expected {ruling.expected} ({_source(run, ruling)})"
                yield "!", verdict.provider, verdict.clause.id, text


def _accepted(report: Report) -> Iterator[Row]:
    for verdict in report.verdicts:
        for ruling in verdict.accepted:
            yield "~", verdict.provider, verdict.clause.id, ruling.seen


def _not_exercised(report: Report) -> Iterator[Row]:
    for run in report.runs:
        for verdict in () if reached_nothing(run) else of_standing(run, "not-exercised"):
            yield "–", verdict.provider, verdict.clause.id, why_idle(run, verdict)


def _never_served(report: Report) -> Iterator[Row]:
    for run in report.runs:
        for each in unserved(run):
            last = f"answered {each.last}" if each.last else "not answered"
            calls = plural(each.valid, "valid call")
            text = f"{calls}, and none succeeded; the last was {last}"
            yield "!", run.reading.spec.id, each.operation, text


def _stopped(report: Report) -> Iterator[Row]:
    for run in report.runs:
        if run.stopped:
            idle = f"none of {plural(len(run.verdicts), 'clause')} came up: "
            told = f"{idle if reached_nothing(run) else ''}{run.stopped}"
            yield "!", run.reading.spec.id, "", told


def _stale(report: Report) -> Iterator[Row]:
    for entry in report.stale:
        yield "~", *named(entry)


def _summary(report: Report) -> Text:
    found = count(report.verdicts)
    counts = (f"{found[each]} {each.replace('-', ' ')}" for each in STANDINGS if found[each])
    calls = sum(len(run.trace) for run in report.runs)
    spent = sum((run.spent for run in report.runs), Decimal(0))
    style = "bold red" if found["broken"] else "bold green" if found["kept"] else "bold yellow"
    facts = [
        ", ".join(counts) or "no clause applies",
        plural(len(report.runs), "provider"),
        plural(calls, "call"),
        f"{spent.normalize():f} credits",
        f"{report.elapsed:.1f} s",
    ]
    return Text.assemble((headline(report).capitalize(), style), f": {' · '.join(facts)}")


class RunProgress:
    """Shows a run while it goes: a line for each provider. Use it in a `with` statement.

    How many calls there will be hangs on the answers, so that they are counted and no end is
    promised. On a terminal the lines go when the run ends; elsewhere nothing is printed.
    """

    def __init__(self, console: Console) -> None:
        """Show on `console`, which others may print to meanwhile."""
        self._bars = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.fields[provider]}", markup=False),
            TextColumn("{task.completed:.0f} calls"),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> RunProgress:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def begin(self, provider: str) -> None:
        """Begin a provider, by its id; the one before it has ended."""
        for done in self._tasks:
            self.end(done)
        self._tasks[provider] = self._bars.add_task("", total=None, provider=provider)

    def sent(self, provider: str, doing: str = "") -> None:
        """Count one call of a provider that has begun, and say what goes on."""
        self._bars.update(self._tasks[provider], advance=1, description=doing)

    def end(self, provider: str) -> None:
        """Mark a provider as done."""
        task = self._tasks[provider]
        done = self._bars.tasks[self._bars.task_ids.index(task)].completed
        self._bars.update(task, total=done, completed=done, description="")
