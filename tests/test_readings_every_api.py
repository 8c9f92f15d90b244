"""What holds for every API: keys, unknown fields, and how each vendor words each trouble."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support import (
    ABSENT,
    AITHRIVING,
    APIS,
    BOTH,
    EVERY_API,
    IMAGEPIPELINE,
    IMG2IMG,
    KEY,
    Api,
    Broken,
    client_of,
    json_of,
)

from testcard.common.message import Call, Reply
from testcard.common.reading import Profile
from testcard.common.trouble import Kind
from testcard.mock.fault import Fault

JSON_APIS = pytest.mark.parametrize("api", [api for api in APIS if not api.form])

KINDS: list[Kind] = ["malformed", "invalid", "unauthorized", "no-credits", "not-found"]
KINDS += ["method-not-allowed", "too-large", "rate-limited", "overloaded", "failed"]
STATUSES = {
    "segmind": (422, 422, 401, 406, 404, 405, 413, 429, 503, 500),
    "imagepipeline": (422, 422, 401, 402, 404, 405, 413, 429, 503, 500),
    "appypie-img2img": (400, 400, 401, 403, 404, 405, 413, 429, 503, 500),
    "appypie-inpainting": (400, 400, 401, 403, 404, 405, 413, 429, 503, 500),
    "aithriving": (200, 200, 200, 200, 404, 405, 413, 429, 503, 200),
}


def words_of(api: Api, profile: Profile, reply: Reply) -> str:
    """Return a failure's message, out of a body that has the vendor's shape and no more."""
    said: dict[str, Any] = json_of(reply)
    if api.provider == "segmind":
        (message,) = said.values()
        assert said == {"error": message}
    elif api.provider == "imagepipeline":
        message = said["detail"]
        assert said == {"detail": message}
        if reply.status == 422:
            assert all(place.keys() == {"loc", "msg", "type"} for place in message)
            assert all(place["loc"][0] == "body" for place in message)
            message = "; ".join(f"{place['loc'][1:]} {place['msg']}" for place in message)
    elif api.provider == "aithriving":
        message = said["message"]
        nothing = {} if profile == "documented" else {"data": None}
        assert said == {"code": -1, "message": message, **nothing}
    else:
        message = said["message"]
        assert said == {"code": reply.status, "message": message, "traceId": said["traceId"]}
        assert said["traceId"]
    assert isinstance(message, str)
    assert message
    return message


def assert_trouble(api: Api, profile: Profile, reply: Reply, kind: Kind) -> str:
    """Check status and shape of a failure of `kind`, and return what it says."""
    assert reply.status == STATUSES[api.provider][KINDS.index(kind)]
    return words_of(api, profile, reply)


def assert_success(api: Api, reply: Reply) -> None:
    assert reply.status == (202 if api is IMAGEPIPELINE else 200)
    if api is AITHRIVING:
        assert json_of(reply)["code"] == 0


@BOTH
@EVERY_API
def test_any_key_is_accepted(profile: Profile, api: Api) -> None:
    for key in (KEY, "x", "1234", "an-invalid-one"):
        client = client_of(api, profile).but(key=key)
        assert_success(api, client.ask())
        assert client.entry.verdict == "ok", key


@BOTH
@EVERY_API
def test_a_key_that_begins_with_invalid_is_refused(profile: Profile, api: Api) -> None:
    for key in ("invalid", "invalid-key", "invalidated"):
        client = client_of(api, profile).but(key=key)
        assert_trouble(api, profile, client.ask(), "unauthorized")
        assert client.entry.verdict == "unauthorized", key


@BOTH
@EVERY_API
def test_a_call_without_a_key_is_refused(profile: Profile, api: Api) -> None:
    """Save for one API in the lenient profile: most samples of its page send none."""
    for key in (None, "", "  "):
        reply = client_of(api, profile).but(key=key).ask()
        if api is IMG2IMG and profile == "lenient":
            assert_success(api, reply)
        else:
            assert api.key_header in assert_trouble(api, profile, reply, "unauthorized"), key


@BOTH
@EVERY_API
def test_a_key_that_begins_with_nocredits_cannot_pay(profile: Profile, api: Api) -> None:
    client = client_of(api, profile).but(key="nocredits-1")
    assert_trouble(api, profile, client.ask(), "no-credits")
    assert client.entry.verdict == "no-credits"


@BOTH
@EVERY_API
def test_a_wrong_body_is_told_before_an_empty_account(profile: Profile, api: Api) -> None:
    client = client_of(api, profile).but(key="nocredits-1")
    assert "prompt" in assert_trouble(api, profile, client.ask(prompt=ABSENT), "invalid")


@BOTH
@EVERY_API
def test_an_unknown_field_is_ignored_and_noted(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    assert_success(api, client.ask(loras="none"))
    assert client.forgiven == ["loras"]


@BOTH
@EVERY_API
def test_what_the_page_asks_for_is_found_without_fault(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    assert_success(api, client.ask())
    assert client.forgiven == []


@BOTH
@JSON_APIS
def test_a_body_that_is_no_json_object_is_malformed(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    bodies = (b"", b"{", b"not json", b"[]", b'"text"', b"null", b"7", b"\xff\xfe{}", b"[" * 20_000)
    for body in bodies:
        assert "JSON object" in assert_trouble(api, profile, client.send(body), "malformed"), body
        assert client.entry.verdict == "malformed"


@BOTH
@JSON_APIS
def test_depth_is_refused_like_any_wrong_value(profile: Profile, api: Api) -> None:
    """A thousand brackets exhaust what walks them by recursion: answer, journal and all."""
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    client = client_of(api, profile)
    assert_trouble(api, profile, client.ask(prompt=deep), "invalid")
    assert_success(api, client.ask(loras=deep))


@BOTH
@EVERY_API
def test_a_missing_prompt_is_named(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    message = assert_trouble(api, profile, client.ask(prompt=ABSENT), "invalid")
    assert "'prompt' is required" in message
    assert client.entry.verdict == "invalid"
    assert "'prompt' is required" in client.entry.detail


@BOTH
@EVERY_API
def test_nothing_is_at_a_url_that_the_page_does_not_name(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    message = assert_trouble(api, profile, client.send(b"{}", path="/v9/nothing"), "not-found")
    assert "/v9/nothing" in message


@BOTH
@EVERY_API
def test_a_method_that_the_page_does_not_name_is_refused(profile: Profile, api: Api) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        reply = client_of(api, profile).send(b"", method)
        assert_trouble(api, profile, reply, "method-not-allowed")
        assert reply.header("allow") == "POST", method


@BOTH
@EVERY_API
def test_a_body_that_is_too_large_is_refused(profile: Profile, api: Api) -> None:
    client = client_of(api, profile, largest_body=4_000)
    assert_success(api, client.ask())
    assert "4000" in assert_trouble(api, profile, client.send(b"x" * 4_001), "too-large")


@BOTH
@EVERY_API
def test_an_engine_that_breaks_down_is_the_vendors_own_failure(profile: Profile, api: Api) -> None:
    client = client_of(api, profile, engine=Broken())
    if api is IMAGEPIPELINE:
        assert_success(api, client.ask())  # a job is only painted when its pictures are fetched
        return
    assert_trouble(api, profile, client.ask(), "failed")
    assert client.balance == 1000


@BOTH
@EVERY_API
def test_every_trouble_can_be_laid_in_wait(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    for kind in KINDS:
        client.mock.world.fail_next(api.provider, Fault(kind))
        reply = client.ask()
        assert_trouble(api, profile, reply, kind)
        wait = "1" if kind in ("rate-limited", "overloaded") else None
        assert reply.header("retry-after") == wait, kind
        assert client.entry.verdict == kind
        assert_success(api, client.ask())


@BOTH
def test_a_job_status_call_has_the_same_troubles(profile: Profile) -> None:
    """Also those that it does not document by itself, such as a wrong body."""
    client = client_of(IMAGEPIPELINE, profile)
    path = f"{IMAGEPIPELINE.path}/status/some-id"
    refused = client.but(key=None).follow("some-id")
    assert_trouble(IMAGEPIPELINE, profile, refused, "unauthorized")
    wrong = client.send(b"", "POST", path)
    assert_trouble(IMAGEPIPELINE, profile, wrong, "method-not-allowed")
    assert wrong.header("allow") == "GET"
    for kind in KINDS:
        client.mock.world.fail_next("imagepipeline", Fault(kind))
        assert_trouble(IMAGEPIPELINE, profile, client.follow("some-id"), kind)


@BOTH
def test_a_provider_answers_at_its_own_host_too(profile: Profile) -> None:
    client = client_of(IMG2IMG, profile)
    own = "https://gateway.appypie.com/img2img/getImage/v1/getSDXLImage"
    headers = ((IMG2IMG.key_header, KEY), ("Content-Type", "application/json"))
    body = json.dumps(IMG2IMG.smallest).encode()
    assert client.mock.answer(Call("POST", own, headers, body)).status == 200
    assert client.mock.answer(Call("POST", own + "/v2", headers, body)).status == 404
    assert client.entry.provider == "appypie-img2img"
