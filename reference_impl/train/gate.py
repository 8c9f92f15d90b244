"""A quick look by the oracle while the UNet is trained.

Knows how to paint from noise with the training's own parts. Must not know pipelines: what is
shipped is judged through them, in `evaluate`.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from numpy.typing import NDArray

from train.nets import LATENT_SIDE, scheduler
from train.oracle import look
from train.scenes import COLOURS, KINDS

_STEPS = 20
_GUIDANCE = 4.0


class Parts(Protocol):
    """What painting takes beside the UNet."""

    vae: AutoencoderTiny
    scale: float

    def states(self, texts: list[str]) -> torch.Tensor:
        """The text encoder's states."""
        ...


def paint(net: UNet2DConditionModel, parts: Parts, texts: list[str]) -> NDArray[np.uint8]:
    """A picture for each text, shape (n, 64, 64, 3)."""
    steps = scheduler()
    steps.set_timesteps(_STEPS)
    noise = torch.Generator().manual_seed(0)
    latents = torch.randn(len(texts), 4, LATENT_SIDE, LATENT_SIDE, generator=noise)
    given = torch.zeros(2 * len(texts), 5, LATENT_SIDE, LATENT_SIDE)
    states = torch.cat((parts.states([""] * len(texts)), parts.states(texts)))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for time in steps.timesteps:
            seen = torch.cat((torch.cat((latents, latents)), given), 1)
            without, told = net(seen, time, states).sample.float().chunk(2)
            said = without + _GUIDANCE * (told - without)
            latents = steps.step(said, time, latents).prev_sample
        pictures = parts.vae.decode(latents / parts.scale).sample.float()
    shown = (pictures.clamp(-1, 1) + 1) * 127.5
    painted: NDArray[np.uint8] = shown.round().byte().permute(0, 2, 3, 1).numpy()
    return painted


def obeyed(
    net: UNet2DConditionModel, parts: Parts, asked: list[tuple[int, int]]
) -> dict[str, float]:
    """The shares of kinds and of both colours obeyed; `asked` has indices of kind and colour."""
    wanted = [
        (KINDS[kind], COLOURS[figure], COLOURS[(figure + 1 + kind % 7) % len(COLOURS)])
        for kind, figure in asked
    ]
    texts = [f"a {figure} {kind} on a {ground} background" for kind, figure, ground in wanted]
    seen = [look(picture) for picture in paint(net, parts, texts)]
    pairs = list(zip(seen, wanted, strict=True))
    kinds = sum(sight.kind == kind for sight, (kind, _, _) in pairs)
    colours = sum((s.figure, s.ground) == (f, g) for s, (_, f, g) in pairs)
    likeness = sum(sight.likeness for sight in seen)
    return {
        "kind": kinds / len(pairs),
        "colours": colours / len(pairs),
        "likeness": likeness / len(pairs),
    }
