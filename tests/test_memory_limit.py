"""One limit for all that a mock remembers: who gives way, and how it is told."""

from __future__ import annotations

import ctypes
import platform
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import (
    AITHRIVING,
    HOST,
    IMAGEPIPELINE,
    IMG2IMG,
    Client,
    client_of,
    json_of,
    mock_of,
)
from tests.weighing import MB, Weighed, begin, kept_by, noise, text
from typer.testing import CliRunner

from testcard.assembly import Options, build
from testcard.cli.main import app
from testcard.cli.words import UsageError, bytes_from
from testcard.common import allocator
from testcard.common.body import FilePart
from testcard.common.job import PictureJob
from testcard.common.message import Call, Exchange, Reply
from testcard.mock.inputs import PART as INPUTS_PART
from testcard.mock.inputs import Inputs
from testcard.mock.journal import Journal
from testcard.mock.memory_limit import LEAST_MEMORY, MemoryLimit, Remembered
from testcard.mock.memory_world import MemoryWorld
from testcard.mock.studio import PART as STUDIO_PART
from testcard.mock.studio import PaintRequest
from testcard.mock.world import AccountId, JobPolicy


def test_a_thousand_jobs_in_flight_are_all_known() -> None:
    """Those that share a picture of 3 MB decoded, too."""
    client = client_of(IMAGEPIPELINE, policy="polls:1", balance=Decimal(2_000))
    shared = text(noise(7, 300))
    jobs = [
        json_of(client.ask(init_image=shared, width=64, height=64, seed=number))["id"]
        for number in range(1_000)
    ]
    assert {json_of(client.follow(job))["status"] for job in jobs} == {"PENDING"}
    assert {json_of(client.follow(job))["status"] for job in jobs} == {"SUCCESS"}
    assert client.account.balance == 1_000


def test_a_thousand_jobs_are_known_however_much_else_is_remembered() -> None:
    """Each with a picture of its own of 75 KB, in base64; journal and caches give way."""
    memory = MemoryLimit()
    world, journal = MemoryWorld(memory=memory), Journal(memory=memory)
    caches = [
        Remembered[int, bytes](memory, STUDIO_PART, len),
        Remembered[int, bytes](memory, INPUTS_PART, len),
    ]
    jobs = []
    for number in range(1_000):
        jobs.append(begin(world, number, f"{number:05}" * 20_000))
        call = Call("POST", HOST, (), bytes(100_000))
        journal.write(
            Exchange(call, Reply(200, (), bytes(300_000))),
            provider="p",
            operation="o",
            verdict="ok",
            detail="",
            findings=(),
            notes=(),
            fields={},
        )
        for cache in caches:
            cache.keep(number, bytes(500_000))
    assert [world.find_job(job) is not None for job in jobs] == [True] * 1_000
    assert memory.held <= memory.room


def test_a_job_is_painted_from_the_picture_that_was_sent() -> None:
    """Kept as it came and decoded again: the answer is the same after every cache is empty."""
    client = client_of(IMAGEPIPELINE, policy="at-once")
    (url,) = json_of(client.ask(init_image=text(noise(3)), width=64, height=64, seed=5))[
        "download_urls"
    ]
    first = client.mock.answer(Call("GET", url))
    client.mock.services.inputs.clear()
    client.mock.services.studio.clear()
    assert client.mock.answer(Call("GET", url)) == first
    assert first.status == 200


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 400_000)), max_size=30))
def test_whatever_is_kept_the_limit_holds(steps: list[tuple[str, int]]) -> None:
    memory = MemoryLimit(LEAST_MEMORY)
    caches = {
        name: Remembered[int, int](memory, part, lambda value: value)
        for name, part in (("a", 0.1), ("b", 0.3), ("c", 0.6))
    }
    for number, (name, size) in enumerate(steps):
        assert caches[name].keep(number, size) == size
        assert memory.held <= memory.room


