"""What happens to pixels before and after a pipeline: sizes, masks, seams.

Knows pictures as arrays. Must not know pipelines, prompts or models.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Picture = NDArray[np.uint8]
_LEAST: Final = 32  # pixels a side that the networks can halve as often as they do
_UNIT: Final = 8  # what pipelines want sides to be multiples of
_SEAM: Final = 6.0  # pixels that the seam reaches into the mask


def working_size(width: int, height: int, native: int | None) -> tuple[int, int]:
    """The size to paint at for a picture of width × height.

    Args:
        width: asked for.
        height: asked for.
        native: side of the square whose area is painted; None to paint at full size.
    """
    scale = 1.0 if native is None else native / math.sqrt(width * height)
    sides = (max(_LEAST, round(side * scale / _UNIT) * _UNIT) for side in (width, height))
    across, down = sides
    return across, down


def resized(picture: Picture, width: int, height: int) -> Picture:
    """The picture stretched to width × height; itself where it has that size."""
    if picture.shape[:2] == (height, width):
        return picture
    image = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)


def mask_of(picture: Picture, width: int, height: int) -> Picture:
    """How much each pixel is to be repainted, 0..255, shape (height, width)."""
    mask = Image.fromarray(picture).convert("L")
    if mask.size == (width, height):
        return np.asarray(mask)
    grows = width >= mask.width and height >= mask.height
    way = Image.Resampling.NEAREST if grows else Image.Resampling.BOX
    return np.asarray(mask.resize((width, height), way))


def area_of(picture: Picture, width: int, height: int) -> Picture:
    """What is to be repainted at a working size: 255 or 0, shape (height, width).

    Every pixel of which the mask has a part counts whole, so that no thin stroke is lost.
    """
    area: Picture = np.where(mask_of(picture, width, height) > 0, 255, 0).astype(np.uint8)
    return area


def kept(picture: Picture, painted: Picture, mask: Picture) -> Picture:
    """`painted` where the mask is not black, `picture` exactly where it is.

    The seam between them lies inside the mask: the share of paint grows from its edge inwards.
    """
    inside = np.pad(mask > 0, 1, mode="edge")  # the picture's own edge is no seam
    depth = ndimage.distance_transform_edt(inside)[1:-1, 1:-1]
    share = np.minimum(depth / (_SEAM + 1), 1) * (mask / 255)
    share = np.where(inside.all(), mask / 255, share)[..., None]
    mixed = picture + share * (painted.astype(np.float32) - picture)
    return np.where(mask[..., None] == 0, picture, np.rint(mixed)).astype(np.uint8)
