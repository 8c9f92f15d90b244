"""Pictures on order: PictureJob -> encoded bytes, painted once and remembered.

Knows an Engine and the encodings. Must not know HTTP or providers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

from cachetools import LRUCache

from testcard.common.job import Engine, PictureJob
from testcard.common.picture import Format, encode

_MOST_BYTES = 64 << 20


class Studio:
    """Paints with one engine; the same job in the same format gives the same bytes."""

    def __init__(self, engine: Engine, cache_bytes: int = _MOST_BYTES) -> None:
        """Paint with `engine`, remembering at most `cache_bytes` of encoded pictures."""
        self.engine = engine
        self._lock = Lock()
        self._painted: LRUCache[Hashable, bytes] = LRUCache(cache_bytes, getsizeof=len)

    def known(self, job: PictureJob, format_: Format, count: int) -> bool:
        """Whether the first `count` pictures of `job` need no painting."""
        with self._lock:
            return all(_key(job, format_, index) in self._painted for index in range(count))

    def pictures(self, job: PictureJob, format_: Format, count: int) -> list[bytes]:
        """Return the first `count` pictures of `job`, encoded as png, jpeg or webp."""
        with self._lock:
            kept = [self._painted.get(_key(job, format_, index)) for index in range(count)]
        known = [picture for picture in kept if picture is not None]
        if len(known) == count:
            return known
        return list(self._paint(job, format_, count))

    def notes(self, job: PictureJob) -> list[tuple[str, str]]:
        """What of `job` the engine passes over: (field, why)."""
        tell = getattr(self.engine, "notes", None)
        return list(tell(job)) if tell is not None else []

    def describe(self) -> Mapping[str, Any]:
        """The engine's name, and what more it says of itself."""
        tell = getattr(self.engine, "describe", None)
        return {"name": self.engine.name, **(tell() if tell is not None else {})}

    def _paint(self, job: PictureJob, format_: Format, count: int) -> Iterator[bytes]:
        for index, array in zip(range(count), self.engine.paint(job), strict=False):
            data = encode(array, format_)
            with self._lock:
                if len(data) <= self._painted.maxsize:
                    self._painted[_key(job, format_, index)] = data
            yield data


def _key(job: PictureJob, format_: Format, index: int) -> Hashable:
    # Digests stand for the pictures sent, so that the cache does not keep those alive.
    init = job.init.digest if job.init else None
    mask = job.mask.digest if job.mask else None
    return replace(job, init=None, mask=None), init, mask, format_, index
