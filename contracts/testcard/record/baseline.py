"""Baselines: deviations that are known and accepted, so that a run breaks on new ones alone.

A baseline is a JSON file that people review: sorted, one entry for each breach, each with the
clause's sentence and what was seen.

Knows reports and their fingerprints. Must not know how a run is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from testcard.common.schema import Validator
from testcard.contract.safe import safe
from testcard.contract.verdict import Outcome, Report, Verdict, fingerprint, severity

FORMAT: Final = "testcard-baseline"
VERSION: Final = 1

_REQUIRED: Final = ("fingerprint", "severity", "sentence", "seen", "expected")
_TEXT: Final = {"type": "string"}
_SCHEMA: Final = {
    "type": "object",
    "required": ["format", "version", "accepted"],
    "properties": {
        "format": {"const": FORMAT},
        "version": {"const": VERSION},
        "accepted": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": list(_REQUIRED),
                "properties": {
                    "fingerprint": {"type": "string", "pattern": "^[^:]+:[^:]+:"},
                    "severity": {"enum": ["broken", "finding"]},
                    "sentence": _TEXT,
                    "seen": _TEXT,
                    "expected": _TEXT,
                    "since": _TEXT,
                    "because": _TEXT,
                },
            },
        },
    },
}


class BaselineError(ValueError):
    """A file is no baseline or report: which, where, what was seen and expected."""


@dataclass(frozen=True, slots=True)
class BaselineEntry:
    """One accepted deviation.

    Attributes:
        fingerprint: provider, clause and detail, with colons between.
        severity: broken or finding, as it was when accepted.
        sentence: the clause's promise.
        seen: what was seen instead.
        expected: what was expected.
        since: ISO date on which it was accepted; empty where nobody says.
        because: why, in a person's words; empty where nobody says.
    """

    fingerprint: str
    severity: str
    sentence: str
    seen: str
    expected: str
    since: str = ""
    because: str = ""


Baseline = Mapping[str, BaselineEntry]
"""Fingerprint -> what is accepted under it."""


def load(path: Path) -> Baseline:
    """Load a baseline.

    Raises:
        BaselineError: the file cannot be read or is no baseline; the message names file and
            place.
    """
    data = load_json(path)
    check_schema(data, _SCHEMA, path)
    entries = [BaselineEntry(**each) for each in data["accepted"]]
    return {entry.fingerprint: entry for entry in entries}


def load_json(path: Path) -> Any:
    """Return what a JSON file holds. BaselineError where it cannot be read."""
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise BaselineError(f"{path}: not JSON: {error}") from error


def check_schema(data: Any, schema: Mapping[str, Any], path: Path) -> None:
    """Raise BaselineError, with file and place, unless `data` keeps `schema`."""
    breaches = Validator(schema).breaches(data)
    if breaches:
        place = "/".join(str(step) for step in breaches[0].path) or "the top level"
        raise BaselineError(f"{path}: at {place}: {breaches[0].message}")


def accept(report: Report, baseline: Baseline) -> Report:
    """Return the report with every ruling that the baseline accepts moved to `accepted`.

    A verdict with no other ruling counts as kept. Entries whose clause was exercised, and
    which were not seen again, are listed in `stale`.
    """
    report = safe(report)
    runs = tuple(
        replace(run, verdicts=tuple(_accepted(each, baseline) for each in run.verdicts))
        for run in report.runs
    )
    return replace(report, runs=runs, stale=_stale(report, baseline))


def _accepted(verdict: Verdict, baseline: Baseline) -> Verdict:
    known = tuple(each for each in verdict.rulings if fingerprint(verdict, each) in baseline)
    if not known:
        return verdict
    rulings = tuple(each for each in verdict.rulings if each not in known)
    left = {severity(verdict, each) for each in rulings}
    outcome: Outcome = "broken" if "broken" in left else "finding" if left else "kept"
    return replace(verdict, outcome=outcome, rulings=rulings, accepted=(*verdict.accepted, *known))


def _stale(report: Report, baseline: Baseline) -> tuple[str, ...]:
    exercised = {
        f"{verdict.provider}:{verdict.clause.id}:"
        for verdict in report.verdicts
        if verdict.outcome != "not-exercised"
    }
    seen = {entry.fingerprint for entry in entries_of(report)}
    looked_for = (each for each in baseline if ":".join([*each.split(":", 2)[:2], ""]) in exercised)
    return tuple(sorted(each for each in looked_for if each not in seen))


def entries_of(report: Report, since: str = "") -> list[BaselineEntry]:
    """Return an entry for every breach in a report, accepted or not, in the order of names."""
    found = {}
    for verdict in report.verdicts:
        for ruling in (*verdict.rulings, *verdict.accepted):
            name, counts = fingerprint(verdict, ruling), severity(verdict, ruling)
            found[name] = BaselineEntry(
                name, counts, verdict.clause.sentence, ruling.seen, ruling.expected, since
            )
    return [found[name] for name in sorted(found)]


def save(report: Report, path: Path) -> None:
    """Write a baseline that accepts every breach in `report`.

    An entry that a baseline at `path` has already keeps its date and its reason; one that was
    not seen again goes.

    Raises:
        BaselineError: a file at `path` is no baseline.
        OSError: the file cannot be written.
    """
    earlier = load(path) if path.exists() else {}
    today = datetime.fromtimestamp(report.started, UTC).date().isoformat()
    entries = [_dated(entry, earlier) for entry in entries_of(safe(report), today)]
    path.write_bytes(_dumps(entries))


def _dated(entry: BaselineEntry, earlier: Baseline) -> BaselineEntry:
    old = earlier.get(entry.fingerprint)
    return replace(entry, since=old.since, because=old.because) if old else entry


def _dumps(entries: Iterable[BaselineEntry]) -> bytes:
    accepted = [
        {name: value for name, value in asdict(entry).items() if value or name in _REQUIRED}
        for entry in entries
    ]
    document = {"format": FORMAT, "version": VERSION, "accepted": accepted}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
