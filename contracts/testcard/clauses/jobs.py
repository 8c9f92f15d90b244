"""Clauses on jobs: how they live, what they lead to, and what is known of them.

Knows job lives as they were seen. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Final

from testcard.clauses.base import does, name_of, ruling_on
from testcard.common.pointer import reply_pointer, response_evidence
from testcard.common.reading import Reading
from testcard.common.schema import nodes
from testcard.common.spec import words
from testcard.common.states import ASKING, AT_WORK, LOST
from testcard.contract.flaw import flaws
from testcard.contract.results import jobs
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling

PATIENCE: Final = 20
"""Questions after a job that may find it at work, before it is held to be so for ever."""


def no_return(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer about a job that had ended: whether it says the same."""
    for life in jobs(seen):
        told = [each for each in life.answers if each.phase]
        for before, after in pairwise(told):
            if before.phase not in AT_WORK:
                was, is_ = _word(before), _word(after)
                yield ruling_on(
                    after,
                    "job-state",
                    kept=after.phase == before.phase,
                    told=f"{is_} after {was}",
                    expected=f"{was} for good",
                    subject=(before.index, after.index),
                    detail=f"{was}-{is_}",
                )


def _word(seen: ReadExchange) -> str:
    return seen.job_state or str(seen.phase)


def _endings(seen: ReadExchange) -> str:
    return " or ".join(seen.reading.states_of(seen.operation).endings)


def _good(seen: ReadExchange) -> str:
    return seen.reading.states_of(seen.operation).word("succeeded")


