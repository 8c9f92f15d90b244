"""How fast the reference engine paints, and how near it comes to the fastest stock recipe.

`tiny`: the weights that come along, through the engine, on this machine. `sd`, `xl`: checkpoints
of the real size with random weights, on CUDA: the engine, and beside it stock pipelines loaded
from the same folder (bf16, fused attention, channels last; as they are, compiled, compiled with
autotuning; one picture and four together). `--small` has both on any machine with small
networks, which measures nothing but shows that the script works. Prints one line a measurement,
with the machine's name. Run: `python -m benchmarks.reference_speed tiny`, or `sd`, `xl`.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import diffusers
import numpy as np
import torch
import transformers
from PIL import Image
from tests import checkpoints

from testcard.common.job import PictureJob
from testcard.common.picture import Pixels
from testcard.reference.engine import ReferenceEngine
from testcard.reference.models import Models

_STEPS = 25
_TOGETHER = 4
_PROMPT = "a red circle on white"


def main() -> int:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("tiny", "sd", "xl"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0 for its own choice")
    parser.add_argument("--small", action="store_true", help="small networks: try the script")
    told = parser.parse_args()
    if told.what == "tiny":
        tiny(told.repeats, told.threads)
    elif told.small:
        side_by_side(told.what, told.repeats, small=True)
    elif torch.cuda.is_available():
        side_by_side(told.what, told.repeats, small=False)
    else:
        sys.stderr.write("sd and xl are networks of the real size: this machine has no CUDA\n")
        return 2
    return 0


def tiny(repeats: int, threads: int) -> None:
    """The engine on the weights that come along: a 512 px call of 25 steps, and its kinds."""
    began = time.perf_counter()
    engine = ReferenceEngine(Models())
    tell("load", time.perf_counter() - began, engine.models.device)
    if threads:
        torch.set_num_threads(threads)
    mask = np.zeros((512, 512, 3), np.uint8)
    mask[100:400, 100:400] = 255
    plain = PictureJob("segmind", _PROMPT, init=Pixels.of(noise(512)), steps=_STEPS)
    jobs = {
        "img2img 512": plain,
        "words 512": replace(plain, init=None),
        "inpaint 512": replace(plain, mask=Pixels.of(mask)),
        "xl 1024": replace(plain, family="sdxl", width=1024, height=1024),
    }
    for name, job in jobs.items():
        tell(name, median_of(partial(painted, engine, job), repeats), engine.models.device)


def painted(engine: ReferenceEngine, job: PictureJob) -> int:
    """Paint a job's pictures."""
    return len(list(engine.paint(job)))


def noise(side: int) -> Any:
    """A picture, shape (side, side, 3)."""
    return np.random.default_rng(0).integers(0, 255, (side, side, 3)).astype(np.uint8)


def side_by_side(family: str, repeats: int, *, small: bool) -> None:
    """The engine, and every stock recipe, on one checkpoint; seconds a picture, and their ratio."""
    side = 64 if small else {"sd": 512, "xl": 1024}[family]
    with tempfile.TemporaryDirectory() as folder:
        checkpoint(family, small=small).save_pretrained(folder)
        for count in (1, _TOGETHER):
            ours = engine_seconds(folder, family, side, count, repeats)
            recipes = {
                name: stock_seconds(folder, family, side, count, repeats, compiling)
                for name, compiling in RECIPES.items()
            }
            name, best = min(recipes.items(), key=lambda each: each[1])
            line = {
                "what": f"{family}, {count} together",
                "engine / fastest": round(ours / best, 3),
            }
            print(json.dumps(line | {"fastest": name}), flush=True)


def engine_seconds(folder: str, family: str, side: int, count: int, repeats: int) -> float:
    """Seconds a picture, of one call for `count` samples."""
    models = Models([folder], compiled=True)
    engine = ReferenceEngine(models, together=count)
    init = Pixels.of(noise(side))
    plain = PictureJob("anyone", _PROMPT, init=init, width=side, height=side, steps=_STEPS)
    job = replace(plain, samples=count, family="sdxl" if family == "xl" else "sd")
    seconds = median_of(partial(painted, engine, job), repeats)
    tell(f"{family} {side}: engine, {count} in a batch, each", seconds / count, models.device)
    return seconds / count


