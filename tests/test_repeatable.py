"""The same calls in the same order give the same bytes: nothing comes from within the mock."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Barrier
from typing import Any

import numpy as np
import pytest
from tests.support import (
    ABSENT,
    APIS,
    EVERY_API,
    HOST,
    IMAGEPIPELINE,
    KEY,
    SEGMIND,
    Api,
    Client,
    json_of,
    photo,
    text,
)

from testcard.assembly import find
from testcard.card.engine import CardEngine
from testcard.common.message import Call, Reply
from testcard.common.picture import encode
from testcard.mock.core import Mock
from testcard.mock.draws import Draws
from testcard.mock.fault import Fault
from testcard.mock.inputs import Inputs
from testcard.mock.memory_world import MemoryWorld


def ticking(step: float) -> Callable[[], float]:
    """Return a clock that goes on by `step` seconds each time it is asked."""
    ticks = itertools.count()
    return lambda: next(ticks) * step


def fresh(seed: int = 0) -> Mock:
    """Return a mock of every provider whose clocks are its own."""
    names = {api.provider: None for api in APIS}
    dialects = [dialect(spec, "lenient", {}) for spec, dialect in map(find, names)]
    world = MemoryWorld(seed=seed, clock=ticking(1.0))
    return Mock(dialects, world, CardEngine(), Inputs(), stopwatch=ticking(0.25))


def session(mock: Mock) -> list[Reply]:
    """Call every operation, rightly and wrongly, with and without seeds, jobs and faults."""
    replies = []
    for api in APIS:
        client = Client(api, mock)
        mock.world.fail_next(api.provider, Fault("overloaded", 0.5))
        replies += [client.ask(), client.ask(), client.ask(prompt=ABSENT)]
        replies.append(client.but(key="invalid").ask())
    job = json_of(Client(IMAGEPIPELINE, mock).ask(seed=-1))["id"]
    replies += [Client(IMAGEPIPELINE, mock).follow(job) for _ in range(2)]
    url = json_of(replies[-1])["download_urls"][0]
    replies += [mock.answer(Call("GET", url)), mock.answer(Call("GET", f"{HOST}/nowhere"))]
    return replies


def test_two_runs_give_the_same_answers_and_the_same_journal() -> None:
    mocks = fresh(), fresh()
    first, second = map(session, mocks)
    assert first == second
    one, other = (json.dumps([asdict(entry) for entry in mock.journal.entries()], default=repr)
                  for mock in mocks)  # fmt: skip
    assert one == other


def test_a_reset_begins_the_same_again() -> None:
    mock = fresh()
    first = session(mock)
    mock.reset()
    assert session(mock) == first


def test_another_seed_gives_other_pictures_and_ids() -> None:
    assert session(fresh(seed=1)) != session(fresh(seed=2))


def test_time_is_the_clocks_that_were_handed_in() -> None:
    mock = fresh()
    Client(SEGMIND, mock).ask()
    Client(SEGMIND, mock).ask()
    entries = [entry.exchange for entry in mock.journal.entries()]
    assert [each.started for each in entries] == [0.0, 1.0]
    assert [each.elapsed for each in entries] == [0.25, 0.25]


def draws(mock: Mock, api: Api, finish: Callable[[Sequence[Any]], Sequence[Any]]) -> list[bytes]:
    """Begin three calls in order, do their work in another; return their answers in order."""
    uploads = [text(photo(24 + number)) for number in range(3)]  # new ones: work is left to do
    steps = []
    for number, upload in enumerate(uploads):
        said = {**api.smallest, "prompt": f"number {number}"}
        said |= {"image": upload, "img_width": 64} if api is SEGMIND else {"seed": -1}
        headers = (("content-type", "application/json"), (api.key_header, KEY))
        call = Call("POST", f"{HOST}/{api.provider}{api.path}", headers, json.dumps(said).encode())
        step = mock.begin(call)
        assert not isinstance(step, Reply)
        steps.append((number, step))
    done = {number: step().body for number, step in finish(steps)}
    return [done[number] for number in range(3)]


@pytest.mark.parametrize("api", [SEGMIND, IMAGEPIPELINE], ids=lambda api: api.provider)
def test_seeds_and_ids_go_by_the_order_of_calls_not_of_threads(api: Api) -> None:
    forth = draws(fresh(), api, lambda steps: steps)
    back = draws(fresh(), api, lambda steps: steps[::-1])
    assert forth == back
    assert len(set(forth)) == 3


@EVERY_API
def test_a_call_draws_the_same_whatever_others_before_it_drew(api: Api) -> None:
    """One that was refused counts as one that was served."""
    refused, served = fresh(), fresh()
    Client(IMAGEPIPELINE, refused).ask(prompt=ABSENT)
    Client(IMAGEPIPELINE, served).ask(seed=-1)
    assert Client(api, refused).ask().body == Client(api, served).ask().body


def test_draws_are_spread_over_what_they_may_be() -> None:
    seeds = [Draws(0, call).seed() for call in range(2_000)]
    assert len(set(seeds)) == 2_000
    assert 1 <= min(seeds) < 2**32 * 0.01 < 2**32 * 0.99 < max(seeds) < 2**32
    one = Draws(7, 1)
    ids = [one.id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert {len(each) for each in ids} == {36}
    assert {each[14] for each in ids} == {"4"}


def test_a_png_is_the_same_bytes_in_any_thread() -> None:
    """Igzip's levels 1 and 2 draw on an address of the stack, once in some thousand pictures."""
    colours = np.random.default_rng(0).integers(0, 256, (3_000, 1, 1, 3), np.uint8)
    together = Barrier(12)  # threads that live at once have stacks of their own

    def encoded() -> list[bytes]:
        return [encode(np.broadcast_to(each, (2, 16, 3)), "png") for each in colours]

    def aside(_: int) -> list[bytes]:
        together.wait()
        return encoded()

    with ThreadPoolExecutor(12) as pool:
        assert set(map(tuple, pool.map(aside, range(12)))) == {tuple(encoded())}
