"""Pictures on order: PictureJob -> encoded bytes, painted once and remembered.

Knows an Engine and the encodings. Must not know HTTP or providers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import islice
from threading import Lock
from typing import Any, Final

from testcard.common.job import Engine, PictureJob
from testcard.common.picture import Format, encode
from testcard.mock.memory_limit import MemoryLimit, Remembered
from testcard.mock.veil import Veil, veiled

PART: Final = 0.1
"""Of what a mock remembers."""
_DIGEST_BYTES: Final = 16


@dataclass(frozen=True)
class PaintRequest:
    """Pictures that are asked for.

    Attributes:
        job: what is painted.
        format: png, jpeg or webp.
        count: the first so many of the job's pictures.
        veil: what is made of them where nobody is to see them: blurred or black.
        quality: of JPEG and WebP, 1 to 100; None for the usual one.
    """

    job: PictureJob
    format: Format
    count: int
    veil: Veil | None = None
    quality: int | None = None

    @cached_property
    def digest(self) -> bytes:
        """Of job and format: equal for equal pictures, keeps neither prompt nor picture alive."""
        init = self.job.init.digest if self.job.init else None
        mask = self.job.mask.digest if self.job.mask else None
        more = (self.veil, self.quality) if self.veil or self.quality else ()
        said = repr((self.job.without_pictures(), init, mask, self.format, *more))
        return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


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
        self._lock = Lock()
        self._under_way: dict[tuple[bytes, int], Future[list[bytes]]] = {}

    def known(self, wanted: PaintRequest) -> bool:
        """Whether the pictures need no painting."""
        return all((wanted.digest, index) in self._painted for index in range(wanted.count))

    def pictures(self, wanted: PaintRequest) -> list[bytes]:
        """Return the pictures, encoded. What is being painted for another is waited for.

        Where that one's client leaves, the next of those who wait paints. An engine's failure is
        raised to all who wait for it, and to nobody later.
        """
        while True:
            with self._lock:
                kept = self._kept(wanted)
                if kept is not None:
                    return kept
                under_way = self._under_way.get((wanted.digest, wanted.count))
                if under_way is None:
                    own = self._under_way[wanted.digest, wanted.count] = Future()
                    break
            with suppress(CancelledError):
                return under_way.result()
        return self._paint(wanted, own)

    def clear(self) -> None:
        """Forget what was painted."""
        self._painted.clear()

    @property
    def has_notes(self) -> bool:
        """Whether the engine looks at jobs before they are painted."""
        return getattr(self.engine, "notes", None) is not None

    def notes(self, job: PictureJob) -> list[tuple[str, str]]:
        """What of `job` the engine passes over: (field, why)."""
        tell = getattr(self.engine, "notes", None)
        return list(tell(job)) if tell is not None else []

    def describe(self) -> Mapping[str, Any]:
        """The engine's name, and what more it says of itself."""
        tell = getattr(self.engine, "describe", None)
        return {"name": self.engine.name, **(tell() if tell is not None else {})}

    def _kept(self, wanted: PaintRequest) -> list[bytes] | None:
        found = (self._painted.get((wanted.digest, index)) for index in range(wanted.count))
        kept = [picture for picture in found if picture is not None]
        return kept if len(kept) == wanted.count else None

    def _paint(self, wanted: PaintRequest, told: Future[list[bytes]]) -> list[bytes]:
        try:
            painted = list(self._painting(wanted))
        except BaseException as error:
            self._end(wanted)
            told.set_exception(error if isinstance(error, Exception) else CancelledError())
            raise
        self._end(wanted)
        told.set_result(painted)
        return painted

    def _end(self, wanted: PaintRequest) -> None:
        with self._lock:
            del self._under_way[wanted.digest, wanted.count]

    def _painting(self, wanted: PaintRequest) -> Iterator[bytes]:
        for index, picture in enumerate(self._encoded(wanted)):
            if wanted.veil is not None:
                picture = veiled(picture, wanted.format, wanted.veil)
            yield self._painted.keep((wanted.digest, index), picture)

    def _encoded(self, wanted: PaintRequest) -> Iterator[bytes]:
        own, quality = getattr(self.engine, "encoded", None), wanted.quality
        if own is not None and quality is None:
            yield from own(wanted.job, wanted.format, wanted.count)
            return
        for array in islice(self.engine.paint(wanted.job), wanted.count):
            yield encode(array, wanted.format, *(() if quality is None else (quality,)))
