"""A report as SARIF 2.1.0: clauses are rules, rulings are results at a line of a spec.

Knows SARIF. Must not know how calls are sent.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

import orjson

from testcard.common.spec import Evidence
from testcard.contract.verdict import (
    Clause,
    ProviderRun,
    Report,
    Ruling,
    Verdict,
    fingerprint,
    severity,
)
from testcard.report.summary import place_of, standing

_Object = dict[str, Any]

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_LEVELS: Final = {"broken": "error", "finding": "warning"}


def render(report: Report) -> bytes:
    """Return the report, which must be `redaction.safe`, as a SARIF log in UTF-8."""
    clauses = {verdict.clause.id: verdict.clause for verdict in report.verdicts}
    rules = sorted(clauses)
    results = [
        result
        for run in report.runs
        for verdict in run.verdicts
        for result in _results(run, verdict, rules.index(verdict.clause.id))
    ]
    driver = {
        "name": "testcard",
        "semanticVersion": report.version,
        "rules": [_rule(clauses[id_]) for id_ in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "properties": {"target": report.target},
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(log, option=orjson.OPT_INDENT_2)


def _rule(clause: Clause) -> _Object:
    return {
        "id": clause.id,
        "shortDescription": {"text": clause.sentence},
        "fullDescription": {"text": clause.sentence},
        "help": {"text": f"{clause.sentence} To come up, it wants {clause.wants}."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": [clause.group]},
    }


def _results(run: ProviderRun, verdict: Verdict, rule: int) -> list[_Object]:
    if standing(verdict) == "not-exercised":
        text = f"{verdict.provider}: not exercised: {verdict.reason or verdict.clause.wants}"
        unheard = Ruling(True, (), "", "", Evidence("", ""))
        return [_result(run, verdict, rule, unheard, text, "note")]
    found = [
        _result(
            run,
            verdict,
            rule,
            ruling,
            _message(verdict, ruling),
            _LEVELS[severity(verdict, ruling)],
        )
        for ruling in verdict.rulings
    ]
    accepted = [
        _result(run, verdict, rule, ruling, _message(verdict, ruling), "warning")
        | {"suppressions": [{"kind": "external", "justification": "accepted by the baseline"}]}
        for ruling in verdict.accepted
    ]
    return found + accepted


def _message(verdict: Verdict, ruling: Ruling) -> str:
    said = ruling.evidence
    return (
        f"{verdict.provider}: {verdict.clause.sentence} Seen: {ruling.seen}. "
        f"Expected: {ruling.expected}. Source: {said.source} ({said.grade})."
    )


def _result(
    run: ProviderRun, verdict: Verdict, rule: int, ruling: Ruling, text: str, level: str
) -> _Object:
    place = place_of(run, ruling)
    location = {
        "artifactLocation": {"uri": _uri(place.file)},
        "region": {"startLine": place.line},
    }
    return {
        "ruleId": verdict.clause.id,
        "ruleIndex": rule,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"testcard/v1": fingerprint(verdict, ruling)},
        "properties": {
            "provider": verdict.provider,
            "grade": ruling.evidence.grade,
            "source": ruling.evidence.source,
            "calls": [index + 1 for index in ruling.subject],
        },
    }


def _uri(file: str) -> str:
    return PurePath(file).as_uri() if PurePath(file).is_absolute() else quote(file)
