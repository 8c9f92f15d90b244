"""Pictures that drivers send, made here: scenes, masks, samples, and how fields take them.

Knows the encodings in which pictures are sent. Must not know clauses, or any one provider.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image

from testcard.common.body import FilePart
from testcard.common.masking import Polarity
from testcard.common.picture import FORMATS, Format, decode, encode, sniff
from testcard.common.place import Field
from testcard.common.upload import Encoding
from testcard.contract.calls import Links

_SIDE: Final = 64  # of samples, in pixels


@cache
def scene(width: int, height: int, variant: int = 0) -> bytes:
    """Return a PNG file of width × height pixels: a sky, a sea and a disc, by `variant`."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width])[:, None, None]
    sky = np.stack([120 + 60 * y, 150 + 40 * x, 220 - 60 * y], axis=-1)
    sea = np.stack([20 + 30 * x, 70 + 30 * y, 110 + 20 * x], axis=-1)
    picture = np.where((y > 0.6)[..., None], sea, sky)
    middle = 0.35 if variant == 0 else 0.7
    disc = (x - middle) ** 2 + (y - 0.35) ** 2 < 0.02
    picture[disc] = (250, 220, 90) if variant == 0 else (200, 60, 60)
    return encode(np.ascontiguousarray(picture.astype(np.uint8)), "png")


@cache
def half_mask(width: int, height: int, *, left: bool, polarity: Polarity = "white") -> bytes:
    """Return a PNG file of a mask that has the left or right half repainted, the other kept."""
    mask = np.zeros((height, width, 3), np.uint8)
    mask[:, : width // 2 or 1] = 255
    white = mask if left else np.ascontiguousarray(255 - mask)
    if polarity != "alpha":
        return encode(white if polarity == "white" else np.ascontiguousarray(255 - white), "png")
    out = BytesIO()
    Image.fromarray(np.dstack([255 - white, 255 - white[..., 0]]), "RGBA").save(out, "PNG")
    return out.getvalue()


def as_format(data: bytes, format_: Format) -> bytes:
    """Return a picture's file in another format, or itself where it has that."""
    return data if sniff(data) == format_ else encode(decode(data).array, format_)


def picture_value(data: bytes, encoding: Encoding, url: str) -> str | FilePart:
    """Return a PNG file as a field's value, in one of the ways in which pictures are sent."""
    if encoding in ("file", "part"):
        return FilePart(data, "picture.png" if encoding == "file" else None)
    if encoding == "url":
        return url
    text = b64encode(data).decode("ascii")
    return f"data:image/png;base64,{text}" if encoding == "data-uri" else text


def all_encodings(field: Field, links: Links) -> tuple[Any, ...]:
    """Return real pictures in every way that the field takes them: strings, or FileParts."""
    return tuple(value for each in field.encodings for value in encoded(each, links))


def encoded(encoding: str, links: Links) -> list[str | FilePart]:
    """Return real pictures, in one of the ways in which pictures are sent."""
    if encoding == "url":
        return [links.picture, links.other]
    if encoding == "file-id":
        return [links.uploaded(data) for data in samples()[:1]]
    named = tuple(zip(FORMATS, samples(), strict=True))
    if encoding in ("file", "part"):
        return [
            FilePart(data, f"testcard.{n}" if encoding == "file" else None) for n, data in named
        ]
    start = "data:image/{};base64," if encoding == "data-uri" else ""
    return [start.format(name) + b64encode(data).decode() for name, data in named]


@cache
def samples() -> tuple[bytes, ...]:
    """Return one small picture in each format: green from above, red from the left."""
    ramp = np.linspace(0, 255, _SIDE).astype(np.uint8)
    array = np.full((_SIDE, _SIDE, 3), 96, np.uint8)
    array[:, :, 0], array[:, :, 1] = ramp, ramp[:, None]
    return tuple(encode(array, each) for each in FORMATS)
