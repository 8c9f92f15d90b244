"""A grid of pictures for the docs, painted by the engine: what goes in, and what comes out.

Knows the engine and how to lay pictures out. Must not know how the weights were trained.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from testcard.common.job import PictureJob
from testcard.common.picture import Pixels
from testcard.reference.engine import ReferenceEngine
from testcard.reference.models import Models
from train.scenes import INKS, KINDS, Pose, blend, draw, shares

_CELL: Final = 192
_LABEL: Final = 22
_GAP: Final = 6
_STYLES: Final = (
    "analog-film", "pixel-art", "line-art", "comic-book", "neon-punk", "origami"
)  # fmt: skip
Picture = NDArray[np.uint8]
Cell = tuple[str, Picture]


def scene(kind: str, figure: int, ground: int, pose: Pose) -> Picture:
    """A drawn input."""
    cover = shares(draw(kind, pose, _CELL)[None])
    painted = blend(cover, INKS[[figure]], INKS[[ground]])[0]
    rounded: Picture = np.rint(painted).astype(np.uint8)
    return rounded


def rows(engine: ReferenceEngine) -> list[list[Cell]]:
    """Every row of the grid."""
    sent = scene("circle", 0, 2, Pose(0.5, 0.5, 0.36, 0.0))
    plain = PictureJob("segmind", "", init=Pixels.of(sent), width=_CELL, height=_CELL, steps=25)

    def cell(label: str, **changes: object) -> Cell:
        return label, next(iter(engine.paint(replace(plain, **changes))))  # type: ignore[arg-type]

    wanted = ("a green star on a white background", "Change to a cat", "a yellow house on black")
    strengths = (0.2, 0.4, 0.6, 0.8, 1.0)
    told = "a yellow cat on a purple background"
    box = np.zeros((_CELL, _CELL, 3), np.uint8)
    box[16:-16, 16:-16] = 255
    inpaint = {"mask": Pixels.of(box)}
    colours = ("a red {} on white", "a blue {} on yellow", "a white {} on a green background")
    return [
        [("sent", sent), *(cell(text, prompt=text, seed=4) for text in wanted),
         cell("a pink ring on black", prompt="a pink ring on black", seed=1),
         cell("a white tree on green", prompt="a white tree on green", seed=2)],
        [("sent", sent),
         *(cell(f"strength {s}", prompt=told, strength=s, seed=3) for s in strengths)],
        [("mask", box), *(
            cell(f"in the mask: {kind}", prompt=f"a white {kind} on a blue background", seed=i,
                 **inpaint) for i, kind in enumerate(("star", "dog", "tree", "cross", "square"))
        )],
        *(
            [cell(kind, init=None, seed=n, prompt=colours[n % 3].format(kind)) for n, kind in part]
            for part in _halves(list(enumerate(KINDS)))
        ),
        [cell(name, prompt="a red cat on yellow", seed=5, style=name)
         for name in _STYLES],
    ]  # fmt: skip


def _halves(kinds: list[tuple[int, str]]) -> list[list[tuple[int, str]]]:
    return [kinds[:6], kinds[6:]]


def sheet(lines: Sequence[Sequence[Cell]]) -> Image.Image:
    """All rows on one sheet, a label under each picture."""
    across = max(len(line) for line in lines)
    step = (_CELL + _GAP, _CELL + _LABEL + _GAP)
    paper = Image.new("RGB", (across * step[0] + _GAP, len(lines) * step[1] + _GAP), "white")
    pen, font = ImageDraw.Draw(paper), ImageFont.load_default(11)
    for row, line in enumerate(lines):
        for column, (label, picture) in enumerate(line):
            at = (_GAP + column * step[0], _GAP + row * step[1])
            paper.paste(Image.fromarray(picture), at)
            pen.text((at[0] + 2, at[1] + _CELL + 3), label[:36], "black", font)
    return paper


def main() -> int:
    """Write the grid."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path("grid.png"))
    told = parser.parse_args()
    sheet(rows(ReferenceEngine(Models(device="cpu")))).save(told.out)
    sys.stdout.write(f"{told.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
