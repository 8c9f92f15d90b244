"""What a client sends for a picture, turned into pixels.

A URL is never fetched: a file of the given folder, or a scene painted from the URL, stands for
what is there. Must not know any provider's field names, HTTP statuses, or what pictures are
used for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote

from testcard.card.scene import landscape
from testcard.common.bounds import PixelBudget
from testcard.common.picture import (
    DEFAULT_LIMITS,
    Limits,
    PictureError,
    Pixels,
    decode,
    file_digest,
)
from testcard.common.schema import shown
from testcard.common.upload import Encoding, file_of, picture_url, require_encoding
from testcard.mock.memory_limit import MemoryLimit, Remembered

PART: Final = 0.1
"""Of what a mock remembers."""

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
            memory or MemoryLimit(), PART, lambda pixels: pixels.nbytes, most=cache_bytes
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
        kind = require_encoding(value, encodings)
        if kind == "url" and isinstance(value, str):
            text = value.strip()
            picture_url(text)
            return PictureSent(kind, text, file_digest(text.encode("utf-8", "surrogatepass")))
        data = file_of(value, encodings)
        return PictureSent(kind, data, file_digest(data))

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
        parts = picture_url(url)
        data = self._stored(parts) if self._stored is not None else None
        if data is not None:
            return self._filed(url, data)
        label = unquote(parts.path.rpartition("/")[2]) or parts.netloc
        return self._cache.get(key) or self._cache.keep(key, Pixels.of(landscape(url, label)))

    def _filed(self, url: str, data: bytes) -> Pixels:
        try:
            return self.pixels(PictureSent("file", data, file_digest(data)))
        except PictureError as error:
            raise PictureError(f"the file that stands for {shown(url)}: {error}") from error

    def _decode(self, data: bytes, digest: str) -> Pixels:
        return decode(data, self._limits, self._budget, digest)


def _key(sent: PictureSent) -> Key:
    return sent.encoding == "url", sent.digest
