"""The command `run`: parse, run the child, print the client's verdict.

Knows typer. Must not know how a child or a proxy is made.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from testcard.assembly import Options, all_and, build, open_engine
from testcard.cli.words import (
    BROKEN,
    KEPT,
    NOTHING,
    Grade,
    ProfileName,
    UsageError,
    clear_errors,
    credits_from,
    fault_from,
    host,
    host_and_port,
    pairs,
    report_files,
    secret,
    secrets_from,
)
from testcard.common.settings import parse_settings
from testcard.mock.core import Mock
from testcard.mock.world import JobPolicy

if TYPE_CHECKING:
    from testcard.intercept.recorder import RecordingLimits
    from testcard.intercept.run import RunOutcome

app = typer.Typer()


def _words(name: str, metavar: str, text: str) -> typer.models.OptionInfo:
    info: typer.models.OptionInfo = typer.Option(name, metavar=metavar, help=text)
    return info


Pairs = list[str] | None
Command = Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="What to run.")]
Strict = Annotated[bool, typer.Option("--strict", help="The same as --fail-on documented.")]
FailOn = Annotated[
    Grade | None,
    typer.Option("--fail-on", help="Exit with 1 where it broke a rule of this grade or a surer."),
]
RecordFile = Annotated[Path | None, _words("--record", "F.har", "Ask the REAL hosts; keep it all.")]
ReplayFile = Annotated[Path | None, _words("--replay", "F.har", "Answer from a recording.")]
Budget = Annotated[str | None, _words("--budget", "CREDITS", "What --record may spend; a must.")]
MostRequests = Annotated[
    int | None, typer.Option("--max-requests", min=1, help="Calls that --record lets through.")
]
Keys = Annotated[
    Pairs,
    _words(
        "--key", "PROVIDER=KEY", "Sent instead of the client's key by --record; or =@FILE, =$NAME."
    ),
]
Against = Annotated[
    Pairs, _words("--against", "PROVIDER=URL", "Record from this server, not the provider's own.")
]
Allow = Annotated[Pairs, _words("--allow", "HOST", "Let calls to this host through; repeatable.")]
PicturesFrom = Annotated[
    Pairs, _words("--pictures-from", "HOST", "Answer this host's URLs with pictures; repeatable.")
]
PicturesFolder = Annotated[
    Path | None,
    typer.Option("--pictures", exists=True, file_okay=False, help="Files that stand for URLs."),
]
Profile = Annotated[
    ProfileName, typer.Option("--profile", help="The page to the letter, or what is sent too.")
]
Specs = Annotated[Pairs, _words("--spec", "FILE", "Answer for this spec's hosts too; repeatable.")]
EngineName = Annotated[str, typer.Option("--engine", help="card, or reference: real pictures.")]
ModelNames = Annotated[
    Pairs, _words("--model", "FOLDER_OR_ID", "A checkpoint for the reference engine; repeatable.")
]
Settings = Annotated[Pairs, _words("--set", "PROVIDER.NAME=VALUE", "A setting; repeatable.")]
Jobs = Annotated[str, typer.Option("--jobs", help="at-once, polls:N, seconds:T, never or fail.")]
FailNext = Annotated[
    Pairs, _words("--fail-next", "PROVIDER:KIND[:DELAY]", "Trouble for the next call; repeatable.")
]
Prefer = Annotated[str, _words("--prefer", "code=406", "A documented answer, to every call.")]
Deliver = Annotated[
    Pairs, _words("--deliver", "HOST[:PORT]", "Send callbacks there too; repeatable.")
]
WebhookSecrets = Annotated[
    Pairs,
    _words("--webhook-secret", "PROVIDER=SECRET", "What signs its callbacks; or =@FILE, =$NAME."),
]
Reports = Annotated[
    Pairs, _words("--report", "FORMAT=FILE", "Write the verdict to a file; repeatable.")
]


@app.command(context_settings={"allow_interspersed_args": False})
def run(
    command: Command,
    *,
    strict: Strict = False,
    fail_on: FailOn = None,
    record: RecordFile = None,
    replay: ReplayFile = None,
    budget: Budget = None,
    max_requests: MostRequests = None,
    key: Keys = None,
    against: Against = None,
    allow: Allow = None,
    pictures_from: PicturesFrom = None,
    pictures: PicturesFolder = None,
    spec: Specs = None,
    profile: Profile = ProfileName.LENIENT,
    settings: Settings = None,
    engine: EngineName = "card",
    model: ModelNames = None,
    jobs: Jobs = "polls:1",
    fail_next: FailNext = None,
    prefer: Prefer = "",
    deliver: Deliver = None,
    webhook_secret: WebhookSecrets = None,
    report: Reports = None,
) -> None:
    """Run COMMAND with its calls to the providers' real hosts answered here, offline.

    Prints what the client did, and which rules of the page it broke. Exits with its exit code;
    with --strict or --fail-on with 1 where it broke a rule, and 3 where nothing could be judged.
    """
    with clear_errors():
        from testcard.doors.endpoint import caller_left
        from testcard.intercept.options import RunOptions
        from testcard.intercept.run import intercept

        _check_mode(
            record,
            replay,
            budget,
            asked=(max_requests, key, against),
            tuned=(fail_next, prefer),
        )
        reports = report_files(report or ())
        options = Options(
            providers=all_and(spec or ()),
            profile=profile.value,
            settings=parse_settings(settings or ()),
            policy=JobPolicy.parse(jobs),
            pictures=pictures,
            engine=open_engine(engine, model or (), caller_left),
            deliver=tuple(deliver or ()),
            webhook_secrets=secrets_from("--webhook-secret", webhook_secret or ()),
        )
        mock = build(options)
        _lay_faults(mock, fail_next or ())
        asked = RunOptions(
            command=tuple(command[1:] if command[:1] == ["--"] else command),
            allow=frozenset(host_and_port("--allow", each) for each in allow or ()),
            pictures_from=frozenset(host("--pictures-from", each) for each in pictures_from or ()),
            prefer=prefer,
            record=record,
            replay=replay,
            limits=_limits(budget, max_requests),
            keys={name: secret("--key", value) for name, value in pairs("--key", key or ())},
            against=dict(pairs("--against", against or ())),
        )
        began = time.time()
        outcome = intercept(mock, asked)
        _tell(outcome, reports, began)
    grade = fail_on or (Grade.DOCUMENTED if strict else None)
    raise typer.Exit(exit_code(outcome, grade.counting if grade else ()))


def exit_code(outcome: RunOutcome, counting: Collection[str]) -> int:
    """Return the exit code of a run.

    Args:
        outcome: what came of it.
        counting: the grades of rules that must not be broken; none to let all of them be.
    """
    if counting and (outcome.verdict.fails(counting) or outcome.unmatched):
        return BROKEN
    idle = bool(counting) and not outcome.verdict.exercised
    if outcome.code == KEPT and (idle or outcome.unrecorded):
        return NOTHING
    return outcome.code


def _check_mode(
    record: Path | None,
    replay: Path | None,
    budget: str | None,
    *,
    asked: Collection[object],
    tuned: Collection[object],
) -> None:
    if record and replay:
        raise UsageError("--record and --replay exclude each other; give one of them")
    if not record and (budget is not None or any(asked)):
        raise UsageError("--budget, --max-requests, --key and --against are for --record FILE")
    if record and budget is None:
        raise UsageError(
            "--record spends money at real hosts: say how much it may, as --budget CREDITS"
        )
    if any(tuned) and (record or replay):
        raise UsageError("--fail-next and --prefer are for the mock, not for --record or --replay")


def _limits(budget: str | None, most: int | None) -> RecordingLimits | None:
    from testcard.intercept.recorder import RecordingLimits

    if budget is None:
        if most is not None:
            raise UsageError("--max-requests alone bounds no cost; give --budget CREDITS too")
        return None
    return RecordingLimits(credits_from("--budget", budget), most)


def _lay_faults(mock: Mock, words: Sequence[str]) -> None:
    for word in words:
        provider, fault = fault_from("--fail-next", word)
        if provider not in mock.dialects:
            known = ", ".join(mock.dialects)
            raise UsageError(f"--fail-next {word}: {provider!r} is no provider; there are: {known}")
        mock.world.fail_next(provider, fault)


def _tell(outcome: RunOutcome, reports: Sequence[tuple[str, Path]], began: float) -> None:
    """Print the verdict to standard error: standard output is the child's."""
    from testcard.contract.verdict import Report
    from testcard.intercept.show import show
    from testcard.report import write
    from testcard.report.github import annotate

    show(outcome.verdict, outcome.aside, outcome.answered_by, Console(stderr=True))
    made = Report(
        target=f"a client, answered by {outcome.answered_by}",
        kind="mock",
        runs=outcome.verdict.runs,
        started=began,
        elapsed=time.time() - began,
        version=version("testcard"),
    )
    for format_, path in reports:
        write(made, format_, path)
    annotate(made, os.environ, sys.stderr)  # a runner of GitHub's reads both streams
