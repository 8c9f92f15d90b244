"""Sends what an outbox has: a thread with a loop of its own, which ends with its server.

No redirect is followed, no proxy is asked, and of an answer only its status is read. Knows threads
and httpx2. Must not know what is sent, where it may go, or any one provider.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Final

import httpx2

if TYPE_CHECKING:
    from testcard.mock.delivery import Delivery
    from testcard.mock.outbox import Outbox

_AT_ONCE: Final = 8  # deliveries under way together
_BEHIND_THE_ANSWER: Final = 0.02  # seconds: the answer that names a job goes first
_LONGEST_SLEEP: Final = 3600.0
_CLOSING_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


class Sender:
    """Sends from now on, until it is closed."""

    def __init__(self, outbox: Outbox) -> None:
        """Begin to send what `outbox` has."""
        self._outbox = outbox
        self._loop = asyncio.new_event_loop()
        self._stirred = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._main = self._loop.create_task(self._live())
        self._thread = Thread(target=self._run, name="testcard-sender", daemon=True)
        self._deaf = outbox.listen(self._stir)
        self._thread.start()

    def close(self) -> None:
        """Send no more; what is under way is broken off."""
        self._deaf()
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join(_CLOSING_SECONDS)

    def _stir(self) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stirred.set)

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._main)
        self._loop.close()

    async def _live(self) -> None:
        room = asyncio.Semaphore(_AT_ONCE)
        async with httpx2.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=None
        ) as client:
            try:
                while True:
                    self._stirred.clear()
                    for each in self._collected():
                        await room.acquire()
                        self._begin(self._send(client, each), room)
                    await self._rest()
            finally:
                for task in self._under_way:
                    task.cancel()
                await asyncio.gather(*self._under_way, return_exceptions=True)

    def _collected(self) -> list[Delivery]:
        try:
            return self._outbox.collect()
        except Exception:
            _log.exception("testcard failed to word what is to be sent")
            return []

    def _begin(self, sent: Coroutine[None, None, None], room: asyncio.Semaphore) -> None:
        task = self._loop.create_task(sent)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(lambda _: room.release())

    async def _rest(self) -> None:
        """Wait until something is due, or may be; then until the answer to its call has left."""
        due = self._outbox.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_LONGEST_SLEEP if due is None else due, _LONGEST_SLEEP)):
                await self._stirred.wait()
        await asyncio.sleep(_BEHIND_THE_ANSWER)

    async def _send(self, client: httpx2.AsyncClient, delivery: Delivery) -> None:
        began, status, why = time.perf_counter(), None, ""
        call = delivery.call
        try:
            async with asyncio.timeout(delivery.timeout):
                request = client.build_request(
                    call.method, call.url, headers=list(call.headers), content=call.body
                )
                response = await client.send(request, stream=True)
                status = response.status_code
                await response.aclose()
        except TimeoutError:
            why = f"no answer came within {delivery.timeout:g} s"
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            why = f"it could not be sent: {type(error).__name__}: {error}"
        self._outbox.answered(delivery, status, why, time.perf_counter() - began)


@contextmanager
def sending(outbox: Outbox) -> Iterator[None]:
    """Send what `outbox` has, for as long as the block lasts."""
    sender = Sender(outbox)
    try:
        yield
    finally:
        sender.close()
