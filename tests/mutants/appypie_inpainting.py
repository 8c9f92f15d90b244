"""Mutants of Appy Pie's inpainting: a mask, and a stream that answers alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from tests.mutants import edits, inner
from tests.mutants.edits import GONE, after, failed, kind, ok
from tests.mutants.mutant import Mutant

from testcard.common.picture import decode, encode
from testcard.common.spec import Node
from testcard.contract.verdict import Group

_PROVIDER = "appypie-inpainting"


def _mutant(group: Group, name: str, sentence: str, **parts: Any) -> Mutant:
    return Mutant(f"{_PROVIDER}-{name}", _PROVIDER, group, sentence, **parts)


def _field(name: str, schema: str = "Img2ImgRequest", **patch: Any) -> Node:
    return {"components": {"schemas": {schema: {"properties": {name: patch}}}}}


def mutants() -> Iterator[Mutant]:
    """Yield them all."""
    yield from _masks()
    yield from _inpainting()


def _masks() -> Iterator[Mutant]:
    yield _mutant(
        "pictures", "mask-ignored", "The mask is ignored.", engine=inner.ignoring(mask=None)
    )
    yield _mutant(
        "pictures",
        "mask-inverted",
        "White is kept and black is repainted.",
        engine=inner.over_mask(
            lambda _new, old, mask: np.where(mask < 128, _painted_over(old), old).astype(np.uint8)
        ),
    )
    yield _mutant(
        "pictures",
        "mask-idle",
        "Nothing is repainted where there is a mask.",
        engine=inner.over_mask(lambda _new, old, _mask: old),
    )
    yield _mutant(
        "pictures",
        "codec",
        "Unmasked pixels are changed by a lossy codec.",
        engine=inner.over_mask(lambda new, _old, _mask: decode(_rough(new)).array),
    )
    yield _mutant(
        "pictures",
        "shifted",
        "The picture is shifted by three pixels.",
        engine=inner.over_mask(lambda new, _old, _mask: np.roll(new, 3, axis=1)),
    )
    yield _mutant(
        "pictures",
        "tinted",
        "Unmasked pixels are darker than they were.",
        engine=inner.over_mask(
            lambda new, _old, mask: np.where(mask < 128, new // 2, new).astype(np.uint8)
        ),
    )
    yield _mutant(
        "pictures",
        "seed-ignored",
        "The seed is ignored.",
        engine=inner.ignoring(seed=1),
        profile="lenient",
    )


def _painted_over(array: inner.Array) -> inner.Array:
    return np.asarray(255 - array, np.uint8)


def _rough(array: inner.Array) -> bytes:
    coarse = (array // 64 * 64).astype(np.uint8)
    return encode(coarse, "jpeg")


def _inpainting() -> Iterator[Mutant]:
    yield _mutant(
        "pictures",
        "length-off",
        "content-length is one byte too few.",
        around=after(edits.role("byte-count", lambda count: count - 1), ok),
    )
    yield _mutant(
        "pictures",
        "always-1024",
        "Every picture is 1024 by 1024.",
        engine=inner.ignoring(width=1024, height=1024),
    )
    yield _mutant(
        "pictures",
        "input-ignored",
        "The picture sent is ignored.",
        engine=inner.ignoring(init=None),
    )
    yield _mutant(
        "errors",
        "trace-reused",
        "Every error has the same trace id.",
        around=after(edits.role("trace-id", lambda _: "5f0c9d1e7b2a4c38"), failed),
    )
    yield _mutant(
        "wire",
        "message-left-out",
        "Errors have no message.",
        around=after(edits.role("message", lambda _: GONE), failed),
    )
    yield _mutant(
        "wire",
        "404-text",
        "An unknown route is answered with plain text.",
        around=after(edits.answer(404, "text/plain", b"not found"), kind("not-found")),
    )
    yield _mutant(
        "errors", "wrong-key", "A wrong key is accepted.", around=inner.letting_in(keyless=False)
    )
    yield _mutant(
        "errors",
        "breaks-down",
        "A malformed body is answered with 500.",
        around=after(
            edits.both(edits.role("status", lambda _: 500), edits.status(500)), kind("malformed")
        ),
    )
    yield _mutant(
        "errors",
        "prompt-optional",
        "A call without a prompt is served.",
        spec={"components": {"schemas": {"InpaintingRequest": {"required": []}}}},
    )
    yield _mutant(
        "errors",
        "stream-unchecked",
        "The stream takes a prompt of any type.",
        spec=_field("prompt", "StreamRequest", type=None),
    )
    yield _mutant(
        "wire",
        "stream-renamed",
        "The stream's envelope has image in place of image_data.",
        around=after(
            edits.body(
                lambda value: {
                    ("image" if key == "image_data" else key): each for key, each in value.items()
                }
            ),
            lambda scene: scene.verdict == "ok" and scene.call.url.endswith("Stream"),
        ),
    )
