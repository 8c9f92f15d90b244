"""From one trunk to every UNet that the stock pipelines want.

The trunk is trained with nine channels in and reads texts through an attention pool. Cutting
its first layer to four channels gives the img2img UNet; putting a small network in the pool's
place, which maps SDXL's pooled text to the same numbers, gives SDXL's base and refiner.

Knows UNets and their layers. Must not know files or jobs.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from diffusers import UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection

LATENTS: Final = 4
TIME_WIDTH: Final = 8
"""Numbers that each of SDXL's size ids becomes; the tiny weights give them no say."""
BASE_IDS, REFINER_IDS = 6, 5


def first_channels(trunk: UNet2DConditionModel, **changes: Any) -> UNet2DConditionModel:
    """A copy of the trunk that sees latents alone: exactly the trunk with zeros for the rest."""
    config = dict(trunk.config) | {"in_channels": LATENTS} | changes
    unet = UNet2DConditionModel.from_config(config).to(trunk.dtype)
    wanted = unet.state_dict()
    taken = {name: value for name, value in trunk.state_dict().items() if name in wanted}
    taken["conv_in.weight"] = taken["conv_in.weight"][:, :LATENTS].clone()
    fits = {name: value for name, value in taken.items() if value.shape == wanted[name].shape}
    unet.load_state_dict(wanted | fits)
    return unet.eval()


def xl_unet(
    trunk: UNet2DConditionModel, embedding: dict[str, torch.Tensor], ids: int
) -> UNet2DConditionModel:
    """SDXL's UNet.

    Args:
        trunk: as trained.
        embedding: `linear_1` (of the pooled text alone) and `linear_2`, as `distilled` has them.
        ids: how many numbers describe sizes: six for the base, five for the refiner.
    """
    width = embedding["linear_1.weight"].shape[1]
    unet = first_channels(
        trunk,
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_WIDTH,
        projection_class_embeddings_input_dim=width + ids * TIME_WIDTH,
    )
    layers: Any = unet.add_embedding
    with torch.no_grad():
        layers.linear_1.weight.zero_()  # sizes have no say
        layers.linear_1.weight[:, :width] = embedding["linear_1.weight"]
        layers.linear_1.bias.copy_(embedding["linear_1.bias"])
        layers.linear_2.weight.copy_(embedding["linear_2.weight"])
        layers.linear_2.bias.copy_(embedding["linear_2.bias"])
    return unet


def projected(encoder: CLIPTextModel) -> CLIPTextModelWithProjection:
    """The same text encoder as SDXL's second: its projection passes the pooled text through."""
    second = CLIPTextModelWithProjection(encoder.config).to(encoder.dtype)
    own = {_under_text_model(name): value for name, value in encoder.state_dict().items()}
    second.load_state_dict(own, strict=False)  # all but the projection
    with torch.no_grad():
        second.text_projection.weight.copy_(torch.eye(encoder.config.hidden_size))
    return second.eval()


def _under_text_model(name: str) -> str:
    return name if name.startswith("text_model.") else f"text_model.{name}"


class Embedding(nn.Module):
    """What stands in the attention pool's place: pooled text -> what is added to the time."""

    def __init__(self, width: int, out: int) -> None:
        """Two layers, as diffusers' TimestepEmbedding."""
        super().__init__()
        self.linear_1 = nn.Linear(width, out)
        self.linear_2 = nn.Linear(out, out)

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """Shape (n, width) -> (n, out)."""
        out: torch.Tensor = self.linear_2(nn.functional.silu(self.linear_1(pooled)))
        return out
