"""Deviations within: painters that do not do as told, accounts kept wrongly, keys let in.

Knows the mock's engine, world and keys. Must not know any provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.mutants.edits import Test
from tests.mutants.mutant import Around, Mutated

from testcard.common.job import Engine, PictureJob
from testcard.common.message import Call, Headers, Reply, header
from testcard.common.picture import Format, decode, encode
from testcard.mock.memory_world import MemoryWorld
from testcard.mock.world import AccountId, Hold, Job, JobPolicy, Order, World

Array = NDArray[np.uint8]
Repaint = Callable[[PictureJob, int, Array], Array]
GOOD_KEY = "a-key-that-is-accepted"


class Painter:
    """An engine that changes what it is told, or what it painted."""

    def __init__(
        self,
        inner: Engine,
        told: Callable[[PictureJob], PictureJob],
        painted: Repaint = lambda _job, _index, array: array,
    ) -> None:
        """Paint with `inner`, changing jobs by `told` and pictures by `painted`."""
        self.name = inner.name
        self._inner, self._told, self._painted = inner, told, painted

    def paint(self, job: PictureJob) -> Iterator[Array]:
        """Yield what comes of it."""
        for index, array in enumerate(self._inner.paint(self._told(job))):
            yield np.ascontiguousarray(self._painted(job, index, array))


def told(change: Callable[[PictureJob], PictureJob]) -> Callable[[Engine], Engine]:
    """Paint another job than the one asked for."""
    return lambda inner: Painter(inner, change)


def ignoring(**fields: Any) -> Callable[[Engine], Engine]:
    """Paint as if these were always the same."""
    return told(lambda job: replace(job, **fields))


def repainted(change: Repaint) -> Callable[[Engine], Engine]:
    """Paint what was asked for, then change the pixels."""
    return lambda inner: Painter(inner, lambda job: job, change)


def restless() -> Callable[[Engine], Engine]:
    """Paint another picture each time, whatever the seed."""

    def make(inner: Engine) -> Engine:
        turns = iter(range(1, 1 << 30))
        return Painter(inner, lambda job: replace(job, seed=job.seed + 7 * next(turns)))

    return make


def over_mask(change: Callable[[Array, Array, Array], Array]) -> Callable[[Engine], Engine]:
    """Change (picture, input, mask), all of the picture's size, where there is a mask."""

    def paint(job: PictureJob, _index: int, array: Array) -> Array:
        if job.init is None or job.mask is None:
            return array
        height, width = array.shape[:2]
        return change(
            array, _fit(job.init.array, width, height), _fit(job.mask.array, width, height)
        )

    return repainted(paint)


def _fit(array: Array, width: int, height: int) -> Array:
    rows = np.arange(height) * array.shape[0] // height
    columns = np.arange(width) * array.shape[1] // width
    return np.asarray(array[rows][:, columns])


def recoded(format_: Format) -> Callable[[bytes], bytes]:
    """Encode a picture anew."""
    return lambda data: encode(decode(data).array, format_)


# Accounts and jobs


class ChargesTwice(MemoryWorld):
    """Takes the price of a success two times."""

    def settle(self, hold: Hold) -> None:
        """Take it twice."""
        super().settle(hold)
        take(self, hold.account, hold.amount)


class ChargesNothing(MemoryWorld):
    """Takes nothing for a success."""

    def settle(self, hold: Hold) -> None:
        """Let go of what was held."""
        self.release(hold)


class Pays(MemoryWorld):
    """Gives credits for a success."""

    def settle(self, hold: Hold) -> None:
        """Add instead of taking."""
        self.release(hold)
        take(self, hold.account, -hold.amount)


class ServesTheEmpty(MemoryWorld):
    """Serves whom cannot pay."""

    def reserve(self, who: AccountId, price: Decimal) -> Hold | None:
        """Hold nothing where there is too little."""
        return super().reserve(who, price) or super().reserve(who, Decimal(0))


class FailsEverySecond(MemoryWorld):
    """Every second job comes to FAILURE."""

    def begin_job(self, job_id: str, order: Order, hold: Hold) -> Job:
        """Begin it with another policy."""
        kept = self.policy()
        if len(self.jobs()) % 2:
            self.set_policy(JobPolicy("fail", 0))
        job = super().begin_job(job_id, order, hold)
        self.set_policy(kept)
        return job


def take(world: World, who: AccountId, price: Decimal) -> None:
    """Take credits for nothing."""
    world.set_balance(who, max(Decimal(0), world.account(who).balance - price))


def charging(when: Test) -> Callable[[], Around]:
    """Take a credit where `when` holds, of the account that was last served."""

    def make() -> Around:
        served: list[AccountId] = []

        def around(mock: Mutated, call: Call) -> Reply:
            scene = mock.faithful(call)
            if scene.verdict == "ok":
                served[:] = [account_of(mock, call)]
            elif when(scene):
                mine = account_of(mock, call)
                for account in served if scene.verdict == "unauthorized" else [mine]:
                    take(mock.world, account, Decimal(1))
            return scene.reply

        return around

    return make


def account_of(mock: Mutated, call: Call) -> AccountId:
    """Return the id of the account of the key that a call carries."""
    provider = next(iter(mock.dialects))
    return AccountId.of(provider, _key(mock, call)[1] or "")


def letting_in(*, keyless: bool) -> Callable[[], Around]:
    """Accept calls without a key, or with a wrong one."""

    def around(mock: Mutated, call: Call) -> Reply:
        name, key = _key(mock, call)
        if bool(key) == keyless:
            return mock.faithful(call).reply
        scene = mock.faithful(call)
        if scene.verdict != "unauthorized":
            return scene.reply
        rest: Headers = tuple(each for each in call.headers if each[0].lower() != name.lower())
        return mock.faithful(replace(call, headers=(*rest, (name, GOOD_KEY)))).reply

    return lambda: around


def _key(mock: Mutated, call: Call) -> tuple[str, str | None]:
    operation = next(iter(mock.dialects.values())).reading.operations[0]
    sent = [(name, header(call.headers, name)) for name in operation.key_headers]
    return next((each for each in sent if each[1]), sent[0])
