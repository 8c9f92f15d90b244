"""Mutants of AI Thriving: a form, an outcome code inside 200, the seed given back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.mutants import edits, inner
from tests.mutants.edits import GONE, after, failed, kind, ok, painted
from tests.mutants.mutant import Mutant

from testcard.common.spec import Node
from testcard.contract.verdict import Group


def _mutant(group: Group, name: str, sentence: str, **parts: Any) -> Mutant:
    return Mutant(f"aithriving-{name}", "aithriving", group, sentence, **parts)


def _field(name: str, **patch: Any) -> Node:
    return {"components": {"schemas": {"ImageToImageRequest": {"properties": {name: patch}}}}}


def _required(*names: str) -> Node:
    return {"components": {"schemas": {"ImageToImageRequest": {"required": list(names)}}}}


def mutants() -> Iterator[Mutant]:
    """Yield them all."""
    yield from _wire()
    yield from _requests()
    yield from _seeds()
    yield from _pictures()
    yield from _errors()


def _wire() -> Iterator[Mutant]:
    yield _mutant(
        "wire",
        "code-200",
        "A success has the code 200.",
        around=after(edits.role("outcome", lambda _: 200), ok),
    )
    yield _mutant(
        "wire", "code-text", "The code is a string.", around=after(edits.role("outcome", str), ok)
    )
    yield _mutant(
        "wire",
        "message-left-out",
        "A success has no message.",
        around=after(edits.role("message", lambda _: GONE), ok),
    )
    yield _mutant(
        "wire",
        "message-ok",
        "A success says OK.",
        around=after(edits.role("message", lambda _: "OK"), ok),
    )
    yield _mutant(
        "wire",
        "picture-null",
        "The picture is null.",
        around=after(edits.role("picture", lambda _: None), ok),
    )
    yield _mutant(
        "wire",
        "unwrapped",
        "The picture and seed stand at the top, not under data.",
        around=after(edits.body(lambda value: {**value, **value["data"]} | {"data": None}), ok),
    )
    yield _mutant(
        "wire",
        "media-type",
        "JSON is announced as text/html.",
        around=after(edits.header("content-type", lambda _: "text/html; charset=utf-8"), ok),
    )


def _requests() -> Iterator[Mutant]:
    yield _mutant(
        "errors",
        "off-grid",
        "Widths that are no multiple of 64 are taken.",
        spec=_field("width", multipleOf=None),
    )
    yield _mutant(
        "errors", "too-wide", "A width of 1600 is taken.", spec=_field("width", maximum=1600)
    )
    yield _mutant(
        "errors", "height-320", "A height of 320 is refused.", spec=_field("height", minimum=384)
    )
    yield _mutant("errors", "steps-51", "51 steps are taken.", spec=_field("steps", maximum=51))
    yield _mutant("errors", "steps-10", "Ten steps are refused.", spec=_field("steps", minimum=11))
    yield _mutant(
        "errors", "cfg-36", "A cfg_scale of 36 is taken.", spec=_field("cfg_scale", maximum=36)
    )
    yield _mutant(
        "errors", "cfg-0", "A cfg_scale of 0 is refused.", spec=_field("cfg_scale", minimum=1)
    )
    yield _mutant(
        "errors",
        "style-refused",
        "The style tile-texture is refused.",
        spec=_field("style_preset", enum=["anime", "enhance", "pixel-art"]),
    )
    yield _mutant(
        "errors", "sampler-unchecked", "Any sampler is taken.", spec=_field("sampler", enum=None)
    )
    yield _mutant(
        "errors",
        "width-optional",
        "A call without a width is served.",
        spec=_required("init_image", "prompt", "height"),
    )
    yield _mutant(
        "errors",
        "style-required",
        "A call without a style is refused.",
        spec=_required("init_image", "prompt", "width", "height", "style_preset"),
    )
    yield _mutant(
        "errors",
        "picture-optional",
        "A call without a picture is served.",
        spec=_required("prompt", "width", "height"),
    )


def _seeds() -> Iterator[Mutant]:
    yield _mutant(
        "pictures",
        "seed-not-given-back",
        "Another seed is given back than was sent.",
        around=after(edits.role("seed", lambda seed: (seed + 1) % (1 << 32)), ok),
    )
    yield _mutant(
        "pictures",
        "seed-out-of-range",
        "Random seeds are larger than 32 bits.",
        around=after(
            edits.role("seed", lambda seed: seed + (1 << 32)),
            lambda scene: scene.verdict == "ok" and not _seeded(scene),
        ),
    )
    yield _mutant(
        "pictures",
        "seed-zero",
        "A random seed is given back as 0.",
        around=after(
            edits.role("seed", lambda _: 0),
            lambda scene: scene.verdict == "ok" and not _seeded(scene),
        ),
    )
    yield _mutant(
        "wire", "seed-text", "The seed is a string.", around=after(edits.role("seed", str), ok)
    )
    yield _mutant("pictures", "seed-ignored", "The seed is ignored.", engine=inner.ignoring(seed=1))
    yield _mutant(
        "pictures",
        "restless",
        "The same seed gives another picture each time.",
        engine=inner.restless(),
        forgetful=True,
    )


def _seeded(scene: Any) -> bool:
    return bool(scene.fields.get("seed"))


def _pictures() -> Iterator[Mutant]:
    yield _mutant(
        "pictures",
        "strength-reversed",
        "image_strength is read as denoising strength.",
        engine=inner.told(lambda job: replace(job, strength=1 - job.strength)),
    )
    yield _mutant(
        "pictures",
        "default-strength",
        "image_strength is 0.7 unless told.",
        spec=_field("image_strength", default=0.7),
    )
    yield _mutant(
        "pictures",
        "default-steps",
        "The steps are 50 unless told.",
        spec=_field("steps", default=50),
    )
    yield _mutant(
        "pictures",
        "swapped",
        "Width and height are swapped.",
        engine=inner.told(lambda job: replace(job, width=job.height, height=job.width)),
    )
    yield _mutant(
        "pictures",
        "webp",
        "The picture is a WebP, not a PNG.",
        around=after(edits.pictures(inner.recoded("webp")), painted),
    )
    yield _mutant(
        "pictures",
        "input-ignored",
        "The picture sent is ignored.",
        engine=inner.ignoring(init=None),
    )
    yield _mutant(
        "pictures", "style-ignored", "The style is ignored.", engine=inner.ignoring(style=None)
    )
    yield _mutant(
        "pictures",
        "cropped",
        "The last row of pixels is missing.",
        engine=inner.repainted(lambda _j, _i, array: array[:-1]),
    )


def _errors() -> Iterator[Mutant]:
    data = {"image": "iVBORw0KGgo=", "seed": 1}
    yield _mutant(
        "errors",
        "code-0",
        "A failure has the code 0.",
        around=after(edits.role("outcome", lambda _: 0), failed),
    )
    yield _mutant(
        "wire",
        "data-on-failure",
        "A failure comes with data.",
        around=after(edits.member("data", lambda _: data), failed),
    )
    yield _mutant(
        "wire",
        "message-null",
        "A failure's message is null.",
        around=after(edits.role("message", lambda _: None), failed),
    )
    yield _mutant(
        "errors",
        "unauthorized-500",
        "A wrong key is answered with 500.",
        around=after(edits.status(500), kind("unauthorized")),
    )
    yield _mutant(
        "errors", "wrong-key", "A wrong key is accepted.", around=inner.letting_in(keyless=False)
    )
    yield _mutant(
        "errors", "no-key", "A call without a key is served.", around=inner.letting_in(keyless=True)
    )
    yield _mutant(
        "errors",
        "one-header",
        "Of the two headers for the key, Authorization is refused.",
        spec={"security": [{"authentication": []}]},
    )
    yield _mutant(
        "errors",
        "breaks-down",
        "A malformed form is answered with 503.",
        around=after(edits.status(503), kind("malformed")),
    )
    yield _mutant(
        "wire",
        "html",
        "Failures are answered with a page for people.",
        around=after(edits.html(200), failed),
    )
    yield _mutant(
        "money", "empty-served", "An empty account is served.", world=inner.ServesTheEmpty
    )
