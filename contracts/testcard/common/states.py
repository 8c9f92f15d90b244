"""The states of jobs: a vendor's words for them, and what these mean.

A spec says it under `states`. Knows words. Must not know who answers, time, or any one provider.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, cast, get_args

from testcard.common.document import Node, words

Phase = Literal["queued", "running", "succeeded", "failed", "canceled", "moderated", "expired"]
"""How far a job is, in testcard's words; all but the first two end it."""

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
AT_WORK: Final[frozenset[Phase]] = frozenset({"queued", "running"})
"""Those of a job that has not ended."""

LOST: Final[frozenset[Phase]] = frozenset({"failed", "canceled", "moderated", "expired"})
"""Those of a job that has ended without pictures."""

ASKING: Final = ("job-status", "job-result", "job-cancel")
"""Verbs of operations that are asked about one job."""

_NEAREST: Final[Mapping[Phase, tuple[Phase, ...]]] = {
    "queued": ("running",),
    "running": ("queued",),
    "succeeded": (),
    "failed": (),
    "canceled": ("failed",),
    "moderated": ("failed",),
    "expired": ("failed",),
}
_PLAIN: Final[Mapping[str, Phase]] = {
    "PENDING": "running",
    "SUCCESS": "succeeded",
    "FAILURE": "failed",
}


@dataclass(frozen=True)
class States:
    """A vendor's words for the states of its jobs.

    Attributes:
        meanings: word -> what it means, in the page's order.
    """

    meanings: Mapping[str, Phase]

    def phase(self, word: object) -> Phase | None:
        """Return what a word means; None for one that is not the vendor's."""
        return self.meanings.get(word) if isinstance(word, str) else None

    def word(self, phase: Phase) -> str:
        """Return the vendor's word for a phase, the first of several; the nearest where none is."""
        found = self._words.get(phase)
        return found or next(filter(None, map(self._words.get, _NEAREST[phase])), phase)

    @cached_property
    def _words(self) -> Mapping[Phase, str]:
        return {meaning: word for word, meaning in reversed([*self.meanings.items()])}

    def of(self, phases: Collection[Phase]) -> tuple[str, ...]:
        """Return the words for some phases, in the page's order."""
        return tuple(word for word, phase in self.meanings.items() if phase in phases)

    @property
    def endings(self) -> tuple[str, ...]:
        """The words for a job that has ended."""
        return self.of([each for each in PHASES if each not in AT_WORK])


def states_in(*nodes: Node) -> States:
    """Return the states that the first of some nodes names under `states`.

    Where none does, they are PENDING, SUCCESS and FAILURE.
    """
    named = (words(each).get("states") for each in nodes)
    return States(cast("Mapping[str, Phase]", next(filter(None, named), _PLAIN)))


def phase_implied(
    does: str, status: int, response: Node, pictures: Collection[object] = ()
) -> Phase | None:
    """Return what an answer without a word for it tells of a job; None for nothing.

    Args:
        does: the operation's verb.
        status: of the answer.
        response: what the spec has for it, with the phases in which it comes, if it says so.
        pictures: in it.
    """
    if not (200 <= status < 300 and (does == "job" or does in ASKING)):
        return None
    when: Sequence[Phase] = words(response).get("when", ())
    if when:
        return when[0]
    return "succeeded" if does == "job-result" or pictures else None
