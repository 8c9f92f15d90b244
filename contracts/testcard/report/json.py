"""A report as JSON, for programs: the same members in the same order from run to run.

Knows the report's JSON, whose name and version stand in record/json_report. Must not know who
reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from testcard.common.message import Exchange
from testcard.common.redaction import visible
from testcard.contract.verdict import ProviderRun, Report, Ruling, Verdict, fingerprint, severity
from testcard.record.json_report import FORMAT, VERSION
from testcard.report.curl import curl_to
from testcard.report.summary import STANDINGS, count, place_of, standing

_Object = dict[str, Any]


def render(report: Report) -> bytes:
    """Return the report, which must be `redaction.safe`, as JSON in UTF-8.

    `providers` holds one object a provider, with `verdicts` (`outcome` is one of `broken`,
    `finding`, `accepted`, `kept`, `not-exercised`) and `exchanges`; `calls` of a ruling are
    indices into these, and each of them has its `curl`: the shell command that sends it again
    to `base`, what answered. Times are ISO 8601 and seconds, credits are decimal strings.
    """
    found = count(report.verdicts)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "testcard": report.version,
        "target": report.target,
        "kind": report.kind,
        "started": _moment(report.started),
        "elapsed": report.elapsed,
        "summary": {each: found[each] for each in STANDINGS},
        "stale": list(report.stale),
        "providers": [_provider(run) for run in report.runs],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _provider(run: ProviderRun) -> _Object:
    reading = run.reading
    return {
        "id": reading.spec.id,
        "title": reading.spec.title,
        "profile": reading.profile,
        "settings": dict(reading.settings),
        "spent": f"{run.spent:f}",
        "stopped": run.stopped,
        "base": run.base,
        "verdicts": [_verdict(run, verdict) for verdict in run.verdicts],
        "exchanges": list(_exchanges(run)),
    }


def _verdict(run: ProviderRun, verdict: Verdict) -> _Object:
    return {
        "clause": verdict.clause.id,
        "group": verdict.clause.group,
        "sentence": verdict.clause.sentence,
        "outcome": standing(verdict),
        "exercised": verdict.exercised,
        "reason": verdict.reason,
        "rulings": [_ruling(run, verdict, ruling) for ruling in verdict.rulings],
        "accepted": [_ruling(run, verdict, ruling) for ruling in verdict.accepted],
    }


def _ruling(run: ProviderRun, verdict: Verdict, ruling: Ruling) -> _Object:
    place = place_of(run, ruling)
    return {
        "fingerprint": fingerprint(verdict, ruling),
        "severity": severity(verdict, ruling),
        "detail": ruling.detail,
        "seen": ruling.seen,
        "expected": ruling.expected,
        "grade": ruling.evidence.grade,
        "source": ruling.evidence.source,
        "file": place.file,
        "line": place.line,
        "calls": list(ruling.subject),
    }


def _exchanges(run: ProviderRun) -> Iterator[_Object]:
    """Yield them in order; those that a ruling points at with the command that sends them."""
    cited = {
        index
        for verdict in run.verdicts
        for ruling in (*verdict.rulings, *verdict.accepted)
        for index in ruling.subject
    }
    for index, exchange in enumerate(run.trace):
        command = {"curl": curl_to(run, exchange.call, whole=True)} if index in cited else {}
        yield _exchange(exchange) | command


def _exchange(exchange: Exchange) -> _Object:
    return {
        "method": visible(exchange.call.method),
        "url": visible(exchange.call.url),
        "status": exchange.reply.status,
        "started": _moment(exchange.started),
        "elapsed": exchange.elapsed,
        "sent_bytes": len(exchange.call.body),
        "received_bytes": len(exchange.reply.body),
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
