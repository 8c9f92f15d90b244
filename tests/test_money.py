"""Credits: held before, taken after, given back where nothing came of a call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import (
    ABSENT,
    APIS,
    BOTH,
    IMAGEPIPELINE,
    SEGMIND,
    Api,
    Broken,
    Client,
    client_of,
    json_of,
)

from testcard.card.engine import CardEngine
from testcard.common.message import Reply
from testcard.common.reading import Profile
from testcard.common.spec import SpecError
from testcard.common.trouble import Trouble
from testcard.mock.core import Mock
from testcard.mock.dialect import Visit
from testcard.mock.fault import Fault
from testcard.mock.inputs import Inputs
from testcard.mock.memory_world import MemoryWorld
from testcard.mock.world import AccountId, Hold, World
from testcard.providers.base import SpecDialect

PAYING = pytest.mark.parametrize(
    "api", [api for api in APIS if api is not IMAGEPIPELINE], ids=lambda api: api.provider
)
CREDITS = "x-remaining-credits"


def small(client: Client) -> dict[str, object]:
    """Return fields that make a segmind call cheap to paint."""
    return {"img_width": 64, "img_height": 64} if client.api is SEGMIND else {}


@BOTH
@PAYING
def test_a_success_costs_the_price_and_a_failure_nothing(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    client.ask()
    assert client.balance == 999
    client.ask(prompt=ABSENT)
    client.send(b"nothing")
    client.send(b"", "GET")
    client.send(b"{}", path="/nowhere")
    client.mock.world.fail_next(api.provider, Fault("failed"))
    client.ask()
    assert client.balance == 999
    client.ask()
    assert client.balance == 998


@BOTH
@PAYING
def test_an_engine_that_breaks_down_gives_back_what_was_held(profile: Profile, api: Api) -> None:
    client = client_of(api, profile, engine=Broken())
    for _ in range(3):
        client.ask()
    assert client.balance == 1000  # and nothing held


@PAYING
def test_an_example_that_was_asked_for_is_free(api: Api) -> None:
    client = client_of(api).but(headers={"Prefer": "code=200"})
    assert client.ask().status == 200
    assert client.balance == 1000


@BOTH
def test_the_credits_left_fall_by_exactly_the_price(profile: Profile) -> None:
    client = client_of(SEGMIND, profile)
    left = []
    for _ in range(4):
        client.ask(samples=9)
        left.append(client.ask().header(CREDITS))
    assert left == ["999", "998", "997", "996"]


@BOTH
@pytest.mark.parametrize(
    ("price", "left"), [(0.1, ["0.9", "0.8", "0.7"]), (0.4, ["0.6", "0.2", None]), (0, ["1"] * 3)]
)
def test_the_price_is_a_setting_and_is_never_rounded(
    profile: Profile, price: float, left: list[str | None]
) -> None:
    client = client_of(SEGMIND, profile, settings={"price": price}, balance=Decimal(1))
    replies = [client.ask() for _ in left]
    assert [each.header(CREDITS) if each.status == 200 else None for each in replies] == left


def test_a_price_is_no_less_than_nothing() -> None:
    with pytest.raises(SpecError, match="price"):
        client_of(SEGMIND, settings={"price": -1})


@BOTH
def test_the_last_credit_can_be_spent_and_no_further(profile: Profile) -> None:
    client = client_of(SEGMIND, profile, balance=Decimal(2))
    assert [client.ask().status for _ in range(4)] == [200, 200, 406, 406]
    assert client.balance == 0


def test_each_key_and_each_provider_has_an_account_of_its_own() -> None:
    client = client_of(SEGMIND)
    client.ask()
    assert client.balance == 999
    assert client.but(key="another").balance == 1000
    elsewhere = client.mock.world.account(AccountId.of("aithriving", "a-key"))
    assert elsewhere.balance == 1000


def test_several_samples_are_one_call() -> None:
    client = client_of(SEGMIND)
    assert len(json_of(client.ask(samples=4, base64=True, **small(client)))["image"]) == 4
    assert client.balance == 999


def test_calls_at_the_same_time_never_overspend() -> None:
    client = client_of(SEGMIND, balance=Decimal(10))
    start = Barrier(16)

    def call(number: int) -> int:
        start.wait()
        return client.ask(seed=number, **small(client)).status

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(call, range(32)))
    assert sorted(statuses) == [200] * 10 + [406] * 22
    assert client.balance == 0


@given(
    st.lists(st.sampled_from(["reserve", "settle", "release"]), max_size=60),
    st.decimals(0, 5, places=2),
    st.decimals(0, 9, places=2),
)
def test_whatever_the_order_credits_are_neither_made_nor_overspent(
    steps: list[str], price: Decimal, balance: Decimal
) -> None:
    """Held is what open calls hold; balance falls by what was settled, to 0 at the least."""
    world = MemoryWorld(balance=balance)
    who = AccountId.of("anyone", "a-key")
    open_holds: list[Hold] = []
    settled = 0
    for step in steps:
        if step == "reserve":
            affordable = balance - price * (settled + len(open_holds)) >= price
            hold = world.reserve(who, price)
            assert (hold is not None) == affordable
            open_holds += [hold] if hold else []
        elif open_holds and step == "settle":
            world.settle(open_holds.pop())
            settled += 1
        elif open_holds:
            world.release(open_holds.pop())
        account = world.account(who)
        assert account.held == price * len(open_holds)
        assert account.balance == balance - price * settled >= 0


class Speechless(SpecDialect):
    """A dialect that has no words for a success, and none for failures of a kind."""

    mute_about = ""

    def success(self, *_: Any) -> Reply:
        """Break down."""
        raise RuntimeError("no words for this")

    def standing(self, *_: Any) -> Reply:
        """Break down."""
        raise RuntimeError("no words for this")

    def failure(self, visit: Visit, trouble: Trouble, world: World) -> Reply:
        """Break down over one kind of trouble."""
        if trouble.kind == self.mute_about:
            raise RuntimeError("no words for this either")
        return super().failure(visit, trouble, world)


def speechless(api: Api, mute_about: str = "", policy: str = "polls:1") -> Client:
    client = client_of(api, policy=policy)
    dialect = Speechless(client.mock.dialects[api.provider].reading.spec, "lenient", {})
    dialect.mute_about = mute_about
    mock = Mock([dialect], client.mock.world, CardEngine(), Inputs())
    return client.but(mock=mock)


@PAYING
def test_a_success_that_cannot_be_worded_is_free_and_told(api: Api) -> None:
    client = speechless(api)
    assert client.ask().status >= 400 or api.provider == "aithriving"
    assert client.entry.verdict == "failed"
    assert client.balance == 1000  # and nothing held


@pytest.mark.parametrize("policy", ["at-once", "polls:0", "never"])
def test_a_job_that_cannot_be_worded_is_free_and_forgotten(policy: str) -> None:
    client = speechless(IMAGEPIPELINE, policy=policy)
    assert client.ask().status == 500
    assert client.entry.verdict == "failed"
    assert client.balance == 1000  # and nothing held
    assert client.mock.world.jobs() == ()


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.provider)
def test_a_failure_that_cannot_be_worded_is_a_plain_500_and_told(api: Api) -> None:
    client = speechless(api, mute_about="invalid")
    reply = client.ask(prompt=ABSENT)
    assert reply.status == 500
    assert "failed to word 'invalid'" in json_of(reply)["error"]
    assert client.entry.verdict == "failed"
    assert "prompt" in client.entry.detail, "what went wrong in the first place"
    assert client.balance == 1000


def test_credits_left_are_counted_for_each_of_several_calls_at_once() -> None:
    """Each answer tells another number, whichever is worded first."""
    client = client_of(SEGMIND)
    start = Barrier(8)

    def left(number: int) -> str | None:
        start.wait()
        return client.ask(seed=number, **small(client)).header(CREDITS)

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(left, range(8)))
    assert sorted(told, key=str) == [str(number) for number in range(992, 1000)]
