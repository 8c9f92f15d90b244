"""The pictures in an exchange, and previews of them that fit a page.

Finds pictures wherever they are: as a body, a part of a form, or base64 in JSON. Knows
picture formats and their carriers. Must not know a provider's fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import pybase64
from PIL import Image

from testcard.common.message import Call, Reply
from testcard.common.picture import PictureError, decode, encode, media_type, sniff
from testcard.report.form import parts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST_BASE64: Final = 64  # characters; no picture is shorter
_SIDE: Final = 384  # pixels, of a preview
_EMBEDDED_BYTES: Final = 24_000  # a smaller picture is shown as it is
_CONTRAST: Final = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A picture in a message.

    Attributes:
        where: the member or part that holds it; empty where the body is the picture.
        data: its file.
    """

    where: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture as a page shows it.

    Attributes:
        uri: a data URI; empty where the picture does not decode.
        facts: its format, size and weight, or why it does not decode.
        tiny: whether it is to be shown enlarged, pixel by pixel.
    """

    uri: str
    facts: str
    tiny: bool = False


def sent(call: Call) -> list[Found]:
    """Return the pictures in a request body, in its order."""
    parts = parts_of(call)
    if parts is None:
        return _in_body(call.body)
    files = [Found(part.name, part.data) for part in parts if sniff(part.data)]
    return files + [
        found
        for part in parts
        if len(part.data) >= _LEAST_BASE64
        for found in _in_json(part.data.decode("latin-1"), part.name)
    ]


def received(reply: Reply) -> list[Found]:
    """Return the pictures in a reply body, in its order."""
    return _in_body(reply.body)


def _in_body(body: bytes) -> list[Found]:
    if sniff(body):
        return [Found("", body)]
    if body.lstrip()[:1] not in (b"{", b"["):
        return []
    try:
        return list(_in_json(orjson.loads(body), ""))
    except orjson.JSONDecodeError:
        return []


def _in_json(value: Any, where: str) -> Iterator[Found]:
    if isinstance(value, str) and len(value) >= _LEAST_BASE64:
        data = _unpacked(value)
        if sniff(data):
            yield Found(where, data)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _in_json(each, f"{where}[{index}]")
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _in_json(each, f"{where}.{name}" if where else str(name))


def _unpacked(text: str) -> bytes:
    head, comma, rest = text.partition(",")  # of a data URI
    try:
        packed = rest if comma and head.endswith(";base64") else text
        return pybase64.b64decode(packed.strip(), validate=True)
    except ValueError:
        return b""


def preview(data: bytes) -> Preview:
    """Return a preview of a picture file, at most 384 pixels a side."""
    weight = f"{len(data) / 1000:.1f} kB" if len(data) >= 1000 else f"{len(data)} bytes"
    known = sniff(data)
    try:
        pixels = decode(data)
    except PictureError as error:
        return Preview("", f"{str(known).upper()}, {weight}: {error}")
    facts = f"{str(known).upper()} {pixels.width}×{pixels.height}, {weight}"
    tiny = max(pixels.width, pixels.height) <= 64
    if known and len(data) <= _EMBEDDED_BYTES:
        return Preview(_uri(data, media_type(known)), facts, tiny)
    return Preview(_thumbnail(pixels.array), facts, tiny)


def difference(one: bytes, other: bytes) -> Preview | None:
    """Return where two pictures differ, four times as bright; None where that says nothing.

    It says nothing where one does not decode, their sizes differ, or they are the same.
    """
    try:
        a, b = decode(one).array, decode(other).array
    except PictureError:
        return None
    if a.shape != b.shape:
        return None
    apart = np.maximum(a, b) - np.minimum(a, b)
    if not apart.any():
        return None
    bright = np.minimum(apart.astype(np.uint16) * _CONTRAST, 255).astype(np.uint8)
    changed = float((apart.max(axis=2) > 0).mean())
    facts = f"{changed:.0%} of the pixels differ, by {apart.mean() / 2.55:.1f} % on average"
    return Preview(_thumbnail(bright), facts, max(a.shape[:2]) <= 64)


def _thumbnail(array: NDArray[np.uint8]) -> str:
    if max(array.shape[:2]) <= 64:
        return _uri(encode(array, "png"), "image/png")
    image = Image.fromarray(array)
    image.thumbnail((_SIDE, _SIDE))
    out = BytesIO()
    image.save(out, "WEBP", quality=85)
    return _uri(out.getvalue(), "image/webp")


def _uri(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{pybase64.b64encode(data).decode('ascii')}"
