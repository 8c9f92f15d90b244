"""Clauses on single answers with pictures: they decode, and are as many and such as was asked.

Knows paintings: what was asked for and what came. Must not know who answered, or any provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, Final

import numpy as np

from testcard.clauses.base import always, asks, name_of, replies, role_evidence
from testcard.common.picture import format_of, sniff
from testcard.common.pointer import field_pointer, reply_pointer
from testcard.common.reading import Reading
from testcard.common.schema import nodes
from testcard.common.spec import Evidence, evidence, words
from testcard.contract.flaw import flaws
from testcard.contract.payload import Picture
from testcard.contract.results import Painting, paintings
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling


def decodes(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each picture: whether it can be decoded."""
    for each in paintings(seen):
        errors = [picture.error for picture in each.pictures if picture.error]
        if not each.pictures:
            errors = ["no picture is in the answer"]
        text = errors[0] if errors else "pictures that decode"
        yield _of(each, not errors, text, "a PNG, JPEG or WebP picture that decodes whole")


def _of(painting: Painting, kept: bool, seen: str, expected: str) -> Ruling:
    order = painting.order
    return Ruling(
        kept=kept,
        subject=painting.subject,
        seen=seen,
        expected=expected,
        evidence=role_evidence(order, "picture"),
        place=reply_pointer(order.reading, order.operation, order.reply.status),
        detail=name_of(order),
    )


