"""Appy Pie's page on img2img, and what both of its pages say, in both profiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.support import (
    ABSENT,
    BOTH,
    IMG2IMG,
    INPAINTING,
    STREAM,
    URL,
    Api,
    Client,
    client_of,
    data_uri,
    fitted,
    json_of,
    photo,
    picture,
    size,
    text,
)

from testcard.common.message import Reply
from testcard.common.picture import Pixels
from testcard.common.reading import Profile

BOTH_APIS = pytest.mark.parametrize("api", [IMG2IMG, INPAINTING], ids=lambda api: api.provider)
EVERY_CALL = pytest.mark.parametrize(
    "api", [IMG2IMG, INPAINTING, STREAM], ids=lambda api: api.path.rpartition("/")[2]
)

WRONG_SIZES = ["", "large", "512", "512x", "x512", "512X512", "512*512", "0x64", "-1x64"]
WRONG_SIZES += ["64x64x64", "9999x9999", "9" * 5_000 + "x1", " 64x64", "64x64\n"]


def appypie(profile: Profile = "lenient", **settings: Any) -> Client:
    return client_of(IMG2IMG, profile, settings=settings)


def painted(reply: Reply) -> Pixels:
    """Check the page's envelope, and return the picture in it."""
    assert reply.status == 200
    said = json_of(reply)
    assert said.keys() == {"status", "content-type", "content-length", "image_data"}
    assert said["status"] == 200
    assert said["content-type"] == "image/png"
    pixels = picture(said["image_data"], "png")
    padding = said["image_data"].count("=")
    assert said["content-length"] == len(said["image_data"]) * 3 // 4 - padding
    return pixels


def shown(reply: Reply) -> Pixels:
    """Return the picture of a success, in an envelope or streamed."""
    if reply.streamed:
        return picture(reply.body, "png")
    return painted(reply)


def assert_refused(reply: Reply, field: str, status: int = 400) -> None:
    assert reply.status == status
    said = json_of(reply)
    assert said.keys() == {"code", "message", "traceId"}
    assert said["code"] == status
    assert field in said["message"]


@BOTH
@BOTH_APIS
def test_the_answer_is_a_png_in_an_envelope(profile: Profile, api: Api) -> None:
    reply = client_of(api, profile).ask(size="96x64")
    assert size(painted(reply)) == (96, 64)
    assert not reply.streamed


@BOTH
def test_the_pages_own_sample_with_a_key_is_answered(profile: Profile) -> None:
    client = appypie(profile).but(headers={"Cache-Control": "no-cache"})
    painted(client.ask(size=ABSENT))
    assert client.forgiven == []


@BOTH
@EVERY_CALL
def test_the_size_is_1024_unless_told(profile: Profile, api: Api) -> None:
    assert size(shown(client_of(api, profile).ask(size=ABSENT))) == (1024, 1024)


@BOTH
@EVERY_CALL
@pytest.mark.parametrize("wanted", [(1, 1), (64, 128), (1024, 7)])
def test_a_size_is_width_x_height(profile: Profile, api: Api, wanted: tuple[int, int]) -> None:
    reply = client_of(api, profile).ask(size=f"{wanted[0]}x{wanted[1]}")
    assert size(shown(reply)) == wanted


@BOTH
@EVERY_CALL
@pytest.mark.parametrize("wrong", WRONG_SIZES)
def test_a_size_of_another_form_or_beyond_painting_is_refused(
    profile: Profile, api: Api, wrong: Any
) -> None:
    assert_refused(client_of(api, profile).ask(size=wrong), "size")


@EVERY_CALL
def test_width_and_height_are_taken_for_a_size_when_lenient(api: Api) -> None:
    apart = {"size": ABSENT, "width": 96, "height": 64}
    client = client_of(api)
    assert size(shown(client.ask(**apart))) == (96, 64)
    assert client.forgiven == ["height", "width"]
    assert size(shown(client.ask(**apart | {"width": "96", "size": "64x64"}))) == (96, 64)
    assert_refused(client.ask(**apart | {"width": 63}), "width")
    strict = client_of(api, "documented")
    assert size(shown(strict.ask(**apart))) == (1024, 1024)
    assert strict.forgiven == ["height", "width"]


@BOTH_APIS
@pytest.mark.parametrize("wanted", ["URL", "json", "b64_json", None, 7, ["JSON"], {"type": "png"}])
def test_another_response_format_is_ignored_when_lenient(api: Api, wanted: Any) -> None:
    assert_refused(client_of(api, "documented").ask(response_format=wanted), "response_format")
    client = client_of(api)
    painted(client.ask(response_format=wanted))
    assert client.forgiven == ["response_format"]


