"""What a client sends for a picture, turned into pixels.

Knows base64, data URIs, URLs and file parts, and tells the sender of a wrong one which
of these was seen and which were expected. A URL is never fetched: a file of the given
folder, or a scene painted from the URL, stands for what is there.
Must not know any provider's field names, HTTP statuses, or what pictures are used for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

import pybase64
from xxhash import xxh3_128_hexdigest

from testcard.card.scene import landscape
from testcard.common.bounds import PixelBudget
from testcard.common.picture import DEFAULT_LIMITS, Limits, PictureError, Pixels, decode, sniff
from testcard.mock.memory_limit import MemoryLimit, Remembered

Encoding = Literal["base64", "data-uri", "url", "file"]

PART: Final = 0.1
"""Of what a mock remembers."""

_NAMES: Final[dict[str, str]] = {
    "base64": "plain base64",
    "data-uri": "a data URI (data:image/png;base64,...)",
    "url": "an http or https URL",
    "file": "a file part",
}
_SEEN: Final[dict[str, str]] = {
    "base64": "a string",
    "data-uri": "a data URI",
    "url": "a URL",
    "file": "a file",
}
_ECHO: Final = 60  # characters of a value that an error repeats at most
_LONGEST_URL: Final = 8_192  # characters
_LONGEST_HEAD: Final = 1_000  # characters of a data URI before its comma
_A_LINE: Final = 10_000  # characters in which white space is looked for
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)
_DATA: Final = re.compile(r"data:", re.IGNORECASE)
_OTHER_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

Key = tuple[bool, str]
"""Whether it is a URL, and the digest."""

Stored = Callable[[SplitResult], bytes | None]
"""Returns the content of the file that stands for a URL; None where none does."""


@dataclass(frozen=True, slots=True)
class PictureSent:
    """A picture as it came, its encoding undone, not decoded.

    Attributes:
        encoding: how it was sent.
        content: the picture's file; of a URL, the URL.
        digest: hex, of the content.
    """

    encoding: Encoding
    content: str | bytes = field(repr=False)
    digest: str


class Inputs:
    """Reads what clients send, and remembers the pixels of what it read last.

    Any number of threads may use one at once.

    Args:
        stored: returns the file that stands for a URL, as `PictureFolder` does, or None;
            None where there are none such.
        cache_bytes: of decoded pixels that are remembered at most; None for no limit but that
            of `memory`.
        limits: how large a picture may be.
        memory: shared with whoever else remembers; None for one of its own.
        budget: how many pixels are decoded at once, by all threads together.
    """

    def __init__(
        self,
        stored: Stored | None = None,
        cache_bytes: int | None = None,
        limits: Limits = DEFAULT_LIMITS,
        memory: MemoryLimit | None = None,
        budget: PixelBudget | None = None,
    ) -> None:
        self._stored = stored
        self._limits = limits
        self._budget = budget or PixelBudget()
        self._cache: Remembered[Key, Pixels] = Remembered(
            memory or MemoryLimit(), PART, lambda pixels: pixels.array.nbytes, most=cache_bytes
        )

    def read(self, value: str | bytes, encodings: Collection[str]) -> Pixels:
        """Turn a value into pixels, as `take` and `pixels` do one after the other.

        Raises:
            PictureError: naming what was seen and what is accepted.
        """
        return self.pixels(self.take(value, encodings))

    def take(self, value: str | bytes, encodings: Collection[str]) -> PictureSent:
        """Undo how a picture was sent; nothing is decoded: about 0.1 ms for 100 KB.

        Args:
            value: as the client sent it; white space around a string is ignored, `bytes` are
                the content of a file part.
            encodings: those accepted, of "base64", "data-uri", "url" and "file".

        Raises:
            PictureError: naming what was seen and what is accepted.
        """
        kind = encoding_of(value)
        if kind not in encodings:
            raise PictureError(f"{_SEEN[kind]} was sent, {_echo(value)}: {_expected(encodings)}")
        if isinstance(value, bytes):
            return PictureSent(kind, value, _digest(value))
        text = value.strip()
        if kind == "url":
            _split(text)
            return PictureSent(kind, text, _digest(text.encode("utf-8", "surrogatepass")))
        data = _from_data_uri(text) if kind == "data-uri" else _from_base64(text, encodings)
        return PictureSent(kind, data, _digest(data))

    def held(self, sent: PictureSent) -> Pixels | None:
        """The pixels of a picture that was read before; None where they are not remembered.

        URLs are not remembered where files may stand for them, since those may change.
        """
        if sent.encoding == "url" and self._stored is not None:
            return None
        return self._cache.get(_key(sent))

    def pixels(self, sent: PictureSent) -> Pixels:
        """Return the pixels of a picture, decoded unless they are remembered.

        Raises:
            PictureError: it is none that can be read.
        """
        held = self.held(sent)
        if held is not None:
            return held
        if isinstance(sent.content, str):
            return self._at(sent.content, _key(sent))
        return self._cache.keep(_key(sent), self._decode(sent.content, sent.digest))

    def clear(self) -> None:
        """Forget what was read."""
        self._cache.clear()

    def _at(self, url: str, key: Key) -> Pixels:
        """The picture that stands for a URL."""
        parts = _split(url)
        data = self._stored(parts) if self._stored is not None else None
        if data is not None:
            return self._filed(url, data)
        label = unquote(parts.path.rpartition("/")[2]) or parts.netloc
        return self._cache.get(key) or self._cache.keep(key, Pixels.of(landscape(url, label)))

    def _filed(self, url: str, data: bytes) -> Pixels:
        try:
            return self.pixels(PictureSent("file", data, _digest(data)))
        except PictureError as error:
            raise PictureError(f"the file that stands for {_echo(url)}: {error}") from error

    def _decode(self, data: bytes, digest: str) -> Pixels:
        return decode(data, self._limits, self._budget, digest)


def encoding_of(value: str | bytes) -> Encoding:
    """How a picture was sent, judged by the start of the value; `bytes` are a file part."""
    if isinstance(value, bytes):
        return "file"
    start = value[:_ECHO].lstrip()
    if _DATA.match(start):
        return "data-uri"
    return "url" if _WEB.match(start) else "base64"


def _key(sent: PictureSent) -> Key:
    return sent.encoding == "url", sent.digest


def _digest(data: bytes) -> str:
    return xxh3_128_hexdigest(data)


def _from_data_uri(text: str) -> bytes:
    comma = text.find(",", 0, _LONGEST_HEAD)
    head, body = text[: max(comma, 0)], text[comma + 1 :]
    media, *options = head[len("data:") :].lower().split(";")
    if comma < 0 or not media.strip().startswith("image/") or options[-1:] != ["base64"]:
        raise PictureError(f"a data URI that begins {_echo(text)}: expected {_NAMES['data-uri']}")
    return _from_base64(body.strip(), ("data-uri",))


def _from_base64(text: str, encodings: Collection[str]) -> bytes:
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


def _split(url: str) -> SplitResult:
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


def _expected(encodings: Collection[str]) -> str:
    names = [name for encoding, name in _NAMES.items() if encoding in encodings]
    return f"expected {' or '.join(names) or 'no picture here'}"


def _echo(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    shown = repr(value[: _ECHO + 1])
    return shown if len(shown) <= _ECHO else shown[: _ECHO - 4] + "...'"
