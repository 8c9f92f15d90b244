"""Clauses on pictures beside the caller's own: how far they go from it, and where they keep it.

Knows denoising strength and masks: white is repainted, black is kept. Must not know who
answered, or any one provider.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from itertools import pairwise
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from testcard.clauses.base import LIVE_UNPROMISED, asks, name_of
from testcard.clauses.pictures import is_input_itself
from testcard.common.picture import Pixels, decode, distance, encode, sniff
from testcard.common.pointer import field_pointer
from testcard.common.reading import Reading
from testcard.common.spec import Evidence
from testcard.contract.flaw import flaws
from testcard.contract.payload import picture_bytes
from testcard.contract.results import Painting, paintings
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling

_APART: Final = 0.25  # strengths nearer than this are not compared
_GROWTH: Final = 0.3  # of the distance, for a whole unit of strength: far more than chance makes
_KEPT: Final = 0.004  # mean distance, about 1 of 255: what one rounding of pixels makes
_QUALITY: Final = 75  # of a JPEG or WebP that says nothing: what encoders take by themselves
_REPAINTED: Final = 0.02
_STRONG: Final = 0.4  # below this strength, what is repainted may look like the input
_MARGIN: Final = 8  # pixels beside the mask's edge that may blend

Array = NDArray[np.uint8]


def grows(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on pairs of strengths: the higher leads, on average, further from the input.

    Where the input cannot be seen, the picture of the lowest strength stands for it.
    """
    for group in _by_input(seen):
        levels: dict[float, list[Painting]] = defaultdict(list)
        for each in group:
            levels[round(each.order.asked.strength or 0.0, 6)].append(each)
        found = _distances(levels)
        ladder = sorted(found)
        pairs = dict.fromkeys((*pairwise(ladder), (ladder[0], ladder[-1])) if ladder[1:] else ())
        for low, high in pairs:
            yield _growth(levels, found, low, high)


def _by_input(seen: tuple[ReadExchange, ...]) -> list[list[Painting]]:
    groups: dict[Hashable, list[Painting]] = defaultdict(list)
    for each in paintings(seen):
        sent = each.order.sent("init-image")
        masked = each.order.sent("mask-image") is not None
        if not each.first or masked or sent is None or each.order.asked.strength is None:
            continue
        if not flaws(each.order):
            groups[(name_of(each.order), picture_bytes(sent) or sent)].append(each)
    return list(groups.values())


def _distances(levels: dict[float, list[Painting]]) -> dict[float, float]:
    """Strength -> mean distance from the input, of strengths that are well apart."""
    chosen: list[float] = []
    for level in sorted(levels):
        if not chosen or level - chosen[-1] >= _APART:
            chosen.append(level)
    if not chosen:
        return {}
    start = levels[chosen[0]][0]
    origin = start.order.picture("init-image")
    base = origin or (start.first.pixels if start.first else None)
    return {
        level: fmean(
            distance(each.first.pixels.array, _fit(base, each.first.pixels))
            for each in levels[level]
            if each.first and each.first.pixels
        )
        for level in chosen
        if base is not None
    }


def _growth(
    levels: dict[float, list[Painting]], found: dict[float, float], low: float, high: float
) -> Ruling:
    orders = [each for level in (low, high) for each in levels[level]]
    order = orders[-1].order
    field = order.field("strength") or order.field("image-strength")
    return Ruling(
        kept=found[high] > found[low] * (1 + _GROWTH * (high - low)),
        subject=tuple(index for each in orders for index in each.subject),
        seen=f"mean distance {found[low]:.4f} at strength {low:g}, {found[high]:.4f} at {high:g}",
        expected="a greater distance from the input at the higher strength",
        evidence=field.evidence() if field else Evidence("assumed", "no field says it"),
        place=field_pointer(order.reading, order.operation, field.name)
        if field and order.operation
        else (),
        detail=name_of(order),
    )


def _fit(picture: Pixels, to: Pixels) -> Array:
    if picture.array.shape == to.array.shape:
        return picture.array
    size = (to.width, to.height)
    return np.asarray(Image.fromarray(picture.array).resize(size, Image.Resampling.BILINEAR))


