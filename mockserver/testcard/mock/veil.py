"""Pictures that nobody is to see: blurred beyond recognition, or black.

Knows encoded pictures. Must not know calls, or any one provider.
"""

from __future__ import annotations

from io import BytesIO
from typing import Literal

import numpy as np
from PIL import Image, ImageFilter

from testcard.common.picture import Format, encode

Veil = Literal["blurred", "black"]


def veiled(data: bytes, format_: Format, veil: Veil) -> bytes:
    """Return a picture of the same size and format of which nothing can be recognised."""
    with Image.open(BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    if veil == "black":
        return encode(np.zeros((picture.height, picture.width, 3), np.uint8), format_)
    blurred = picture.filter(ImageFilter.GaussianBlur(max(picture.size) / 8))
    return encode(np.asarray(blurred), format_)