def test_who_is_furthest_above_its_share_gives_way() -> None:
    memory = MemoryLimit(LEAST_MEMORY * 10 // 7)
    large = Remembered[int, int](memory, 0.8, lambda value: value)
    small = Remembered[int, int](memory, 0.2, lambda value: value)
    for number in range(8):
        large.keep(number, 90_000)
    for number in range(20):
        small.keep(number, 30_000)
    assert all(number in large for number in range(8))
    assert [number for number in range(20) if number in small] == list(range(10, 20))


def test_what_is_used_stays_and_what_is_too_large_is_not_kept() -> None:
    cache = Remembered[str, int](MemoryLimit(), 1, lambda value: value, most=3_000)
    for name in ("first", "second"):
        cache.keep(name, 1_000)
    assert cache.get("first") == 1_000
    cache.keep("third", 1_000)
    assert ["first" in cache, "second" in cache, "third" in cache] == [True, False, True]
    cache.keep("large", 4_000)
    assert "large" not in cache
    cache.clear()
    assert "first" not in cache


def test_the_least_memory_is_told() -> None:
    with pytest.raises(ValueError, match="at least 1048576 were expected"):
        MemoryLimit(LEAST_MEMORY - 1)


def mixed(client: Client, number: int) -> None:
    """Send one call of each kind, like none before."""
    picture = text(noise(number, 100))
    job = json_of(
        client.but(api=IMAGEPIPELINE).ask(init_image=picture, width=64, height=64, seed=number)
    )
    for url in job["download_urls"]:
        assert client.mock.answer(Call("GET", url)).status == 200
    others = client.but(api=IMG2IMG, key=f"key-{number}")
    assert (
        others.ask(inputImage=f"data:image/png;base64,{picture}", prompt=f"prompt {number}").status
        == 200
    )
    part = FilePart(noise(-number % 1_000, 64), "a.png")
    assert client.but(api=AITHRIVING).ask(init_image=part, prompt=f"{number}").status == 200


def test_all_that_a_mock_keeps_stays_within_its_limit() -> None:
    limit = 2 * MB
    weighed = Weighed(limit)
    mock = mock_of(IMAGEPIPELINE, IMG2IMG, AITHRIVING, policy="at-once", memory=weighed.memory)
    mock.services = replace(mock.services, inputs=Inputs(memory=weighed.memory))
    client = Client(IMAGEPIPELINE, mock)

    def load() -> None:
        for _ in range(16):
            weighed.number += 1
            mixed(client, weighed.number)
            assert weighed.memory.held <= weighed.memory.room
        mock.reset()
        for _ in range(16):
            weighed.number += 1
            mixed(client, weighed.number)

    assert kept_by(load) < limit
    mock.reset()
    assert weighed.memory.held == 0


def test_a_reset_forgets_all_and_gives_memory_back() -> None:
    trimmed: list[int] = []
    memory = MemoryLimit(trim=lambda: trimmed.append(memory.held))
    client = client_of(IMAGEPIPELINE, policy="never", memory=memory)
    client.ask()
    assert memory.held > 0
    client.mock.reset()
    assert trimmed == [0]


def test_a_policy_at_least_is_kept_by_value() -> None:
    """Jobs keep the policy that they began with, whatever is set later."""
    world = MemoryWorld(policy=JobPolicy("never", 0))
    job = begin(world, 1, "x")
    world.set_policy(JobPolicy("polls", 0))
    polled = world.poll("anyone", job)
    assert polled is not None
    assert polled.state == "PENDING"


def test_a_size_is_written_as_people_write_it() -> None:
    sizes = {
        "256MiB": 256 << 20,
        "1GiB": 1 << 30,
        "500M": 500_000_000,
        "1.5 gb": 1_500_000_000,
        "1048576": 1 << 20,
    }
    assert {text: bytes_from("--memory", text) for text in sizes} == sizes


@pytest.mark.parametrize("text", ["", "much", "-1MiB", "12Q", "٣MiB", "1e3M", "iB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--memory is .*; a size like 256MiB or 500M was"):
        bytes_from("--memory", text)


def test_the_command_line_bounds_the_memory() -> None:
    said = CliRunner().invoke(app, ["serve", "--memory", "100k"])
    assert said.exit_code == 2
    assert "the memory is 100000 bytes; at least 1048576 were expected" in said.output


def test_a_mock_is_built_with_the_memory_it_is_told() -> None:
    trimmed: list[bool] = []
    mock = build(Options(memory=2 * MB, trim=lambda: trimmed.append(True)))
    assert mock.services.memory.limit == 2 * MB
    for number in range(3):
        mock.answer(Call("POST", f"{HOST}/segmind/{number}", (), b"x" * MB))
    assert mock.services.memory.held <= mock.services.memory.room < 2 * MB
    assert [entry.number for entry in mock.journal.entries()] == [3]
    mock.reset()
    assert trimmed == [True]
    assert mock.services.memory.held == 0


def test_every_keeper_shares_the_limit_that_was_told() -> None:
    """Journal, jobs, accounts, pictures sent and pictures painted: none has a limit of its own."""
    mock = build(Options(policy=JobPolicy.parse("at-once")))
    mock.services.inputs.clear()
    client = Client(IMAGEPIPELINE, mock)
    held = [mock.services.memory.held]
    mock.world.account(AccountId.of("anyone", "a-key"))
    held.append(mock.services.memory.held)
    begin(mock.world, 1, "x" * MB)
    held.append(mock.services.memory.held)
    mock.services.inputs.read(noise(1), ["file"])
    held.append(mock.services.memory.held)
    mock.services.studio.pictures(
        PaintRequest(PictureJob("anyone", "", width=64, height=64), "png", 1)
    )
    held.append(mock.services.memory.held)
    client.send(b"")
    held.append(mock.services.memory.held)
    assert held == sorted(set(held))


def test_the_allocator_is_told_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """On glibc it takes both words; elsewhere nothing is called and nothing breaks."""
    assert allocator.keep_flat() == (platform.libc_ver()[0] == "glibc")
    allocator.trim()
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(ctypes, "CDLL", None)
    assert allocator.keep_flat() is False
    allocator.trim()
