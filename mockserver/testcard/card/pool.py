"""Test cards painted on every core: the card engine, in processes of its own.

Most of a card's work holds Python's lock, so that threads paint one card at a time. A card that
is painted alone is painted here; others that are asked for meanwhile go to processes, which are
started when the first of them is.

Knows the card engine and processes. Must not know HTTP, or any one provider.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.connection import wait
from threading import Lock, Thread
from typing import TYPE_CHECKING, Final

from testcard.card.engine import CardEngine
from testcard.common.allocator import keep_warm
from testcard.common.picture import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testcard.common.job import PictureJob
    from testcard.common.picture import Format

WORTH_SENDING: Final = 256 * 256
"""Pixels of a card below which painting it costs less than sending it away."""


class CardPool(CardEngine):
    """Paints test cards, several at once; the pictures are those of `CardEngine`.

    Args:
        processes: how many paint, at least 1.
    """

    def __init__(self, processes: int) -> None:
        if processes < 1:
            raise ValueError(f"{processes} painting processes: expected at least 1")
        self._processes = processes
        self._lock = Lock()
        self._painting = 0
        self._pool: ProcessPoolExecutor | None = None

    def encoded(self, job: PictureJob, format_: Format, count: int) -> Iterator[bytes]:
        """Yield the first `count` pictures of a job, encoded as png, jpeg or webp."""
        with self._lock:
            alone = self._painting == 0
            self._painting += 1
        try:
            if alone or job.width * job.height < WORTH_SENDING:
                yield from encoded(job, format_, count)
            else:
                yield from self._sent(job, format_, count)
        finally:
            with self._lock:
                self._painting -= 1

    def close(self) -> None:
        """End the processes; the next card that needs one starts them again."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def _sent(self, job: PictureJob, format_: Format, count: int) -> list[bytes]:
        try:
            return self._started().submit(_listed, job, format_, count).result()
        except BrokenProcessPool:  # one was killed: paint here, and begin with new ones
            self.close()
            return _listed(job, format_, count)

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    self._processes, multiprocessing.get_context("spawn"), _begin
                )
            return self._pool


def encoded(job: PictureJob, format_: Format, count: int) -> Iterator[bytes]:
    """Yield the first `count` pictures of a job, painted and encoded here."""
    return (encode(array, format_) for array in islice(CardEngine().paint(job), count))


def _listed(job: PictureJob, format_: Format, count: int) -> list[bytes]:
    return list(encoded(job, format_, count))


def _begin() -> None:
    """Leave a terminal's Ctrl-C to the server, and end when it does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_warm()
    Thread(target=_end_with_the_server, daemon=True).start()


def _end_with_the_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        wait([server.sentinel])
        os._exit(0)