RECIPES: dict[str, dict[str, Any] | None] = {
    "as it is": None,
    "compiled": {},
    "compiled, autotuned": {"mode": "max-autotune-no-cudagraphs"},
}
"""Name -> what torch.compile is told; None where it is not asked."""


def stock_seconds(
    folder: str, family: str, side: int, count: int, repeats: int, compiling: dict[str, Any] | None
) -> float:
    """Seconds a picture of the stock pipeline alone, `count` in one batch."""
    kind = {"sd": "StableDiffusionImg2ImgPipeline", "xl": "StableDiffusionXLImg2ImgPipeline"}
    cuda = torch.cuda.is_available()
    dtype, device = (torch.bfloat16, "cuda") if cuda else (torch.float32, "cpu")
    pipeline = getattr(diffusers, kind[family]).from_pretrained(folder, dtype=dtype).to(device)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.unet.to(memory_format=torch.channels_last)
    pipeline.vae.to(memory_format=torch.channels_last)
    if compiling is not None:
        pipeline.unet.compile(**compiling)
        pipeline.vae.decoder.compile(**compiling)
    told: dict[str, Any] = {
        "prompt": [_PROMPT] * count,
        "image": [Image.fromarray(noise(side))] * count,
        "num_inference_steps": _STEPS,
        "strength": 1.0,
        "guidance_scale": 7.5,
        "output_type": "np",
    }
    with torch.inference_mode():
        seconds = median_of(lambda: pipeline(**told).images, repeats)
    name = next(name for name, each in RECIPES.items() if each == compiling)
    tell(f"{family} {side}: stock, {name}, {count} in a batch, each", seconds / count, device)
    return seconds / count


def median_of(work: Callable[[], Any], repeats: int) -> float:
    """Seconds, the median of so many runs after one that does not count."""
    work()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def tell(name: str, seconds: float, device: Any) -> None:
    """Print one measurement."""
    on_cuda = str(device).startswith("cuda")
    machine = torch.cuda.get_device_name() if on_cuda else platform.processor() or "CPU"
    line = {"what": name, "seconds": round(seconds, 4), "on": machine}
    line |= {"threads": torch.get_num_threads(), "torch": torch.__version__}
    print(json.dumps(line), flush=True)


def checkpoint(family: str, *, small: bool) -> Any:
    """A pipeline of random weights: small, or as large as SD 1.5 and SDXL are."""
    if small:
        sd = family == "sd"
        return (
            checkpoints.small(4, "StableDiffusionPipeline") if sd else checkpoints.large(base=True)
        )
    with torch.device("cuda"):
        made = _sd() if family == "sd" else _xl()
    return made.to(dtype=torch.bfloat16)


def _sd() -> Any:
    return diffusers.StableDiffusionPipeline(
        vae=diffusers.AutoencoderKL(**_VAE),
        text_encoder=transformers.CLIPTextModel(_text(768, 12, 12)),
        tokenizer=checkpoints.tokenizer(),
        unet=diffusers.UNet2DConditionModel(sample_size=64, cross_attention_dim=768),
        scheduler=diffusers.DDIMScheduler(**checkpoints.betas()),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _xl() -> Any:
    return diffusers.StableDiffusionXLPipeline(
        vae=diffusers.AutoencoderKL(**_VAE, scaling_factor=0.13025),
        text_encoder=transformers.CLIPTextModel(_text(768, 12, 12)),
        text_encoder_2=transformers.CLIPTextModelWithProjection(_text(1280, 32, 20)),
        tokenizer=checkpoints.tokenizer(),
        tokenizer_2=checkpoints.tokenizer(),
        unet=diffusers.UNet2DConditionModel(**_XL),
        scheduler=diffusers.EulerDiscreteScheduler(**checkpoints.betas()),
        add_watermarker=False,
    )


def _text(width: int, layers: int, heads: int) -> Any:
    return transformers.CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        projection_dim=width,
    )


_XL: dict[str, Any] = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
    "use_linear_projection": True,
}
_VAE: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}


if __name__ == "__main__":
    sys.exit(main())
