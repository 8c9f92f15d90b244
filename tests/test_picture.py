"""Bytes and pixels: what can be read, what is refused, and what comes back unchanged."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin

from testcard.common.picture import (
    FORMATS,
    Format,
    Limits,
    PictureError,
    Pixels,
    decode,
    distance,
    encode,
    format_of,
    media_type,
    sniff,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


def photo(width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    """Smooth colours with something of everything, shape (height, width, 3)."""
    down, across = np.mgrid[0:height, 0:width]
    red, green = across * 255 // max(1, width - 1), down * 255 // max(1, height - 1)
    return np.stack((red, green, (red + green) // 2), axis=-1).astype(np.uint8)


def saved(image: Image.Image, format: str, **options: Any) -> bytes:  # noqa: A002
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(width: int, height: int) -> bytes:
    """A PNG file of a few bytes that claims to be huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


sizes = st.integers(1, 40)
pictures = st.builds(
    lambda width, height, seed: np.random.default_rng(seed).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    ),
    sizes,
    sizes,
    st.integers(0, 99),
)


@given(pictures)
def test_png_gives_back_every_pixel(array: NDArray[np.uint8]) -> None:
    """decode(encode(a, "png")) == a."""
    assert np.array_equal(decode(encode(array, "png")).array, array)


@given(pictures)
@settings(max_examples=20)
def test_png_is_read_by_another_reader(array: NDArray[np.uint8]) -> None:
    """Pillow, which did not write it, sees the same pixels and finds the file sound."""
    data = encode(array, "png")
    Image.open(BytesIO(data)).verify()
    assert np.array_equal(np.asarray(Image.open(BytesIO(data))), array)


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_lossy_formats_stay_close(name: Format) -> None:
    """A photograph comes back within a hundredth."""
    assert distance(decode(encode(photo(), name)).array, photo()) < 0.01


@pytest.mark.parametrize("name", FORMATS)
def test_the_format_is_told_by_the_first_bytes(name: Format) -> None:
    data = encode(photo(), name)
    assert sniff(data) == name
    assert format_of(media_type(name)) == name


def test_media_types_are_read_as_clients_write_them() -> None:
    """Parameters, case and the wrong but common image/jpg are understood."""
    assert format_of("IMAGE/PNG; q=1") == "png"
    assert format_of("image/jpg") == "jpeg"
    assert format_of("image/gif") is None


@pytest.mark.parametrize("array", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), photo(4, 0)])
def test_only_rgb_bytes_are_encoded(array: NDArray[Any]) -> None:
    with pytest.raises(ValueError, match=r"expected uint8, \(height, width, 3\)"):
        encode(array, "png")


def test_pixels_cannot_be_changed() -> None:
    """Neither those decoded nor those taken from an array, nor through that array."""
    source = photo()
    held = Pixels.of(source)
    source[:] = 0
    assert held.array.any()
    for pixels in (held, decode(encode(photo(), "png"))):
        with pytest.raises(ValueError, match="read-only"):
            pixels.array[0, 0, 0] = 1


def test_pixels_are_equal_by_digest() -> None:
    """The same picture is equal and hashes alike; another, or another shape, is not."""
    assert Pixels.of(photo()) == Pixels.of(photo())
    assert len({Pixels.of(photo()), Pixels.of(photo()), Pixels.of(photo()[::-1])}) == 2
    flat = np.zeros((2, 8, 3), np.uint8)
    assert Pixels.of(flat) != Pixels.of(flat.reshape(8, 2, 3))
    assert (Pixels.of(flat).width, Pixels.of(flat).height) == (8, 2)


def test_distance_runs_from_equal_to_opposite() -> None:
    black, white = np.zeros((3, 3, 3), np.uint8), np.full((3, 3, 3), 255, np.uint8)
    assert distance(black, black) == 0
    assert distance(black, white) == distance(white, black) == 1
    with pytest.raises(ValueError, match="expected equal shapes"):
        distance(black, white[:2])


@pytest.mark.parametrize("size", [(60_000, 60_000), (20_000, 10), (8_000, 8_000), (0, 5)])
def test_bombs_are_refused_by_their_header(size: tuple[int, int]) -> None:
    """Too many pixels, too long a side and none at all: nothing is decoded."""
    with pytest.raises(PictureError, match=r"the picture is|cannot identify"):
        decode(bomb(*size))


def test_every_format_is_measured_before_it_is_decoded() -> None:
    for name in FORMATS:
        with pytest.raises(PictureError, match="64x48: expected at most 63 pixels a side"):
            decode(encode(photo(), name), Limits(side=63))
    lossless = saved(Image.fromarray(photo()), "WEBP", lossless=True)
    extended = saved(Image.fromarray(photo()), "WEBP", exif=b"Exif\0\0II*\0")
    for data in (lossless, extended):
        assert decode(data).array.shape == (48, 64, 3)
        with pytest.raises(PictureError, match="64x48"):
            decode(data, Limits(pixels=3000))


