"""Bytes to pixels and back, for PNG, JPEG and WebP.

Knows Pillow, how pictures of every kind become 8-bit RGB, and a fast way to write PNG.
Must not know HTTP, base64, any provider, or what a picture is for.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from isal import igzip_lib, isal_zlib
from PIL import Image
from xxhash import xxh3_128_hexdigest

from testcard.common.bands import alpha_of, rgb_of, turn_upright
from testcard.common.bounds import DEFAULT_LIMITS, Limits, PictureError, PixelBudget
from testcard.common.outline import excess, slowness

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ACCEPTED",
    "DEFAULT_LIMITS",
    "FORMATS",
    "Format",
    "Limits",
    "PictureError",
    "Pixels",
    "decode",
    "distance",
    "encode",
    "format_named",
    "format_of",
    "media_type",
    "sniff",
]

Format = Literal["png", "jpeg", "webp"]

FORMATS: Final[tuple[Format, ...]] = ("png", "jpeg", "webp")
ACCEPTED: Final = "expected a PNG, JPEG or WebP picture"

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_END_OF_JPEG: Final = b"\xff\xd9"
_MAGIC: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"GIF8", "a GIF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"\0\0\1\0", "an ICO picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyphei", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIC picture"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"%PDF", "a PDF document"),
)


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture: equal to another, and hashed, by its digest alone.

    Attributes:
        array: shape (height, width, 3), RGB, 0..255, read-only.
        digest: hex; of the pixels, or of the file that they were decoded from. Two
            encodings of one picture therefore differ; one file sent twice does not.
        alpha: shape (height, width), 0 (seen through) to 255; None where nothing is seen through.
    """

    array: NDArray[np.uint8] = field(compare=False, repr=False)
    digest: str
    alpha: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, array: NDArray[np.uint8]) -> Pixels:
        """Copy pixels of shape (height, width, 3), and digest them. ValueError otherwise."""
        _require_rgb(array)
        own = np.array(array, order="C")
        own.flags.writeable = False
        digest = hashlib.blake2b(repr(own.shape).encode(), digest_size=16)
        digest.update(own.data)
        return cls(own, digest.hexdigest())

    @classmethod
    def decoded(
        cls,
        array: NDArray[np.uint8],
        data: bytes,
        digest: str | None = None,
        alpha: NDArray[np.uint8] | None = None,
    ) -> Pixels:
        """Take over pixels, shape (height, width, 3), decoded from the file `data`."""
        array.flags.writeable = False
        return cls(array, digest or file_digest(data), alpha)

    @property
    def nbytes(self) -> int:
        """Bytes that its pixels take."""
        return self.array.nbytes + (self.alpha.nbytes if self.alpha is not None else 0)

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.array.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.array.shape[0])


def sniff(data: bytes) -> Format | None:
    """The format that the first bytes announce; None for any other."""
    if data.startswith(_PNG_SIGNATURE):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return None


def media_type(format: Format) -> str:  # noqa: A002 - the word that Pillow and clients use
    """The media type of a format: "image/png", "image/jpeg" or "image/webp"."""
    return f"image/{format}"


def format_of(media_type: str) -> Format | None:
    """The format of a media type, its parameters and case ignored; None for any other."""
    name = media_type.partition(";")[0].strip().lower()
    if name == "image/jpg":
        return "jpeg"
    return next((known for known in FORMATS if name == f"image/{known}"), None)


def format_named(word: object) -> Format | None:
    """The format that a word means: `png`, `jpeg`, `jpg`, `webp` or a media type; None for none."""
    text = word.strip().lower() if isinstance(word, str) else ""
    return format_of(text if "/" in text else f"image/{text}")


def file_digest(data: bytes) -> str:
    """Return the digest of a picture's file, hex, by which files are told apart."""
    return xxh3_128_hexdigest(data)


