"""Clauses on pairs of pictures: what ought to change a picture, and what ought not.

Knows how diffusion answers to seed, prompt, strength and mask. Must not know who answered, or
any one provider.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import combinations
from typing import Final

import numpy as np

from testcard.clauses.base import LIVE_UNPROMISED, asks, many_seeds, name_of, role_evidence
from testcard.clauses.pictures import is_input_itself
from testcard.common.picture import sniff
from testcard.common.pointer import field_pointer
from testcard.common.reading import Reading
from testcard.common.spec import Evidence
from testcard.contract.flaw import flaws
from testcard.contract.results import Painting, asked_key, paintings
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling, Strength, TargetKind

_LAW: Final = Evidence("assumed", "image-to-image takes int(steps x strength) denoising steps")
_MOST_PAIRS: Final = 200
Pair = tuple[Painting, Painting]


def _good(seen: tuple[ReadExchange, ...]) -> list[Painting]:
    return [each for each in paintings(seen) if each.first and not flaws(each.order)]


def _groups(found: Iterable[Painting], key: Callable[[Painting], Hashable]) -> list[list[Painting]]:
    groups: dict[Hashable, list[Painting]] = defaultdict(list)
    for each in found:
        groups[key(each)].append(each)
    return [group for group in groups.values() if len(group) > 1]


def _pairs(groups: Iterable[list[Painting]]) -> Iterator[Pair]:
    for group in groups:
        for index, pair in enumerate(combinations(group, 2)):
            if index >= _MOST_PAIRS:
                break
            yield pair


def _same(pair: Pair) -> bool:
    a, b = (each.first for each in pair)
    if a is None or b is None or a.pixels is None or b.pixels is None:
        return False
    return np.array_equal(a.pixels.array, b.pixels.array)


def _alike_in_format(pair: Pair) -> bool:
    return len({sniff(each.first.data) for each in pair if each.first}) == 1


def _ruling(pair: Pair, role: str, *, kept: bool, seen: str, expected: str) -> Ruling:
    order = pair[-1].order
    field = order.field(role)
    return Ruling(
        kept=kept,
        subject=(*pair[0].subject, *pair[1].subject),
        seen=seen,
        expected=expected,
        evidence=field.evidence() if field else role_evidence(order, "picture"),
        place=field_pointer(order.reading, order.operation, field.name)
        if field and order.operation
        else (),
        detail=f"{name_of(order)}:{field.name if field else role}",
    )


def _differs(pair: Pair, role: str, what: str) -> Ruling:
    same = _same(pair)
    seen = f"the {'same picture' if same else 'pictures differ'} with {what}"
    return _ruling(pair, role, kept=not same, seen=seen, expected=f"another picture with {what}")


def _fixed(each: Painting) -> bool:
    """Whether chance has no part in it: a seed was sent."""
    return each.order.asked.seed is not None


def same_seed(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on pairs that ask for the same with the same seed."""
    fixed = [each for each in _good(seen) if _fixed(each)]
    for pair in _pairs(
        _groups(fixed, lambda each: (asked_key(each.order), each.order.asked.samples))
    ):
        if _alike_in_format(pair):
            kept = _same(pair)
            told = "the same picture" if kept else "another picture for the same request and seed"
            yield _ruling(pair, "seed", kept=kept, seen=told, expected="the same picture")


