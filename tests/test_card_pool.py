"""Cards on every core: the same pictures, in processes that come and go with the server."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import active_children

import httpx
import pytest

from testcard.assembly import on_cores
from testcard.card.engine import CardEngine
from testcard.card.pool import CardPool
from testcard.common.job import PictureJob
from testcard.common.picture import encode
from testcard.common.spec import SpecError
from testcard.mock.studio import PaintRequest, Studio

JOBS = [
    PictureJob(provider="acme", prompt=f"a cat {seed}", width=384, height=320, seed=seed)
    for seed in range(6)
]
EXPECTED = [encode(next(CardEngine().paint(job)), "png") for job in JOBS]


@pytest.fixture
def pool() -> Iterator[CardPool]:
    for child in active_children():
        child.join()  # of a test before, whose pool is closed
    pool = CardPool(2)
    yield pool
    pool.close()


def painted(pool: CardPool, job: PictureJob) -> bytes:
    (picture,) = pool.encoded(job, "png", 1)
    return picture


def test_a_card_alone_is_painted_here(pool: CardPool) -> None:
    assert [painted(pool, job) for job in JOBS] == EXPECTED
    assert not active_children()


def test_cards_asked_for_meanwhile_are_painted_by_processes(pool: CardPool) -> None:
    begun = pool.encoded(JOBS[0], "png", 1)
    assert next(begun) == EXPECTED[0]  # and its caller has not finished with it
    with ThreadPoolExecutor(5) as threads:
        assert list(threads.map(lambda job: painted(pool, job), JOBS[1:])) == EXPECTED[1:]
    assert len(active_children()) == 2
    assert next(begun, None) is None


def test_small_cards_are_not_worth_sending(pool: CardPool) -> None:
    small = PictureJob(provider="acme", prompt="a cat", width=64, height=64)
    begun = pool.encoded(JOBS[0], "png", 1)
    next(begun)
    painted(pool, small)
    assert not active_children()


def test_a_batch_is_that_of_the_engine_and_no_more_than_is_wanted(pool: CardPool) -> None:
    batch = PictureJob(provider="acme", prompt="cats", width=384, height=320, samples=3)
    expected = [encode(array, "webp") for array in CardEngine().paint(batch)][:2]
    begun = pool.encoded(JOBS[0], "png", 1)
    next(begun)
    assert list(pool.encoded(batch, "webp", 2)) == expected


def test_a_process_that_is_killed_costs_no_picture(pool: CardPool) -> None:
    begun = pool.encoded(JOBS[0], "png", 1)
    next(begun)
    painted(pool, JOBS[1])
    for child in active_children():
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
    assert painted(pool, JOBS[2]) == EXPECTED[2]
    assert painted(pool, JOBS[3]) == EXPECTED[3]


def test_at_least_one_process_is_needed() -> None:
    with pytest.raises(ValueError, match="0 painting processes: expected at least 1"):
        CardPool(0)


PROGRAM = """
from testcard.card.pool import CardPool
from testcard.common.job import PictureJob
if __name__ == "__main__":
    pool, job = CardPool(2), PictureJob(provider="acme", prompt="a cat", width=384, height=320)
    begun = pool.encoded(job, "png", 1)
    next(begun)
    list(pool.encoded(job, "png", 1))
    print("ready", flush=True)
    input()
"""


def test_the_processes_end_when_the_server_is_killed() -> None:
    """They hold its standard output, which ends when the last of them has."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:  # noqa: S603
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        server.kill()
        assert server.stdout.read() == ""


def test_a_studio_has_the_pool_encode(pool: CardPool) -> None:
    wanted = PaintRequest(JOBS[0], "png", 1)
    assert Studio(pool).pictures(wanted) == [EXPECTED[0]] == Studio(CardEngine()).pictures(wanted)


@pytest.mark.parametrize(
    ("cores", "painters", "several"),
    [(2, None, True), (1, None, False), (2, 0, False), (1, 3, True)],
)
def test_a_server_paints_on_every_core_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, cores: int, painters: int | None, several: bool
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    with on_cores(None, painters) as engine:
        assert isinstance(engine, CardPool) == several


def test_painters_are_for_test_cards_alone() -> None:
    with on_cores(CardEngine(), None) as engine:
        assert type(engine) is CardEngine
    with pytest.raises(SpecError, match="engine 'card' has none"), on_cores(CardEngine(), 2):
        pass


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_server_leaves_no_process_and_no_word_behind(end: signal.Signals) -> None:
    """Its output ends when the last of its processes has, and nobody complains."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "testcard.cli.start", "serve", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 (our own words)
        [*command, "--painters", "2", "--quiet"], stdout=pipe, stderr=pipe, text=True
    ) as server:
        assert server.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            said += server.stdout.readline()
        base = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert base
        with httpx.Client(base_url=base[0], trust_env=False, timeout=60) as client:

            def ask(number: int) -> int:
                asked = {"prompt": f"a cat {number}", "size": "1024x1024"}
                path, key = (
                    "/appypie-inpainting/inpainting/v1/getImage",
                    "Ocp-Apim-Subscription-Key",
                )
                return client.post(path, json=asked, headers={key: "any"}).status_code

            with ThreadPoolExecutor(4) as threads:
                assert set(threads.map(ask, range(8))) == {200}
        server.send_signal(end)
        assert server.communicate() == ("", "")
