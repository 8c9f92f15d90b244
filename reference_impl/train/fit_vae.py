"""Train the autoencoder: scenes, and pictures less tidy than scenes, through latents and back.

Knows scenes and the autoencoder. Must not know captions or noise schedules.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny
from numpy.typing import NDArray
from torch.nn import functional

from train.course import Course
from train.nets import autoencoder
from train.scenes import SIDE, Bank, Scenes, blend

BATCH = 32
_UNTIDY = 12
_HELD_OUT = 2**31  # the seed of scenes that training never sees


def to_tensor(pictures: NDArray[np.float32]) -> torch.Tensor:
    """RGB 0..255, shape (n, side, side, 3), as -1..1, shape (n, 3, side, side)."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1


def untidy(count: int, bank: Bank, rng: np.random.Generator) -> NDArray[np.float32]:
    """Any colours, two drawings, a slope of light, sometimes a gray hole. RGB 0..255."""
    inks = rng.uniform(0, 255, (3, count, 3)).astype(np.float32)
    first, second = (Scenes.drawn(count, bank, rng).cover(bank) for _ in range(2))
    pictures = blend(first, inks[0], inks[1])
    pictures += second[..., None] * (inks[2][:, None, None, :] - pictures)
    slope = np.linspace(-1, 1, SIDE, dtype=np.float32)
    across, down = rng.uniform(-60, 60, (2, count, 1, 1)).astype(np.float32)
    pictures += (across * slope + down * slope[:, None])[..., None]
    for index in np.flatnonzero(rng.random(count) < 0.3):
        left, top, right, low = rng.integers(0, SIDE, 4)
        pictures[index, min(top, low) : max(top, low), min(left, right) : max(left, right)] = 127.5
    return np.clip(pictures, 0, 255)


def psnr(vae: AutoencoderTiny, bank: Bank, count: int = 256) -> float:
    """Decibels on held-out scenes."""
    scenes = Scenes.drawn(count, bank, np.random.default_rng(_HELD_OUT))
    pictures = to_tensor(scenes.paint(bank))
    with torch.no_grad():
        back = vae.decode(vae.encode(pictures).latents).sample.clamp(-1, 1)
    return -10 * math.log10(float((back - pictures).square().mean()) / 4)


def course(folder: Path, steps: int) -> Course:
    """Set the training up, as far as it was taken before."""
    torch.manual_seed(2)
    net = autoencoder().to(memory_format=torch.channels_last)
    return Course("vae", net, steps, 2e-3, folder)


def decoder_course(folder: Path, steps: int) -> Course:
    """Set the decoder's own training up; it begins where that of the whole ended.

    The encoder stays as it is, and so do latents: it can be trained beside or after the UNet.
    """
    net = course(folder, 1).net
    net.encoder.requires_grad_(False)
    return Course("decoder", net, steps, 1e-3, folder, average=True)


def finished(folder: Path) -> tuple[AutoencoderTiny, bool]:
    """The autoencoder with the best decoder there is; and whether it was trained at all."""
    made = decoder_course(folder, 1)
    if made.step:
        made.net.load_state_dict(made.weights())
    return made.net.eval().requires_grad_(False), course(folder, 1).step > 0


def train(folder: Path, steps: int, bank: Bank) -> bool:
    """Train encoder and decoder to the end; whether it came there."""
    return _trained(course(folder, steps), bank, 2, shake=0.05)


def train_decoder(folder: Path, steps: int, bank: Bank) -> bool:
    """Train the decoder alone to the end; whether it came there."""
    return _trained(decoder_course(folder, steps), bank, 5, shake=0.02)


def _trained(run: Course, bank: Bank, seed: int, shake: float) -> bool:
    unseen = Bank.make(40, _HELD_OUT)

    def loss_of(step: int) -> torch.Tensor:
        rng = np.random.default_rng((seed, step))
        tidy = Scenes.drawn(BATCH - _UNTIDY, bank, rng).paint(bank)
        pictures = to_tensor(np.concatenate((tidy, untidy(_UNTIDY, bank, rng))))
        pictures = pictures.to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            latents = run.net.encode(pictures).latents.float()
            shaken = latents + shake * torch.randn_like(latents)
            back = run.net.decode(shaken).sample.float()
        return _loss(back, pictures, latents)

    judged = autoencoder()
    for step in run.train(loss_of):
        if step % 200 == 0:
            judged.load_state_dict(run.weights())
            run.log(psnr=psnr(judged, unseen))
    return run.done


def _loss(back: torch.Tensor, real: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
    edges = sum(functional.l1_loss(back.diff(dim=way), real.diff(dim=way)) for way in (-1, -2))
    near = functional.l1_loss(back, real) + 4 * functional.mse_loss(back, real)
    centred = latents.mean((0, 2, 3)).square().sum() + (latents.std() - 1).square()
    return near + 0.5 * edges + 0.02 * centred + 0.1 * functional.relu(latents.abs() - 2.5).mean()
