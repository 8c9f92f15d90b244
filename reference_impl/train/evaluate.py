"""Measure the shipped weights: the quality table of the model card, through the engine itself.

Every figure is told by the oracle from what the stock pipelines painted. Knows the engine and
the oracle. Must not know how the weights were trained.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from testcard.common.job import PictureJob
from testcard.common.picture import Pixels, distance
from testcard.reference.engine import ReferenceEngine
from testcard.reference.models import Models
from train.fit_vae import to_tensor
from train.oracle import Sight, look
from train.scenes import COLOURS, INKS, KINDS, SIDE, Bank, Pose, Scenes, blend, draw, poses, shares

_SEED: Final = 977  # of scenes that training never saw
_STRENGTHS: Final = tuple(round(0.1 * step, 1) for step in range(1, 11))
_CHANNELS: Final = 3
_TOGETHER: Final = 11
Picture = NDArray[np.uint8]


class Exam:
    """Asks the engine for pictures of held-out scenes, and the oracle what they show."""

    def __init__(self, engine: ReferenceEngine, count: int) -> None:
        """Draw `count` inputs and as many wishes."""
        rng = np.random.default_rng(_SEED)
        self.engine, self.count = engine, count
        self.bank = Bank.make(60, _SEED)
        self.before = Scenes.drawn(count, self.bank, rng)
        wishes = Scenes.drawn(count, self.bank, rng)
        self.wishes = replace(wishes, kind=np.arange(count) % len(KINDS))
        self.inputs = _bytes_of(self.before.paint(self.bank))

    def wish(self, index: int) -> tuple[str, str, str]:
        """Kind, figure and ground asked for."""
        wishes = self.wishes
        figure, ground = COLOURS[wishes.figure[index]], COLOURS[wishes.ground[index]]
        return KINDS[wishes.kind[index]], figure, ground

    def job(self, index: int, **changes: Any) -> PictureJob:
        """The job for one wish, at the native size."""
        kind, figure, ground = self.wish(index)
        plain = PictureJob(
            provider="segmind",
            prompt=f"a {figure} {kind} on a {ground} background",
            init=Pixels.of(self.inputs[index]),
            width=SIDE,
            height=SIDE,
            steps=25,
            seed=index,
        )
        return replace(plain, **changes)

    def paint(self, jobs: Sequence[PictureJob]) -> list[Picture]:
        """The first picture of each; those that wait together are painted together."""
        with ThreadPoolExecutor(_TOGETHER) as pool:
            return list(pool.map(lambda job: next(iter(self.engine.paint(job))), jobs))

    def obeyed(self, **changes: Any) -> dict[str, float]:
        """Shares of wishes whose colours, and whose drawing, were obeyed."""
        return self._judged(self.paint([self.job(i, **changes) for i in range(self.count)]))

    def _judged(self, painted: Sequence[Picture]) -> dict[str, float]:
        seen = [look(picture) for picture in painted]
        wished = [self.wish(index) for index in range(len(seen))]
        return {
            "both colours": _share(seen, wished, lambda s, w: (s.figure, s.ground) == w[1:]),
            "shape": _share(seen, wished, lambda s, w: s.kind == w[0]),
        }

    def vae(self) -> float:
        """Decibels on held-out scenes."""
        parts = self.engine.models.kept["sd"].components
        with torch.inference_mode():
            real = to_tensor(self.inputs.astype(np.float32))
            back = parts["vae"].decode(parts["vae"].encode(real).latents).sample.clamp(-1, 1)
        return -10 * math.log10(float((back - real).square().mean()) / 4)

    def inpainting(self) -> dict[str, float]:
        """A new drawing in a box, on the ground that is there."""
        jobs, wished = [], []
        rng = np.random.default_rng(_SEED + 1)
        for index, pose in enumerate(poses(self.count, rng)):
            kind, figure, _ = self.wish(index)
            ground = COLOURS[self.before.ground[index]]
            if figure == ground:
                figure = COLOURS[(COLOURS.index(figure) + 1) % len(COLOURS)]
            wished.append((kind, figure, ground))
            init, mask = self._masked(index, pose)
            prompt = f"a {figure} {kind} on a {ground} background"
            told = {"init": Pixels.of(init)}
            jobs.append(self.job(index, prompt=prompt, mask=Pixels.of(mask), **told))
        painted = self.paint(jobs)
        seen = [look(picture) for picture in painted]
        kept = sum(_kept(job, picture) for job, picture in zip(jobs, painted, strict=True))
        return {
            "colour": _share(seen, wished, lambda s, w: (s.figure, s.ground) == w[1:]),
            "shape": _share(seen, wished, lambda s, w: s.kind == w[0]),
            "both": _share(seen, wished, lambda s, w: (s.kind, s.figure, s.ground) == w),
            "unmasked kept exactly": kept / self.count,
        }

    def _masked(self, index: int, pose: Pose) -> tuple[Picture, Picture]:
        """The input's drawing at `pose`, and a box around it as a mask."""
        cover = shares(draw(KINDS[self.before.kind[index]], pose)[None])
        figure, ground = (getattr(self.before, n)[index : index + 1] for n in ("figure", "ground"))
        init = blend(cover, INKS[figure], INKS[ground])[0]
        at = (np.arange(SIDE) + 0.5) / SIDE
        reach = pose.reach * 1.25
        across, down = (np.abs(at - centre) <= reach for centre in (pose.x, pose.y))
        mask = np.where(down[:, None] & across, 255, 0).astype(np.uint8)
        return _bytes_of(init), np.repeat(mask[..., None], _CHANNELS, 2)

    def negative(self) -> float:
        """Paint without colours told; name the figure's colour as unwanted; is it gone?

        Where nothing was seen that could be named, nothing is asked.
        """
        plain = [
            self.job(index, init=None, prompt=f"a {self.wish(index)[0]}")
            for index in range(self.count)
        ]
        colours = [look(picture).figure for picture in self.paint(plain)]
        asked = [(job, colour) for job, colour in zip(plain, colours, strict=True) if colour]
        after = self.paint([replace(job, negative_prompt=colour) for job, colour in asked])
        seen = [look(picture) for picture in after]
        gone = [c not in (s.figure, s.ground) for (_, c), s in zip(asked, seen, strict=True)]
        return sum(gone) / len(gone)

    def ladder(self) -> dict[str, Any]:
        """Mean distance from the input, and colours obeyed, at each strength."""
        count = min(self.count, 60)
        far, right = [], []
        for strength in _STRENGTHS:
            painted = self.paint([self.job(i, strength=strength) for i in range(count)])
            pairs = list(zip(painted, self.inputs, strict=False))
            far.append(round(sum(distance(a, b) for a, b in pairs) / count, 4))
            right.append(round(self._judged(painted)["both colours"], 3))
        grows = all(low < high for low, high in pairwise(far))
        return {"strengths": _STRENGTHS, "distance": far, "colours": right, "strictly grows": grows}


