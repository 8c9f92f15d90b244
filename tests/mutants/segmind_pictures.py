"""Mutants of Segmind's pictures, as bytes and in JSON, and of the defaults they are painted by."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from tests.mutants import edits, inner
from tests.mutants.edits import after, ok, painted
from tests.mutants.mutant import Mutant

from testcard.common.spec import Node
from testcard.contract.verdict import Group

_CREDITS = "x-remaining-credits"


def _mutant(group: Group, name: str, sentence: str, **parts: Any) -> Mutant:
    return Mutant(f"segmind-{name}", "segmind", group, sentence, **parts)


def _field(name: str, **patch: Any) -> Node:
    return {"components": {"schemas": {"Img2ImgRequest": {"properties": {name: patch}}}}}


def mutants() -> Iterator[Mutant]:
    """Yield them all."""
    yield from _defaults()
    yield from _pictures()
    yield from _as_base64()


def _defaults() -> Iterator[Mutant]:
    yield _mutant(
        "pictures",
        "default-width",
        "The width is 768 unless told.",
        spec=_field("img_width", default=768),
    )
    yield _mutant(
        "pictures",
        "default-steps",
        "The steps are 50 unless told.",
        spec=_field("num_inference_steps", default=50),
    )
    yield _mutant(
        "pictures",
        "default-strength",
        "The strength is 0.5 unless told.",
        spec=_field("strength", default=0.5),
    )
    yield _mutant(
        "pictures",
        "default-samples",
        "Two samples are made unless told.",
        spec=_field("samples", default=2),
    )
    yield _mutant(
        "pictures",
        "default-guidance",
        "The guidance is 12 unless told.",
        spec=_field("guidance_scale", default=12),
    )


def _pictures() -> Iterator[Mutant]:
    yield _mutant(
        "pictures",
        "png-as-jpeg",
        "PNG bytes are announced as image/jpeg.",
        around=after(edits.pictures(inner.recoded("png")), painted),
    )
    yield _mutant(
        "pictures",
        "truncated",
        "Pictures break off before their end.",
        around=after(edits.pictures(lambda data: data[: len(data) * 2 // 3]), painted),
    )
    yield _mutant(
        "pictures",
        "swapped",
        "Width and height are swapped.",
        engine=inner.told(lambda job: replace(job, width=job.height, height=job.width)),
    )
    yield _mutant(
        "pictures",
        "always-512",
        "Every picture is 512 by 512.",
        engine=inner.ignoring(width=512, height=512),
    )
    yield _mutant("pictures", "seed-ignored", "The seed is ignored.", engine=inner.ignoring(seed=1))
    yield _mutant(
        "pictures",
        "restless",
        "The same seed gives another picture each time.",
        engine=inner.restless(),
        forgetful=True,
    )
    yield _mutant(
        "pictures",
        "strength-ignored",
        "The strength is ignored.",
        engine=inner.ignoring(strength=0.7),
    )
    yield _mutant(
        "pictures",
        "strength-reversed",
        "A higher strength keeps more of the input.",
        engine=inner.told(lambda job: replace(job, strength=1.1 - job.strength)),
    )
    yield _mutant(
        "pictures", "prompt-ignored", "The prompt is ignored.", engine=inner.ignoring(prompt="")
    )
    yield _mutant(
        "pictures",
        "negative-ignored",
        "The negative prompt is ignored.",
        engine=inner.ignoring(negative_prompt=""),
    )
    yield _mutant(
        "pictures",
        "input-ignored",
        "The picture sent is ignored.",
        engine=inner.ignoring(init=None),
    )
    yield _mutant(
        "pictures",
        "blank",
        "Every picture is black.",
        engine=inner.repainted(lambda _j, _i, a: np.zeros_like(a)),
    )


def _as_base64() -> Iterator[Mutant]:
    yield _mutant(
        "pictures",
        "doubled",
        "Pictures are in base64 twice.",
        around=after(edits.text(lambda t: b64encode(t.encode()).decode()), ok),
    )
    yield _mutant(
        "pictures",
        "data-uri",
        "Pictures in JSON are data URIs.",
        around=after(edits.text(lambda text: f"data:image/jpeg;base64,{text}"), ok),
    )
    yield _mutant(
        "pictures",
        "one-sample",
        "However many samples are asked for, one comes.",
        engine=None,
        around=after(edits.role("picture", lambda v: v[:1] if isinstance(v, list) else v), ok),
    )
    yield _mutant(
        "pictures",
        "same-samples",
        "All samples of a call are the same picture.",
        around=after(
            edits.role("picture", lambda v: v[:1] * len(v) if isinstance(v, list) else v), ok
        ),
    )
