"""What the mock does with any engine: what it passes over, when it is busy, when a client goes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import CancelledError
from decimal import Decimal
from threading import Event
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.servers import SECONDS, address, door
from tests.support import (
    APIS,
    EVERY_API,
    IMAGEPIPELINE,
    IMG2IMG,
    INPAINTING,
    KEY,
    SEGMIND,
    Api,
    client_of,
    json_of,
    mock_of,
)

from testcard.assembly import open_engine
from testcard.card.engine import CardEngine
from testcard.common.job import PictureJob
from testcard.common.message import Call
from testcard.common.spec import SpecError
from testcard.doors.endpoint import caller_left
from testcard.mock.world import AccountId


class Busy(CardEngine):
    """Has too much to do."""

    name = "busy"

    def __init__(self, error: BaseException) -> None:
        """Fail with `error`."""
        super().__init__()
        self.error = error

    def paint(self, job: PictureJob) -> Iterator[NDArray[np.uint8]]:
        """Fail."""
        del job
        raise self.error
        yield  # a generator, as engines are


class Picky(CardEngine):
    """Passes a thing over, and says so; remembers the families asked for."""

    name = "picky"

    def __init__(self) -> None:
        """Begin with nothing asked."""
        super().__init__()
        self.families: list[str] = []

    def notes(self, job: PictureJob) -> list[tuple[str, str]]:
        """Say that no style is applied."""
        self.families.append(job.family)
        return [("style", f"{job.prompt} is not styled")]

    def describe(self) -> dict[str, Any]:
        """Say what it runs on."""
        return {"device": "abacus"}


def busy(wait: int | None = 7) -> Busy:
    error = TimeoutError("32 calls wait already")
    if wait is not None:
        error.retry_after = wait  # type: ignore[attr-defined]
    return Busy(error)


PAINTED_AT_ONCE = pytest.mark.parametrize(
    "api",
    [api for api in APIS if api is not IMAGEPIPELINE],
    ids=lambda api: api.path.rpartition("/")[2],
)


@PAINTED_AT_ONCE
@pytest.mark.parametrize("wait", [7, None])
def test_a_busy_engine_is_the_providers_own_overload_and_costs_nothing(
    api: Api, wait: int | None
) -> None:
    client = client_of(api, engine=busy(wait), balance=Decimal(3))
    reply = client.ask()
    assert reply.status == 503
    assert reply.header("retry-after") == str(wait or 1)
    assert client.entry.verdict == "overloaded"
    assert client.entry.detail == "32 calls wait already"
    assert client.balance == 3


@PAINTED_AT_ONCE
def test_a_picture_that_nobody_waits_for_any_more_costs_nothing(api: Api) -> None:
    client = client_of(api, engine=Busy(CancelledError()), balance=Decimal(3))
    client.ask()
    assert client.entry.verdict == "failed"
    assert client.balance == 3


@pytest.mark.parametrize(
    ("error", "status"), [(TimeoutError("too many"), 503), (CancelledError(), 500)]
)
def test_the_picture_of_a_job_can_be_asked_for_again_when_the_engine_is_free(
    error: BaseException, status: int
) -> None:
    engine = Busy(error)
    client = client_of(IMAGEPIPELINE, engine=engine)
    job = json_of(client.ask())["id"]
    client.follow(job)
    url = json_of(client.follow(job))["download_urls"][0]
    assert client.mock.answer(Call("GET", url)).status == status
    client.mock.services.studio.engine = CardEngine()
    assert client.mock.answer(Call("GET", url)).header("content-type") == "image/png"


@EVERY_API
def test_what_an_engine_passes_over_is_said_in_the_journal(api: Api) -> None:
    client = client_of(api, engine=Picky())
    assert client.ask(prompt="a red fox").status < 300
    assert client.entry.notes == (("style", "a red fox is not styled"),)
    assert client.entry.findings == (), "it is no fault of the client's"
    journal = json_of(client.mock.answer(Call("GET", "http://localhost/_testcard/journal")))
    (told,) = journal["entries"][-1]["no_effect"]
    assert told == {"where": "style", "message": "a red fox is not styled"}


@EVERY_API
def test_an_engine_is_told_which_stable_diffusion_the_page_speaks_of(api: Api) -> None:
    engine = Picky()
    client = client_of(api, engine=engine)
    assert client.ask().status < 300
    assert engine.families == ["sdxl" if api in (IMAGEPIPELINE, IMG2IMG) else "sd"]


def test_health_says_what_paints() -> None:
    def engine(mock: Any) -> Any:
        return json_of(mock.answer(Call("GET", "http://localhost/_testcard/health")))["engine"]

    assert engine(mock_of(SEGMIND)) == {"name": "card"}
    assert engine(mock_of(SEGMIND, engine=Picky())) == {"name": "picky", "device": "abacus"}


class Patient(CardEngine):
    """Paints until its client is gone."""

    def __init__(self) -> None:
        """Begin with nobody there, and nobody gone."""
        super().__init__()
        self.began, self.left = Event(), Event()

    def paint(self, job: PictureJob) -> Iterator[NDArray[np.uint8]]:
        """Wait for the client to go."""
        self.began.set()
        for _ in range(int(SECONDS / 0.02)):
            if caller_left():
                self.left.set()
                raise CancelledError
            self.left.wait(0.02)
        yield from super().paint(job)


def test_an_engine_is_told_when_its_client_leaves() -> None:
    engine = Patient()
    mock = mock_of(INPAINTING, engine=engine, balance=Decimal(3))
    body = b'{"prompt": "a barn"}'
    head = (
        f"POST /{INPAINTING.provider}{INPAINTING.path} HTTP/1.1\r\nHost: x\r\n"
        f"{INPAINTING.key_header}: {KEY}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with door(mock) as base:
        with socket.create_connection(address(base), SECONDS) as leaving:
            leaving.sendall(head.encode() + body)
            assert engine.began.wait(SECONDS)
        assert engine.left.wait(SECONDS)
        with httpx.Client(base_url=base, trust_env=False) as client:
            assert client.get("/_testcard/health").status_code == 200
    account = mock.world.account(AccountId.of(INPAINTING.provider, KEY))
    assert (int(account.balance), int(account.held)) == (3, 0)


def test_nobody_has_left_where_no_door_works() -> None:
    assert not caller_left()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"name": "oil"}, "'oil' is no engine; there are: card, reference"),
        ({"name": "card", "models": ["x"]}, "add --engine reference"),
        ({"name": "card", "compiled": True}, "add --engine reference"),
        ({"name": "card", "together": 4}, "add --engine reference"),
    ],
)
def test_an_engine_that_cannot_be_opened_is_said(words: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        open_engine(**words)


def test_what_an_engine_needs_is_said_where_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "testcard.reference.opening", None)
    with pytest.raises(SpecError, match=r"pip install .*\[reference\]'"):
        open_engine("reference")