def ends(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each job that ended, or was asked after often enough."""
    for life in jobs(seen):
        ended = life.ended or life.canceled
        if not ended and len(life.polls) < PATIENCE:
            continue
        last = life.answers[-1]
        took = last.exchange.started - life.order.exchange.started
        yield ruling_on(
            life.order,
            "job-state",
            kept=ended,
            told=f"{life.states[-1] if life.states else 'no state'} after {len(life.polls)} "
            f"questions in {took:.1f} s",
            expected=_endings(life.order),
            subject=tuple(each.index for each in life.answers),
        )


def succeeds(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on all jobs that were rightly ordered and ended: whether any came to SUCCESS."""
    ended = [
        life for life in jobs(seen) if life.ended and not life.canceled and not flaws(life.order)
    ]
    if len(ended) > 1:
        good = [life for life in ended if "succeeded" in life.phases]
        word = _good(ended[0].order)
        yield ruling_on(
            ended[0].order,
            "job-state",
            kept=bool(good),
            told=f"{len(good)} of {len(ended)} jobs came to {word}",
            expected=f"{word} of a job that was rightly ordered",
            subject=tuple(life.order.index for life in ended),
        )


def ids(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer about a job: whether it names the job, and that one alone."""
    known: set[str] = set()
    for each in seen:
        given = each.said.get("job-id")
        if each.does == "job" and each.succeeded and each.phase != "succeeded":
            kept = isinstance(given, str) and bool(given) and given not in known
            again = ", as to another order" if given is not None and given in known else ""
            known |= {str(given)}
            told = f"id {given!r} in the answer to an order{again}"
            yield ruling_on(each, "job-id", kept=kept, told=told, expected="an id of its own")
        elif each.does in ASKING and each.succeeded and given is not None:
            told = f"id {given!r} in the answer to a question after {each.job_id!r}"
            expected = f"{each.job_id!r}"
            yield ruling_on(each, "job-id", kept=given == each.job_id, told=told, expected=expected)


def known(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each question after a job that was begun: whether the job is known."""
    for life in jobs(seen):
        for each in life.polls:
            known_by = reading.problems_of(each.operation)
            missing = {known_by[kind] for kind in ("not-found", "invalid", "malformed")}
            if flaws(each) or each.turned_away or not each.answered:
                continue
            yield ruling_on(
                each,
                "job-state",
                kept=each.reply.status not in missing,
                told=f"status {each.reply.status} for a job that was begun",
                expected="how the job stands",
                subject=(life.order.index, each.index),
            )


def unknown(reading: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each question after a job that never was."""
    for each in seen:
        problems = reading.problems_of(each.operation)
        status = problems["not-found"]
        if not any(flaw.keyword == "unknown-job" for flaw in flaws(each)) or each.operation is None:
            continue
        if each.key != "good":
            continue
        wanted = {problems[flaw.kind] for flaw in flaws(each)}  # it may be invalid, too
        yield Ruling(
            kept=each.reply.status in wanted or each.turned_away,
            subject=(each.index,),
            seen=f"status {each.reply.status} for an id that no order was answered with",
            expected=f"status {status}",
            evidence=response_evidence(each.operation, status),
            place=reply_pointer(reading, each.operation, status),
            detail=name_of(each),
        )


def urls(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each SUCCESS: whether it lists a URL for each sample."""
    for life in jobs(seen):
        told, wanted = life.success, life.order.asked.samples
        if told is None or flaws(life.order) or not _has_room(told):
            continue
        count, distinct = len(told.urls), len(set(told.urls))
        sent = "asked" if life.order.sent("samples") is not None else "default"
        yield ruling_on(
            told,
            "picture-urls",
            kept=count == distinct == wanted,
            told=f"{count} URLs, {distinct} of them different",
            expected=f"{wanted}, one for each sample",
            subject=(life.order.index, told.index),
            detail=f"{name_of(told)}:{sent}",
        )


def _has_room(seen: ReadExchange) -> bool:
    """Whether the answer is one that lists URLs: a result may stand elsewhere."""
    roles = [words(node).get("role") for _, node in nodes(seen.schema or {})]
    return "picture-urls" in roles or "picture-url" in roles


def fetches(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each download: whether the URL leads to a picture."""
    for life in jobs(seen):
        for each in (one for found in life.downloads.values() for one in found):
            if not each.answered or life.success is None:
                continue
            error = _download_error(each)
            yield ruling_on(
                life.success,
                "picture-urls",
                kept=not error,
                told=error or "a picture",
                expected="a picture that decodes",
                subject=(life.success.index, each.index),
            )


def _download_error(seen: ReadExchange) -> str:
    kind = seen.media_type or "no media type"
    if seen.reply.status != 200:
        return f"status {seen.reply.status} ({kind}) at a listed URL"
    if not seen.pictures:
        return f"{kind} at a listed URL, {len(seen.reply.body)} bytes that are no picture"
    return seen.pictures[0].error


def failure_bare(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each FAILURE: whether it comes without URLs."""
    for each in seen:
        if each.phase in LOST:
            listed, word = _listed(each), _word(each)
            told = f"{len(listed)} URLs beside {word}" if listed else f"{word} without URLs"
            yield ruling_on(each, "job-state", kept=not listed, told=told, expected="no URLs")


def _listed(seen: ReadExchange) -> list[str]:
    """Strings in the answer's lists that begin as URLs do."""
    members = seen.json.values() if isinstance(seen.json, dict) else ()
    lists: Iterable[object] = (one for each in members if isinstance(each, list) for one in each)
    return [one for one in lists if isinstance(one, str) and one.startswith("http")]


def _clause(
    name: str,
    sentence: str,
    judge: Callable[[Reading, tuple[ReadExchange, ...]], Iterator[Ruling]],
    wants: str,
) -> Clause:
    return Clause(
        f"jobs.{name}", "jobs", sentence, lambda reading: does(reading, "job"), judge, wants
    )


CLAUSES: Final = (
    _clause(
        "no-return",
        "A job that has ended stays as it ended.",
        no_return,
        "a question after a job that has ended",
    ),
    _clause("ends", "Every job ends.", ends, "a job that is asked after until it ends"),
    _clause(
        "succeeds",
        "Jobs that were rightly ordered come to success.",
        succeeds,
        "two jobs that are asked after until they end",
    ),
    _clause("id", "Every answer about a job names that job.", ids, "an order"),
    _clause(
        "known",
        "A job that was begun is known.",
        known,
        "a question after a job",
    ),
    _clause(
        "unknown",
        "A job that never was is not found.",
        unknown,
        "a question after an id that no order was answered with",
    ),
    _clause("urls", "Success lists a URL for each sample.", urls, "a job that comes to success"),
    _clause(
        "fetches",
        "Every listed URL leads to a picture.",
        fetches,
        "a download of a picture that a job led to",
    ),
    _clause("failure-bare", "Failure lists no URLs.", failure_bare, "a job that comes to failure"),
)
