"""What changed between two runs: reports in JSON or baselines, compared.

Knows both files. Must not know how a run is made, or how the difference looks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from testcard.record import baseline, json_report
from testcard.record.baseline import BaselineError, check_schema, load_json

Weight = Literal["broken", "finding", "not-exercised"]
"""The worst first."""
ChangeKind = Literal["added", "changed", "removed"]

WEIGHTS: Final[tuple[Weight, ...]] = get_args(Weight)
CHANGE_KINDS: Final[tuple[ChangeKind, ...]] = get_args(ChangeKind)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that is not as promised, or was not looked at.

    Attributes:
        fingerprint: provider, clause and detail, with colons between.
        severity: how much it weighs.
        sentence: the clause's promise.
        seen: what was seen instead, or why nothing was.
        expected: what was expected.
    """

    fingerprint: str
    severity: Weight
    sentence: str
    seen: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One of the two files.

    Attributes:
        name: of the file.
        deviations: by their fingerprints.
        judged: provider -> ids of the clauses that it was judged by, where any came up.
        whole: whether it also tells what was kept and not exercised; a baseline does not.
    """

    name: str
    deviations: Mapping[str, Deviation]
    judged: Mapping[str, frozenset[str]]
    whole: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `before` or `after` is None where there was or is nothing."""

    before: Deviation | None
    after: Deviation | None

    @property
    def kind(self) -> ChangeKind:
        """Added, changed or removed."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def latest(self) -> Deviation:
        """The deviation as it is, or as it was where it is gone."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - a change has one side at least
        return found

    @property
    def breaks(self) -> bool:
        """Whether a documented promise is broken now that was not before."""
        before = self.before.severity if self.before else None
        return self.after is not None and self.after.severity == "broken" and before != "broken"


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs between two snapshots.

    Attributes:
        changes: the weightiest first, then added before changed before removed, then by name;
            of what both judged.
        vanished: what the later one no longer judges, so that nothing is known of it: a
            provider, or provider and clause with a colon between; by name.
    """

    changes: tuple[Change, ...] = ()
    vanished: tuple[str, ...] = ()


def snapshot(path: Path) -> Snapshot:
    """Read a report in JSON or a baseline.

    Raises:
        BaselineError: the file cannot be read or is neither; the message names file and place.
    """
    data = load_json(path)
    kind = data.get("format") if isinstance(data, Mapping) else None
    if kind == baseline.FORMAT:
        found: Iterator[Deviation] = _of_baseline(path)
    elif kind == json_report.FORMAT:
        check_schema(data, json_report.SCHEMA, path)
        found = _of_report(data)
    else:
        raise BaselineError(
            f"{path}: its format is {kind!r}; a report (--report json=FILE) or a baseline "
            f"(--report baseline=FILE) was expected"
        )
    deviations = {each.fingerprint: each for each in found}
    whole = kind == json_report.FORMAT
    judged = _judged(data) if whole else _named(deviations)
    return Snapshot(str(path), deviations, judged, whole)


def _judged(data: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    found = {}
    for provider in data["providers"]:
        verdicts = provider["verdicts"]
        if any(each["outcome"] != "not-exercised" for each in verdicts):
            found[provider["id"]] = frozenset(each["clause"] for each in verdicts)
    return found


def _named(deviations: Iterable[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for provider, clause in (_of(name) for name in deviations):
        found[provider] = found.get(provider, frozenset()) | {clause}
    return found


def _of(fingerprint: str) -> tuple[str, str]:
    """Return provider and clause of a fingerprint."""
    provider, clause, *_ = fingerprint.split(":", 2)
    return provider, clause


def _of_baseline(path: Path) -> Iterator[Deviation]:
    for each in baseline.load(path).values():
        severity: Weight = "broken" if each.severity == "broken" else "finding"
        yield Deviation(each.fingerprint, severity, each.sentence, each.seen, each.expected)


def _of_report(data: Mapping[str, Any]) -> Iterator[Deviation]:
    for provider in data["providers"]:
        for verdict in provider["verdicts"]:
            sentence = verdict["sentence"]
            if verdict["outcome"] == "not-exercised":
                name = f"{provider['id']}:{verdict['clause']}:"
                yield Deviation(name, "not-exercised", sentence, verdict["reason"])
            for each in (*verdict.get("rulings", ()), *verdict.get("accepted", ())):
                yield Deviation(
                    each["fingerprint"], each["severity"], sentence, each["seen"], each["expected"]
                )


def drift(old: Snapshot, new: Snapshot) -> Drift:
    """Return what differs between two snapshots.

    Where one is a baseline, what was not exercised is left out: baselines do not tell. Where
    the later one is, nothing vanishes: what a baseline does not list was kept.
    """
    gone = _vanished(old.judged, new.judged) if new.whole else ()
    changes = _changes(old, new)
    return Drift(tuple(each for each in changes if not _concerns(each, gone)), gone)


def _vanished(
    old: Mapping[str, frozenset[str]], new: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    providers = old.keys() - new.keys()
    clauses = {
        f"{provider}:{clause}"
        for provider in old.keys() & new.keys()
        for clause in old[provider] - new[provider]
    }
    return tuple(sorted(providers | clauses))


def _concerns(change: Change, gone: Collection[str]) -> bool:
    provider, clause = _of(change.latest.fingerprint)
    return provider in gone or f"{provider}:{clause}" in gone


def _changes(old: Snapshot, new: Snapshot) -> tuple[Change, ...]:
    before, after = (_comparable(each, old.whole and new.whole) for each in (old, new))
    names = before.keys() | after.keys()
    changes = (Change(before.get(name), after.get(name)) for name in names)
    return tuple(sorted((each for each in changes if each.before != each.after), key=_weight))


def _comparable(one: Snapshot, whole: bool) -> dict[str, Deviation]:
    return {
        name: each
        for name, each in one.deviations.items()
        if whole or each.severity != "not-exercised"
    }


def _weight(change: Change) -> tuple[int, int, str]:
    latest = change.latest
    return WEIGHTS.index(latest.severity), CHANGE_KINDS.index(change.kind), latest.fingerprint


def exit_code(found: Drift) -> int:
    """Return 1 where a promise is broken that was kept before, or judged no longer; else 0."""
    return int(bool(found.vanished) or any(change.breaks for change in found.changes))
