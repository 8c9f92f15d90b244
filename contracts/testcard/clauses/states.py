"""Clauses on the states of jobs: the page's words for them, and that what is canceled stays so.

Knows job lives as they were seen. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from testcard.clauses.base import LIVE_UNPROMISED, does, name_of, ruling_on
from testcard.common.reading import Reading
from testcard.common.states import LOST
from testcard.contract.results import jobs
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling


def known_words(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each state that is told: whether it is one of the page's words."""
    for each in seen:
        if each.job_state is not None:
            listed = ", ".join(each.reading.states_of(each.operation).meanings)
            kept, told = each.phase is not None, f"state {each.job_state!r}"
            yield ruling_on(
                each,
                "job-state",
                kept=kept,
                told=told,
                expected=f"one of {listed}",
                detail=f"{name_of(each)}:{each.job_state}",
            )


def stays_canceled(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer about a job after it was canceled: whether it stays so."""
    for life in jobs(seen):
        cancels = [each for each in life.answers if each.does == "job-cancel" and each.succeeded]
        for each in life.answers if cancels else ():
            if each.index > cancels[0].index and each.phase and each.does != "job-cancel":
                told = f"{each.job_state or each.phase} after it was canceled"
                wanted = each.reading.states_of(each.operation).word("canceled")
                yield ruling_on(
                    each,
                    "job-state",
                    kept=each.phase in LOST,
                    told=told,
                    expected=wanted,
                    subject=(cancels[0].index, each.index),
                    detail=f"{name_of(each)}:{each.job_state}",
                )


CLAUSES: Final = (
    Clause(
        "jobs.state-word",
        "jobs",
        "Every state of a job is a word of the page.",
        lambda reading: does(reading, "job"),
        known_words,
        "an answer that tells a job's state",
    ),
    Clause(
        "jobs.canceled",
        "jobs",
        "A job that was canceled stays so.",
        lambda reading: does(reading, "job-cancel"),
        stays_canceled,
        "a question after a job that was canceled",
        LIVE_UNPROMISED,
    ),
)
