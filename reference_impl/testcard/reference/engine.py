"""The reference engine: PictureJob -> pictures, by stock diffusers pipelines.

Plan, wait for a turn, run the pipeline, bring the picture to the size asked for, lay it into
what the mask keeps. Knows how these go together. Must not know HTTP, or how clients are
answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from testcard.common.job import PictureJob
from testcard.reference import frame, schedulers
from testcard.reference.clip import PRESETS, Tower
from testcard.reference.models import Models
from testcard.reference.plan import HANDOVER, Plan, folded, ignored, plan_of, seeds
from testcard.reference.styles import style
from testcard.reference.turnstile import Left, Ticket, Turnstile

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SampleGroup:
    """Samples of one job: what the pipeline is given for them."""

    plan: Plan
    seeds: list[int]
    init: frame.Picture | None
    mask: frame.Picture | None


class ReferenceEngine:
    """Paints with diffusers. One picture at a time, unless `together` allows more.

    Attributes:
        name: of the engine.
        models: the checkpoints.
    """

    name = "reference"

    def __init__(
        self,
        models: Models,
        *,
        together: int | None = None,
        waiting: int = 32,
        patience: float = 120.0,
        left: Callable[[], bool] = lambda: False,
        progress: Progress = lambda _prompt, _step, _steps: None,
    ) -> None:
        """Paint with `models`.

        Args:
            models: the checkpoints.
            together: pictures painted as one batch. 1, the rule on a CPU, keeps every byte the
                same whoever asks at the same time; more may change a level by 1 of 255, in half
                precision by more.
            waiting: calls that wait at most.
            patience: seconds that a call waits at most for its turn.
            left: whether the caller in this thread is gone; asked between steps.
            progress: told the prompt, the step and the steps, after each step.
        """
        self.models = models
        self._left = left
        self._progress = progress
        self._together = together or (1 if models.device.type == "cpu" else 8)
        self._turnstile: Turnstile[SampleGroup, list[frame.Picture]] = Turnstile(
            self._run, together=self._together, waiting=waiting, patience=patience
        )

    def paint(self, job: PictureJob) -> Iterator[frame.Picture]:
        """Yield `job.samples` pictures, each of shape (height, width, 3), RGB.

        Raises:
            Overloaded: too many wait, or the wait was too long.
            Left: the caller is gone.
        """
        plan = self._plan(job)
        base = frame.resized(job.init.array, job.width, job.height) if job.init else None
        if base is not None and plan.taken < 1:
            yield from [base] * job.samples
            return
        drawn, inputs = seeds(job), self._inputs(job, plan)
        for begin in range(0, job.samples, self._together):
            group = SampleGroup(plan, drawn[begin : begin + self._together], *inputs)
            size = len(group.seeds)
            painted = self._turnstile.ask(group, plan.shape, self._left, size)
            for seed, picture in zip(group.seeds, painted, strict=True):
                yield self._finished(job, seed, picture, base)

    def notes(self, job: PictureJob) -> list[tuple[str, str]]:
        """What of a job will have no effect, or not the usual one: (field, why)."""
        found = list(ignored(job))
        options = dict(job.options)
        recipe = schedulers.recipe(job.scheduler) if job.scheduler else None
        if job.scheduler and recipe is None:
            found.append(("scheduler", f"none is called {job.scheduler!r}: the checkpoint's own"))
        if recipe and recipe.note:
            found.append(("scheduler", recipe.note))
        if options.get("safety_checker") and self.models.checker is None:
            found.append(("safety_checker", "no checkpoint here has one: nothing is held back"))
        plan = self._plan(job)
        if plan_of(job, self.models.native).refine and not plan.refine:
            why = "base and refiner must come from one place: name both as models, or neither"
            found.append(("refiner", why))
        if plan.clip != "NONE" and self._tower(plan) is None:
            why = "the checkpoint that paints has no clip_model: its own text encoder alone guides"
            found.append(("clip_guidance_preset", why))
        return found + self._unread(job, plan)

    def describe(self) -> Mapping[str, Any]:
        """Device, and for each family its checkpoint and native size."""
        kept = self.models.kept.items()
        return {
            "device": str(self.models.device),
            "checkpoints": {
                name: {"name": each.name, "native": each.native or "any size"}
                for name, each in kept
            },
        }

    def _plan(self, job: PictureJob) -> Plan:
        plan = plan_of(job, self.models.native)
        return replace(plan, refine=plan.refine and self.models.refines)

    def _tower(self, plan: Plan) -> Tower | None:
        """What guides by CLIP; None where nothing does."""
        kept = self.models.kept[plan.family]
        return kept.tower if plan.clip in PRESETS and plan.family == "sd" else None

    def _unread(self, job: PictureJob, plan: Plan) -> list[tuple[str, str]]:
        parts = self.models.kept[plan.family].components
        most, notes = (parts["tokenizer"] or parts["tokenizer_2"]).model_max_length, []
        for field, text in (("prompt", plan.prompt), ("negative_prompt", job.negative_prompt)):
            count = self.models.tokens(plan.family, text)
            if count > most:
                notes.append((field, f"{count} tokens: those after the first {most} are not read"))
        return notes

    def _inputs(
        self, job: PictureJob, plan: Plan
    ) -> tuple[frame.Picture | None, frame.Picture | None]:
        if job.init is None:
            return None, None
        init = frame.resized(job.init.array, plan.width, plan.height)
        if job.mask is None:
            return init, None
        return init, frame.area_of(job.mask.array, plan.width, plan.height)

    def _finished(
        self, job: PictureJob, seed: int, painted: frame.Picture, base: frame.Picture | None
    ) -> frame.Picture:
        picture = frame.resized(painted, job.width, job.height)
        if preset := style(job.style):
            picture = preset.finish(picture, seed)
        if dict(job.options).get("safety_checker") and self.models.checker:
            picture = self.models.checker.held_back(picture)
        if base is None or job.mask is None:
            return picture
        return frame.kept(base, picture, frame.mask_of(job.mask.array, job.width, job.height))

    def _run(
        self, tickets: Sequence[Ticket[SampleGroup, list[frame.Picture]]]
    ) -> list[list[frame.Picture]]:
        groups = [ticket.asked for ticket in tickets]
        plan = groups[0].plan
        told = _told(groups)
        told["guidance_scale"] = self.models.kept[plan.family].guided(plan.guidance)
        told["callback_on_step_end"] = _Watch(tickets, self._progress, self._tower(plan))
        told["callback_on_step_end_tensor_inputs"] = ["latents", "prompt_embeds"]
        with torch.inference_mode():
            if plan.refine:
                pictures = self._refined(plan, told, groups)
            else:
                pictures = self._piped(plan, told).images
        made = iter([np.rint(picture * 255).astype(np.uint8) for picture in pictures])
        return [[next(made) for _ in group.seeds] for group in groups]

    def _piped(self, plan: Plan, told: Mapping[str, Any]) -> Any:
        pipeline = self.models.pipeline(plan.family, plan.way)
        config = self.models.kept[plan.family].components["scheduler"].config
        pipeline.scheduler = schedulers.make(plan.scheduler, config)
        return pipeline(**{"output_type": "np", **told})

    def _refined(self, plan: Plan, told: dict[str, Any], groups: list[SampleGroup]) -> Any:
        first = told | {"output_type": "latent", "denoising_end": HANDOVER}
        latents = self._piped(plan, first).images
        refiner = self.models.pipeline("refiner", "picture")
        config = self.models.kept["refiner"].components["scheduler"].config
        refiner.scheduler = schedulers.make(plan.scheduler, config)
        kept = ("prompt", "negative_prompt", "num_inference_steps")
        return refiner(
            **{name: told[name] for name in kept},
            guidance_scale=self.models.kept["refiner"].guided(plan.guidance),
            image=latents,
            denoising_start=HANDOVER,
            generator=_generators(groups),
            callback_on_step_end=told["callback_on_step_end"],
            callback_on_step_end_tensor_inputs=["latents"],
            output_type="np",
        ).images


class _Watch:
    """Called after each step: tells the progress, and ends what nobody waits for any more."""

    def __init__(
        self,
        tickets: Sequence[Ticket[SampleGroup, list[frame.Picture]]],
        tell: Progress,
        tower: Tower | None,
    ) -> None:
        self._tickets = tickets
        self._tell = tell
        self._tower = tower
        self._taken = 0

    def __call__(
        self, pipeline: Any, step: int, _time: Any, tensors: dict[str, Any]
    ) -> dict[str, Any]:
        self._tickets[0].gone = self._tickets[0].left()  # the first is this thread's own
        if all(ticket.gone for ticket in self._tickets):
            raise Left
        self._taken += 1
        plan = self._tickets[0].asked.plan
        self._tell(plan.prompt, self._taken, max(plan.taken, self._taken))
        if self._tower is None:
            return tensors
        every, moves = PRESETS[plan.clip]
        if self._taken % every:
            return tensors
        prompts = [group.plan.prompt for group in _each([t.asked for t in self._tickets])]
        latents, embeds = tensors["latents"], tensors["prompt_embeds"]
        guided = self._tower.moved(pipeline, step, latents, embeds, prompts, moves)
        return tensors | {"latents": guided}


def _each(groups: Sequence[SampleGroup]) -> list[SampleGroup]:
    """Each group as often as it has samples."""
    return [group for group in groups for _ in group.seeds]


def _told(groups: Sequence[SampleGroup]) -> dict[str, Any]:
    """What a pipeline is called with."""
    plan, each = groups[0].plan, _each(groups)
    told: dict[str, Any] = {
        "prompt": [group.plan.prompt for group in each],
        "negative_prompt": [group.plan.negative for group in each] if plan.negative else None,
        "num_inference_steps": plan.steps,
        "generator": _generators(groups),
    }
    if plan.way != "picture":
        told |= {"width": plan.width, "height": plan.height}
    if plan.way != "words":
        told |= {"image": [_image(group.init) for group in each], "strength": plan.strength}
    if plan.way == "mask":
        told["mask_image"] = [_image(group.mask) for group in each]
    return told


def _generators(groups: Sequence[SampleGroup]) -> list[torch.Generator]:
    """On the CPU, so that a seed means the same on every device."""
    seeds = [folded(seed) for group in groups for seed in group.seeds]
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def _image(picture: frame.Picture | None) -> Image.Image:
    assert picture is not None  # noqa: S101 (its way of painting has one)
    return Image.fromarray(picture)
