"""A decoded picture's pixels as RGB and alpha, the right way up, whatever bands its file has.

Knows Pillow's pictures. Must not know files, limits, or what pictures are for.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

_OPAQUE: Final = 255
_STRIP: Final = 1 << 20  # pixels


def rgb_of(image: Image.Image) -> NDArray[np.uint8]:
    """Return RGB pixels over white, a strip at a time: a large picture stands twice in memory."""
    width, height = image.size
    if width * height <= _STRIP:
        return np.array(_rgb(image))
    array = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        array[top:bottom] = np.asarray(_rgb(image.crop((0, top, width, bottom))))
    return array


def alpha_of(image: Image.Image) -> NDArray[np.uint8] | None:
    """Return what is seen through, a strip at a time; None where nothing is."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return None
    width, height = image.size
    alpha = np.empty((height, width), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        strip = image.crop((0, top, width, bottom))
        strip = strip if "A" in strip.getbands() else strip.convert("RGBA")
        alpha[top:bottom] = np.asarray(strip.getchannel("A"))
    return alpha if alpha.min() < _OPAQUE else None


def turn_upright(image: Image.Image) -> None:
    """Turn a picture as its EXIF orientation says, where it says one."""
    with suppress(Exception):  # metadata that cannot be read says nothing of the picture
        ImageOps.exif_transpose(image, in_place=True)  # else it returns a copy of every picture


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit gray
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    see_through = image.convert("RGBA")
    sheet = Image.new("RGB", image.size, "white")
    sheet.paste(see_through, mask=see_through.getchannel("A"))
    return sheet
