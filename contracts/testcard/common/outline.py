"""What a picture file is made of, counted before a decoder sees it.

A file of half a megabyte can hold two thousand scans of a large picture, and one of twelve
a million empty chunks: each keeps a decoder for many seconds. What an encoder writes has few.

Knows how JPEG and PNG files are laid out. Must not know pixels, HTTP or what a picture is for.
"""

from __future__ import annotations

import re
from typing import Final

from PIL.JpegImagePlugin import MARKER

_MOST_SCANS: Final = 20  # progressive encoders write about ten
_MOST_SEGMENTS: Final = 500  # a colour profile may take 255 of them
_MOST_STRAY: Final = 1_000  # bytes before the first scan that belong to nothing
_MOST_CHUNKS: Final = 10_000  # 32 MiB in pieces of 8 KiB, which libpng writes, are 4,096

_MOST_WORK: Final = 32_000_000  # pixels and bytes together, of what is slow to decode
_USUAL_SCANS: Final = 4  # of a JPEG: a progressive one has more, and is slow to decode

_NEXT: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # within a scan, others are data
_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9


def excess(data: bytes, format_: str) -> str | None:
    """What a "jpeg" or "png" file has too much of, as a sentence; None where it has not.

    Takes about 10 milliseconds for 32 MiB, whatever they are. Other formats have no parts that
    cost: of an animation only the first frame is decoded.
    """
    if format_ == "jpeg":
        return _jpeg_excess(data)
    return _png_excess(data) if format_ == "png" else None


def slowness(data: bytes, format_: str, pixels: int) -> str | None:
    """What makes a file of so many pixels slow to decode, as a sentence; None where nothing does.

    A dense WebP and a dense progressive JPEG take some 30 ns a pixel and a byte: together
    with what is painted of 24 megapixels more than a second.
    """
    if pixels + len(data) <= _MOST_WORK or format_ == "png":
        return None
    size = len(data) if format_ == "webp" else _size_of_progressive(data)
    if pixels + size <= _MOST_WORK:
        return None
    return (
        f"the {format_.upper()} picture has {pixels} pixels in {size} bytes: expected at most "
        f"{_MOST_WORK} of both together; send it smaller"
    )


def _size_of_progressive(data: bytes) -> int:
    """Bytes of a JPEG up to its end; 0 where it is none that is slow."""
    at, scans = 2, 0
    while found := _NEXT.search(data, at):
        kind = data[found.start() + 1]
        at = found.end() + _length(data, found.end(), kind)
        if scans and kind == _END_OF_IMAGE:
            break
        scans += kind == _START_OF_SCAN
    return at if scans > _USUAL_SCANS else 0


def _jpeg_excess(data: bytes) -> str | None:
    at, scans, segments, stray = 2, 0, 0, 0
    while found := _NEXT.search(data, at):
        kind = data[found.start() + 1]
        if scans and kind == _END_OF_IMAGE:
            return None
        stray += 0 if scans else found.start() - at
        scans += kind == _START_OF_SCAN
        segments += 1
        for count, most, name in (
            (scans, _MOST_SCANS, "scans"),
            (segments, _MOST_SEGMENTS, "segments"),
            (stray, _MOST_STRAY, "stray bytes"),
        ):
            if count > most:
                return f"the JPEG picture has more than {most} {name}: expected at most as many"
        at = found.end() + _length(data, found.end(), kind)
    return None


def _length(data: bytes, at: int, kind: int) -> int:
    """Bytes of a segment after its marker: none where Pillow, too, reads the marker alone."""
    _, _, reader = MARKER.get(0xFF00 | kind, ("", "", None))
    return max(2, int.from_bytes(data[at : at + 2], "big")) if reader is not None else 0


def _png_excess(data: bytes) -> str | None:
    at, chunks = 8, 0
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"IEND":
        chunks += 1
        if chunks > _MOST_CHUNKS:
            return f"the PNG picture has more than {_MOST_CHUNKS} chunks: expected at most as many"
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return None