def format_said(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each picture: whether it is of the format that header, envelope or spec say."""
    for each in paintings(seen):
        for picture in each.pictures:
            declared = _declared(each.order, picture)
            real = sniff(picture.data)
            if declared is None or real is None:
                continue
            said, told = declared
            yield Ruling(
                kept=format_of(told) == real,
                subject=each.subject,
                seen=f"{real.upper()} bytes called {told}",
                expected=f"a picture of type {told}",
                evidence=said,
                place=reply_pointer(
                    each.order.reading, each.order.operation, each.order.reply.status
                ),
                detail=name_of(each.order),
            )


def _declared(order: ReadExchange, picture: Picture) -> tuple[Evidence, str] | None:
    for told in picture.declared:
        if format_of(told):
            return role_evidence(order, "media-type"), told
    for _, node in nodes(order.schema or {}) if order.asked.output_format is None else ():
        if words(node).get("role") == "picture" and "contentMediaType" in node:
            return evidence(node, "contentMediaType"), node["contentMediaType"]
    return None


def size(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each picture: whether it has the size that was asked for, or the default one."""
    for each in paintings(seen):
        wanted = each.order.size
        sizes = {(one.pixels.width, one.pixels.height) for one in each.pictures if one.pixels}
        if wanted is None or not sizes or flaws(each.order):
            continue
        role = next((name for name in ("size", "width") if each.order.field(name)), "init-image")
        field = each.order.field(role)
        sent = each.order.sent(role) is not None
        wrong = sorted(sizes - {wanted})
        yield Ruling(
            kept=not wrong,
            subject=each.subject,
            seen=f"a picture of {_by(wrong[0] if wrong else wanted)}",
            expected=f"{_by(wanted)}, {'as asked' if sent else 'the default'}",
            evidence=field.evidence(None if sent else "default") if field else _NOWHERE,
            place=_field_place(each.order, role),
            detail=f"{name_of(each.order)}:{'asked' if sent else 'default'}",
        )


_NOWHERE: Final = Evidence("assumed", "no field says it")


def _field_place(seen: ReadExchange, role: str) -> tuple[str, ...]:
    field = seen.field(role)
    if seen.operation is None or field is None:
        return ()
    return field_pointer(seen.reading, seen.operation, field.name)


def _by(sides: tuple[int, int]) -> str:
    return f"{sides[0]}x{sides[1]}"


def samples(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer that can hold all its pictures: whether there are as many as asked."""
    for each in paintings(seen):
        if each.wanted is None or each.order.does != "pictures" or flaws(each.order):
            continue
        field = each.order.field("samples")
        yield Ruling(
            kept=len(each.pictures) == each.wanted,
            subject=each.subject,
            seen=f"{len(each.pictures)} pictures",
            expected=f"{each.wanted}",
            evidence=field.evidence() if field else role_evidence(each.order, "picture"),
            place=_field_place(each.order, "samples"),
            detail=f"{name_of(each.order)}:{'asked' if each.order.sent('samples') else 'default'}",
        )


def samples_differ(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer with several pictures: whether no two are the same."""
    for each in paintings(seen):
        shown = [one.pixels.array for one in each.pictures if one.pixels]
        if len(shown) < 2 or flaws(each.order) or is_input_itself(each.order):
            continue
        alike = [pair for pair in combinations(shown, 2) if np.array_equal(*pair)]
        field = each.order.field("samples")
        yield Ruling(
            kept=not alike,
            subject=each.subject,
            seen=f"{len(alike)} pairs of equal pictures among {len(shown)}",
            expected="pictures that differ",
            evidence=field.evidence() if field else role_evidence(each.order, "picture"),
            place=_field_place(each.order, "samples"),
            detail=name_of(each.order),
        )


def is_input_itself(seen: ReadExchange) -> bool:
    """Whether the input itself may be the answer: at a small strength, or by an unseen mask."""
    if seen.sent("mask-image") is not None and seen.picture("mask-image") is None:
        return True
    if seen.asked.strength is None:
        return False
    steps = seen.asked.by_role.get("steps", 20)
    return not isinstance(steps, int) or int(steps * seen.asked.strength) == 0


def byte_count(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer that counts its picture's bytes."""
    for each in paintings(seen):
        told: Any = each.order.said.get("byte-count")
        if told is None or not each.pictures:
            continue
        real = sum(len(picture.data) for picture in each.pictures)
        yield Ruling(
            kept=str(told) == str(real),
            subject=each.subject,
            seen=f"{told!r} said of a picture of {real} bytes",
            expected=f"{real}, the bytes of the decoded picture",
            evidence=role_evidence(each.order, "byte-count"),
            place=reply_pointer(each.order.reading, each.order.operation, each.order.reply.status),
            detail=name_of(each.order),
        )


def seed_returned(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer to a call with a seed: whether that seed is given back."""
    for each in seen:
        sent = each.asked.seed
        if each.succeeded and sent is not None and "seed" in each.said:
            yield _seed_ruling(each, each.said["seed"] == sent, f"{sent}, as sent")


def seed_range(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer to a call for a random seed: whether the one drawn is a real one."""
    for each in seen:
        field, sent = each.field("seed"), each.asked.seed
        if not each.succeeded or field is None or sent is not None or "seed" not in each.said:
            continue
        drawn, least = each.said["seed"], field.random_at_most
        low, high = field.schema.get("minimum"), field.schema.get("maximum")
        kept = isinstance(drawn, int) and (least is None or drawn > least)
        kept = kept and (low is None or drawn >= low) and (high is None or drawn <= high)
        above = f"above {least}" if least is not None else "any"
        yield _seed_ruling(each, kept, f"a seed {above}, at most {high}, that gives it again")


def _seed_ruling(seen: ReadExchange, kept: bool, expected: str) -> Ruling:
    return Ruling(
        kept=kept,
        subject=(seen.index,),
        seen=f"seed {seen.said['seed']!r}",
        expected=expected,
        evidence=role_evidence(seen, "seed"),
        place=reply_pointer(seen.reading, seen.operation, seen.reply.status),
        detail=name_of(seen),
    )


_SUCCESS: Final = "a call that is answered with a picture"

CLAUSES: Final[tuple[Clause, ...]] = (
    Clause(
        "pictures.decodes",
        "pictures",
        "Every picture decodes, whole.",
        always,
        decodes,
        _SUCCESS,
    ),
    Clause(
        "pictures.format",
        "pictures",
        "Every picture is of the format that its header, envelope or page names.",
        always,
        format_said,
        _SUCCESS,
    ),
    Clause(
        "pictures.size",
        "pictures",
        "Every picture has the size that was asked for, or else the default one.",
        always,
        size,
        "a call whose size is known and that is answered with a picture",
    ),
    Clause(
        "pictures.samples",
        "pictures",
        "As many pictures come as samples were asked for.",
        lambda reading: any(each.does == "pictures" for each in reading.operations),
        samples,
        "a call whose answer can hold several pictures",
    ),
    Clause(
        "pictures.samples-differ",
        "pictures",
        "The samples of one call differ.",
        lambda reading: asks(reading, "samples"),
        samples_differ,
        "a call for several samples whose answer holds them all",
    ),
    Clause(
        "pictures.byte-count",
        "pictures",
        "The byte count is that of the decoded picture.",
        lambda reading: replies(reading, "byte-count"),
        byte_count,
        _SUCCESS,
    ),
    Clause(
        "pictures.seed-returned",
        "pictures",
        "The seed given back is the seed sent.",
        lambda reading: _gives_seed(reading),
        seed_returned,
        "a successful call with a seed",
    ),
    Clause(
        "pictures.seed-range",
        "pictures",
        "A random seed that is given back is one that gives the picture again.",
        lambda reading: _gives_seed(reading),
        seed_range,
        "a successful call without a seed, or with the one that asks for a random one",
    ),
)


def _gives_seed(reading: Reading) -> bool:
    return asks(reading, "seed") and any(
        _success_says(operation.answers, "seed") for operation in reading.operations
    )


def _success_says(responses: Mapping[str, Mapping[str, Any]], role: str) -> bool:
    return any(
        words(node).get("role") == role
        for status, response in responses.items()
        if status[0] in "2d"  # or the default, which may be one
        for content in response.get("content", {}).values()
        for _, node in nodes(content["schema"])
    )
