"""The commands `check`, `audit` and `drift`: parse, call one function, print.

Knows typer and rich. Must not know how anything is checked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from testcard.cli.words import (
    EXAMPLES,
    Grade,
    ProfileName,
    clear_errors,
    credits_from,
    report_files,
)
from testcard.common.redaction import visible
from testcard.common.settings import parse_settings

if TYPE_CHECKING:
    from testcard.cli.check_runs import CheckOptions
    from testcard.common.message import Exchange
    from testcard.contract.verdict import Report
    from testcard.record.baseline import Baseline
    from testcard.report.terminal import RunProgress

app = typer.Typer()

_INTERRUPTED = 130


class Answerer(StrEnum):
    """Who answered recorded traffic, as words of the command line."""

    MOCK = "mock"
    REFERENCE = "reference"
    LIVE = "live"


Providers = Annotated[
    list[str], typer.Argument(metavar="PROVIDER...|all", help="Ids, or spec files; or all.")
]
Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FORMAT=FILE",
        help="junit, sarif, html, json, har or baseline; repeatable.",
    ),
]
BaselineFile = Annotated[
    Path | None, typer.Option("--baseline", help="Accepts the deviations that this file lists.")
]
FailOn = Annotated[
    Grade, typer.Option("--fail-on", help="The weakest grade whose breach is a failure.")
]
RequireExercised = Annotated[
    bool, typer.Option("--require-exercised", help="1 where a clause did not come up.")
]
Profile = Annotated[
    ProfileName, typer.Option("--profile", help="Of the mock, and the reading that judges.")
]

AnsweredBy = Annotated[
    Answerer, typer.Option("--kind", help="Who answered: it decides what binds.")
]


@app.command()
def check(
    providers: Providers,
    *,
    against: Annotated[
        str,
        typer.Option(
            metavar="mock|reference|URL",
            help="A URL stands in place of the provider's server; {provider} in it is its id.",
        ),
    ] = "mock",
    key: Annotated[str | None, typer.Option(help="Of the account that pays.")] = None,
    key_env: Annotated[str | None, typer.Option(help="The variable that holds it.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="The file that holds it.")] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="CREDITS", help="What a run against a URL may cost.")
    ] = None,
    max_requests: Annotated[int | None, typer.Option(min=1, help="Calls at most.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="List calls and cost; send nothing.")
    ] = False,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Send generated calls to a URL, or to the reference, too."),
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one call.")] = 60.0,
    profile: Profile = ProfileName.DOCUMENTED,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PROVIDER.NAME=VALUE", help="A setting; repeatable."),
    ] = None,
    picture: Annotated[
        str | None, typer.Option(metavar="URL", help="A picture in the web, to be repainted.")
    ] = None,
    other_picture: Annotated[
        str | None, typer.Option(metavar="URL", help="Another one, to see a difference.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of generated calls.")] = 0,
    max_examples: Annotated[
        int, typer.Option(min=1, metavar="N", help="Bodies drawn for an operation, at most.")
    ] = EXAMPLES,
    report: Reports = None,
    accepted: BaselineFile = None,
    require_exercised: RequireExercised = False,
    fail_on: FailOn = Grade.DOCUMENTED,
) -> None:
    """Check that a provider, or what stands for it, keeps its promises.

    Exits with 0 where they are kept, 1 where one is broken, 2 for wrong usage, 3 where nothing
    could be exercised or no valid call of a provider succeeded.
    """
    from testcard.cli import check_runs as runs
    from testcard.contract.calls import Links
    from testcard.contract.session import Budget
    from testcard.drivers.interrupts import Interrupts
    from testcard.record import baseline
    from testcard.report.console import report_console
    from testcard.report.terminal import RunProgress

    with clear_errors():
        spend = Budget(
            credits_from("--budget", budget) if budget is not None else None, max_requests, timeout
        )
        wanted = runs.CheckOptions(
            providers=() if providers == ["all"] else tuple(providers),
            against=against,
            key=runs.key_from(key, key_env, key_file),
            budget=spend,
            deep=deep,
            profile=profile.value,
            settings=parse_settings(settings or ()),
            seed=seed,
            examples=max_examples,
            links=Links(picture, other_picture or picture) if picture else None,
        )
        files = report_files(report or ())
        known_ones = baseline.load(accepted) if accepted else None
        if plan:
            _print_plan(wanted, report_console(environ=os.environ))
            return
        with Interrupts() as interrupts:
            with RunProgress(Console(stderr=True)) as progress:
                found = runs.run(wanted, _watching(progress), interrupts)
            report_ = _shown(found, files, known_ones)
        if interrupts.came:
            raise typer.Exit(_INTERRUPTED)
    raise _exit(report_, fail_on, require_exercised=require_exercised, require_served=True)


@app.command()
def audit(
    file: Annotated[Path, typer.Argument(metavar="F.har", help="Recorded traffic.")],
    *,
    spec: Annotated[
        list[str] | None,
        typer.Option("--spec", metavar="FILE", help="Judge by this spec too; repeatable."),
    ] = None,
    kind: AnsweredBy = Answerer.LIVE,
    profile: Profile = ProfileName.DOCUMENTED,
    report: Reports = None,
    accepted: BaselineFile = None,
    require_exercised: RequireExercised = False,
    fail_on: FailOn = Grade.DOCUMENTED,
) -> None:
    """Judge recorded traffic, on both sides; send nothing."""
    from testcard.cli import check_runs as runs
    from testcard.record import baseline, har

    with clear_errors():
        files = report_files(report or ())
        known_ones = baseline.load(accepted) if accepted else None
        readings = runs.all_readings(profile.value, spec or ())
        found = runs.run_audit(har.read(file), file.name, kind.value, readings)
        if not found.runs:
            typer.echo(f"testcard: {file}: none of its calls is to a known provider", err=True)
        report_ = _shown(found, files, known_ones)
    raise _exit(report_, fail_on, require_exercised=require_exercised)


@app.command(name="drift")
def drift_(
    old: Annotated[Path, typer.Argument(help="A JSON report, or a baseline.")],
    new: Annotated[Path, typer.Argument(help="A later one.")],
) -> None:
    """Compare two runs: what was added, removed, changed; 1 where something broke or vanished."""
    from testcard.record import drift
    from testcard.report.changes import print_drift
    from testcard.report.console import report_console

    with clear_errors():
        found = drift.drift(drift.snapshot(old), drift.snapshot(new))
        print_drift(found, report_console(environ=os.environ))
    raise typer.Exit(drift.exit_code(found))


def _watching(progress: RunProgress) -> Callable[[str], Callable[[Exchange], None]]:
    def begin(provider: str) -> Callable[[Exchange], None]:
        progress.begin(provider)
        return lambda exchange: progress.sent(provider, exchange.call.parts.path[-40:])

    return begin


def _shown(found: Report, files: list[tuple[str, Path]], known_ones: Baseline | None) -> Report:
    """Write and print a report; return it as it counts, less what the baseline accepts."""
    from testcard.record import baseline
    from testcard.report import write
    from testcard.report.console import report_console
    from testcard.report.github import annotate
    from testcard.report.terminal import print_report

    report = baseline.accept(found, known_ones) if known_ones is not None else found
    for format_, path in files:
        write(report, format_, path)
    print_report(report, report_console(environ=os.environ))
    annotate(report, os.environ, sys.stdout)
    for format_, path in files:
        typer.echo(f"testcard: the {format_} report is in {path}", err=True)
    return report


def _exit(
    report: Report, fail_on: Grade, *, require_exercised: bool, require_served: bool = False
) -> typer.Exit:
    from testcard.cli.check_runs import exit_code

    code = exit_code(
        report,
        fail_on=fail_on.value,
        require_exercised=require_exercised,
        require_served=require_served,
    )
    return typer.Exit(code)


def _print_plan(wanted: CheckOptions, console: Console) -> None:
    from testcard.cli.check_runs import sessions
    from testcard.drivers.plan import planned

    for session in sessions(wanted, sending=False):
        spec = session.reading.spec
        title = Text(f"{spec.id}: what would be sent to {visible(wanted.name)}")
        table = Table(title=title, title_justify="left")
        for name in ("call", "purpose", "credits"):
            table.add_column(name, overflow="fold")
        listed = planned(session)
        for step in listed:
            cost = f"{step.cost}" if step.cost else "free"
            after = ", then followed to its pictures" if step.job else ""
            path = step.call.parts.path
            table.add_row(Text(f"{step.call.method} {path}"), Text(f"{step.purpose}{after}"), cost)
        console.print(table)
        paid = [step for step in listed if step.cost]
        total = sum(step.cost for step in paid)
        console.print(
            f"{len(listed)} calls, {len(paid)} of them paid: {total} credits, if the wrong ones "
            f"are refused as the page says. Nothing was sent.\n"
        )
