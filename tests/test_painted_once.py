"""Equal calls at once: one paints, the others wait for it, and nobody is let down by another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from threading import Event, Lock
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.servers import until
from tests.support import IMAGEPIPELINE, SEGMIND, client_of, json_of

from testcard.common.job import PictureJob
from testcard.common.message import Call
from testcard.mock.studio import PaintRequest, Studio

JOB = PictureJob("anyone", "a red fox", width=32, height=32)
SECONDS = 60


class Gated:
    """An engine that paints once it is let, and tells how often it began; or fails as told."""

    name = "gated"

    def __init__(self, *fails: BaseException) -> None:
        """Fail the first times with `fails`, one after the other."""
        self.let = Event()
        self.began: list[PictureJob] = []
        self._fails = list(fails)
        self._lock = Lock()

    def paint(self, job: PictureJob) -> Iterator[NDArray[np.uint8]]:
        """Paint gray, once it is let."""
        with self._lock:
            self.began.append(job)
            fails = self._fails.pop(0) if self._fails else None
        assert self.let.wait(SECONDS)
        if fails is not None:
            raise fails
        for sample in range(job.samples):
            yield np.full((job.height, job.width, 3), 100 + sample, np.uint8)


class Counting(Future[Any]):
    """A future that counts who waits for it."""

    waiting = 0

    def result(self, timeout: float | None = None) -> Any:
        """Count, and wait."""
        type(self).waiting += 1
        return super().result(timeout)


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    Counting.waiting = 0
    monkeypatch.setattr("testcard.mock.studio.Future", Counting)


def together(
    engine: Gated, requests: Sequence[PaintRequest], waiting: int
) -> list[Future[list[bytes]]]:
    """Ask for all at once; let the engine paint when so many wait for another's pictures."""
    studio = Studio(engine)
    with ThreadPoolExecutor(len(requests)) as pool:
        asked = [pool.submit(studio.pictures, each) for each in requests]
        assert until(lambda: Counting.waiting == waiting)
        engine.let.set()
        wait(asked, SECONDS)
    return asked


def test_eight_equal_calls_are_painted_once() -> None:
    engine = Gated()
    asked = together(engine, [PaintRequest(JOB, "png", 1)] * 8, waiting=7)
    assert len(engine.began) == 1
    assert len({each.result()[0] for each in asked}) == 1


def test_calls_that_are_not_equal_are_painted_each() -> None:
    engine = Gated()
    engine.let.set()
    jobs = [JOB, PictureJob("anyone", "a blue fox", width=32, height=32)]
    requests = [PaintRequest(job, format_, 1) for job in jobs for format_ in ("png", "jpeg")]
    together(engine, requests, waiting=0)
    assert len(engine.began) == 4


def test_a_failure_is_that_of_all_who_wait_and_of_nobody_later() -> None:
    engine = Gated(RuntimeError("broken"))
    studio = Studio(engine)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(studio.pictures, PaintRequest(JOB, "png", 1)) for _ in range(4)]
        assert until(lambda: Counting.waiting == 3)
        engine.let.set()
        wait(asked, SECONDS)
    assert [str(each.exception()) for each in asked] == ["broken"] * 4
    assert len(engine.began) == 1
    assert studio.pictures(PaintRequest(JOB, "png", 1))
    assert len(engine.began) == 2


@pytest.mark.parametrize("left", [CancelledError(), KeyboardInterrupt()])
def test_where_the_painters_client_leaves_one_who_waits_paints(left: BaseException) -> None:
    engine = Gated(left)
    asked = together(engine, [PaintRequest(JOB, "png", 1)] * 5, waiting=4)
    raised = [each.exception() for each in asked]
    assert [type(each) for each in raised if each] == [type(left)]
    assert len({each.result()[0] for each in asked if not each.exception()}) == 1
    assert len(engine.began) == 2


def test_what_is_too_large_to_be_remembered_is_painted_once_all_the_same() -> None:
    engine = Gated()
    studio = Studio(engine, cache_bytes=0)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(studio.pictures, PaintRequest(JOB, "png", 1)) for _ in range(3)]
        assert until(lambda: Counting.waiting == 2)
        engine.let.set()
        assert len({each.result(SECONDS)[0] for each in asked}) == 1
    assert len(engine.began) == 1


def test_equal_calls_at_once_each_pay_and_get_the_same_picture() -> None:
    engine = Gated()
    client = client_of(SEGMIND, engine=engine)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(client.ask, seed=1, img_width=64, img_height=64) for _ in range(8)]
        assert until(lambda: Counting.waiting == 7)
        engine.let.set()
        replies = [each.result(SECONDS) for each in asked]
    assert {each.status for each in replies} == {200}
    assert len({each.body for each in replies}) == 1
    assert len(engine.began) == 1
    assert client.balance == 992


def test_the_pictures_of_one_job_fetched_at_once_are_painted_once() -> None:
    engine = Gated()
    client = client_of(IMAGEPIPELINE, engine=engine, policy="at-once")
    urls = json_of(client.ask(width=64, height=64, samples=4))["download_urls"]
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(client.mock.answer, Call("GET", url)) for url in urls]
        assert until(lambda: Counting.waiting == len(urls) - 1)
        engine.let.set()
        assert len({each.result(SECONDS).body for each in asked}) == len(urls) == 4
    assert len(engine.began) == 1
