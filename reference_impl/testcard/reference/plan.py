"""From a PictureJob to what a pipeline is told, and what it will not be told.

Knows what the terms of a job mean to diffusers. Must not import diffusers, or hold a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from testcard.common.job import PictureJob
from testcard.reference.frame import working_size
from testcard.reference.styles import style

Family = Literal["sd", "inpaint", "xl"]
HANDOVER: Final = 0.8
"""Share of the denoising after which the refiner takes over."""
_SEEDS: Final = 1 << 63
_KNOWN: Final = frozenset({"refiner", "safety_checker", "clip_guidance_preset"})
"""Options that mean something to the engine."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One call of a pipeline.

    Attributes:
        family: of checkpoints.
        way: what goes in beside words: nothing, a picture, or a picture and a mask.
        width: to paint at.
        height: to paint at.
        steps: asked of the scheduler; a share of them, `strength`, is taken.
        strength: 0 to 1, of the denoising.
        guidance: scale.
        scheduler: a vendor's name, or None.
        refine: whether the refiner takes the last steps.
        clip: preset of CLIP guidance; NONE for none.
        prompt: words, those of a style included.
        negative: words.
    """

    family: Family
    way: Literal["words", "picture", "mask"]
    width: int
    height: int
    steps: int
    strength: float
    guidance: float
    scheduler: str | None
    refine: bool
    clip: str
    prompt: str
    negative: str

    @property
    def shape(self) -> tuple[Any, ...]:
        """What calls must agree in to be painted together."""
        own = ("prompt", "negative")
        alike = (getattr(self, name) for name in self.__dataclass_fields__ if name not in own)
        return (*alike, bool(self.negative))  # SDXL takes no negative prompt for an empty one

    @property
    def taken(self) -> int:
        """Denoising steps that are taken, counted as diffusers does."""
        return (
            self.steps if self.way == "words" else min(int(self.steps * self.strength), self.steps)
        )


def plan_of(job: PictureJob, native: Mapping[Family, int | None]) -> Plan:
    """Plan one job.

    Args:
        job: as asked.
        native: family -> the side to paint at; None to paint at the size asked for.
    """
    way = _way(job)
    family: Family = "inpaint" if way == "mask" else "xl" if job.family == "sdxl" else "sd"
    width, height = working_size(job.width, job.height, native[family])
    strength = min(max(job.strength, 0.0), 1.0)
    preset = style(job.style)
    return Plan(
        family=family,
        way=way,
        width=width,
        height=height,
        steps=max(1, job.steps),
        strength=1.0 if way == "words" else strength,
        guidance=max(0.0, job.guidance),
        scheduler=job.scheduler,
        refine=family == "xl" and _refined(job) and _hands_over(job),
        clip=str(dict(job.options).get("clip_guidance_preset") or "NONE"),
        prompt=f"{job.prompt}, {preset.words}" if preset else job.prompt,
        negative=job.negative_prompt,
    )


def seeds(job: PictureJob) -> list[int]:
    """A seed for each sample; the first sample's is the job's own."""
    return [(job.seed + sample + _SEEDS) % (2 * _SEEDS) - _SEEDS for sample in range(job.samples)]


def folded(seed: int) -> int:
    """A seed of any 64 bits as one of 32, which are all that torch's generator reads."""
    if 0 <= seed < 1 << 32:
        return seed
    return int(np.random.SeedSequence(seed % (2 * _SEEDS)).generate_state(1)[0])


def ignored(job: PictureJob) -> Iterator[tuple[str, str]]:
    """What of a job means nothing to any of its pipelines: (field, why)."""
    told = dict(job.options)
    if job.mask is not None and job.init is None:
        yield "mask", "there is a mask and no picture to keep: the whole picture is painted"
    if job.style and style(job.style) is None:
        yield "style", f"no style is called {job.style!r}: none is applied"
    if job.guidance <= 1:
        yield "guidance", f"a guidance of {job.guidance:g} is none: the negative prompt has no part"
    if {weight for _, weight in job.weights} - {1.0, -1.0}:
        yield "weight", "prompts count whole here: above 0 as the prompt, below as the negative one"
    if job.init is not None and int(job.steps * job.strength) < 1:
        yield "strength", "less than one step is taken: the picture sent is the answer"
    if _refined(job) and job.family != "sdxl":
        yield "refiner", "only SDXL checkpoints have a refiner"
    elif _refined(job) and not _hands_over(job):
        yield "refiner", "no step is left before the refiner would take over"
    for name, value in told.items():
        if name not in _KNOWN:
            yield name, f"{value!r} means nothing here: the loaded checkpoint paints what is asked"


def _way(job: PictureJob) -> Literal["words", "picture", "mask"]:
    if job.init is None:
        return "words"
    return "picture" if job.mask is None else "mask"


def _hands_over(job: PictureJob) -> bool:
    """Whether the base has a step to take before the refiner's share of them begins."""
    steps = max(1, job.steps)
    taken = steps if job.init is None else int(steps * min(max(job.strength, 0.0), 1.0))
    return taken > steps - int(steps * HANDOVER)


def _refined(job: PictureJob) -> bool:
    return dict(job.options).get("refiner") in (True, 1, "true", "yes")