def decode(
    data: bytes,
    limits: Limits = DEFAULT_LIMITS,
    budget: PixelBudget | None = None,
    digest: str | None = None,
) -> Pixels:
    """Decode a PNG, JPEG or WebP file to RGB.

    EXIF orientation is applied, transparency is laid over white, the first frame of an
    animation is taken, and gray, palette, CMYK and 16-bit pictures become 8-bit RGB.

    Args:
        data: the file.
        limits: how large the picture may be.
        budget: of pixels that are decoded at once; waits for it. None for no such bound.
        digest: `file_digest` of the file, where it is known already.

    Raises:
        PictureError: for nothing at all, for anything else, for a file that is cut short
            or damaged, for one larger than `limits`, for one of more scans or chunks
            than encoders write, and for one that is slow to decode.
    """
    known = sniff(data)
    if known is None:
        raise PictureError(f"{_describe(data)}: {ACCEPTED}")
    if known == "jpeg" and _END_OF_JPEG not in data:  # Pillow forgives a file without its end
        raise PictureError("the JPEG picture is cut short: expected an end marker")
    if too_much := excess(data, known):
        raise PictureError(too_much)
    try:
        array, alpha = _decoded(data, known, limits, budget or PixelBudget())
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"the picture is too large to be decoded: {error}") from error
    except Exception as error:  # whatever stops a decoder, the fault is in the file
        raise PictureError(
            f"the {known.upper()} picture is damaged or cut short: {error}"
        ) from error
    return Pixels.decoded(array, data, digest, alpha)


def _decoded(
    data: bytes, known: Format, limits: Limits, budget: PixelBudget
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    if known == "png":  # Pillow decodes without a look at the checksums
        with Image.open(BytesIO(data), formats=["PNG"]) as image:
            limits.check(*image.size)
            image.verify()
    with Image.open(BytesIO(data), formats=[known.upper()]) as image:
        limits.check(*image.size)
        if slow := slowness(data, known, image.width * image.height):
            raise PictureError(slow)
        with budget.taken(image.width * image.height):
            turn_upright(image)
            return rgb_of(image), alpha_of(image)


def encode(
    array: NDArray[np.uint8],
    format: Format,  # noqa: A002
    quality: int = 90,
) -> bytes:
    """Encode RGB pixels, shape (height, width, 3), 0..255. ValueError for any other array.

    PNG is written here: rows filtered by numpy ("up"), deflated by igzip at its level 0,
    for levels 1 and 2 draw on a register that they have not set, and differ by the thread's stack.
    Pillow's PNG writer needs ten times the processor time.
    `quality` is that of JPEG and WebP, 1 to 100.
    """
    _require_rgb(array)
    if format == "png":
        return _png_bytes(array)
    out = BytesIO()
    if format == "jpeg":
        Image.fromarray(array).save(out, "JPEG", quality=quality)
    else:
        Image.fromarray(array).save(out, "WEBP", quality=quality, method=0)
    return out.getvalue()


def distance(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Mean absolute difference, 0 (equal) to 1 (black against white).

    Raises:
        ValueError: for arrays of different shapes.
    """
    if a.shape != b.shape:
        raise ValueError(f"pictures of shapes {a.shape} and {b.shape}: expected equal shapes")
    return float((np.maximum(a, b) - np.minimum(a, b)).mean(dtype=np.float64)) / 255


def _png_bytes(array: NDArray[np.uint8]) -> bytes:
    height, width, _ = array.shape
    flat = array.reshape(height, width * 3)
    rows = np.empty((height, width * 3 + 1), np.uint8)
    rows[:, 0] = 2  # the filter "up": each byte less the one above it
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    body = igzip_lib.compress(rows, level=0, flag=igzip_lib.COMP_ZLIB)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (_PNG_SIGNATURE, *_chunk(b"IHDR", header), *_chunk(b"IDAT", body), *_chunk(b"IEND", b""))
    )


def _chunk(kind: bytes, body: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    checksum = isal_zlib.crc32(body, isal_zlib.crc32(kind))
    return len(body).to_bytes(4, "big"), kind, body, checksum.to_bytes(4, "big")


def _require_rgb(array: NDArray[Any]) -> None:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise ValueError(
            f"an array of {array.dtype}, shape {array.shape}: expected uint8, (height, width, 3)"
        )


def _describe(data: bytes) -> str:
    if not data:
        return "the picture is empty (0 bytes)"
    for at, magic, name in _MAGIC:
        if data[at : at + len(magic)] == magic:
            return f"{name} ({len(data)} bytes)"
    return f"{len(data)} bytes that are no picture, beginning with {data[:16]!r}"
