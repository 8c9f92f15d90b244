"""Train the UNet: v-prediction of scenes from captions, with and without a mask.

Three kinds of lesson share every batch. Plain: paint the caption out of noise. Edit: the noise
hides another scene, and the caption must win over what is left of it (this is what image-to-
image asks at a high strength); what the caption does not name stays as it was. Inpaint: nine
channels; outside the mask the picture is given.

Knows scenes, captions, latents and noise. Must not know pipelines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from train import fit_text, fit_vae
from train.captions import Caption, captions
from train.course import Course
from train.fit_vae import to_tensor
from train.gate import obeyed
from train.nets import LATENT_SIDE, scheduler, unet
from train.scenes import COLOURS, KINDS, NATURAL, SIDE, Bank, Scenes

BATCH = 32
_MASKED = 8  # of a batch are inpainting lessons
_EDITED = 0.5  # of the lessons with much noise hide another scene
_MUCH_NOISE = 450  # timestep from which the caption wins over what is left of a picture
_NO_WORDS = 0.1
_USUAL = 0.25  # of the scenes whose colour is not named have their usual one


@dataclass(frozen=True)
class Lessons:
    """A batch: what is to come out, what the noise hides, words, masks.

    Attributes:
        target: RGB 0..255, shape (n, SIDE, SIDE, 3).
        hidden: the same, another scene in each.
        mask: 1 where to paint, shape (n, SIDE, SIDE); only the first _MASKED count.
        texts: captions, some empty.
    """

    target: NDArray[np.float32]
    hidden: NDArray[np.float32]
    mask: NDArray[np.float32]
    texts: list[str]


def lessons(bank: Bank, rng: np.random.Generator) -> Lessons:
    """Draw a batch; the first `_MASKED` are for inpainting."""
    scenes = Scenes.drawn(BATCH, bank, rng)
    told = captions(scenes, rng)
    scenes = _natural(scenes, told, rng)
    other = _other(scenes, told, bank, rng)
    target, hidden = scenes.paint(bank), other.paint(bank)
    mask = masks(scenes, bank, rng)
    distract = Scenes.drawn(_MASKED, bank, rng)
    cover = distract.cover(bank) * (1 - mask[:_MASKED]) * (rng.random((_MASKED, 1, 1)) < 0.5)
    inks = distract.paint(bank)  # where the cover is whole this is the distracting figure
    keep = np.clip(cover, 0, 1)[..., None]
    target[:_MASKED] += keep * (inks - target[:_MASKED])
    hole = mask[:_MASKED, ..., None]
    hidden[:_MASKED] = target[:_MASKED] + hole * (hidden[:_MASKED] - target[:_MASKED])
    texts = ["" if rng.random() < _NO_WORDS else each.text for each in told]
    return Lessons(target, hidden, mask, texts)


def masks(scenes: Scenes, bank: Bank, rng: np.random.Generator) -> NDArray[np.float32]:
    """Boxes and ovals around each figure, some of the whole picture. Shape (n, SIDE, SIDE)."""
    at = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
    found = [bank.poses[index] for index in scenes.pose]
    x, y, reach = (
        np.array([getattr(each, name) for each in found]) for name in ("x", "y", "reach")
    )
    count = len(found)
    wide, tall = (reach * rng.uniform(1.08, 1.5, count) for _ in range(2))
    across = np.abs(at[None, None, :] - x[:, None, None]) / wide[:, None, None]
    down = np.abs(at[None, :, None] - y[:, None, None]) / tall[:, None, None]
    box = (across <= 1) & (down <= 1)
    oval = (across / 1.25) ** 2 + (down / 1.25) ** 2 <= 1
    made = np.where(rng.random((count, 1, 1)) < 0.7, box, oval)
    made |= rng.random((count, 1, 1)) < 0.12
    mask: NDArray[np.float32] = made.astype(np.float32)
    return mask


def _natural(scenes: Scenes, told: Sequence[Caption], rng: np.random.Generator) -> Scenes:
    """The same scenes; some animals, houses and trees of no named colour in their usual one."""
    named = np.array([each.figure < len(COLOURS) for each in told])
    kinds = [NATURAL.get(KINDS[kind]) for kind in scenes.kind]
    usual = np.array([COLOURS.index(each) if each else -1 for each in kinds])
    takes = ~named & (usual >= 0) & (usual != scenes.ground) & (rng.random(len(told)) < _USUAL)
    return replace(scenes, figure=np.where(takes, usual, scenes.figure))


def _other(scenes: Scenes, told: Sequence[Caption], bank: Bank, rng: np.random.Generator) -> Scenes:
    """Other scenes: what the caption does not name is the same, and mostly the pose is."""
    count = len(told)
    other = Scenes.drawn(count, bank, rng)
    names = (("kind", KINDS), ("figure", COLOURS), ("ground", COLOURS))
    stays = {
        name: np.array([getattr(each, name) == len(all_of) for each in told])
        for name, all_of in names
    }
    same_pose = stays["kind"] | (rng.random(count) < 0.6)
    same_kind = stays["kind"] | (same_pose & (rng.random(count) < 0.3))
    figure = np.where(stays["figure"], scenes.figure, other.figure)
    ground = np.where(stays["ground"], scenes.ground, other.ground)
    figure = np.where(figure == ground, scenes.figure, figure)
    return replace(
        other,
        pose=np.where(same_pose, scenes.pose, other.pose),
        kind=np.where(same_kind, scenes.kind, other.kind),
        figure=figure,
        ground=np.where(figure == ground, scenes.ground, ground),
    )


class Teacher:
    """Turns lessons into a loss, with the finished autoencoder and text encoder."""

    def __init__(self, folder: Path) -> None:
        """Take the two from their checkpoints."""
        reader, self.tokens = fit_text.course(folder, 1)
        self.vae, trained = fit_vae.finished(folder)
        if not (reader.step and trained):
            raise FileNotFoundError(f"{folder} has no text.pt and vae.pt; train text and vae first")
        self.encoder = reader.net.encoder.eval().requires_grad_(False)
        self.scale = scale_of(self.vae)
        self.alphas = scheduler().alphas_cumprod

    def states(self, texts: list[str]) -> torch.Tensor:
        """The text encoder's states, shape (n, tokens, width)."""
        with torch.no_grad():
            return self.encoder(fit_text.ids_of(texts, self.tokens)).last_hidden_state

    def latents(self, pictures: NDArray[np.float32]) -> torch.Tensor:
        """Latents of pictures, scaled to about one, shape (n, 4, 16, 16)."""
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            seen = to_tensor(pictures).to(memory_format=torch.channels_last)
            return self.vae.encode(seen).latents.float() * self.scale

    def loss(self, net: torch.nn.Module, batch: Lessons, rng: np.random.Generator) -> torch.Tensor:
        """The squared error of v."""
        clean = self.latents(batch.target)
        times = torch.from_numpy(_times(rng))
        near = self.alphas[times].sqrt()[:, None, None, None]
        far = (1 - self.alphas[times]).sqrt()[:, None, None, None]
        edited = (times >= _MUCH_NOISE) & torch.from_numpy(rng.random(BATCH) < _EDITED)
        under = clean.clone()
        if edited.any():
            under[edited] = self.latents(batch.hidden[edited.numpy()])
        noise = torch.from_numpy(rng.standard_normal(clean.shape, np.float32))
        noisy = near * under + far * noise
        wanted = torch.where(
            edited[:, None, None, None], (near * noisy - clean) / far, near * noise - far * clean
        )
        seen = torch.cat((noisy, self._given(batch)), 1).contiguous()
        with torch.autocast("cpu", torch.bfloat16):
            said = net(seen, times, self.states(batch.texts)).sample
        return (said.float() - wanted).square().mean()

    def _given(self, batch: Lessons) -> torch.Tensor:
        """Mask and latents of what is kept, shape (n, 5, 16, 16); zero where nothing is masked."""
        given = torch.zeros(BATCH, 5, LATENT_SIDE, LATENT_SIDE)
        every = SIDE // LATENT_SIDE
        mask = batch.mask[:_MASKED]
        given[:_MASKED, 0] = torch.from_numpy(mask[:, ::every, ::every])
        kept = batch.target[:_MASKED] * (1 - mask[..., None]) + 127.5 * mask[..., None]
        given[:_MASKED, 1:] = self.latents(kept)
        return given


