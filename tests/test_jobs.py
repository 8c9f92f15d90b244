"""Jobs: when they end, that they never go back, what they cost and where their pictures are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.support import BOTH, HOST, IMAGEPIPELINE, Api, Client, client_of, json_of, picture, size

from testcard.common.job import PictureJob
from testcard.common.message import Call, Reply
from testcard.common.reading import Profile
from testcard.mock import memory_world
from testcard.mock.memory_limit import LEAST_MEMORY, MemoryLimit
from testcard.mock.world import AccountId, Hold, JobPolicy, Order

SMALL = {"width": 64, "height": 96}
WORK = PictureJob("anyone", "a red fox")


class Clock:
    """A clock that stands until it is told."""

    now = 5_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def ordering(policy: str, profile: Profile = "lenient", **world: Any) -> Client:
    return client_of(IMAGEPIPELINE, profile, policy=policy, **world)


def order(client: Client, **fields: object) -> str:
    """Order small pictures, and return the job's id."""
    return str(json_of(client.ask(**SMALL, **fields))["id"])


def states(client: Client, job: str, polls: int) -> list[str]:
    return [json_of(client.follow(job))["status"] for _ in range(polls)]


def fetch(client: Client, url: str, **headers: str) -> Reply:
    return client.mock.answer(Call("GET", url, tuple(headers.items())))


@BOTH
@pytest.mark.parametrize("polls", [0, 1, 3])
def test_a_job_is_done_after_so_many_polls(profile: Profile, polls: int) -> None:
    client = ordering(f"polls:{polls}", profile)
    expected = ["PENDING"] * polls + ["SUCCESS"] * 3
    assert states(client, order(client), polls + 3) == expected


@BOTH
def test_a_job_is_done_at_once(profile: Profile) -> None:
    client = ordering("at-once", profile)
    first = json_of(client.ask(**SMALL))
    assert first["status"] == "SUCCESS"
    assert json_of(client.follow(first["id"])) == first


@BOTH
def test_a_job_is_done_after_so_many_seconds_however_often_it_is_asked_for(
    profile: Profile,
) -> None:
    clock = Clock()
    client = ordering("seconds:10", profile, clock=clock)
    job = order(client)
    assert states(client, job, 5) == ["PENDING"] * 5
    clock.now += 9.9
    assert states(client, job, 1) == ["PENDING"]
    clock.now += 0.1
    assert states(client, job, 1) == ["SUCCESS"]
    clock.now -= 100  # clocks do go back; jobs do not
    assert states(client, job, 1) == ["SUCCESS"]


@BOTH
def test_a_job_may_never_end(profile: Profile) -> None:
    client = ordering("never", profile)
    assert set(states(client, order(client), 50)) == {"PENDING"}


@BOTH
def test_a_job_may_fail_and_stays_failed(profile: Profile) -> None:
    client = ordering("fail", profile)
    job = order(client)
    assert states(client, job, 3) == ["FAILURE"] * 3


def test_a_policy_is_of_the_jobs_to_come() -> None:
    client = ordering("never")
    earlier = order(client)
    client.mock.world.set_policy(JobPolicy.parse("polls:0"))
    assert states(client, order(client), 1) == ["SUCCESS"]
    assert states(client, earlier, 1) == ["PENDING"]
    client.mock.world.set_policy(JobPolicy.parse("fail"))
    assert states(client, earlier, 1) == ["PENDING"]


def test_jobs_are_counted_apart() -> None:
    client = ordering("polls:2")
    first, second = order(client), order(client)
    assert first != second
    assert states(client, first, 3) == ["PENDING", "PENDING", "SUCCESS"]
    assert states(client, second, 1) == ["PENDING"]


@BOTH
@pytest.mark.parametrize("samples", [1, 2, 4])
def test_so_many_samples_are_so_many_urls_with_different_pictures(
    profile: Profile, samples: int
) -> None:
    client = ordering("at-once", profile)
    urls = json_of(client.ask(samples=samples, **SMALL))["download_urls"]
    assert len(urls) == samples
    assert {urlsplit(url).netloc for url in urls} == {urlsplit(HOST).netloc}
    replies = [fetch(client, url) for url in urls]
    assert {reply.header("content-type") for reply in replies} == {"image/png"}
    assert [size(picture(reply.body, "png")) for reply in replies] == [(64, 96)] * samples
    assert len({reply.body for reply in replies}) == samples