def batch_first(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on pairs that differ in the number of samples alone, by their first picture."""
    fixed = [each for each in _good(seen) if _fixed(each)]
    for pair in _pairs(_groups(fixed, lambda each: asked_key(each.order))):
        if pair[0].order.asked.samples != pair[1].order.asked.samples and _alike_in_format(pair):
            kept = _same(pair)
            told = "the same first picture" if kept else "another first picture"
            wanted = "the first of several samples is the single one"
            yield _ruling(pair, "samples", kept=kept, seen=told, expected=wanted)


def other_seed(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on pairs that differ in their seed alone."""
    fixed = [each for each in _good(seen) if _fixed(each) and not is_input_itself(each.order)]
    for pair in _pairs(_groups(fixed, lambda each: asked_key(each.order, "seed"))):
        if pair[0].order.asked.seed != pair[1].order.asked.seed:
            yield _differs(pair, "seed", "another seed")


def random_seed(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on pairs of the same request that leave the seed to chance."""
    free = [
        each
        for each in _good(seen)
        if many_seeds(each.order.field("seed"))
        and not _fixed(each)
        and not is_input_itself(each.order)
    ]
    for pair in _pairs(_groups(free, lambda each: asked_key(each.order))):
        yield _differs(pair, "seed", "a seed left to chance")


def _matters(role: str) -> Callable[[Reading, tuple[ReadExchange, ...]], Iterator[Ruling]]:
    def judge(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
        found = [
            each
            for each in _good(seen)
            if (_fixed(each) or not each.order.field("seed")) and not is_input_itself(each.order)
        ]
        for pair in _pairs(_groups(found, lambda each: asked_key(each.order, role))):
            if asked_key(pair[0].order) != asked_key(pair[1].order) and _comparable(pair, role):
                yield _differs(pair, role, f"another {role.replace('-', ' ')}")

    return judge


_ANCESTRAL: Final = frozenset({"ddpm", "eulera", "eulerancestral", "keulerancestral"})
"""One method under several names: DDPM's step is Euler's ancestral one in other terms (shown to
the byte by the reference engine), so that they may well give one picture."""


def _comparable(pair: Pair, role: str) -> bool:
    """Whether a difference in this role must show: the input's does not at full strength."""
    orders = [each.order for each in pair]
    if role == "init-image":
        return all((each.asked.strength is None or each.asked.strength < 0.95) for each in orders)
    if role in ("scheduler", "guidance"):
        told = [each.asked.by_role.get(role) for each in orders]
        return None not in told and not {_folded(name) for name in told} <= _ANCESTRAL
    return True


def _folded(name: object) -> str:
    return "".join(letter for letter in str(name).lower() if letter.isalnum())


def plateau(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on pairs that differ in strength, and not in the steps that it leads to."""
    fixed = [each for each in _good(seen) if _fixed(each) and _steps_taken(each.order) is not None]
    for pair in _pairs(_groups(fixed, lambda each: asked_key(each.order, "strength"))):
        a, b = (each.order for each in pair)
        if a.asked.strength == b.asked.strength or _steps_taken(a) != _steps_taken(b):
            continue
        if not _alike_in_format(pair):
            continue
        kept = _same(pair)
        told = f"{'one picture' if kept else 'two pictures'} for {_steps_taken(a)} steps taken"
        ruling = _ruling(pair, "strength", kept=kept, seen=told, expected="the same picture")
        yield Ruling(kept, ruling.subject, told, ruling.expected, _LAW, ruling.place, ruling.detail)


def _steps_taken(seen: ReadExchange) -> int | None:
    steps = seen.asked.by_role.get("steps")
    if not isinstance(steps, int) or seen.asked.strength is None:
        return None
    exact = steps * seen.asked.strength
    near = abs(exact - round(exact)) < 1e-6  # how it was rounded cannot be known
    return None if near else int(exact)


def _clause(
    name: str,
    sentence: str,
    roles: tuple[str, ...],
    judge: Callable[[Reading, tuple[ReadExchange, ...]], Iterator[Ruling]],
    wants: str,
    strength: Mapping[TargetKind, Strength] = LIVE_UNPROMISED,
) -> Clause:
    return Clause(
        f"pictures.{name}",
        "pictures",
        sentence,
        lambda reading: all(asks(reading, *role.split("|")) for role in roles),
        judge,
        wants,
        strength,
    )


CLAUSES: Final = (
    _clause(
        "same-seed",
        "The same request with the same seed gives the same picture, defaults spelt out or not.",
        ("seed",),
        same_seed,
        "the same request twice, with a seed",
    ),
    _clause(
        "batch-first",
        "The first of several samples is the picture that a single one would be.",
        ("seed", "samples"),
        batch_first,
        "the same request for one sample and for several, with a seed",
    ),
    _clause(
        "other-seed",
        "Another seed gives another picture.",
        ("seed",),
        other_seed,
        "the same request with two seeds",
    ),
    _clause(
        "random-seed",
        "A seed left to chance gives another picture each time.",
        ("seed",),
        random_seed,
        "the same request twice, with the seed left to chance",
    ),
    _clause(
        "prompt-matters",
        "Another prompt gives another picture.",
        ("prompt",),
        _matters("prompt"),
        "the same request with two prompts",
    ),
    _clause(
        "input-matters",
        "Another input gives another picture.",
        ("init-image",),
        _matters("init-image"),
        "the same request with two inputs",
    ),
    _clause(
        "negative-matters",
        "A negative prompt gives another picture.",
        ("negative-prompt",),
        _matters("negative-prompt"),
        "the same request with and without a negative prompt",
    ),
    _clause(
        "weight-matters",
        "Another weight of a prompt gives another picture.",
        ("prompt-weight",),
        _matters("prompt-weight"),
        "the same request with two weights of its prompt",
        {"reference": "unpromised"},
    ),
    _clause(
        "guidance-matters",
        "Another guidance scale gives another picture.",
        ("guidance",),
        _matters("guidance"),
        "the same request with two guidance scales",
    ),
    _clause(
        "scheduler-matters",
        "Another scheduler gives another picture.",
        ("scheduler",),
        _matters("scheduler"),
        "the same request with two schedulers",
    ),
    _clause(
        "style-matters",
        "Another style gives another picture.",
        ("style",),
        _matters("style"),
        "the same request with two styles",
    ),
    _clause(
        "strength-plateau",
        "Strengths that lead to the same number of steps give the same picture.",
        ("strength|image-strength", "seed", "steps"),
        plateau,
        "the same request with two strengths that lead to the same number of steps",
    ),
)
