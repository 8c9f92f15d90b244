"""How fast the reference engine paints, and how near it comes to the fastest stock recipe.

`tiny`: the weights that come along, through the engine, on this machine. `sd`, `xl`: networks
of the real size with random weights, on CUDA: the engine's way, and beside it what diffusers
can do (bf16, fused attention, channels last, compiled, batched). Prints one line a measurement,
with the machine's name. Run: `python -m benchmarks.reference_speed tiny`, or `sd`, `xl`.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

from testcard.job import PictureJob
from testcard.picture import Pixels
from testcard.reference.engine import ReferenceEngine
from testcard.reference.models import Models

_STEPS = 25


def main() -> int:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("tiny", "sd", "xl"))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0 for its own choice")
    told = parser.parse_args()
    if told.threads:
        torch.set_num_threads(told.threads)
    if told.what == "tiny":
        tiny(told.repeats)
    elif not torch.cuda.is_available():
        sys.stderr.write("sd and xl are networks of the real size: this machine has no CUDA\n")
        return 2
    else:
        side_by_side(told.what, told.repeats)
    return 0


def tiny(repeats: int) -> None:
    """The engine on the weights that come along: a 512 px call of 25 steps, and its kinds."""
    began = time.perf_counter()
    engine = ReferenceEngine(Models())
    tell("load", time.perf_counter() - began, engine.models.device)
    picture = np.random.default_rng(0).integers(0, 255, (512, 512, 3)).astype(np.uint8)
    mask = np.zeros((512, 512, 3), np.uint8)
    mask[100:400, 100:400] = 255
    plain = PictureJob("segmind", "a red circle on white", init=Pixels.of(picture), steps=_STEPS)
    jobs = {
        "img2img 512": plain,
        "words 512": replace(plain, init=None),
        "inpaint 512": replace(plain, mask=Pixels.of(mask)),
        "xl 1024": replace(plain, provider="appypie-img2img", width=1024, height=1024),
    }
    for name, job in jobs.items():
        tell(name, median_of(partial(_painted, engine, job), repeats), engine.models.device)


def _painted(engine: ReferenceEngine, job: PictureJob) -> int:
    return len(list(engine.paint(job)))


def side_by_side(family: str, repeats: int) -> None:
    """UNet and VAE of the real size: the engine's recipe, then the fastest known one."""
    unet, vae, inputs = real_size(family)
    plain = median_of(lambda: denoise(unet, vae, inputs), repeats)
    tell(f"{family} engine's recipe (bf16, fused attention, channels last)", plain, "cuda")
    fast = torch.compile(unet, mode="max-autotune-no-cudagraphs")
    denoise(fast, vae, inputs)  # compiles
    best = median_of(lambda: denoise(fast, vae, inputs), repeats)
    tell(f"{family} the same, compiled", best, "cuda")
    four = {name: torch.cat([value] * 4) for name, value in inputs.items()}
    denoise(fast, vae, four)
    tell(f"{family} compiled, four together, each", median_of(
        lambda: denoise(fast, vae, four), repeats) / 4, "cuda")  # fmt: skip


def real_size(family: str) -> tuple[Any, Any, dict[str, torch.Tensor]]:
    """Random networks of the shape of SD 1.5 at 512 px or SDXL at 1024 px, and what goes in."""
    large = family == "xl"
    with torch.device("cuda"):
        unet = UNet2DConditionModel(**(_XL if large else _SD)).eval()
        vae = AutoencoderKL(**_VAE).eval()
    kept = {"dtype": torch.bfloat16, "memory_format": torch.channels_last}
    unet, vae = unet.to(**kept), vae.to(**kept)
    side, width = (128, 2048) if large else (64, 768)
    made = {"dtype": torch.bfloat16, "device": "cuda"}
    inputs = {
        "latents": torch.randn(1, 4, side, side, **made),
        "states": torch.randn(1, 77, width, **made),
    }
    if large:
        inputs["text_embeds"] = torch.randn(1, 1280, **made)
        inputs["time_ids"] = torch.randn(1, 6, **made)
    return unet, vae, inputs


def denoise(unet: Any, vae: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """25 guided steps and the decoding, as the pipelines do them."""
    with torch.inference_mode():
        return _denoised(unet, vae, inputs)


def _denoised(unet: Any, vae: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    scheduler = DDIMScheduler(clip_sample=False)
    scheduler.set_timesteps(_STEPS, device="cuda")
    latents = inputs["latents"].contiguous(memory_format=torch.channels_last)
    states = torch.cat([inputs["states"]] * 2)
    added = {n: torch.cat([inputs[n]] * 2) for n in ("text_embeds", "time_ids") if n in inputs}
    for step in scheduler.timesteps:
        said = unet(torch.cat([latents] * 2), step, states, added_cond_kwargs=added).sample
        without, told = said.chunk(2)
        latents = scheduler.step(without + 7.5 * (told - without), step, latents).prev_sample
    picture: torch.Tensor = vae.decode(latents / 0.18215).sample
    return picture.float().cpu()


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


_SD: dict[str, Any] = {"sample_size": 64, "cross_attention_dim": 768}
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