def mask_kept(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each picture with a mask: black pixels keep the input's own."""
    for each, kept, _repainted in _masked(seen):
        if kept is not None:
            most = _KEPT + _loss(each)
            told = f"mean distance {kept:.4f} from the input where the mask is black"
            yield _mask_ruling(each, kept <= most, told, f"at most {most:.4f}: black is kept")


def _loss(painting: Painting) -> float:
    """Mean distance that the format alone makes: none of a PNG.

    It is measured: as far as the input itself is from what it is once it was encoded so, in the
    quality that was asked for, or in `_QUALITY`.
    """
    first, init = painting.first, painting.order.picture("init-image")
    format_ = sniff(first.data) if first else None
    if first is None or first.pixels is None or init is None or format_ in (None, "png"):
        return 0.0
    array = _fit(init, first.pixels)
    quality = painting.order.asked.output_quality or _QUALITY
    return distance(array, decode(encode(array, format_, quality)).array)


def mask_repainted(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each picture with a mask and some strength: white pixels are repainted."""
    for each, _kept, repainted in _masked(seen):
        strength = each.order.asked.strength
        weak = strength is not None and strength < _STRONG
        if repainted is not None and not weak and not is_input_itself(each.order):
            ok = repainted >= _REPAINTED
            told = f"mean distance {repainted:.4f} from the input where the mask is white"
            yield _mask_ruling(each, ok, told, f"at least {_REPAINTED}: white is repainted")


def _masked(
    seen: tuple[ReadExchange, ...],
) -> Iterator[tuple[Painting, float | None, float | None]]:
    for each in paintings(seen):
        init, mask = each.order.picture("init-image"), each.order.picture("mask-image")
        painted = each.first.pixels if each.first else None
        if init is None or mask is None or painted is None or flaws(each.order):
            continue
        apart = np.abs(_fit(init, painted).astype(np.int16) - painted.array).mean(axis=2) / 255
        white = _fit(mask, painted).mean(axis=2)
        yield each, _mean(apart, _inner(white < 1)), _mean(apart, _inner(white > 254))


def _inner(area: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The area less a margin towards its other side."""
    height, width = area.shape
    kept = area.copy()
    for step in range(1, _MARGIN + 1):
        if height <= 2 * step or width <= 2 * step:
            break
        kept[step:] &= area[:-step]
        kept[:-step] &= area[step:]
        kept[:, step:] &= area[:, :-step]
        kept[:, :-step] &= area[:, step:]
    return kept


def _mean(values: NDArray[np.float64], area: NDArray[np.bool_]) -> float | None:
    return float(values[area].mean()) if area.any() else None


def _mask_ruling(painting: Painting, kept: bool, seen: str, expected: str) -> Ruling:
    order = painting.order
    field = order.field("mask-image")
    return Ruling(
        kept=kept,
        subject=painting.subject,
        seen=seen,
        expected=expected,
        evidence=field.evidence() if field else Evidence("assumed", "no field says it"),
        place=field_pointer(order.reading, order.operation, field.name)
        if field and order.operation
        else (),
        detail=name_of(order),
    )


CLAUSES: Final = (
    Clause(
        "pictures.strength-grows",
        "pictures",
        "A higher strength leads further from the input.",
        lambda reading: asks(reading, "strength", "image-strength"),
        grows,
        "the same input with strengths that are well apart",
        LIVE_UNPROMISED,
    ),
    Clause(
        "pictures.mask-kept",
        "pictures",
        "Where the mask is black, the input is kept.",
        lambda reading: asks(reading, "mask-image"),
        mask_kept,
        "a call with an input and a mask, both not by URL",
        {"live": "tolerance", "reference": "tolerance"},
    ),
    Clause(
        "pictures.mask-repainted",
        "pictures",
        "Where the mask is white, the picture is repainted.",
        lambda reading: asks(reading, "mask-image"),
        mask_repainted,
        "a call with an input and a mask, both not by URL",
        {"live": "tolerance", "reference": "tolerance"},
    ),
)
