"""Large bodies under way have a bound together: a further one waits, a small one does not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from starlette.types import Message
from tests.support import SEGMIND

from testcard.assembly import Options, build
from testcard.doors.endpoint import Door
from testcard.doors.room import Room

MEGA = 1 << 20
SIZE = 4 * MEGA  # the largest body taken


@dataclass
class Sender:
    """A client that sends all but the last megabyte, and that when it is told to."""

    size: int = SIZE
    read: int = 0
    status: int = 0
    rest: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self) -> Message:
        """Give the next megabyte."""
        if self.read == self.size - MEGA:
            await self.rest.wait()
        if self.read == self.size:
            await asyncio.Event().wait()  # it stays
        self.read += MEGA
        return {
            "type": "http.request",
            "body": b" " * MEGA,
            "more_body": self.read < self.size,
        }

    async def send(self, message: Message) -> None:
        """Note the answer's status."""
        self.status = message.get("status", self.status)

    async def call(self, door: Door) -> None:
        """Send it all, and wait for the answer."""
        headers = [(b"host", b"x"), (b"x-api-key", b"k"), (b"content-length", b"%d" % self.size)]
        scope = {
            "type": "http",
            "method": "POST",
            "scheme": "http",
            "path": f"/segmind{SEGMIND.path}",
            "query_string": b"",
            "headers": headers,
            "server": ("x", 80),
            "client": ("127.0.0.1", 1),
        }
        await door(scope, self.receive, self.send)


async def settled() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


def run(story: Callable[[Door], Awaitable[None]]) -> None:
    asyncio.run(story(Door(build(Options(largest_body=SIZE)))))  # type: ignore[arg-type]


def test_a_further_large_body_is_read_when_there_is_room() -> None:
    """Sixteen stalled bodies of 31 MB took 500 MB."""

    async def story(door: Door) -> None:
        senders = [Sender() for _ in range(5)]
        tasks = [asyncio.create_task(each.call(door)) for each in senders]
        await settled()
        assert [each.read // MEGA for each in senders] == [3, 3, 3, 2, 2]
        senders[0].rest.set()
        await tasks[0]
        await settled()
        assert senders[0].status == 422
        assert [each.read // MEGA for each in senders] == [4, 3, 3, 3, 2]
        for each in senders:
            each.rest.set()
        await asyncio.gather(*tasks)
        assert {each.status for each in senders} == {422}

    run(story)


def test_a_small_body_waits_for_nobody() -> None:
    async def story(door: Door) -> None:
        stalled = [asyncio.create_task(Sender().call(door)) for _ in range(5)]
        await settled()
        small = Sender(MEGA)
        small.rest.set()
        await small.call(door)
        assert small.status == 422
        for each in stalled:
            each.cancel()
        await asyncio.gather(*stalled)

    run(story)


def test_who_leaves_while_it_waits_or_is_let_in_leaves_its_room() -> None:
    async def story() -> None:
        room = Room(10)
        assert await room.take(99) == 10, "one that is larger than the room has all of it"
        waiting = [asyncio.create_task(room.take(10)) for _ in range(3)]
        await settled()
        waiting[0].cancel()
        await settled()
        room.give(10)
        waiting[1].cancel()  # it was let in, and has not heard of it
        with pytest.raises(asyncio.CancelledError):
            await waiting[1]
        assert await asyncio.wait_for(waiting[2], 20) == 10

    asyncio.run(story())
