"""The queue before the painter: turns, batches, a bound on waiting, callers that leave."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from tests.heavy import Heavy

queue = Heavy("testcard.reference.turnstile")
SECONDS = 60


def never() -> bool:
    return False


class Painter:
    """Doubles numbers; waits in its first turn until it is let go on."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.go = Event(), Event()

    def __call__(self, tickets: Sequence[Any]) -> list[int]:
        """Double what each ticket asks."""
        self.groups.append([ticket.asked for ticket in tickets])
        self.begun.set()
        assert self.go.wait(SECONDS)
        return [2 * ticket.asked for ticket in tickets]


def waiting(stile: Any, count: int) -> None:
    until = time.monotonic() + SECONDS
    while len(stile._waiting) < count:
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(16) as made:
        yield made


def test_those_who_wait_and_agree_in_shape_are_served_together(pool: ThreadPoolExecutor) -> None:
    painter = Painter()
    stile = queue.Turnstile(painter, together=3)
    first = pool.submit(stile.ask, 1, "a", never)
    assert painter.begun.wait(SECONDS)
    rest = []
    for number, shape in ((2, "a"), (3, "b"), (4, "a"), (5, "a"), (6, "a")):
        rest.append(pool.submit(stile.ask, number, shape, never))
        waiting(stile, len(rest))
    painter.go.set()
    assert [each.result(SECONDS) for each in (first, *rest)] == [2, 4, 6, 8, 10, 12]
    assert painter.groups == [[1], [2, 4, 5], [3], [6]]


def test_one_at_a_time_is_the_rule(pool: ThreadPoolExecutor) -> None:
    painter = Painter()
    painter.go.set()
    stile = queue.Turnstile(painter)
    made = list(pool.map(lambda number: stile.ask(number, "a", never), range(30)))
    assert made == [2 * number for number in range(30)]
    assert all(len(group) == 1 for group in painter.groups)


def test_too_many_are_refused_at_once(pool: ThreadPoolExecutor) -> None:
    painter = Painter()
    stile = queue.Turnstile(painter, waiting=1)
    first = pool.submit(stile.ask, 1, "a", never)
    assert painter.begun.wait(SECONDS)
    second = pool.submit(stile.ask, 2, "a", never)
    waiting(stile, 1)
    with pytest.raises(queue.Overloaded, match="1 calls wait already") as raised:
        stile.ask(3, "a", never)
    assert raised.value.retry_after > 0
    painter.go.set()
    assert (first.result(SECONDS), second.result(SECONDS)) == (2, 4)


def test_a_wait_that_is_too_long_ends(pool: ThreadPoolExecutor) -> None:
    painter = Painter()
    stile = queue.Turnstile(painter, patience=0.05)
    first = pool.submit(stile.ask, 1, "a", never)
    assert painter.begun.wait(SECONDS)
    with pytest.raises(queue.Overloaded, match="try again later"):
        stile.ask(2, "a", never)
    painter.go.set()
    assert first.result(SECONDS) == 2
    assert stile.ask(3, "a", never) == 6


def test_a_caller_that_left_loses_its_place(pool: ThreadPoolExecutor) -> None:
    painter = Painter()
    stile = queue.Turnstile(painter)
    first = pool.submit(stile.ask, 1, "a", never)
    assert painter.begun.wait(SECONDS)
    with pytest.raises(queue.Left):
        stile.ask(2, "a", lambda: True)
    painter.go.set()
    assert first.result(SECONDS) == 2
    assert painter.groups == [[1]]


def test_those_who_ride_along_count_as_waiting(pool: ThreadPoolExecutor) -> None:
    """A caller keeps its thread until it is served, whoever paints for it."""
    painter = Painter()
    stile = queue.Turnstile(painter, together=3, waiting=2)
    first = pool.submit(stile.ask, 1, "a", never)
    assert painter.begun.wait(SECONDS)
    others = [pool.submit(stile.ask, number, "b", never) for number in (2, 3)]
    waiting(stile, 2)
    painter.begun.clear()
    hold, painter.go = painter.go, Event()
    hold.set()
    assert first.result(SECONDS) == 2
    assert painter.begun.wait(SECONDS)
    riding = [pool.submit(stile.ask, 4, "b", never)]  # one of the two paints, the other rides
    waiting(stile, 1)
    with pytest.raises(queue.Overloaded):
        stile.ask(5, "b", never)
    painter.go.set()
    assert sorted(each.result(SECONDS) for each in (*others, *riding)) == [4, 6, 8]


def test_no_batch_is_larger_than_told(pool: ThreadPoolExecutor) -> None:
    painter = Painter()
    stile = queue.Turnstile(painter, together=4)
    first = pool.submit(stile.ask, 1, "a", never, 1)
    assert painter.begun.wait(SECONDS)
    rest = []
    for number, size in ((2, 3), (3, 2), (4, 1)):
        rest.append(pool.submit(stile.ask, number, "a", never, size))
        waiting(stile, len(rest))
    painter.go.set()
    assert [each.result(SECONDS) for each in (first, *rest)] == [2, 4, 6, 8]
    assert painter.groups == [[1], [2, 4], [3]]


@pytest.mark.parametrize("error", [ValueError("broken"), TimeoutError("too slow")])
def test_those_who_ride_along_hear_of_a_failure(pool: ThreadPoolExecutor, error: Exception) -> None:
    painter = Painter()

    def make(tickets: Sequence[Any]) -> list[int]:
        made = painter(tickets)
        if len(tickets) > 1:
            raise error
        return made

    stile = queue.Turnstile(make, together=3)
    first = pool.submit(stile.ask, 1, "a", never)
    assert painter.begun.wait(SECONDS)
    rest = [pool.submit(stile.ask, number, "a", never) for number in (2, 3)]
    waiting(stile, 2)
    painter.go.set()
    assert first.result(SECONDS) == 2
    for each in rest:
        with pytest.raises(type(error), match=str(error)):
            each.result(SECONDS)
    assert stile.ask(4, "a", never) == 8


@pytest.mark.parametrize("kind", ["ValueError", "Left"])
def test_after_a_failure_the_next_one_paints(pool: ThreadPoolExecutor, kind: str) -> None:
    error: Exception = queue.Left() if kind == "Left" else ValueError("broken")
    calls: list[int] = []
    hold = Event()

    def make(tickets: Sequence[Any]) -> list[int]:
        calls.append(tickets[0].asked)
        assert hold.wait(SECONDS)
        if len(calls) == 1:
            raise error
        return [ticket.asked for ticket in tickets]

    stile = queue.Turnstile(make)
    first = pool.submit(stile.ask, 1, "a", never)
    until: Callable[[], bool] = lambda: bool(calls)  # noqa: E731
    while not until():
        time.sleep(0.005)
    second = pool.submit(stile.ask, 2, "b", never)
    waiting(stile, 1)
    hold.set()
    with pytest.raises(type(error)):
        first.result(SECONDS)
    assert second.result(SECONDS) == 2
