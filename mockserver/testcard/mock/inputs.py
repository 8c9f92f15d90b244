"""What a client sends for a picture, turned into pixels.

Knows base64, data URIs, URLs and file parts, and tells the sender of a wrong one which
of these was seen and which were expected. A URL is never fetched: a file of the given
folder, or a scene painted from the URL, stands for what is there.
Must not know any provider's field names, HTTP statuses, or what pictures are used for.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

import pybase64
from xxhash import xxh3_128_digest

from testcard.card.scene import landscape
from testcard.common.bounds import PixelBudget
from testcard.common.picture import DEFAULT_LIMITS, Limits, PictureError, Pixels, decode, sniff
from testcard.mock.memory_limit import MemoryLimit, Remembered

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

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

Key = tuple[str, bytes]


class Inputs:
    """Reads what clients send, and remembers the pixels of what it read last.

    Any number of threads may use one at once.

    Args:
        folder: where files that stand for URLs are looked up: `http://host/a/b.png` is
            `folder/host/a/b.png` or else `folder/b.png`. None for no such files.
        cache_bytes: of decoded pixels that are remembered at most; None for no limit but that
            of `memory`.
        limits: how large a picture may be.
        memory: shared with whoever else remembers; None for one of its own.
        budget: how many pixels are decoded at once, by all threads together.
    """

    def __init__(
        self,
        folder: Path | None = None,
        cache_bytes: int | None = None,
        limits: Limits = DEFAULT_LIMITS,
        memory: MemoryLimit | None = None,
        budget: PixelBudget | None = None,
    ) -> None:
        self._folder = None if folder is None else folder.resolve()
        self._limits = limits
        self._budget = budget or PixelBudget()
        self._cache: Remembered[Key, Pixels] = Remembered(
            memory or MemoryLimit(), PART, lambda pixels: pixels.array.nbytes, most=cache_bytes
        )

    def read(self, value: str | bytes, encodings: Collection[str]) -> Pixels:
        """Turn a value into pixels; `bytes` are the content of a file part.

        Args:
            value: as the client sent it; white space around a string is ignored.
            encodings: those accepted, of "base64", "data-uri", "url" and "file".

        Raises:
            PictureError: naming what was seen and what is accepted.
        """
        held = self.peek(value, encodings)
        if held is not None:
            return held
        kind = encoding_of(value)
        if kind not in encodings:
            raise PictureError(f"{_SEEN[kind]} was sent, {_echo(value)}: {_expected(encodings)}")
        if isinstance(value, bytes):
            pixels = self._decode(value)
        elif kind == "url":
            return self._at(value.strip(), _key(kind, value))
        else:
            data = _from_data_uri(value) if kind == "data-uri" else _from_base64(value, encodings)
            pixels = self._decode(data)
        return self._cache.keep(_key(kind, value), pixels)

    def peek(self, value: str | bytes, encodings: Collection[str]) -> Pixels | None:
        """The pixels of a value that was read before, None if they are not remembered.

        Decodes nothing: about 0.1 ms for 100 KB. URLs are not remembered where a folder
        may hold their files, since those may change.
        """
        kind = encoding_of(value)
        if kind not in encodings or (kind == "url" and self._folder is not None):
            return None
        return self._cache.get(_key(kind, value))

    def clear(self) -> None:
        """Forget what was read."""
        self._cache.clear()

    def _at(self, url: str, key: Key) -> Pixels:
        """The picture that stands for a URL."""
        parts = _split(url)
        path = None if self._folder is None else _find(self._folder, parts)
        if path is not None:
            data = path.read_bytes()
            key = _key("file", data)
            return self._cache.get(key) or self._cache.keep(key, self._decode(data))
        label = unquote(parts.path.rpartition("/")[2]) or parts.netloc
        return self._cache.get(key) or self._cache.keep(key, Pixels.of(landscape(url, label)))

    def _decode(self, data: bytes) -> Pixels:
        return decode(data, self._limits, self._budget)


def encoding_of(value: str | bytes) -> Encoding:
    """How a picture was sent, judged by the start of the value; `bytes` are a file part."""
    if isinstance(value, bytes):
        return "file"
    start = value[:_ECHO].lstrip()
    if _DATA.match(start):
        return "data-uri"
    return "url" if _WEB.match(start) else "base64"


def _key(kind: str, value: str | bytes) -> Key:
    data = value if isinstance(value, bytes) else value.strip().encode("utf-8", "surrogatepass")
    return kind, xxh3_128_digest(data)


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


def _find(folder: Path, url: SplitResult) -> Path | None:
    """The file of the folder that stands for a URL, by host and path or by its last part.

    Raises:
        PictureError: for a link that leads out of the folder.
    """
    steps = [unquote(step) for step in url.path.split("/") if step]
    if not steps or any(not _is_name(step) for step in (*steps, url.hostname or "")):
        return None
    for path in (folder.joinpath(url.hostname or "", *steps), folder / steps[-1]):
        if os.path.isfile(path):  # false, where Path.is_file raises, for names too long
            if not path.resolve().is_relative_to(folder):
                raise PictureError(
                    f"{steps[-1][:_ECHO]!r} is a link that leads out of the folder of pictures: "
                    "expected a file within it"
                )
            return path
    return None


def _is_name(step: str) -> bool:
    return step not in ("", ".", "..") and not any(sign in step for sign in "/\\:\0")


def _expected(encodings: Collection[str]) -> str:
    names = [name for encoding, name in _NAMES.items() if encoding in encodings]
    return f"expected {' or '.join(names) or 'no picture here'}"


def _echo(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    shown = repr(value[: _ECHO + 1])
    return shown if len(shown) <= _ECHO else shown[: _ECHO - 4] + "...'"
