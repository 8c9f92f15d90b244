"""Annotations for GitHub Actions: a workflow command for each broken clause and each finding.

Knows GitHub's workflow commands. Must not know how calls are sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Final, TextIO

from testcard.contract.safe import safe
from testcard.contract.verdict import ProviderRun, Report, Ruling, Verdict, severity
from testcard.report.summary import place_of

_COMMANDS: Final = {"broken": "error", "finding": "warning"}


def annotate(report: Report, environ: Mapping[str, str], out: TextIO) -> None:
    """Write annotations to `out` where `environ` says that this is GitHub Actions.

    Args:
        report: any; secrets in it are not written.
        environ: the process's environment; GITHUB_ACTIONS is `true` there.
        out: the standard output of the step, which GitHub reads.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        out.writelines(f"{line}\n" for line in commands(safe(report)))


def commands(report: Report) -> Iterator[str]:
    """Yield a command for each ruling of the report, which must be `redaction.safe`."""
    for run in report.runs:
        for verdict in run.verdicts:
            for ruling in verdict.rulings:
                command = _COMMANDS[severity(verdict, ruling)]
                where = _properties(run, verdict, ruling)
                yield f"::{command} {where}::{_message(verdict, ruling)}"


def _properties(run: ProviderRun, verdict: Verdict, ruling: Ruling) -> str:
    place = place_of(run, ruling)
    named = {"title": f"{verdict.provider}: {verdict.clause.id}"}
    if not PurePath(place.file).is_absolute():  # GitHub knows files of the checkout alone
        named = {"file": place.file, "line": str(place.line), **named}
    return ",".join(f"{name}={_property(value)}" for name, value in named.items())


def _message(verdict: Verdict, ruling: Ruling) -> str:
    said = ruling.evidence
    return _data(
        f"{verdict.clause.sentence}\nseen: {ruling.seen}\nexpected: {ruling.expected}\n"
        f"source: {said.source} ({said.grade})"
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
