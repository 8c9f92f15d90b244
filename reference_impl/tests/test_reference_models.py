"""Folders of the real layouts, made small, are loaded and painted with as the real ones are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from testcard.job import PictureJob
from testcard.picture import Pixels

WHY = "the reference engine is not installed: pip install -e '.[reference]'"
engines = pytest.importorskip("testcard.reference.engine", reason=WHY, exc_type=ImportError)
loading = pytest.importorskip("testcard.reference.models", reason=WHY, exc_type=ImportError)
torch = pytest.importorskip("torch", reason=WHY)
diffusers = pytest.importorskip("diffusers", reason=WHY)
transformers = pytest.importorskip("transformers", reason=WHY)
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"
)

SENT = Pixels.of(np.full((48, 64, 3), 90, np.uint8))
MASK = Pixels.of(np.full((48, 64, 3), 255, np.uint8))
JOB = PictureJob("segmind", "a red circle", init=SENT, width=64, height=48, steps=3, seed=1)


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
    return loading.Models(device="cpu").kept["sd"].components["tokenizer"]


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


def small(channels: int, kind: str) -> Any:
    """Stable Diffusion 1.5, or its inpainting sister."""
    return getattr(diffusers, kind)(
        vae=vae(),
        text_encoder=transformers.CLIPTextModel(text_config()),
        tokenizer=tokenizer(),
        unet=unet(channels, 32),
        scheduler=diffusers.PNDMScheduler(skip_prk_steps=True, steps_offset=1, **betas()),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
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


CASES: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "sd": (lambda: small(4, "StableDiffusionPipeline"), {}),
    "inpaint": (
        lambda: small(9, "StableDiffusionInpaintPipeline"),
        {"mask": MASK, "provider": "appypie-inpainting"},
    ),
    "xl": (lambda: large(base=True), {"provider": "imagepipeline"}),
    "refiner": (
        lambda: large(base=False),
        {"provider": "imagepipeline", "options": (("refiner", True),)},
    ),
}


@pytest.mark.parametrize("family", CASES)
def test_a_folder_of_the_real_layout_takes_its_family_over(tmp_path: Path, family: str) -> None:
    make, changes = CASES[family]
    torch.manual_seed(0)
    make().save_pretrained(tmp_path / family)
    models = loading.Models([str(tmp_path / family)], device="cpu")
    assert models.kept[family].name == str(tmp_path / family)
    assert models.kept[family].native is None
    others = {name: kept.name for name, kept in models.kept.items() if name != family}
    assert set(others.values()) == {loading.TINY}
    if family == "refiner":
        return  # latents of another autoencoder; it is run with its own base below
    engine = engines.ReferenceEngine(models)
    one, again = (next(iter(engine.paint(replace(JOB, **changes)))) for _ in range(2))
    assert one.shape == (48, 64, 3)
    assert np.array_equal(one, again)


def test_base_and_refiner_of_the_real_layout_work_together(tmp_path: Path) -> None:
    torch.manual_seed(0)
    for name in ("xl", "refiner"):
        CASES[name][0]().save_pretrained(tmp_path / name)
    models = loading.Models([str(tmp_path / name) for name in ("xl", "refiner")], device="cpu")
    engine = engines.ReferenceEngine(models)
    refined = replace(JOB, steps=10, **CASES["refiner"][1])
    plain = replace(JOB, steps=10, provider="imagepipeline")
    pictures = [next(iter(engine.paint(job))) for job in (refined, plain)]
    assert {each.shape for each in pictures} == {(48, 64, 3)}
    assert not np.array_equal(*pictures)


def test_a_name_that_is_no_checkpoint_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"is no checkpoint that can be loaded: expected a folder"):
        loading.Models([str(tmp_path)], device="cpu")


def test_the_img2img_unet_is_the_trunk_with_nothing_masked() -> None:
    models = loading.Models(device="cpu")
    trunk = models.kept["inpaint"].components["unet"]
    cut = models.kept["sd"].components["unet"]
    latents, states = torch.randn(2, 4, 16, 16), torch.randn(2, 77, 64)
    with torch.no_grad():
        whole = trunk(torch.cat((latents, torch.zeros(2, 5, 16, 16)), 1), 500, states).sample
        assert torch.allclose(cut(latents, 500, states).sample, whole, atol=1e-4)
