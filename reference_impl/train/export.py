"""Write the trained networks as the folder that the engine loads: half precision, usual layout.

Also fits the small network that stands in the attention pool's place for SDXL. Knows
checkpoints and the folder. Must not know how the networks were trained.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np
import torch
from diffusers import StableDiffusionInpaintPipeline
from diffusers.utils import logging
from safetensors.torch import save_file

from testcard.reference.models import WEIGHTS
from testcard.reference.surgery import Embedding
from train import fit_unet
from train.captions import captions
from train.fit_unet import Teacher
from train.nets import TEXT_WIDTH, scheduler
from train.scenes import Bank, Scenes

_TEXTS: Final = 6000
_STEPS: Final = 1500
_BATCH: Final = 256


def main() -> int:
    """Export what stands in the checkpoints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("checkpoints"))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    told = parser.parse_args()
    logging.set_verbosity_error()
    size = export(told.folder, told.out)
    sys.stdout.write(f"{told.out}: {size / 1e6:.2f} MB of weights\n")
    return 0


def export(folder: Path, out: Path) -> int:
    """Write the folder; return the bytes of all its weights."""
    teacher = Teacher(folder)
    run = fit_unet.course(folder, 1)
    run.net.load_state_dict(run.weights())
    teacher.vae.register_to_config(scaling_factor=teacher.scale)
    pipeline = StableDiffusionInpaintPipeline(
        vae=teacher.vae,
        text_encoder=teacher.encoder,
        tokenizer=teacher.tokens,
        unet=run.net,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    embedding, error = distilled(run.net, teacher)
    sys.stdout.write(f"SDXL embedding: relative error {error:.4f}\n")
    pipeline.to(dtype=torch.float16)
    pipeline.save_pretrained(out, safe_serialization=True)
    halved = {name: value.half().contiguous() for name, value in embedding.items()}
    save_file(halved, out / "xl_embedding.safetensors")
    return sum(path.stat().st_size for path in out.rglob("*.safetensors"))


def distilled(trunk: torch.nn.Module, teacher: Teacher) -> tuple[dict[str, torch.Tensor], float]:
    """Fit pooled text -> the attention pool's output; also the squared error left, relative."""
    torch.manual_seed(4)
    pooled, wanted = _pairs(trunk, teacher)
    net = Embedding(TEXT_WIDTH, wanted.shape[1])
    optimizer = torch.optim.AdamW(net.parameters(), 4e-3, weight_decay=0)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, _STEPS)
    for _ in range(_STEPS):
        rows = torch.randint(0, len(pooled) - 500, (_BATCH,))
        loss = (net(pooled[rows]) - wanted[rows]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
    with torch.no_grad():
        unseen = (net(pooled[-500:]) - wanted[-500:]).square().mean()
    return dict(net.state_dict()), float(unseen / wanted.var())


def _pairs(trunk: torch.nn.Module, teacher: Teacher) -> tuple[torch.Tensor, torch.Tensor]:
    """Pooled texts, shape (n, TEXT_WIDTH), and what the trunk's pool makes of them."""
    rng = np.random.default_rng(4)
    scenes = Scenes.drawn(_TEXTS, Bank.make(1, 0), rng)
    texts = ["" if rng.random() < 0.02 else each.text for each in captions(scenes, rng)]
    pooled, wanted = [], []
    with torch.no_grad():
        for start in range(0, _TEXTS, 250):
            part = texts[start : start + 250]
            states = teacher.states(part)
            ends = [len(ids) - 1 for ids in teacher.tokens(part, truncation=True).input_ids]
            pooled.append(states[torch.arange(len(part)), torch.tensor(ends)])
            wanted.append(trunk.add_embedding(states))
    return torch.cat(pooled), torch.cat(wanted)


if __name__ == "__main__":
    sys.exit(main())
