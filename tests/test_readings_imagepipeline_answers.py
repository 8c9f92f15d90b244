"""ImagePipeline: how it answers, by the page and by the readings of what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import (
    ABSENT,
    BOTH,
    IMAGEPIPELINE,
    URL,
    Client,
    Recorder,
    client_of,
    json_of,
    picture,
    size,
)

from testcard.common.message import Call, Reply
from testcard.common.reading import Profile


def imagepipeline(profile: Profile = "lenient", policy: str = "polls:1", **settings: Any) -> Client:
    return client_of(IMAGEPIPELINE, profile, policy=policy, settings=settings)


def painted(client: Client, reply: Reply) -> list[bytes]:
    """Return the pictures that an at-once order led to."""
    return [client.mock.answer(Call("GET", url)).body for url in json_of(reply)["download_urls"]]


@BOTH
def test_an_order_is_202_and_its_end_200(profile: Profile) -> None:
    client = imagepipeline(profile)
    order = client.ask()
    assert order.status == 202
    job = json_of(order)["id"]
    assert json_of(order) == {"status": "PENDING", "id": job}
    assert [client.follow(job).status for _ in range(3)] == [202, 200, 200]
    said = json_of(client.follow(job))
    assert said == {"status": "SUCCESS", "id": job, "download_urls": said["download_urls"]}


@BOTH
def test_every_state_is_200_by_a_setting(profile: Profile) -> None:
    client = imagepipeline(profile, always_200=True)
    order = client.ask()
    assert order.status == 200
    job = json_of(order)["id"]
    assert json_of(order) == {"status": "PENDING", "id": job}
    pending, ended = client.follow(job), client.follow(job)
    assert (pending.status, ended.status) == (200, 200)
    assert json_of(pending)["status"] == "PENDING"
    assert json_of(ended)["status"] == "SUCCESS"


@BOTH
@pytest.mark.parametrize(("settings", "family"), [({}, "sdxl"), ({"model_family": "sd"}, "sd")])
def test_which_model_paints_is_a_setting_since_the_page_contradicts_itself(
    profile: Profile, settings: dict[str, str], family: str
) -> None:
    engine = Recorder()
    client = client_of(IMAGEPIPELINE, profile, policy="at-once", settings=settings, engine=engine)
    assert len(painted(client, client.ask())) == 1
    assert [job.family for job in engine.jobs] == [family]


@BOTH
def test_a_job_that_ends_at_once_answers_its_order_with_200(profile: Profile) -> None:
    reply = imagepipeline(profile, "at-once").ask()
    assert reply.status == 200
    assert json_of(reply)["status"] == "SUCCESS"


@BOTH
def test_a_failure_says_why_and_nothing_else(profile: Profile) -> None:
    client = imagepipeline(profile, "fail")
    reply = client.follow(json_of(client.ask())["id"])
    assert reply.status == 200
    said = json_of(reply)
    assert said == {"status": "FAILURE", "error": said["error"]}
    assert isinstance(said["error"], str)
    assert said["error"]


@BOTH
def test_an_unknown_id_is_404(profile: Profile) -> None:
    reply = imagepipeline(profile).follow("no-such-id")
    assert reply.status == 404
    assert isinstance(json_of(reply)["detail"], str)


@BOTH
def test_one_picture_of_1024_pixels_is_made_unless_told(profile: Profile) -> None:
    client = imagepipeline(profile, "at-once")
    (data,) = painted(client, client.ask())
    assert size(picture(data, "png")) == (1024, 1024)


@BOTH
def test_strength_is_four_fifths_unless_told(profile: Profile) -> None:
    client = imagepipeline(profile, "at-once")
    small = {"width": 64, "height": 64, "seed": 5}
    silent, told, other = (
        painted(client, client.ask(**small, **said))
        for said in ({}, {"strength": 0.8, "guidance_scale": 7.5, "samples": 1}, {"strength": 0.5})
    )
    assert silent == told != other


@BOTH
@pytest.mark.parametrize("seed", [-1, ABSENT])
def test_a_seed_of_minus_one_or_none_is_random(profile: Profile, seed: Any) -> None:
    client = imagepipeline(profile, "at-once")
    first, second = (painted(client, client.ask(width=64, height=64, seed=seed)) for _ in "ab")
    assert first != second


@BOTH
def test_the_same_seed_gives_the_same_bytes(profile: Profile) -> None:
    client = imagepipeline(profile, "at-once")
    first, again = (painted(client, client.ask(width=64, height=64, seed=0)) for _ in "ab")
    assert first == again


def test_a_client_that_polls_under_another_path_is_only_forgiven() -> None:
    """One client orders at sdxl/… and asks at sd/…/status/{id}."""

    def asked(client: Client) -> Reply:
        job = json_of(client.ask())["id"]
        return client.send(b"", "GET", f"/sd/image2image/v1/status/{job}")

    assert asked(imagepipeline("documented")).status == 404
    client = imagepipeline()
    assert asked(client).status == 202
    assert client.forgiven == ["path"]


@BOTH
def test_a_picture_by_url_is_the_same_every_time_and_another_for_another_url(
    profile: Profile,
) -> None:
    """URLs are never fetched: what stands for one is painted from it."""
    client = imagepipeline(profile, "at-once")
    small = {"width": 64, "height": 64, "strength": 0, "seed": 1}
    here, again, there = (
        painted(client, client.ask(init_image=url, **small)) for url in (URL, URL, URL + "?2")
    )
    assert here == again != there
