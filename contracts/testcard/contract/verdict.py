"""What a check finds: Clause -> Rulings -> Verdict -> Report. Values only; nothing is done here.

Knows the nouns of contract checking. Must not know how calls are sent, or how a report looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from testcard.common.message import Trace
from testcard.common.reading import Reading
from testcard.common.spec import GRADES, Evidence

if TYPE_CHECKING:
    from testcard.contract.trace import ReadExchange

Group = Literal["wire", "pictures", "jobs", "money", "errors"]
TargetKind = Literal["mock", "reference", "live"]
Strength = Literal["exact", "tolerance", "unpromised"]
Outcome = Literal["kept", "broken", "finding", "not-exercised"]


@dataclass(frozen=True, slots=True)
class Ruling:
    """One clause on one subject.

    Attributes:
        kept: whether the clause held.
        subject: indices, into the Trace, of the exchanges judged.
        seen: what was seen, in one short sentence.
        expected: what was expected instead.
        evidence: how sure the expectation is, and where it stands.
        place: path in the spec's file to what was broken, for a line number; empty for the
            operation or the file as a whole.
        detail: what tells this breach from others of the same clause (an operationId, a field,
            a status), the same from run to run: a baseline goes by it.
    """

    kept: bool
    subject: tuple[int, ...]
    seen: str
    expected: str
    evidence: Evidence
    place: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise: a sentence with a source, and a pure function from what was seen to rulings.

    Attributes:
        id: group.name, e.g. `pictures.size`.
        group: what it is about.
        sentence: the promise, in one sentence.
        applies: whether a provider's reading promises it at all.
        judge: all exchanges of one provider, in order -> a ruling for each subject that came up;
            none where it never came up.
        wants: what has to be sent for it to come up, for the "not exercised" message.
        strength: how far it binds each kind of target; exact where not named.
    """

    id: str
    group: Group
    sentence: str
    applies: Callable[[Reading], bool]
    judge: Callable[[Reading, tuple[ReadExchange, ...]], Iterable[Ruling]]
    wants: str
    strength: Mapping[TargetKind, Strength] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One clause on one provider, after a run.

    Attributes:
        provider: id.
        clause: what was judged.
        outcome: broken where a documented promise was; finding where a weaker one was, or the
            target's kind does not promise it; kept; or not-exercised.
        rulings: the ones that broke it, each distinct `detail` once; empty where kept.
        exercised: how many subjects came up.
        reason: why it was not exercised; empty otherwise.
        accepted: the rulings that a baseline accepts; they count no longer.
    """

    provider: str
    clause: Clause
    outcome: Outcome
    rulings: tuple[Ruling, ...] = ()
    exercised: int = 0
    reason: str = ""
    accepted: tuple[Ruling, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderRun:
    """One provider's part of a report.

    Attributes:
        reading: the spec that was checked against.
        trace: every exchange of the run, secrets blanked.
        verdicts: one for each clause that applies.
        spent: credits that were reserved for the calls sent.
        stopped: why the run ended before its plan did; empty where it did not.
        notes: what drivers found to say beside that, such as the shortest story that breaks.
        base: URL that stood in place of the provider's server; empty where nothing did.
        serving: command that makes the mock answer at `base`; empty where something else does.
    """

    reading: Reading
    trace: Trace
    verdicts: tuple[Verdict, ...]
    spent: Decimal = Decimal(0)
    stopped: str = ""
    notes: tuple[str, ...] = ()
    base: str = ""
    serving: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One run over one or several providers.

    Attributes:
        target: what answered, for people: `mock (lenient)`, a URL without secrets, a file.
        kind: which strengths bind.
        runs: one for each provider.
        started: Unix time, in seconds.
        elapsed: seconds.
        version: of testcard.
        stale: fingerprints of a baseline's entries that were looked for and not seen again.
    """

    target: str
    kind: TargetKind
    runs: tuple[ProviderRun, ...]
    started: float
    elapsed: float
    version: str
    stale: tuple[str, ...] = ()

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All verdicts, provider by provider."""
        return tuple(verdict for run in self.runs for verdict in run.verdicts)


def fingerprint(verdict: Verdict, ruling: Ruling) -> str:
    """Return what names this breach from run to run, for baselines."""
    return ":".join((verdict.provider, verdict.clause.id, ruling.detail))


def fails(verdict: Verdict, ruling: Ruling, weakest: str) -> bool:
    """Whether one of a verdict's rulings is a failure.

    Args:
        verdict: whose.
        ruling: one of its own.
        weakest: the grade down to which breaches count; `documented` goes by the outcome alone.
    """
    grades: list[str] = [*GRADES]
    counting = grades[: grades.index(weakest) + 1]
    graded = len(counting) > 1 and ruling.evidence.grade in counting
    return graded or severity(verdict, ruling) == "broken"


def severity(verdict: Verdict, ruling: Ruling) -> Literal["broken", "finding"]:
    """Return how one of a verdict's rulings counts: among broken ones, weaker are findings."""
    if verdict.outcome == "finding":
        return "finding"
    grades = {each.evidence.grade for each in verdict.rulings}
    least = verdict.outcome == "broken" and "documented" not in grades
    return "broken" if least or ruling.evidence.grade == "documented" else "finding"
