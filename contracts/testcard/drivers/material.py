"""What drivers send: pictures, masks and bodies, made here.

Knows how fields and pictures are put into a Call. Must not know clauses, or any one provider.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import orjson

from testcard.clauses.client import OWN_AGENT
from testcard.common.body import MULTIPART, FilePart
from testcard.common.message import Call, Headers
from testcard.common.picture import encode
from testcard.common.reading import Operation, Reading
from testcard.contract.payload import Encoding

_BOUNDARY: Final = "testcard-8a3f5c7e1d"


@dataclass(frozen=True, slots=True)
class Links:
    """Pictures in the web, for APIs that take nothing but URLs.

    Attributes:
        picture: of an input.
        other: of another input.
    """

    picture: str = "https://pictures.example/harbour.png"
    other: str = "https://pictures.example/mountains.png"


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
def half_mask(width: int, height: int, *, left: bool) -> bytes:
    """Return a PNG file that is white on its left or right half, black on the other."""
    mask = np.zeros((height, width, 3), np.uint8)
    mask[:, : width // 2 or 1] = 255
    return encode(mask if left else np.ascontiguousarray(255 - mask), "png")


def picture_value(data: bytes, encoding: Encoding, url: str) -> str | FilePart:
    """Return a PNG file as a field's value, in one of the ways in which pictures are sent."""
    if encoding in ("file", "part"):
        return FilePart(data, "picture.png" if encoding == "file" else None)
    if encoding == "url":
        return url
    text = b64encode(data).decode("ascii")
    return f"data:image/png;base64,{text}" if encoding == "data-uri" else text


def call_of(
    reading: Reading,
    operation: Operation,
    fields: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    key_header: str | None = None,
    typed: bool = True,
    params: Mapping[str, str] | None = None,
) -> Call:
    """Put a call together, addressed to the provider's documented server.

    Args:
        reading: whose server it is.
        operation: what it is for.
        fields: of the body, by the page's names; FilePart for files.
        key: None for a call without one.
        key_header: the header that carries it; the first documented one where None.
        typed: whether the body's media type is named.
        params: of the path.
    """
    url = reading.spec.server + operation.path.format(**(params or {}))
    headers: Headers = (("User-Agent", OWN_AGENT),)
    names = operation.key_headers or operation.key_aliases
    if key is not None and names:
        headers += ((key_header or names[0], key),)
    if operation.body is None or fields is None:
        return Call(operation.method, url, headers)
    form = operation.body.media_type == MULTIPART
    media_type = f"{MULTIPART}; boundary={_BOUNDARY}" if form else operation.body.media_type
    if typed:
        headers += (("Content-Type", media_type),)
    return Call(operation.method, url, headers, form_body(fields) if form else orjson.dumps(fields))


def form_body(fields: Mapping[str, Any]) -> bytes:
    """Return fields as the body of a multipart form; those that are None are left out."""
    pieces = [_piece(name, value) for name, value in fields.items() if value is not None]
    return b"".join(pieces) + f"--{_BOUNDARY}--\r\n".encode()


def _piece(name: str, value: Any) -> bytes:
    quoted = name.replace('"', "%22")
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{quoted}"'
    if isinstance(value, FilePart):
        if value.filename is not None:
            head += f'; filename="{value.filename}"\r\nContent-Type: image/png'
        return f"{head}\r\n\r\n".encode() + value.data + b"\r\n"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{head}\r\n\r\n{text}\r\n".encode()
