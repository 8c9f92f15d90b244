"""The World: values out, one transaction a method, and nothing that a reset leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import HOST, IMAGEPIPELINE, Client, client_of, json_of

from testcard.common.job import PictureJob
from testcard.common.message import Call
from testcard.mock import memory_world
from testcard.mock.fault import Fault
from testcard.mock.memory_world import MemoryWorld
from testcard.mock.world import Account, AccountId, Hold, JobPolicy, Order, World

JSON = (("content-type", "application/json"),)
WHO = AccountId.of("anyone", "a-key")
ORDER = Order(PictureJob("anyone", "a red fox"))


def held(world: World, who: AccountId = WHO, price: int = 1) -> Hold:
    hold = world.reserve(who, Decimal(price))
    assert hold is not None
    return hold


def put(client: Client, place: str, **said: Any) -> Any:
    body = json.dumps(said).encode()
    return json_of(client.mock.answer(Call("PUT", f"{HOST}/_testcard/{place}", JSON, body)))


@pytest.mark.parametrize("policy", ["polls:1", "at-once", "fail", "never"])
def test_a_balance_is_never_set_below_what_is_held(policy: str) -> None:
    """A job holds 1, PUT accounts says 0: the hold stays covered and nothing is left to spend."""
    client = client_of(IMAGEPIPELINE, policy=policy)
    job = json_of(client.ask(width=64, height=64))["id"]
    holding = client.account.held
    said = put(client, "accounts", provider="imagepipeline", key="a-key", balance=0)
    assert said == {"status": "set", "balance": holding, "held": holding}
    assert client.ask().status == 402
    for _ in range(3):
        client.follow(job)
        assert client.account.balance >= client.account.held >= 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["reserve", "settle", "release", "set"]),
            st.decimals(0, 4, places=1),
        ),
        max_size=40,
    )
)
def test_whatever_the_order_a_balance_covers_what_is_held(steps: list[tuple[str, Decimal]]) -> None:
    world, holds = MemoryWorld(balance=Decimal(5)), [Hold(0, WHO, Decimal(1))]
    for step, amount in steps:
        if step == "reserve":
            hold = world.reserve(WHO, amount)
            holds += [hold] if hold else []
        elif step == "set":
            assert world.set_balance(WHO, amount).balance >= amount
        else:
            (world.settle if step == "settle" else world.release)(holds[-1])  # again and again
        account = world.account(WHO)
        assert account.balance >= account.held >= 0


@pytest.mark.parametrize("wrong", ["-0.1", "NaN", "Infinity", "-Infinity"])
def test_a_balance_is_a_number_from_0_up(wrong: str) -> None:
    world = MemoryWorld()
    with pytest.raises(ValueError, match="a number from 0 up was expected"):
        world.set_balance(WHO, Decimal(wrong))
    assert world.account(WHO).balance == 1000


@pytest.mark.parametrize("end", [MemoryWorld.settle, MemoryWorld.release])
def test_a_hold_ends_once(end: Callable[[MemoryWorld, Hold], None]) -> None:
    world = MemoryWorld()
    hold = held(world, price=7)
    end(world, hold)
    after = world.account(WHO)
    world.settle(hold)
    world.release(hold)
    assert world.account(WHO) == after


def test_a_call_that_a_reset_overtook_changes_no_account() -> None:
    world = MemoryWorld()
    before = held(world, price=7)
    world.reset()
    now = held(world, price=2)
    world.settle(before)
    assert world.account(WHO) == Account(WHO, Decimal(1000), Decimal(2))
    world.settle(now)
    assert world.account(WHO).balance == 998


def test_a_reset_puts_back_everything_the_job_policy_too() -> None:
    fresh = MemoryWorld(policy=JobPolicy("never", 0))
    used = MemoryWorld(policy=JobPolicy("never", 0))
    used.set_policy(JobPolicy("fail", 0))
    used.begin_job("an-id", ORDER, held(used))
    used.set_balance(WHO, Decimal(3))
    used.fail_next("anyone", Fault("failed"), 3)
    used.wait_for_turn(WHO, 1)
    used.arrive()
    used.reset()
    assert used.policy() == JobPolicy("never", 0)
    assert not used.accounts()
    assert not used.jobs()
    assert used.next_fault("anyone", lambda _: True) is None
    assert used.wait_for_turn(WHO, 1) is None
    assert used.arrive().id() == fresh.arrive().id()


def test_post_reset_puts_the_job_policy_back() -> None:
    client = client_of(IMAGEPIPELINE, policy="at-once")
    assert put(client, "jobs", policy="never")["status"] == "set"
    assert json_of(client.ask())["status"] == "PENDING"
    client.mock.answer(Call("POST", f"{HOST}/_testcard/reset", JSON))
    assert json_of(client.ask())["status"] == "SUCCESS"


def test_what_a_world_says_is_never_changed_by_what_comes_after() -> None:
    world = MemoryWorld(policy=JobPolicy("polls", 1))
    account, hold = world.account(WHO), held(world)
    job = world.begin_job("an-id", ORDER, hold)
    first = world.poll("anyone", job.id)
    last = world.poll("anyone", job.id)
    assert (job.polls, job.state) == (0, "PENDING")
    assert first is not None
    assert (first.polls, first.state) == (1, "PENDING")
    assert last is not None
    assert (last.polls, last.state) == (2, "SUCCESS")
    assert world.find_job(job.id) == last
    assert account == Account(WHO, Decimal(1000), Decimal(0))
    for value in (account, hold, job, WHO, ORDER):
        with pytest.raises(FrozenInstanceError):
            setattr(value, fields(value)[0].name, None)


def test_accounts_are_forgotten_least_recently_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A spent key that is in use does not refill, however many others come by."""
    monkeypatch.setattr(memory_world, "_MOST_ACCOUNTS", 3)
    world, spent = MemoryWorld(), AccountId.of("anyone", "spent")
    world.set_balance(spent, Decimal(0))
    for number in range(10):
        assert world.reserve(spent, Decimal(1)) is None
        world.account(AccountId.of("anyone", f"key-{number}"))
    kept = {each.id for each in world.accounts()}
    assert kept == {spent, *(AccountId.of("anyone", f"key-{number}") for number in (8, 9))}


def test_an_account_that_holds_credits_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_world, "_MOST_ACCOUNTS", 2)
    world = MemoryWorld()
    hold = held(world, price=7)
    for number in range(10):
        world.account(AccountId.of("anyone", f"key-{number}"))
    world.settle(hold)
    assert world.account(WHO).balance == 993


def test_no_key_is_kept() -> None:
    """A key of any length weighs the same, and stands nowhere."""
    long = AccountId.of("anyone", "secret" * 1_000_000)
    assert "secret" not in repr(long)
    assert len(long.key_sha256) == 64
    assert long != AccountId.of("anyone", "secret")
    assert AccountId.of("anyone", "nocredits-at-all").opens_empty
