"""How clients send pictures: as base64, a data URI, a URL, or a part of a form.

Tells the sender of a wrong one which of these was seen and which were expected. A URL is never
fetched. Must not know any provider's field names, HTTP statuses, or what pictures are used for.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, Final, Literal, overload
from urllib.parse import SplitResult, urlsplit

import pybase64

from testcard.common.body import FilePart
from testcard.common.picture import PictureError, sniff

Encoding = Literal["base64", "data-uri", "url", "file", "part", "file-id"]

_NAMES: Final[dict[str, str]] = {
    "base64": "plain base64",
    "data-uri": "a data URI (data:image/png;base64,...)",
    "url": "an http or https URL",
    "file": "a file part",
    "part": "a form part without a filename",
    "file-id": "the id of an uploaded picture",
}
_SEEN: Final[dict[str, str]] = {
    "base64": "a string",
    "data-uri": "a data URI",
    "url": "a URL",
    "file": "a file",
    "part": "a form part without a filename",
    "file-id": "an id",
}
_ECHO: Final = 60  # characters of a value that an error repeats at most
_LONGEST_URL: Final = 8_192  # characters
_SHORT_URL: Final = 400  # characters of one that is remembered
_LONGEST_HEAD: Final = 1_000  # characters of a data URI before its comma
_A_LINE: Final = 10_000  # characters in which white space is looked for
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)
_DATA: Final = re.compile(r"data:", re.IGNORECASE)
_OTHER_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@overload
def encoding_of(value: str | bytes | FilePart, encodings: Collection[str] = ()) -> Encoding: ...
@overload
def encoding_of(value: Any, encodings: Collection[str] = ()) -> Encoding | None: ...


def encoding_of(value: Any, encodings: Collection[str] = ()) -> Encoding | None:
    """Return how a picture was sent, judged by the start of the value; None where it was not.

    Args:
        value: as the client sent it; `bytes` are the content of a file part.
        encodings: those accepted; where an id of an uploaded picture is, plain text is one.
    """
    if not isinstance(value, str):
        return _encoding_of_bytes(value)
    start = value[:_ECHO].lstrip()[:8].lower()
    if start.startswith("data:"):
        return "data-uri"
    if start.startswith(("http://", "https://")):
        return "url"
    return "file-id" if "file-id" in encodings else "base64"


def _encoding_of_bytes(value: Any) -> Encoding | None:
    if isinstance(value, FilePart):
        return "part" if value.filename is None else "file"
    return "file" if isinstance(value, bytes) else None


def require_encoding(value: str | bytes | FilePart, encodings: Collection[str]) -> Encoding:
    """Return how a picture was sent.

    Args:
        value: as the client sent it.
        encodings: those accepted, of "base64", "data-uri", "url", "file", "part", "file-id".

    Raises:
        PictureError: in another way than those accepted; naming what was seen and expected.
    """
    kind = encoding_of(value, encodings)
    if kind not in encodings:
        raise PictureError(f"{_SEEN[kind]} was sent, {_echo(value)}: {_expected(encodings)}")
    return kind


def file_of(value: str | bytes | FilePart, encodings: Collection[str]) -> bytes:
    """Return the file that a picture field's value carries, however it was sent; not of a URL.

    White space around a string is ignored.

    Raises:
        PictureError: it carries none; naming what was seen and what is accepted.
    """
    if isinstance(value, FilePart):
        return value.data
    if isinstance(value, bytes):
        return value
    kind = encoding_of(value, encodings)
    if kind == "file-id":
        raise PictureError(f"an id, {_echo(value)}, stands for a picture that was uploaded before")
    if kind == "data-uri":
        return _from_data_uri(value)
    return _from_base64(value, encodings)


def _from_data_uri(value: str) -> bytes:
    text = value.strip()
    comma = text.find(",", 0, _LONGEST_HEAD)
    head, body = text[: max(comma, 0)], text[comma + 1 :]
    media, *options = head[len("data:") :].lower().split(";")
    if comma < 0 or not media.strip().startswith("image/") or options[-1:] != ["base64"]:
        raise PictureError(f"a data URI that begins {_echo(value)}: expected {_NAMES['data-uri']}")
    return _from_base64(body, ("data-uri",))


def _from_base64(value: str, encodings: Collection[str]) -> bytes:
    text = value.strip()
    if not text:
        raise PictureError(f"the picture is an empty string: {_expected(encodings)}")
    data = _decoded(text)
    if data is None:
        raise PictureError(f"{_why_not_base64(text)}, {_echo(text)}: {_expected(encodings)}")
    if sniff(data) is None:
        _refuse_wrapped(data)
    return data


def _decoded(text: str | bytes) -> bytes | None:
    """Strictly decoded base64; None for anything else."""
    try:
        return pybase64.b64decode(text, validate=True)
    except ValueError:
        return None


def _why_not_base64(text: str) -> str:
    if _OTHER_SCHEME.match(text):
        return f"a URL of scheme {text.partition(':')[0][:12]!r}"
    if any(character.isspace() for character in text[:_A_LINE]):
        return "base64 broken by white space or line ends"
    if ("-" in text or "_" in text) and _decoded(text.replace("-", "+").replace("_", "/")):
        return "base64 in the URL-safe alphabet (- and _ for + and /)"
    if len(text) % 4 and _decoded(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)):
        return f"base64 of {len(text)} characters, wrongly padded"
    return f"a string of {len(text)} characters that is not base64"


def _refuse_wrapped(data: bytes) -> None:
    """Name what was encoded in place of a picture's bytes, where that can be told."""
    if _DATA.match(data[:5].decode("latin-1")):
        raise PictureError("base64 of a data URI: expected base64 of the picture's own bytes")
    if _WEB.match(data[:8].decode("latin-1")):
        raise PictureError("base64 of a URL: expected base64 of the picture's own bytes")
    inner = _decoded(data.strip())
    if inner is not None and sniff(inner) is not None:
        raise PictureError("base64 of base64: expected the picture to be encoded once")


def picture_url(url: str) -> SplitResult:
    """Return the URL of a picture, taken apart; PictureError where none can be there."""
    return (_url_seen if len(url) <= _SHORT_URL else _url)(url)


def _url(url: str) -> SplitResult:
    if len(url) > _LONGEST_URL:
        seen = f"a URL of {len(url)} characters, {_echo(url)}"
        raise PictureError(f"{seen}: expected at most {_LONGEST_URL}")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise PictureError(f"a URL that cannot be read, {_echo(url)}: {error}") from error
    if not host:
        raise PictureError(f"a URL without a host, {_echo(url)}: expected {_NAMES['url']}")
    return parts


_url_seen = lru_cache(maxsize=64)(_url)  # clients send the same few


def _expected(encodings: Collection[str]) -> str:
    names = [name for encoding, name in _NAMES.items() if encoding in encodings]
    return f"expected {' or '.join(names) or 'no picture here'}"


def _echo(value: str | bytes | FilePart) -> str:
    if isinstance(value, FilePart):
        value = value.data
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    shown = repr(value[: _ECHO + 1])
    return shown if len(shown) <= _ECHO else shown[: _ECHO - 4] + "...'"
