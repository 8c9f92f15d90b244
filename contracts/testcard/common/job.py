"""What a caller asked to be painted, and who paints it.

Knows the field's own terms (denoising strength, guidance scale, mask) and the roles that a
spec gives to its fields. Must not know any provider's field names, HTTP, or how pictures are
encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from testcard.common.picture import Pixels
from testcard.common.reading import Body
from testcard.common.spec import Family, words


@dataclass(frozen=True, slots=True)
class PictureJob:
    """One request for pictures, in the terms of Stable Diffusion.

    Attributes:
        provider: id of the provider asked, for captions only.
        prompt: what to paint.
        negative_prompt: what to keep out; empty for none.
        init: the caller's picture, any size; None for text-to-image.
        mask: white where `init` is to be repainted, black where it is kept; any size.
        width: of the pictures wanted, in pixels.
        height: of the pictures wanted, in pixels.
        samples: how many pictures, at least 1.
        steps: denoising steps asked for, at least 1.
        guidance: classifier-free guidance scale.
        strength: denoising strength, 0 (the input itself) to 1 (free of it).
        seed: resolved, never "random".
        scheduler: the vendor's own name of it; None for the engine's choice.
        style: the vendor's style preset; None for none.
        options: what else was asked, as sorted (name, value) pairs.
        family: which Stable Diffusion is to paint: sd for 1.x and 2.x, sdxl for XL.
    """

    provider: str
    prompt: str
    negative_prompt: str = ""
    init: Pixels | None = None
    mask: Pixels | None = None
    width: int = 512
    height: int = 512
    samples: int = 1
    steps: int = 30
    guidance: float = 7.5
    strength: float = 1.0
    seed: int = 0
    scheduler: str | None = None
    style: str | None = None
    options: tuple[tuple[str, str | int | float | bool], ...] = ()
    family: Family = "sd"


class Engine(Protocol):
    """Paints pictures. The same job gives the same pixels.

    An engine may also have `notes(job)`: what of a job it passes over, as (field, why);
    `describe()`: what it runs on, for people; and `encoded(job, format, count)`: the first
    `count` pictures as png, jpeg or webp, where it has a better way there than by `paint`.
    """

    name: str

    def paint(self, job: PictureJob) -> Iterator[NDArray[np.uint8]]:
        """Yield `job.samples` pictures, each of shape (height, width, 3), RGB.

        Sample 0 of a batch is the picture that `samples=1` gives.

        Raises:
            TimeoutError: too many jobs wait; `retry_after` on it, where set, is in seconds.
            CancelledError: of concurrent.futures: nobody waits for the pictures any more.
        """
        ...


def asked(
    provider: str,
    fields: Mapping[str, Any],
    body: Body,
    pictures: Mapping[str, Pixels],
    draw_seed: Callable[[], int],
    family: Family = "sd",
) -> PictureJob:
    """Return what a call asks for, in the field's own terms, after the roles of `body`.

    Args:
        provider: id of the provider asked.
        fields: as sent, valid; defaults are filled in here.
        body: the operation's body, in the reading that the call is answered by.
        pictures: role (init-image, mask-image) -> the picture sent.
        draw_seed: gives a seed where the call asks for a random one.
        family: of the provider's models.
    """
    said: dict[str, Any] = {
        each.role: value
        for each in body.fields.values()
        if each.role and (value := fields.get(each.name, each.schema.get("default"))) is not None
    }
    init = pictures.get("init-image")
    width, height = _size(said, init)
    strength = said.get("strength", 1 - said["image-strength"] if "image-strength" in said else 1)
    return PictureJob(
        provider=provider,
        family=family,
        prompt=said.get("prompt", ""),
        negative_prompt=said.get("negative-prompt", ""),
        init=init,
        mask=pictures.get("mask-image"),
        width=width,
        height=height,
        samples=int(said.get("samples", 1)),
        steps=max(1, int(said.get("steps", 30))),
        guidance=float(said.get("guidance", 7.5)),
        strength=float(strength),
        seed=_seed(said.get("seed"), body, draw_seed),
        scheduler=said.get("scheduler"),
        style=said.get("style"),
        options=tuple(
            sorted(
                (each.name, fields[each.name])
                for each in body.fields.values()
                if each.role == "option" and each.name in fields
            )
        ),
    )


def _size(said: Mapping[str, Any], init: Pixels | None) -> tuple[int, int]:
    width, height = said.get("width"), said.get("height")
    if "size" in said and not (width and height):
        across, _, down = str(said["size"]).lower().partition("x")
        width, height = width or across, height or down
    native = (init.width, init.height) if init else (512, 512)
    return int(width or native[0]), int(height or native[1])


def _seed(seed: int | None, body: Body, draw: Callable[[], int]) -> int:
    field = next((each for each in body.fields.values() if each.role == "seed"), None)
    most = words(field.schema).get("random-at-most") if field else None
    if seed is None or (most is not None and seed <= most):
        return draw()
    return int(seed)
