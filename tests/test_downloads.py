"""Pictures that jobs lead to: fetching one is a call to the provider like any other."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support import (
    APIS,
    BOTH,
    HOST,
    IMAGEPIPELINE,
    KEY,
    SEGMIND,
    Broken,
    Client,
    client_of,
    data_uri,
    json_of,
    mock_of,
    picture,
)

from testcard.common.message import Call, Reply
from testcard.common.picture import encode
from testcard.common.reading import Profile
from testcard.mock.fault import Fault

OTHER_METHODS = pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


def ordering(profile: Profile = "lenient", samples: int = 1) -> tuple[Client, str]:
    """Return a client whose job is done, and the URL of its first picture."""
    client = client_of(IMAGEPIPELINE, profile, policy="at-once")
    done = json_of(client.ask(width=64, height=64, num_samples=samples))
    return client, str(done["download_urls"][0])


def fetch(client: Client, url: str, method: str = "GET") -> Reply:
    return client.mock.answer(Call(method, url))


@BOTH
def test_a_download_stands_in_the_journal_as_the_providers(profile: Profile) -> None:
    client, url = ordering(profile)
    reply = fetch(client, url)
    picture(reply.body, "png")
    entry = client.entry
    assert (entry.provider, entry.operation, entry.verdict) == ("imagepipeline", None, "ok")
    assert entry.exchange.reply == reply
    assert entry.exchange.call.url == url
    assert entry.findings == ()


@BOTH
def test_a_download_meets_the_fault_that_waits_for_its_provider(profile: Profile) -> None:
    client, url = ordering(profile)
    client.mock.world.fail_next("imagepipeline", Fault("overloaded", 1.5))
    failed = fetch(client, url)
    assert (failed.status, failed.delay) == (503, 1.5)
    assert failed.header("retry-after") == "1"
    assert "detail" in json_of(failed), "in the provider's words"
    assert client.entry.verdict == "overloaded"
    assert fetch(client, url).status == 200


def test_a_download_can_be_late_and_whole() -> None:
    client, url = ordering()
    client.mock.world.fail_next("imagepipeline", Fault(None, 2.5))
    reply = fetch(client, url)
    assert (reply.status, reply.delay) == (200, 2.5)


def test_a_fault_of_another_provider_is_not_met_by_a_download() -> None:
    mock = mock_of(*APIS, policy="at-once")
    url = json_of(Client(IMAGEPIPELINE, mock).ask(width=64, height=64))["download_urls"][0]
    mock.world.fail_next("segmind", Fault("failed"))
    assert mock.answer(Call("GET", url)).status == 200
    assert Client(SEGMIND, mock).ask().status == 500


@OTHER_METHODS
def test_a_picture_is_only_to_be_fetched(method: str) -> None:
    client, url = ordering()
    reply = fetch(client, url, method)
    assert reply.status == 405
    assert reply.header("allow") == "GET, HEAD"
    assert client.entry.verdict == "method-not-allowed"


def test_the_head_of_a_picture_is_that_of_the_picture() -> None:
    """Without its body, which a door leaves out."""
    client, url = ordering()
    assert fetch(client, url, "HEAD") == fetch(client, url)


def test_a_download_needs_no_key_and_costs_nothing() -> None:
    client, url = ordering()
    before = client.balance
    fetch(client, url)
    assert client.balance == before


def test_an_unknown_picture_is_refused_in_the_words_of_whose_host_it_is() -> None:
    client, url = ordering()
    past = url.replace("/0.png", "/1.png")
    refused = fetch(client, past)
    assert (refused.status, client.entry.provider) == (404, "imagepipeline")
    assert "no picture is here" in json_of(refused)["detail"]
    at_home = fetch(client, "https://api.imagepipeline.io/_testcard/pictures/unknown/0.png")
    assert "no picture is here" in json_of(at_home)["detail"]
    nobodys = fetch(client, f"{HOST}/_testcard/pictures/unknown/0.png")
    assert (nobodys.status, client.entry.provider) == (404, None)
    assert "no picture is here" in json_of(nobodys)["error"]


def test_a_picture_that_cannot_be_painted_is_the_providers_own_failure() -> None:
    client = client_of(IMAGEPIPELINE, policy="at-once", engine=Broken())
    url = json_of(client.ask(width=64, height=64))["download_urls"][0]
    assert fetch(client, url).status == 500
    assert client.entry.verdict == "failed"


def test_painting_a_download_is_work_that_holds_nobody_up() -> None:
    client, url = ordering()
    step = client.mock.begin(Call("GET", url))
    assert not isinstance(step, Reply)
    entries = len(client.mock.journal.entries())
    assert step().status == 200
    assert len(client.mock.journal.entries()) == entries + 1
    assert isinstance(client.mock.begin(Call("GET", url)), Reply), "it is remembered"


def test_the_pictures_that_a_job_was_sent_are_taken_as_work_where_they_are_large() -> None:
    """Even where all of it is remembered: undoing their encoding takes time as well."""
    client = client_of(IMAGEPIPELINE, policy="at-once")
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), dtype=np.uint8)
    ordered = json_of(client.ask(init_image=data_uri(encode(noise, "png")), width=64, height=64))
    (url,) = ordered["download_urls"]
    picture(fetch(client, url).body, "png")
    step = client.mock.begin(Call("GET", url))
    assert not isinstance(step, Reply)
    picture(step().body, "png")


def test_a_key_sent_along_is_told_to_nobody() -> None:
    client, url = ordering()
    client.mock.answer(Call("GET", url, (("API-Key", f"secret-{KEY}"),)))
    assert f"secret-{KEY}" not in repr(client.entry)