def _kept(job: PictureJob, painted: Picture) -> bool:
    assert job.init is not None  # noqa: S101 (this exam sends one)
    assert job.mask is not None  # noqa: S101
    black = job.mask.array == 0
    return bool(np.array_equal(painted[black], job.init.array[black]))


def _share(
    seen: Sequence[Sight],
    wished: Sequence[tuple[str, str, str]],
    right: Callable[[Sight, tuple[str, str, str]], bool],
) -> float:
    pairs = zip(seen, wished, strict=True)
    return sum(right(sight, wish) for sight, wish in pairs) / len(seen)


def _bytes_of(pictures: NDArray[np.float32]) -> Picture:
    return np.clip(np.rint(pictures), 0, 255).astype(np.uint8)


def table(engine: ReferenceEngine, count: int) -> dict[str, Any]:
    """Every row."""
    exam = Exam(engine, count)
    return {
        "pictures a row": count,
        "img2img, strength 1.0": exam.obeyed(strength=1.0),
        "img2img, strength 0.8": exam.obeyed(strength=0.8),
        "text alone": exam.obeyed(init=None),
        "SDXL, strength 0.8": exam.obeyed(strength=0.8, family="sdxl"),
        "VAE, dB": round(exam.vae(), 2),
        "inpainting": exam.inpainting(),
        "negative prompt removes the colour": exam.negative(),
        "strength 0.1 to 1.0": exam.ladder(),
    }


def main() -> int:
    """Print the table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=220)
    parser.add_argument("--out", type=Path)
    told = parser.parse_args()
    began = time.process_time()
    found = table(ReferenceEngine(Models(device="cpu"), together=_TOGETHER), told.count)
    found["cpu seconds"] = round(time.process_time() - began, 1)
    text = json.dumps(found, indent=2) + "\n"
    sys.stdout.write(text)
    if told.out:
        told.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
