"""Checkpoints of the real layouts, made small: what a user's own folder looks like.

Must not be imported where torch is missing: ask `pytest.importorskip` first.
"""

from __future__ import annotations

from typing import Any

import diffusers
import transformers
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

from testcard.reference.models import Models

VISION = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "image_size": 16,
    "patch_size": 8,
}


def text_config() -> Any:
    return transformers.CLIPTextConfig(
        vocab_size=1000,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=32,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=1,
    )


def tokenizer() -> Any:
    return Models(device="cpu").kept["sd"].components["tokenizer"]


def vae() -> Any:
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=4,
        sample_size=64,
    )


def unet(channels: int, width: int, **more: Any) -> Any:
    return diffusers.UNet2DConditionModel(
        sample_size=8,
        in_channels=channels,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=width,
        attention_head_dim=4,
        norm_num_groups=8,
        **more,
    )


def betas() -> dict[str, Any]:
    return {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def checker(threshold: float) -> Any:
    """A safety checker that objects to every likeness above `threshold`, of -1 to 1."""
    made = StableDiffusionSafetyChecker(
        transformers.CLIPConfig(vision_config=VISION, projection_dim=16)
    )
    made.concept_embeds_weights.fill_(threshold)
    made.special_care_embeds_weights.fill_(2)
    return made


def clip_model() -> Any:
    """A CLIP model that reads the tokenizer's words and sees 16 × 16 pixels."""
    text = text_config().to_dict()
    return transformers.CLIPModel(
        transformers.CLIPConfig(text_config=text, vision_config=VISION, projection_dim=16)
    )


def small(channels: int, kind: str, held_back_above: float | None = None) -> Any:
    """Stable Diffusion 1.5, or its inpainting sister; with a safety checker where told so."""
    checks = held_back_above is not None
    size = {"shortest_edge": 16}
    features = transformers.CLIPImageProcessor(size=size, crop_size=16) if checks else None
    return getattr(diffusers, kind)(
        vae=vae(),
        text_encoder=transformers.CLIPTextModel(text_config()),
        tokenizer=tokenizer(),
        unet=unet(channels, 32),
        scheduler=diffusers.PNDMScheduler(skip_prk_steps=True, steps_offset=1, **betas()),
        safety_checker=checker(held_back_above) if held_back_above is not None else None,
        feature_extractor=features,
        requires_safety_checker=checks,
    )


def large(base: bool) -> Any:
    """SDXL's base, or its refiner."""
    parts = {
        "vae": vae(),
        "text_encoder_2": transformers.CLIPTextModelWithProjection(text_config()),
        "tokenizer_2": tokenizer(),
        "unet": unet(
            4,
            64 if base else 32,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=32 + 8 * (6 if base else 5),
        ),
        "scheduler": diffusers.EulerDiscreteScheduler(timestep_spacing="leading", **betas()),
    }
    if base:
        first = transformers.CLIPTextModel(text_config())
        return diffusers.StableDiffusionXLPipeline(
            text_encoder=first, tokenizer=tokenizer(), add_watermarker=False, **parts
        )
    return diffusers.StableDiffusionXLImg2ImgPipeline(
        text_encoder=None, tokenizer=None, requires_aesthetics_score=True, add_watermarker=False,
        **parts,
    )  # fmt: skip
