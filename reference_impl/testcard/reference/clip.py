"""CLIP guidance: between two steps, latents are moved to where CLIP sees more of the words.

After a step, the finished picture is foretold from the latents, CLIP says how far it is from
the prompt, and the latents go a little way down that distance's slope. Knows a CLIP model and
what a pipeline is made of. Must not know jobs, queues or files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import torch
from torch.nn import functional

PRESETS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        "FAST_BLUE": (4, 1),
        "FAST_GREEN": (4, 1),
        "SIMPLE": (2, 1),
        "SLOW": (1, 1),
        "SLOWER": (1, 2),
        "SLOWEST": (1, 4),
    }
)
"""Preset -> guide after every so many steps, by so many moves. No page says what they stand for:
they are read by their names, the slower the more CLIP has a say."""
_REACH: Final = 0.05
"""Length of one move, as a share of the latents' own length."""


@dataclass(frozen=True)
class Tower:
    """A CLIP model of text and vision, with its tokenizer."""

    model: Any
    tokenizer: Any

    def distance(self, pictures: torch.Tensor, prompts: Sequence[str]) -> torch.Tensor:
        """How far each picture is from its prompt, 0 to 2, shape (n,).

        Args:
            pictures: RGB, -1 to 1, shape (n, 3, height, width).
            prompts: n of them.
        """
        side = self.model.config.vision_config.image_size
        seen = functional.interpolate(pictures, (side, side), mode="bilinear", antialias=True)
        mean, spread = (torch.tensor(each, device=seen.device) for each in (_MEAN, _SPREAD))
        seen = ((seen + 1) / 2 - mean[:, None, None]) / spread[:, None, None]
        words = self.tokenizer(
            list(prompts), padding="max_length", truncation=True, return_tensors="pt"
        ).to(seen.device)
        out = self.model(input_ids=words.input_ids, pixel_values=seen.to(self.model.dtype))
        return 1 - functional.cosine_similarity(out.image_embeds, out.text_embeds).float()

    def moved(
        self, pipeline: Any, step: int, latents: torch.Tensor, embeds: torch.Tensor,
        prompts: Sequence[str], moves: int,
    ) -> torch.Tensor:  # fmt: skip
        """The latents, nearer to the prompts; as they are after the last step.

        Args:
            pipeline: of Stable Diffusion, four channels in; between `step` and the next one.
            step: that was taken, from 0; fewer than the scheduler has where strength is below 1.
            latents: shape (n, 4, height, width).
            embeds: the prompts' states, the last n rows of them, shape (.., tokens, width).
            prompts: n of them.
            moves: to make.
        """
        times = pipeline.scheduler.timesteps  # all; the last `num_timesteps` of them are taken
        at = len(times) - pipeline.num_timesteps + step + 1
        if at >= len(times):
            return latents
        with torch.inference_mode(mode=False), torch.enable_grad():
            here, states = latents.clone(), embeds[-len(prompts) :].clone()
            for _ in range(moves):
                here = here.detach().requires_grad_()
                foretold = _foretold(pipeline, here, times[at].clone(), states)
                (slope,) = torch.autograd.grad(self.distance(foretold, prompts).sum(), here)
                reach = _REACH * _length(here.detach()) / _length(slope).clamp_min(1e-12)
                here = here.detach() - reach * slope
        return here.to(latents.dtype)


def _foretold(
    pipeline: Any, latents: torch.Tensor, time: torch.Tensor, states: torch.Tensor
) -> torch.Tensor:
    """The picture that the latents would become, RGB, -1 to 1; its slope passes the UNet by."""
    scheduler = pipeline.scheduler
    near = scheduler.alphas_cumprod[int(time)].sqrt().to(latents.device)
    far = (1 - near**2).sqrt()
    scaled = scheduler.scale_model_input(latents, time)
    with torch.no_grad():
        said = pipeline.unet(scaled, time, states).sample
    if scheduler.config.prediction_type == "v_prediction":
        clean = near * scaled - far * said
    else:
        clean = (scaled - far * said) / near
    picture: torch.Tensor = pipeline.vae.decode(clean / pipeline.vae.config.scaling_factor).sample
    return picture


def _length(values: torch.Tensor) -> torch.Tensor:
    """Of each row of a batch, shape (n, 1, 1, 1)."""
    return values.flatten(1).norm(dim=1)[:, None, None, None]


_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
_SPREAD: Final = (0.26862954, 0.26130258, 0.27577711)
"""Of the pictures that CLIP was trained on, red, green and blue, 0 to 1."""