def test_limits_stay_where_pillow_is_silent() -> None:
    with pytest.raises(ValueError, match="expected pixels from 1 to"):
        Limits(pixels=100_000_000)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_anywhere_is_refused(name: Format) -> None:
    """No prefix of a file is taken for the picture; a PNG is whole once IEND is named."""
    data = encode(photo(), name)
    whole = len(data) - 4 if name == "png" else len(data)
    for end in {*range(0, whole, 7), *range(max(0, whole - 40), whole)}:
        with pytest.raises(PictureError):
            decode(data[:end])


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"R"]))
@settings(max_examples=300)
def test_random_bytes_are_refused(tail: bytes, start: bytes) -> None:
    with pytest.raises(PictureError):
        decode(start + tail)


@given(st.sampled_from(FORMATS), st.integers(0), st.integers(0, 255))
@settings(max_examples=300)
def test_a_changed_byte_gives_a_picture_or_a_picture_error(
    name: Format, place: int, value: int
) -> None:
    """Damage is refused or, in lossy formats, unnoticed; it never crashes or warns."""
    data = bytearray(encode(photo(), name))
    data[place % len(data)] = value
    with suppress(PictureError):
        assert decode(bytes(data)).array.dtype == np.uint8


def test_a_changed_pixel_byte_of_png_is_noticed() -> None:
    data = bytearray(encode(photo(), "png"))
    data[60] ^= 1
    with pytest.raises(PictureError, match="checksum in b'IDAT'"):
        decode(bytes(data))


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"", "empty"),
        (b"{}", "2 bytes that are no picture"),
        (saved(Image.fromarray(photo()), "GIF"), "a GIF picture"),
        (saved(Image.fromarray(photo()), "BMP"), "a BMP picture"),
        (saved(Image.fromarray(photo()), "TIFF"), "a TIFF picture"),
    ],
)
def test_what_is_no_accepted_picture_is_named(data: bytes, seen: str) -> None:
    with pytest.raises(PictureError, match=f"{seen}.*: expected a PNG, JPEG or WebP picture"):
        decode(data)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_becomes_rgb(mode: str) -> None:
    """A gray ramp stored in any mode reads as that ramp."""
    ramp = np.linspace(0, 255, 64).astype(np.uint8)[None].repeat(8, 0)
    if mode == "1":
        ramp = np.where(ramp > 127, 255, 0).astype(np.uint8)
    image = Image.fromarray(ramp).convert(mode)
    if mode == "I;16":
        image = Image.fromarray(ramp.astype(np.uint16) * 257)
    got = decode(saved(image, "PNG")).array
    assert got.shape == (8, 64, 3)
    assert distance(got, ramp[:, :, None].repeat(3, 2)) < 0.01


def test_cmyk_jpeg_becomes_rgb() -> None:
    image = Image.fromarray(photo())
    got = decode(saved(image.convert("CMYK"), "JPEG", quality=95)).array
    assert distance(got, photo()) < 0.02


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_transparency_is_laid_over_white(format: str) -> None:  # noqa: A002
    image = Image.new("RGBA", (4, 2), (200, 0, 0, 0))
    image.putpixel((0, 0), (200, 0, 0, 255))
    got = decode(saved(image, format, lossless=True)).array
    assert got[0, 0].tolist() == [200, 0, 0]
    assert got[1, 3].tolist() == [255, 255, 255]


def test_a_transparent_palette_colour_is_laid_over_white() -> None:
    image = Image.new("P", (2, 1), 1)
    image.putpalette([0, 0, 0, 9, 9, 9])
    image.putpixel((0, 0), 0)
    got = decode(saved(image, "PNG", transparency=b"\0\xff")).array
    assert got.tolist() == [[[255, 255, 255], [9, 9, 9]]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_exif_orientation_is_applied(format: str, orientation: int) -> None:  # noqa: A002
    """As Pillow's own exif_transpose turns it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(photo()), format, exif=exif)
    turned = ImageOps.exif_transpose(Image.open(BytesIO(data)))
    assert turned is not None
    assert np.array_equal(decode(data).array, np.asarray(turned.convert("RGB")))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "exif", [b"", b"II*\0", b"MM\0*\0\0\0\x08\xff\xff", b"II*\0\xff\xff\xff\xff"]
)
def test_broken_metadata_does_not_spoil_a_picture(exif: bytes) -> None:
    """It says nothing, so the picture stands as it is stored."""
    data = saved(Image.fromarray(photo()), "JPEG", exif=b"Exif\0\0" + exif, comment=b"hello")
    assert decode(data).array.shape == (48, 64, 3)


@pytest.mark.filterwarnings("ignore:Invalid APNG")
def test_text_and_animation_chunks_of_png_are_passed_over() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("prompt", "x" * 100_000, zip=True)
    data = saved(Image.fromarray(photo()), "PNG", pnginfo=text)
    broken_animation = data[:33] + chunk(b"acTL", b"\0" * 8) + data[33:]
    assert np.array_equal(decode(broken_animation).array, photo())


def test_progressive_jpeg_is_read() -> None:
    data = saved(Image.fromarray(photo()), "JPEG", progressive=True, quality=95)
    assert distance(decode(data).array, photo()) < 0.01


def test_a_png_that_lacks_its_pixels_is_refused() -> None:
    for width, height in ((10, 1000), (1, 1)):
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")
        with pytest.raises(PictureError, match="damaged or cut short"):
            decode(data)
    with pytest.raises(PictureError, match="damaged or cut short"):
        decode(bomb(100, 100))
