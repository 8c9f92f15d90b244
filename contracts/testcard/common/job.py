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

from testcard.common.asked import DEFAULT_SIDE, Asked, asked_in
from testcard.common.fields import Body
from testcard.common.flaw import sentence
from testcard.common.picture import Pixels
from testcard.common.schema import Breach, shown
from testcard.common.spec import Family
from testcard.common.trouble import Trouble


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
        weights: prompts and how much each counts, where they are weighed; `prompt` has those
            above 0, `negative_prompt` those below.
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
    weights: tuple[tuple[str, float], ...] = ()

    def without_pictures(self) -> PictureJob:
        """Return the same job without the pictures sent, which take far more memory than it."""
        if self.init is None and self.mask is None:
            return self
        return PictureJob(
            self.provider, self.prompt, self.negative_prompt, None, None, self.width, self.height,
            self.samples, self.steps, self.guidance, self.strength, self.seed, self.scheduler,
            self.style, self.options, self.family, self.weights,
        )  # fmt: skip


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
    *,
    kept: bool = True,
) -> PictureJob:
    """Return what a call asks for, in the field's own terms, after the roles of `body`.

    Args:
        provider: id of the provider asked.
        fields: as sent, valid; defaults are filled in here.
        body: the operation's body, in the reading that the call is answered by.
        pictures: role (init-image, mask-image) -> the picture sent.
        draw_seed: gives a seed where the call asks for a random one.
        family: of the provider's models.
        kept: whether the job is to hold the pictures; without, they tell its size alone.

    Raises:
        Trouble: invalid: the size asked for cannot be read.
    """
    said = asked_in(body, fields)
    told = said.by_role.get
    init = pictures.get("init-image")
    width, height = _size(said, init)
    strength, seed = said.strength, said.seed
    steps, guidance = said.numbers.get("steps", 30), said.numbers.get("guidance", 7.5)
    return PictureJob(
        provider,
        told("prompt", ""),
        told("negative-prompt", ""),
        init if kept else None,
        pictures.get("mask-image") if kept else None,
        width,
        height,
        said.samples,
        max(1, int(steps or 30)),
        float(guidance),
        1.0 if strength is None else strength,
        draw_seed() if seed is None else seed,
        told("scheduler"),
        told("style"),
        tuple(sorted([each for each in said.options.items() if each[0] in fields])),
        family,
        () if [each for _, each in said.weights] in ([], [1]) else said.weights,
    )


def _size(said: Asked, init: Pixels | None) -> tuple[int, int]:
    native = (init.width, init.height) if init else (DEFAULT_SIDE, DEFAULT_SIDE)
    size = said.size(native)
    if size is None:
        role = "size" if "size" in said.by_role else "aspect-ratio"
        wanted = "WIDTHxHEIGHT" if role == "size" else "W:H"
        seen = f"{shown(said.by_role.get(role))} is no {role}; {wanted} was expected"
        breach = Breach((role,), "size", seen)
        raise Trouble("invalid", sentence([breach]), [breach])
    return size
