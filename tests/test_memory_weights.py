"""What a mock remembers is weighed as it is held."""

from __future__ import annotations

import gc
from dataclasses import replace
from decimal import Decimal
from sys import getsizeof
from typing import Any

import pytest
from tests.support import ABSENT, AITHRIVING, HOST, IMAGEPIPELINE, SEGMIND, Api, client_of
from tests.weighing import MB, Weighed, begin, kept_by, noise, text

from testcard.card.engine import CardEngine
from testcard.common.flaw import Finding
from testcard.common.job import PictureJob
from testcard.common.message import Call, Exchange, Reply, split_url
from testcard.mock.inputs import Inputs
from testcard.mock.journal import Journal
from testcard.mock.memory_limit import MemoryLimit, Remembered
from testcard.mock.memory_world import MemoryWorld
from testcard.mock.render import json_bytes
from testcard.mock.studio import PaintRequest, Studio
from testcard.mock.world import AccountId

# Weights are honest


def entry(number: int, findings: int = 2) -> tuple[Exchange, dict[str, Any]]:
    headers = tuple((f"x-header-{each}", f"value {number}-{each}") for each in range(12))
    call = Call("POST", f"{HOST}/segmind/{number}", headers, b"x" * (number % 7 * 500))
    exchange = Exchange(call, Reply(200, headers[:3], b"y" * 1_000))
    said = {
        "findings": tuple(_finding(f"{number}.{each}") for each in range(findings)),
        "notes": ((f"field {number}", "has no effect"),),
        "fields": {f"field-{each}": f"value {number} of {each}" for each in range(8)},
    }
    return exchange, said


def _finding(name: str) -> Finding:
    return Finding(name, f"the page knows no such field as {name}", "documented", "the page")


@pytest.mark.parametrize("findings", [0, 3, 20_000])
def test_the_journal_weighs_what_it_holds(findings: int) -> None:
    """Findings, fields and headers too, and of 20,000 findings only the first hundred stay."""
    weighed = Weighed()
    journal = Journal(memory=weighed.memory)

    def write(number: int) -> None:
        exchange, said = entry(number, findings)
        journal.write(exchange, provider="p", operation="o", verdict="ok", detail="", **said)

    weighed.honest(write, 40 if findings < 100 else 5)
    assert len(journal.entries()[-1].findings) == min(findings, 101)
    if findings > 100:
        last = journal.entries()[-1].findings[-1]
        assert last.message == f"{findings - 100} further findings are not kept"


def test_a_call_with_900_unknown_fields_is_weighed() -> None:
    weighed = Weighed()
    client = client_of(SEGMIND, memory=weighed.memory)
    unknown = {f"key-{number}": number for number in range(900)}
    weighed.honest(lambda number: client.ask(prompt=str(number), seed=1, **unknown).status, 3)
    assert weighed.memory.held < MB


def test_accounts_weigh_what_they_hold() -> None:
    weighed = Weighed()
    world = MemoryWorld(memory=weighed.memory)

    def use(number: int) -> None:
        who = AccountId.of("anyone", f"{number}" * 5_000)
        world.wait_for_turn(who, 60)
        if number % 2:
            assert world.reserve(who, Decimal(1))

    weighed.honest(use, 500)
    assert weighed.memory.held < 2 * MB


@pytest.mark.parametrize("side", [8, 64])
def test_jobs_weigh_what_they_hold(side: int) -> None:
    weighed = Weighed()
    world = MemoryWorld(memory=weighed.memory)
    weighed.honest(lambda number: begin(world, number, text(noise(number, side))), 100)


def test_a_picture_that_jobs_share_is_kept_once() -> None:
    weighed = Weighed()
    world = MemoryWorld(memory=weighed.memory)
    data = noise(0, 256)
    weighed.honest(lambda number: begin(world, number, bytes([*data[:8]]) + data[8:]), 50)
    assert len(data) < weighed.memory.held < len(data) + MB


def test_a_shared_picture_goes_with_the_last_of_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testcard.mock.memory_world._MOST_JOBS", 2)
    memory = MemoryLimit()
    world = MemoryWorld(memory=memory)
    large = "x" * MB
    for number in range(3):
        begin(world, number, large)
    assert MB < memory.held < 2 * MB
    begin(world, 4, "small")
    assert memory.held > MB
    begin(world, 5, "small")
    assert memory.held < MB / 10


def test_painted_pictures_weigh_what_they_hold_and_prompts_are_not_among_them() -> None:
    weighed = Weighed()
    studio = Studio(CardEngine(), memory=weighed.memory)
    job = PictureJob("anyone", "", width=64, height=64)
    weighed.honest(
        lambda number: studio.pictures(
            PaintRequest(replace(job, prompt=f"{number}" * 100_000), "png", 1)
        ),
        30,
    )


@pytest.mark.parametrize("query", ["", "?" + "q" * 5_000])
def test_pictures_sent_weigh_what_they_hold_and_urls_are_not_among_them(query: str) -> None:
    weighed = Weighed()
    inputs = Inputs(memory=weighed.memory)
    weighed.honest(lambda number: inputs.read(f"http://example.com/{number}{query}", ["url"]), 4)


def test_a_long_url_is_taken_apart_like_a_short_one() -> None:
    for query in ("q", "q" * 10_000):
        parts = split_url(f"https://user@Example.com:81/a/b?{query}#f")
        assert (parts.hostname, parts.port, parts.path) == ("example.com", 81, "/a/b")
        assert (parts.query, parts.fragment) == (query, "f")
    with pytest.raises(ValueError, match="IPv6"):
        split_url("http://[" + "x" * 10_000)


@pytest.mark.parametrize("length", [10, 1_000, 100_000])
def test_a_json_answer_takes_no_more_than_it_is_long(length: int) -> None:
    """Unlike what orjson 3.13 returns, which keeps the room that it might have needed."""
    weighed = Weighed()
    cache = Remembered[int, bytes](weighed.memory, 1, getsizeof)
    weighed.honest(lambda number: cache.keep(number, json_bytes({"text": "x" * length})), 20)


@pytest.mark.parametrize("api", [SEGMIND, AITHRIVING, IMAGEPIPELINE], ids=lambda api: api.provider)
def test_a_body_goes_when_its_call_ends(api: Api) -> None:
    """Not when the garbage collector comes by: a circle would keep it until then."""
    client = client_of(api, largest_body=4 * MB)
    large = "x" * MB

    def call() -> None:
        client.ask(prompt=large)
        client.ask(prompt=large, width=ABSENT, seed="no number")
        client.send(large.encode())
        client.mock.reset()

    call()
    gc.collect()
    gc.disable()
    try:
        assert kept_by(call, collect=False) < MB / 4
    finally:
        gc.enable()
