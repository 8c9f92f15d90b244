"""A whole report without secrets: what every writer of reports shows.

Knows what a report is made of, and how secrets are blanked. Must not know how a report looks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from testcard.common.redaction import secrets_of, text_without, trace_without, visible
from testcard.contract.verdict import ProviderRun, Report, Ruling, Verdict


def safe(report: Report) -> Report:
    """Return the report as it may be shown and kept: no secrets, no control characters.

    Every writer of reports does this first; doing it twice changes nothing more.
    """
    values = secrets_of(
        (exchange, run.reading.key_names) for run in report.runs for exchange in run.trace
    )

    def clean(text: str) -> str:
        return visible(text_without(text, values))

    return replace(
        report,
        target=clean(report.target),
        runs=tuple(_safe_run(run, values, clean) for run in report.runs),
        stale=tuple(clean(entry) for entry in report.stale),
    )


def _safe_run(
    run: ProviderRun, values: Collection[str], clean: Callable[[str], str]
) -> ProviderRun:
    return replace(
        run,
        trace=trace_without(run.trace, run.reading.key_names, values),
        verdicts=tuple(_safe_verdict(verdict, clean) for verdict in run.verdicts),
        stopped=clean(run.stopped),
        notes=tuple(clean(note) for note in run.notes),
        base=clean(run.base),
    )


def _safe_verdict(verdict: Verdict, clean: Callable[[str], str]) -> Verdict:
    def ruling(each: Ruling) -> Ruling:
        return replace(
            each, seen=clean(each.seen), expected=clean(each.expected), detail=clean(each.detail)
        )

    return replace(
        verdict,
        rulings=tuple(ruling(each) for each in verdict.rulings),
        accepted=tuple(ruling(each) for each in verdict.accepted),
        reason=clean(verdict.reason),
    )
