"""What the tests of memory share: how much is held, and by whom it is said to be."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pybase64

from testcard.common.job import PictureJob
from testcard.common.picture import encode
from testcard.mock.memory_limit import MemoryLimit
from testcard.mock.world import AccountId, Order, Upload, World

MB = 1 << 20


def kept_by(work: Callable[[], None], *, collect: bool = True) -> int:
    """Return the bytes that are still there when `work` is done, and garbage is collected."""
    work()  # what Python itself builds once is no part of it
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        if collect:
            gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def noise(seed: int, side: int = 64) -> bytes:
    """Return a PNG that is like no other: about three bytes a pixel."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    return encode(pixels, "png")


def text(data: bytes) -> str:
    return pybase64.b64encode(data).decode("ascii")


class Weighed:
    """Something that remembers, and the memory that it says it holds."""

    def __init__(self, limit: int = 1 << 30) -> None:
        """Begin with room enough."""
        self.memory = MemoryLimit(limit)
        self.number = 0

    def honest(self, work: Callable[[int], Any], times: int) -> None:
        """Check that what is held is what is said to be held: not more, and not far less."""
        held_before = []

        def repeated() -> None:
            held_before.append(self.memory.held)
            for _ in range(times):
                self.number += 1
                work(self.number)

        kept = kept_by(repeated)
        said = self.memory.held - held_before[-1]
        assert 0.4 * said <= kept <= 1.05 * said + 20_000


def order(number: int, value: str | bytes) -> Order:
    work = PictureJob("anyone", f"prompt {number} " * 20, options=((f"option-{number}", "value"),))
    return Order(work, (Upload("init-image", value, ("base64",)),))


def begin(world: World, number: int, value: str | bytes) -> str:
    hold = world.reserve(AccountId.of("anyone", "a-key"), Decimal(0))
    assert hold is not None
    return world.begin_job(world.arrive().id(), order(number, value), hold).id
