"""Clauses on pictures: kept by a good trace, broken by a bad one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.traces import (
    PICTURE,
    Case,
    asked,
    download,
    envelope,
    file,
    jpeg,
    order,
    pixels,
    raw,
    rulings,
    several,
    text,
    thriving,
)

from testcard.common.message import Exchange
from testcard.common.picture import encode

URL = "https://a.example/0.png"


def _painted(shade: int, **fields: Any) -> Exchange:
    return jpeg(shade, **{"seed": 7, "strength": 0.62, **fields})


def _masked(kept: bool, painted: bool) -> Exchange:
    """Answer a call whose mask is white on the left half."""
    before = pixels(64, 48)
    mask = np.zeros_like(before)
    mask[:, :32] = 255
    after = before.copy()
    if painted:
        after[:, :32] = 255 - after[:, :32]
    if not kept:
        after[:, 32:] = after[:, 32:] // 2
    return envelope(
        encode(after, "png"),
        init_image=PICTURE + text(encode(before, "png")),
        mask_image=PICTURE + text(encode(mask, "png")),
    )


def _at(strength: float, share: float) -> Exchange:
    """Answer with a picture that lies `share` of the way from the input to its negative."""
    before = pixels(512, 512).astype(float)
    after = before + (255 - 2 * before) * share
    found = jpeg(strength=strength, image=PICTURE + text(encode(pixels(512, 512), "png")))
    data = encode(after.clip(0, 255).astype(np.uint8), "jpeg")
    return raw(found.call, 200, data, *found.reply.headers)


def _cut(one: Exchange) -> Exchange:
    return raw(one.call, 200, one.reply.body[:-300], *one.reply.headers)


CASES = (
    Case("pictures.decodes", "segmind", lambda: (jpeg(),), lambda: (_cut(jpeg()),)),
    Case(
        "pictures.decodes",
        "appypie-inpainting",
        lambda: (envelope(),),
        lambda: (envelope(says={"image_data": PICTURE + text(file(64, 48))}),),
    ),
    Case(
        "pictures.format",
        "appypie-inpainting",
        lambda: (envelope(),),
        lambda: (envelope(file(64, 48, 0, "jpeg")),),
    ),
    Case(
        "pictures.size",
        "appypie-inpainting",
        lambda: (envelope(),),
        lambda: (envelope(file(48, 64)),),
    ),
    Case(
        "pictures.size",
        "imagepipeline",
        lambda: (order(), asked("SUCCESS", URL), download(URL)),
        lambda: (order(), asked("SUCCESS", URL), download(URL, file(32, 32))),
    ),
    Case(
        "pictures.samples",
        "segmind",
        lambda: (several(1, 2, samples=2),),
        lambda: (several(1, samples=2),),
    ),
    Case("pictures.samples", "segmind", lambda: (several(1),), lambda: (several(1, 2),)),
    Case(
        "pictures.samples-differ",
        "segmind",
        lambda: (several(1, 2, samples=2),),
        lambda: (several(1, 1, samples=2),),
    ),
    Case(
        "pictures.byte-count",
        "appypie-inpainting",
        lambda: (envelope(),),
        lambda: (envelope(says={"content-length": len(file(64, 48)) + 1}),),
    ),
    Case(
        "pictures.seed-returned",
        "aithriving",
        lambda: (thriving(42, seed=42),),
        lambda: (thriving(43, seed=42),),
    ),
    Case(
        "pictures.seed-range",
        "aithriving",
        lambda: (thriving(42), thriving(7, seed=0)),
        lambda: (thriving(0),),
    ),
    Case(
        "pictures.same-seed",
        "segmind",
        lambda: (_painted(1), _painted(1, guidance_scale=7.5)),
        lambda: (_painted(1), _painted(2)),
    ),
    Case(
        "pictures.batch-first",
        "segmind",
        lambda: (several(1, seed=7), several(1, 2, samples=2, seed=7)),
        lambda: (several(1, seed=7), several(3, 2, samples=2, seed=7)),
    ),
    Case(
        "pictures.other-seed",
        "segmind",
        lambda: (_painted(1), _painted(2, seed=8)),
        lambda: (_painted(1), _painted(1, seed=8)),
    ),
    Case(
        "pictures.random-seed",
        "segmind",
        lambda: (jpeg(1), jpeg(2, seed=-1)),
        lambda: (jpeg(1), jpeg(1)),
    ),
    Case(
        "pictures.prompt-matters",
        "segmind",
        lambda: (_painted(1), _painted(2, prompt="a cow")),
        lambda: (_painted(1), _painted(1, prompt="a cow")),
    ),
    Case(
        "pictures.input-matters",
        "segmind",
        lambda: (_painted(1), _painted(2, image=PICTURE + text(file(16, 16, 9)))),
        lambda: (_painted(1), _painted(1, image=PICTURE + text(file(16, 16, 9)))),
    ),
    Case(
        "pictures.negative-matters",
        "segmind",
        lambda: (_painted(1), _painted(2, negative_prompt="fog")),
        lambda: (_painted(1), _painted(1, negative_prompt="fog")),
    ),
    Case(
        "pictures.guidance-matters",
        "segmind",
        lambda: (_painted(1), _painted(2, guidance_scale=12)),
        lambda: (_painted(1), _painted(1, guidance_scale=12)),
    ),
    Case(
        "pictures.scheduler-matters",
        "segmind",
        lambda: (_painted(1), _painted(2, scheduler="Euler")),
        lambda: (_painted(1), _painted(1, scheduler="Euler")),
    ),
    Case(
        "pictures.strength-plateau",
        "segmind",
        lambda: (_painted(1), _painted(1, strength=0.64)),
        lambda: (_painted(1), _painted(2, strength=0.64)),
    ),
    Case(
        "pictures.strength-grows",
        "segmind",
        lambda: (_at(0.2, 0.1), _at(0.9, 0.4)),
        lambda: (_at(0.2, 0.3), _at(0.9, 0.3)),
    ),
    Case(
        "pictures.mask-kept",
        "appypie-inpainting",
        lambda: (_masked(kept=True, painted=True),),
        lambda: (_masked(kept=False, painted=True),),
    ),
    Case(
        "pictures.mask-repainted",
        "appypie-inpainting",
        lambda: (_masked(kept=True, painted=True),),
        lambda: (_masked(kept=True, painted=False),),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_clause_is_kept_and_broken(case: Case) -> None:
    good = rulings(case.clause, case.provider, case.good(), case.profile)
    bad = rulings(case.clause, case.provider, case.bad(), case.profile)

    assert good
    assert all(each.kept for each in good)
    assert any(not each.kept for each in bad)
    assert all(each.evidence.source and each.detail for each in (*good, *bad))


def test_style_matters() -> None:
    plain, styled = thriving(42, seed=42), thriving(42, seed=42, style_preset="anime")

    (found,) = rulings("pictures.style-matters", "aithriving", (plain, styled))

    assert not found.kept


def test_samples_that_are_the_input_itself_may_be_equal() -> None:
    alike = several(1, 1, samples=2, strength=0.01)

    assert not rulings("pictures.samples-differ", "segmind", (alike,), "lenient")


def test_strengths_whose_steps_cannot_be_known_are_no_plateau() -> None:
    """0.6 of 20 steps are 12, or 11 where it was rounded on the way."""
    trace = (_painted(1, strength=0.6), _painted(2, strength=0.64))

    assert not rulings("pictures.strength-plateau", "segmind", trace)


def test_two_names_of_one_scheduler_may_give_one_picture() -> None:
    trace = (_painted(1, scheduler="DDPM"), _painted(1, scheduler="Euler a"))

    assert not rulings("pictures.scheduler-matters", "segmind", trace)