def scale_of(vae: torch.nn.Module) -> float:
    """What latents are multiplied by to spread by about one."""
    bank = Bank.make(20, 7)
    pictures = to_tensor(Scenes.drawn(256, bank, np.random.default_rng(7)).paint(bank))
    with torch.no_grad():
        return round(1 / float(vae.encode(pictures).latents.std()), 4)


def _times(rng: np.random.Generator) -> NDArray[np.int64]:
    """Timesteps: half of them anywhere, half about where the drawing is decided."""
    anywhere = rng.random(BATCH)
    decided = 1 / (1 + np.exp(-rng.normal(0.3, 0.9, BATCH)))
    chosen = np.where(rng.random(BATCH) < 0.5, anywhere, decided)
    return np.clip((chosen * 1000).astype(np.int64), 0, 999)


def course(folder: Path, steps: int) -> Course:
    """Set the training up, as far as it was taken before."""
    torch.manual_seed(3)
    net = unet()
    return Course("unet", net, steps, 2e-3, folder, average=True)


def train(folder: Path, steps: int, bank: Bank) -> bool:
    """Train to the end; whether it came there."""
    run, teacher = course(folder, steps), Teacher(folder)

    def loss_of(step: int) -> torch.Tensor:
        rng = np.random.default_rng((3, step))
        return teacher.loss(run.net, lessons(bank, rng), rng)

    for step in run.train(loss_of):
        if step % 1000 == 0:
            run.log(**gate(run, teacher))
    return run.done


def gate(run: Course, teacher: Teacher, count: int = 66) -> dict[str, float]:
    """The share of drawings and colours obeyed, painted from noise alone with the average."""
    net = unet()
    net.load_state_dict(run.weights())
    return obeyed(net, teacher, [(i % len(KINDS), i % len(COLOURS)) for i in range(count)])
