"""The oracle: what a picture of one drawing shows, told by geometry alone.

The ground is the palette's colour nearest to most of the border; the figure is the colour
nearest to most of what is not ground. How far each pixel lies between the two gives the
drawing's cover, which is brought to a fixed place and size by its own moments and compared
with every kind at several turns. Knows the palette and the drawings. Must not know models,
captions, or what was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from train.scenes import COLOURS, INKS, KINDS, Pose, draw, shares

_GRID: Final = 32
_SPAN: Final = 2.0  # the grid reaches so many standard deviations from the centre
_TURNS: Final = np.radians(np.arange(-15, 16, 5))
_SIDE: Final = 64


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen.

    Attributes:
        figure: name of the drawing's colour; empty where there is no drawing.
        ground: name of the ground's colour.
        kind: the drawing it is most like; empty where there is none.
        likeness: to that drawing, 0 to 1.
        share: of the picture that the figure covers.
    """

    figure: str
    ground: str
    kind: str
    likeness: float
    share: float


def look(picture: NDArray[np.uint8]) -> Sight:
    """See what an RGB picture, shape (height, width, 3), shows; it is judged at 64 pixels."""
    pixels = _brought_down(picture).astype(np.float32)
    near = _nearest(pixels)
    border = np.concatenate((near[0], near[-1], near[:, 0], near[:, -1]))
    ground = int(np.bincount(border, minlength=len(COLOURS)).argmax())
    votes = np.bincount(near[near != ground], minlength=len(COLOURS))
    if votes.max() < 12:
        return Sight("", COLOURS[ground], "", 0.0, 0.0)
    figure = int(votes.argmax())
    cover = _cover(pixels, INKS[figure], INKS[ground])
    kind, likeness = _likest(cover)
    return Sight(COLOURS[figure], COLOURS[ground], kind, likeness, float(cover.mean()))


def _brought_down(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.shape[:2] == (_SIDE, _SIDE):
        return picture
    return np.asarray(Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.BOX))


def _nearest(pixels: NDArray[np.float32]) -> NDArray[np.int64]:
    """Index of the nearest colour of the palette, shape (height, width)."""
    distances = ((pixels[:, :, None, :] - INKS) ** 2).sum(-1)
    nearest: NDArray[np.int64] = distances.argmin(-1)
    return nearest


def _cover(
    pixels: NDArray[np.float32], figure: NDArray[np.float32], ground: NDArray[np.float32]
) -> NDArray[np.float32]:
    way = figure - ground
    return np.clip((pixels - ground) @ way / (way @ way), 0, 1)


def _likest(cover: NDArray[np.float32]) -> tuple[str, float]:
    names, patterns = _patterns()
    seen = _normal(cover)
    if seen is None:
        return "", 0.0
    likeness = patterns @ seen
    best = int(likeness.argmax())
    return names[best], float(likeness[best])


def _normal(cover: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """A cover brought to one place and size by its moments, as a unit vector."""
    firm = np.where(cover > 0.3, cover, 0)
    mass = firm.sum()
    if mass < 8:
        return None
    rows, columns = np.mgrid[: cover.shape[0], : cover.shape[1]]
    y, x = (firm * rows).sum() / mass, (firm * columns).sum() / mass
    spread = np.sqrt((firm * ((rows - y) ** 2 + (columns - x) ** 2)).sum() / mass)
    reach = _SPAN * spread
    box = (x - reach + 0.5, y - reach + 0.5, x + reach + 0.5, y + reach + 0.5)
    size = (_GRID, _GRID)
    image = Image.fromarray(np.clip(cover, 0, 1).astype(np.float32))
    grid = image.transform(size, Image.Transform.EXTENT, box, Image.Resampling.BILINEAR)
    flat = np.asarray(grid).ravel() - np.asarray(grid).mean()
    unit: NDArray[np.float32] = flat / max(float(np.linalg.norm(flat)), 1e-6)
    return unit


@cache
def _patterns() -> tuple[list[str], NDArray[np.float32]]:
    names, rows = [], []
    for kind in KINDS:
        for turn in _TURNS:
            cover = shares(draw(kind, Pose(0.5, 0.5, 0.4, float(turn))))
            row = _normal(cover)
            if row is not None:
                names.append(kind)
                rows.append(row)
    return names, np.stack(rows)
