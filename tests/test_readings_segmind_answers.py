"""Segmind: how it answers, by the page and by the readings of what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import (
    ABSENT,
    BOTH,
    SEGMIND,
    Client,
    client_of,
    json_of,
    picture,
    size,
    text,
)

from testcard.card.engine import CardEngine
from testcard.common.reading import Profile
from testcard.common.trouble import KINDS, Kind
from testcard.mock.core import Mock
from testcard.mock.fault import Fault
from testcard.mock.inputs import Inputs
from testcard.providers.base import SpecDialect

CREDITS = "x-remaining-credits"


def segmind(profile: Profile = "lenient", **settings: Any) -> Client:
    return client_of(SEGMIND, profile, settings=settings)


@BOTH
def test_the_same_seed_gives_the_same_bytes(profile: Profile) -> None:
    first, again = segmind(profile), segmind(profile)
    assert first.ask(seed=0).body == first.ask(seed=0).body == again.ask(seed=0).body
    assert first.ask(seed=0).body != first.ask(seed=98877465625).body


@BOTH
@pytest.mark.parametrize("seed", [-1, ABSENT])
def test_a_seed_of_minus_one_or_none_is_random(profile: Profile, seed: Any) -> None:
    client = segmind(profile)
    assert client.ask(seed=seed).body != client.ask(seed=seed).body


@BOTH
def test_base64_answers_json_with_the_same_picture(profile: Profile) -> None:
    client = segmind(profile)
    said = json_of(client.ask(base64=True, seed=7))
    assert said.keys() == {"image", "status", "interTime"}
    assert isinstance(said["status"], str)
    assert said["interTime"] >= 0
    assert said["image"] == text(client.ask(base64=False, seed=7).body)


@BOTH
def test_several_samples_are_a_list_in_base64(profile: Profile) -> None:
    images = json_of(segmind(profile).ask(base64=True, samples=3, seed=7))["image"]
    assert len(set(images)) == len(images) == 3
    assert [size(picture(image, "jpeg")) for image in images] == [(512, 512)] * 3


@BOTH
def test_of_several_samples_the_first_is_the_one_sent_as_bytes(profile: Profile) -> None:
    client = segmind(profile)
    assert client.ask(samples=4, seed=7).body == client.ask(samples=1, seed=7).body


@BOTH
def test_the_pages_literal_default_of_base64_is_a_setting(profile: Profile) -> None:
    client = segmind(profile, base64_default=True)
    assert "image" in json_of(client.ask())
    assert client.ask(base64=False).header("content-type") == "image/jpeg"


@BOTH
def test_the_credits_left_stand_in_a_header_of_every_success(profile: Profile) -> None:
    client = segmind(profile)
    left = [client.ask(base64=base64).header(CREDITS) for base64 in (False, True, False)]
    assert left == ["999", "998", "997"]


@BOTH
def test_an_answer_to_an_accepted_key_that_is_no_success_counts_only_when_lenient(
    profile: Profile,
) -> None:
    def counted(left: str) -> str | None:
        return left if profile == "lenient" else None

    client = segmind(profile)
    assert client.ask(samples=9).header(CREDITS) == counted("1000")
    for kind in ("failed", "overloaded", "rate-limited"):
        client.mock.world.fail_next("segmind", Fault(kind))
        assert client.ask().header(CREDITS) == counted("1000")
    assert client.but(key="nocredits").ask().header(CREDITS) == counted("0")
    assert client.but(key="invalid").ask().header(CREDITS) is None
    assert client.but(key=None).ask().header(CREDITS) is None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "unauthorized"])
def test_that_credits_are_counted_on_failures_is_said_by_the_spec_alone(kind: Kind) -> None:
    """For every kind of trouble that an accepted key can meet."""
    served = segmind()
    (dialect,) = served.mock.dialects.values()
    alone = SpecDialect(dialect.reading.spec, "lenient", {})
    mock = Mock([alone], served.mock.world, CardEngine(), Inputs())
    mock.world.fail_next("segmind", Fault(kind))
    assert served.but(mock=mock).ask().header(CREDITS) == "1000"


@BOTH
def test_calls_beyond_a_limit_wait_for_the_next_minute(profile: Profile) -> None:
    """The page knows of no limit: there is one only where the setting has one."""
    now = 1_000.0
    client = client_of(SEGMIND, profile, settings={"rate_limit": 2}, clock=lambda: now)
    assert [client.ask().status for _ in range(2)] == [200, 200]
    now = 1_049.5
    refused = client.ask()
    assert refused.status == 429
    assert json_of(refused).keys() == {"error"}
    assert refused.header("retry-after") == "11"  # in 10.5 seconds, and not sooner
    assert client.but(key="another").ask().status == 200
    now = 1_060.0
    assert client.ask().status == 200
    assert client.balance == 997
    unlimited = segmind(profile)
    assert {unlimited.ask().status for _ in range(8)} == {200}
