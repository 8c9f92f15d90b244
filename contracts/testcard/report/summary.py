"""What every report says alike: how verdicts stand, where a ruling points, what was sent.

Knows verdicts and places in specs. Must not know how a report looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, get_args

from testcard.common.document import Keys, written_at
from testcard.common.lines import line_of
from testcard.common.message import Exchange
from testcard.common.redaction import visible
from testcard.contract.verdict import Group, ProviderRun, Report, Ruling, Verdict

Standing = Literal["broken", "finding", "accepted", "kept", "not-exercised"]
"""An outcome; or `accepted`, where nothing but what a baseline accepts was broken."""

STANDINGS: Final[tuple[Standing, ...]] = get_args(Standing)
GROUPS: Final[tuple[Group, ...]] = get_args(Group)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """Where a ruling's promise stands in a spec's file.

    Attributes:
        file: as a reader in the working folder names it: relative where it lies inside.
        line: from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def standing(verdict: Verdict) -> Standing:
    """Return how a verdict counts in reports."""
    if verdict.outcome == "kept" and verdict.accepted:
        return "accepted"
    return verdict.outcome


def count(verdicts: Iterable[Verdict]) -> Counter[Standing]:
    """Return how many verdicts stand how."""
    return Counter(standing(verdict) for verdict in verdicts)


def of_standing(run: ProviderRun, *wanted: Standing) -> list[Verdict]:
    """Return the verdicts of a run that stand so, in the order of the run."""
    return [verdict for verdict in run.verdicts if standing(verdict) in wanted]


def reached_nothing(run: ProviderRun) -> bool:
    """Whether a run ended early and no clause had come up: one cause, for all of them."""
    return bool(run.stopped) and not any(each.exercised for each in run.verdicts)


def why_idle(run: ProviderRun, verdict: Verdict) -> str:
    """Return what it would have taken for a clause to come up.

    Why the run ended early is left out: that is said of the run, once.
    """
    said = verdict.reason.removesuffix(run.stopped).removesuffix("; ") if run.stopped else ""
    return said or verdict.reason or f"it wants {verdict.clause.wants}"


def headline(report: Report) -> str:
    """Return the whole report in a few words."""
    found = count(report.verdicts)
    if found["broken"]:
        return f"{plural(found['broken'], 'promise')} broken"
    if found["kept"] + found["accepted"] + found["finding"]:
        return "no promise broken"
    return "nothing was exercised"


def plural(number: int, noun: str) -> str:
    """Return `3 calls`, or `1 call`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def named(fingerprint: str) -> tuple[str, str, str]:
    """Return provider, clause and detail of a fingerprint."""
    provider, _, rest = fingerprint.partition(":")
    clause, _, detail = rest.partition(":")
    return provider, clause, detail


def called(exchange: Exchange) -> str:
    """Return an exchange in a few words: `POST /v1/path -> 200`."""
    path = exchange.call.url.partition("://")[2].partition("/")[2]
    status = exchange.reply.status or "no answer"
    return visible(f"{exchange.call.method} /{path} → {status}")


def shown_subject(ruling: Ruling, trace: Sequence[Exchange], most: int) -> list[int]:
    """Return the indices of at most `most` exchanges to show for a ruling, the ends first.

    Indices outside of the trace are passed over.
    """
    subject = [index for index in dict.fromkeys(ruling.subject) if 0 <= index < len(trace)]
    return subject if len(subject) <= most else [*subject[: most - 1], subject[-1]]


def place_of(run: ProviderRun, ruling: Ruling) -> SourceLine:
    """Return the file and line that a ruling's place leads to: references are followed."""
    spec = run.reading.spec
    path = written_at(spec.source, ruling.place)
    return SourceLine(relative(spec.path), _line(spec.path, path))


def relative(path: Path) -> str:
    """Return `path` from the working folder, with slashes; whole where it lies elsewhere."""
    whole = path.resolve()
    try:
        return whole.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return whole.as_posix()


@cache
def _line(path: Path, place: Keys) -> int:
    try:
        return line_of(path.read_text(encoding="utf-8"), place)
    except (OSError, UnicodeDecodeError):
        return 1
