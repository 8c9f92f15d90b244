"""The respx door and the event loop that an asynchronous client runs on."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, current_thread

import anyio
import httpx
import httpx2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.servers import SECONDS
from tests.support import INPAINTING, KEY, mock_of

from testcard.card.engine import CardEngine
from testcard.common.job import PictureJob
from testcard.doors.inprocess import Inside
from testcard.doors.respx import RespxRouter, intercepting

URL = f"https://gateway.appypie.com{INPAINTING.path}"
CLIENTS = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


class Watched(CardEngine):
    """Paints once it has been let, and notes where."""

    def __init__(self) -> None:
        """Begin with nothing painted."""
        super().__init__()
        self.let = Event()
        self.threads: list[str] = []

    def paint(self, job: PictureJob) -> Iterator[NDArray[np.uint8]]:
        """Wait, then paint."""
        self.threads.append(current_thread().name)
        assert self.let.wait(SECONDS)
        yield from super().paint(job)


@CLIENTS
def test_other_tasks_go_on_while_a_picture_is_painted(library: object) -> None:
    """Painting ends only when a task of the same loop has run: it would wait for ever on it."""
    engine = Watched()
    router = RespxRouter(Inside(lambda: mock_of(INPAINTING, engine=engine)))

    async def both() -> list[int]:
        statuses: list[int] = []

        async def ask() -> None:
            async with library.AsyncClient() as client:  # type: ignore[attr-defined]
                answer = await client.post(
                    URL, json={"prompt": "x", "size": "64x64"}, headers={INPAINTING.key_header: KEY}
                )
                statuses.append(answer.status_code)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            while not engine.threads:
                await anyio.sleep(0.001)
            engine.let.set()
        return statuses

    with intercepting(router):
        assert anyio.run(both) == [200]
    assert engine.threads != [current_thread().name]
    (call,) = router.calls
    assert call.response.status_code == 200
    assert "testcard_async" not in call.request.extensions