@BOTH
@BOTH_APIS
def test_the_response_format_is_json(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    painted(client.ask(response_format="JSON"))
    assert client.forgiven == []


@pytest.mark.parametrize(
    ("api", "field", "value", "wrong"),
    [
        (IMG2IMG, "guidance_scale", 7.5, 51),
        *((each, "prompt_strength", 0.5, 1.1) for each in (IMG2IMG, INPAINTING, STREAM)),
        *((each, "samples", 2, 5) for each in (IMG2IMG, INPAINTING, STREAM)),
    ],
)
def test_fields_of_the_prose_alone_are_honoured_when_lenient(
    api: Api, field: str, value: float, wrong: float
) -> None:
    """To the letter they are unknown fields: taken, noted and without any effect."""
    client = client_of(api)
    assert client.ask(**{field: value}).status == 200
    assert client.forgiven == [field]
    assert_refused(client.ask(**{field: wrong}), field)
    strict = client_of(api, "documented")
    assert strict.ask(**{field: wrong}).status == 200
    assert strict.forgiven == [field]


def test_a_prompt_strength_of_0_gives_back_the_picture_sent_when_lenient() -> None:
    reply = appypie().ask(prompt_strength=0, inputImage=data_uri(photo()), size="64x64")
    assert np.array_equal(painted(reply).array, fitted(photo(), 64, 64))


@BOTH_APIS
def test_several_pictures_are_a_list_when_lenient(api: Api) -> None:
    said = json_of(client_of(api).ask(samples=3))
    pictures = [picture(each, "png") for each in said["image_data"]]
    assert [size(each) for each in pictures] == [(64, 48)] * 3
    assert len({each.digest for each in pictures}) == 3
    painted(client_of(api, "documented").ask(samples=3))


@BOTH
def test_no_picture_needs_to_be_sent(profile: Profile) -> None:
    """The page's table asks for a prompt alone, and so does the body below it."""
    client = appypie(profile)
    painted(client.ask(inputImage=ABSENT))
    assert client.forgiven == []


def test_a_data_uri_is_only_forgiven() -> None:
    assert_refused(appypie("documented").ask(inputImage=data_uri(photo())), "inputImage")
    client = appypie()
    painted(client.ask(inputImage=data_uri(photo())))
    assert client.forgiven == ["inputImage"]


@pytest.mark.parametrize("name", ["inputImageUrl", "imageUrl", "init_image"])
def test_another_name_for_the_picture_is_only_forgiven(name: str) -> None:
    still: dict[str, Any] = {"prompt_strength": 0, "size": "64x64"}
    strict = appypie("documented")
    painted(strict.ask(**{"inputImage": ABSENT, name: URL}))
    assert strict.forgiven == [name], "the page knows no such field"
    client = appypie()
    named = painted(client.ask(**{"inputImage": ABSENT, name: URL, **still}))
    assert name in client.forgiven
    assert named == painted(client.ask(inputImage=URL, **still))


@BOTH
@pytest.mark.parametrize("image", ["", "dog.png", "ftp://a.example/b.png", text(photo()), 7, []])
def test_what_leads_to_no_picture_is_refused(profile: Profile, image: Any) -> None:
    assert_refused(appypie(profile).ask(inputImage=image), "inputImage")


def test_a_missing_key_is_only_forgiven_by_img2img() -> None:
    assert_refused(appypie("documented").but(key=None).ask(), "Ocp-Apim", 401)
    client = appypie().but(key=None)
    painted(client.ask())
    assert client.forgiven == [IMG2IMG.key_header]
    assert_refused(client_of(INPAINTING).but(key=None).ask(), "Ocp-Apim", 401)


def test_a_shorter_route_is_only_forgiven() -> None:
    short = IMG2IMG.path.removesuffix("/v1/getSDXLImage")
    strict = appypie("documented")
    strict.ask()
    body = strict.entry.exchange.call.body
    assert_refused(strict.send(body, path=short), short, 404)
    client = appypie()
    painted(client.send(body, path=short))
    assert client.forgiven == ["path"]


@EVERY_CALL
@pytest.mark.parametrize("media_type", [ABSENT, "text/plain", "multipart/form-data; boundary=x"])
def test_a_wrong_content_type_is_only_forgiven(api: Api, media_type: Any) -> None:
    refused = client_of(api, "documented").but(media_type=media_type).ask()
    assert_refused(refused, "Content-Type")
    client = client_of(api).but(media_type=media_type)
    shown(client.ask())
    assert client.forgiven == ["Content-Type"]


@BOTH
@BOTH_APIS
def test_every_failure_has_a_trace_id_of_its_own(profile: Profile, api: Api) -> None:
    client = client_of(api, profile)
    wrong = [client.ask(prompt=ABSENT), client.ask(prompt=ABSENT), client.but(key="invalid").ask()]
    wrong += [client.send(b"", "GET"), client.send(b"{}", path="/nowhere")]
    assert len({json_of(each)["traceId"] for each in wrong}) == len(wrong)


@BOTH
@EVERY_CALL
@pytest.mark.parametrize("key", ["invalid-key", None])
def test_the_gateways_own_401_is_a_setting(profile: Profile, api: Api, key: str | None) -> None:
    client = client_of(api, profile, settings={"gateway_401": True})
    refused = client.but(key=key).ask()
    if api is IMG2IMG and key is None and profile == "lenient":
        assert refused.status == 200
        return
    assert refused.status == 401
    said = json_of(refused)
    assert said == {"statusCode": 401, "message": said["message"]}
    assert (refused.header("www-authenticate") or "").startswith("AzureApiManagementKey realm=")
    page = client_of(api, profile).but(key="invalid").ask()
    assert_refused(page, "key", 401)
    assert page.header("www-authenticate") is None
    assert_refused(client.ask(prompt=ABSENT), "prompt")
