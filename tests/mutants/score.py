"""How mutants fare: which clauses catch one, by which drivers, in how many seconds.

Knows mutants, drivers and `check`. Must not know how a deviation is made.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from typing import Literal, TypeVar

from tests.mutants.catalogue import PROVIDERS, mutants
from tests.mutants.mutant import Mutant, faithful

from testcard.assembly import find
from testcard.common.reading import Profile, Reading, read
from testcard.contract.calls import Links
from testcard.contract.session import Session
from testcard.contract.targets import InProcess
from testcard.contract.verdict import ProviderRun
from testcard.drivers.check import Driver, check
from testcard.drivers.drafts import Draft
from testcard.drivers.fuzz import everything, send
from testcard.drivers.plan import plan
from testcard.drivers.stateful import stateful

T = TypeVar("T")
How = Literal["full", "plan"]

EXAMPLES = 20
"""Good and bad bodies an operation, and stories, that the generating drivers draw."""


@dataclass(frozen=True, slots=True)
class Result:
    """One mutant after a check.

    Attributes:
        id: of the mutant.
        clauses: ids of those that it broke, findings among them.
        groups: of these clauses.
        paid: calls of the run that cost something, or would on a live API.
        seconds: of the check.
    """

    id: str
    clauses: tuple[str, ...]
    groups: frozenset[str]
    paid: int
    seconds: float


def known(mutant_id: str) -> Mutant:
    """Return the mutant with this id, or the faithful mock under the id that `faithful` gives."""
    return next(mutant for mutant in (*mutants(), *all_faithful()) if mutant.id == mutant_id)


def all_faithful() -> tuple[Mutant, ...]:
    """Return the faithful mocks of all providers, in both profiles."""
    profiles: tuple[Profile, ...] = ("documented", "lenient")
    return tuple(faithful(provider, profile) for provider in PROVIDERS for profile in profiles)


def checked(mutant: Mutant, how: How) -> Result:
    """Check one mutant with all drivers, or by the live plan alone.

    Once it is caught, the drivers that are left add nothing, and are left out; nothing is left
    out for the faithful mock.
    """
    began = time.perf_counter()
    session = _session(mutant, how)
    drivers = [plan, *_further(mutant)] if how == "full" else [plan]
    if mutant.is_faithful:
        return _result(mutant, check(session, drivers), began)
    for driver in drivers:
        run = check(session, [driver])
        if run.stopped or _caught(run, mutant.group):
            break
    return _result(mutant, run, began)


def _session(mutant: Mutant, how: How) -> Session:
    kind: Literal["mock", "live"] = "mock" if how == "full" else "live"
    return Session(
        _reading(mutant.provider, mutant.profile),
        InProcess(mutant.build(), kind=kind),
        thorough=how == "full",
        sleep=lambda _: None,
    )


def _further(mutant: Mutant) -> Iterator[Driver]:
    yield partial(_send_all, drawn=_drawn(mutant.provider, mutant.profile))
    yield partial(stateful, examples=EXAMPLES, seed=0)


def _send_all(session: Session, drawn: Sequence[Draft]) -> None:
    """Do what `fuzz` does, with drafts that were drawn once for all mutants of a provider."""
    for draft in drawn:
        send(session, draft)


def _caught(run: ProviderRun, group: str) -> bool:
    return any(
        each.outcome in ("broken", "finding") and each.clause.group == group
        for each in run.verdicts
    )


def _result(mutant: Mutant, run: ProviderRun, began: float) -> Result:
    broken = [each.clause for each in run.verdicts if each.outcome in ("broken", "finding")]
    groups = frozenset[str](each.group for each in broken)
    paid = int(run.spent / run.reading.price) if run.reading.price else 0
    seconds = time.perf_counter() - began
    return Result(mutant.id, tuple(each.id for each in broken), groups, paid, seconds)


@cache
def _reading(provider: str, profile: Profile) -> Reading:
    return read(find(provider)[0], profile)


@cache
def _drawn(provider: str, profile: Profile) -> tuple[Draft, ...]:
    return tuple(everything(_reading(provider, profile), Links(), examples=EXAMPLES, seed=0))


# Many at once


def results(ids: Iterable[str], how: How, workers: int = 2) -> dict[str, Result]:
    """Check several mutants, in processes of their own; id -> result."""
    return dict(in_parallel(partial(_by_id, how=how), ids, workers))


def in_parallel(
    work: Callable[[str], T], ids: Iterable[str], workers: int, batch: int = 1000
) -> Iterator[tuple[str, T]]:
    """Yield (id, what `work` returns for it), in the order of `ids`.

    After each `batch` of them the processes give way to fresh ones, for work that piles up
    memory. (The executor's own limit on tasks was seen to hang on Python 3.11.)
    """
    wanted = tuple(ids)
    for start in range(0, len(wanted), batch):
        some = wanted[start : start + batch]
        with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_quiet) as pool:
            yield from zip(some, pool.map(work, some, chunksize=4), strict=True)


def _quiet() -> None:
    logging.disable(logging.CRITICAL)


def _by_id(mutant_id: str, how: How) -> Result:
    return checked(known(mutant_id), how)