@BOTH
def test_a_picture_is_fetched_with_the_key_or_without(profile: Profile) -> None:
    """One client sends its API-Key to the download URL too, another does not."""
    client = ordering("at-once", profile)
    (url,) = json_of(client.ask(**SMALL))["download_urls"]
    plain = fetch(client, url)
    assert plain.status == 200
    assert fetch(client, url, **{"API-Key": "a-key"}) == plain
    assert fetch(client, url, **{"API-Key": "invalid"}) == plain


def test_a_url_leads_to_the_host_that_the_client_called() -> None:
    client = ordering("at-once")
    client.ask()
    body = client.entry.exchange.call.body
    url = f"https://api.imagepipeline.io{IMAGEPIPELINE.path}"
    reply = client.mock.answer(Call("POST", url, (("API-Key", "a-key"),), body))
    (there,) = json_of(reply)["download_urls"]
    assert there.startswith("https://api.imagepipeline.io/")
    assert fetch(client, there).status == 200


@pytest.mark.parametrize("policy", ["never", "fail"])
def test_a_job_that_has_not_succeeded_has_no_pictures(policy: str) -> None:
    client = ordering(policy)
    job = order(client)
    client.follow(job)
    assert fetch(client, f"{HOST}/_testcard/pictures/{job}/0.png").status == 404


def test_there_are_no_more_pictures_than_samples() -> None:
    client = ordering("at-once")
    (url,) = json_of(client.ask(**SMALL))["download_urls"]
    assert fetch(client, url.replace("0.png", "1.png")).status == 404
    assert fetch(client, f"{HOST}/_testcard/pictures/unknown/0.png").status == 404


@BOTH
def test_a_job_is_paid_when_it_succeeds_and_only_once(profile: Profile) -> None:
    client = ordering("polls:1", profile)
    job = order(client)
    account = client.account
    assert (int(account.balance), int(account.held)) == (1000, 1)
    states(client, job, 4)
    account = client.account
    assert (int(account.balance), int(account.held)) == (999, 0)


@BOTH
def test_a_job_that_fails_is_free(profile: Profile) -> None:
    client = ordering("fail", profile)
    states(client, order(client), 2)
    assert client.balance == 1000


@BOTH
def test_what_jobs_hold_cannot_be_spent_twice(profile: Profile) -> None:
    client = client_of(IMAGEPIPELINE, profile, policy="never", balance=Decimal(2))
    assert [client.ask().status for _ in range(3)] == [202, 202, 402]


def test_a_job_of_one_provider_is_unknown_to_another() -> None:
    """Ids are told to whoever ordered, not to the other APIs of the same mock."""
    client = ordering("polls:1")
    world = client.mock.world
    hold = world.reserve(AccountId.of("another", "a-key"), Decimal(1))
    assert isinstance(hold, Hold)
    job = world.begin_job("an-id", Order(WORK), hold)
    assert client.follow(job.id).status == 404
    assert world.poll("another", job.id) is not None


def test_the_oldest_jobs_are_forgotten_and_give_back_what_they_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory_world, "_MOST_JOBS", 3)
    client = ordering("never")
    jobs = [order(client) for _ in range(5)]
    assert [client.follow(job).status for job in jobs] == [404, 404, 202, 202, 202]
    assert client.account.held == 3


def test_jobs_with_long_texts_are_forgotten_by_their_weight() -> None:
    client = ordering("never", memory=MemoryLimit(LEAST_MEMORY))
    first, last = order(client, prompt="x" * 600_000), order(client, prompt="y" * 600_000)
    assert [client.follow(job).status for job in (first, last)] == [404, 202]


@pytest.mark.parametrize("api", [IMAGEPIPELINE])
def test_a_status_call_is_not_charged(api: Api) -> None:
    client = client_of(api, policy="at-once")
    states(client, order(client), 5)
    assert client.balance == 999


@pytest.mark.parametrize("text", ["", "sometimes", "polls", "polls:-1", "polls:x", "seconds:-1"])
@pytest.mark.parametrize("tail", ["", ":"])
def test_what_is_no_policy_is_refused_with_those_there_are(text: str, tail: str) -> None:
    with pytest.raises(ValueError, match="at-once, polls:N, seconds:T, never, fail"):
        JobPolicy.parse(text + tail)
