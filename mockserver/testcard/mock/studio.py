"""Pictures on order: PictureJob -> encoded bytes, painted once and remembered.

Knows an Engine and the encodings. Must not know HTTP or providers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Final

from testcard.common.job import Engine, PictureJob
from testcard.common.picture import Format, encode
from testcard.mock.memory_limit import MemoryLimit, Remembered

PART: Final = 0.1
"""Of what a mock remembers."""
_DIGEST_BYTES: Final = 16


class Studio:
    """Paints with one engine; the same job in the same format gives the same bytes."""

    def __init__(
        self, engine: Engine, cache_bytes: int | None = None, memory: MemoryLimit | None = None
    ) -> None:
        """Paint with `engine`.

        Args:
            engine: paints what is not remembered.
            cache_bytes: of encoded pictures that are remembered at most; None for no limit
                but that of `memory`.
            memory: shared with whoever else remembers; None for one of its own.
        """
        self.engine = engine
        self._painted: Remembered[tuple[bytes, int], bytes] = Remembered(
            memory or MemoryLimit(), PART, len, most=cache_bytes
        )

    def known(self, job: PictureJob, format_: Format, count: int) -> bool:
        """Whether the first `count` pictures of `job` need no painting."""
        key = _key(job, format_)
        return all((key, index) in self._painted for index in range(count))

    def pictures(self, job: PictureJob, format_: Format, count: int) -> list[bytes]:
        """Return the first `count` pictures of `job`, encoded as png, jpeg or webp."""
        key = _key(job, format_)
        kept = [self._painted.get((key, index)) for index in range(count)]
        known = [picture for picture in kept if picture is not None]
        if len(known) == count:
            return known
        return list(self._paint(job, format_, count))

    def clear(self) -> None:
        """Forget what was painted."""
        self._painted.clear()

    def notes(self, job: PictureJob) -> list[tuple[str, str]]:
        """What of `job` the engine passes over: (field, why)."""
        tell = getattr(self.engine, "notes", None)
        return list(tell(job)) if tell is not None else []

    def describe(self) -> Mapping[str, Any]:
        """The engine's name, and what more it says of itself."""
        tell = getattr(self.engine, "describe", None)
        return {"name": self.engine.name, **(tell() if tell is not None else {})}

    def _paint(self, job: PictureJob, format_: Format, count: int) -> Iterator[bytes]:
        key = _key(job, format_)
        for index, array in zip(range(count), self.engine.paint(job), strict=False):
            yield self._painted.keep((key, index), encode(array, format_))


def _key(job: PictureJob, format_: Format) -> bytes:
    # Of digests alone, so that the cache keeps neither pictures sent nor long prompts alive.
    init = job.init.digest if job.init else None
    mask = job.mask.digest if job.mask else None
    said = repr((replace(job, init=None, mask=None), init, mask, format_))
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
