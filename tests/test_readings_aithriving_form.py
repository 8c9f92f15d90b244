"""AI Thriving: the form that carries its fields, and the file in it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import (
    ABSENT,
    AITHRIVING,
    BOTH,
    Client,
    client_of,
    form,
    json_of,
    photo,
    text,
)

from testcard.common.body import FilePart
from testcard.common.message import Reply
from testcard.common.picture import Format
from testcard.common.reading import Profile


def aithriving(profile: Profile = "lenient") -> Client:
    return client_of(AITHRIVING, profile)


def assert_taken(reply: Reply) -> None:
    assert reply.status == 200
    assert json_of(reply)["code"] == 0


def assert_refused(reply: Reply, *fields: str) -> None:
    assert reply.status == 200
    said = json_of(reply)
    assert said["code"] == -1
    assert all(field in said["message"] for field in fields)


@BOTH
@pytest.mark.parametrize("format_", ["png", "jpeg", "webp"])
def test_the_file_is_known_by_its_content(profile: Profile, format_: Format) -> None:
    """Python `requests` names the file and no type; here the name is wrong, too."""
    client = aithriving(profile)
    assert_taken(client.ask(init_image=FilePart(photo(format_=format_), "upload.bin")))
    assert client.forgiven == []


def test_a_file_part_without_a_name_is_only_forgiven() -> None:
    nameless = FilePart(photo(), None)
    assert_refused(aithriving("documented").ask(init_image=nameless), "init_image", "filename")
    client = aithriving()
    assert_taken(client.ask(init_image=nameless))
    assert client.forgiven == ["init_image"]


@BOTH
@pytest.mark.parametrize("filename", ["photo.png", None])
@pytest.mark.parametrize(
    "data", [b"", b"no picture", b"GIF89a" + bytes(40), photo()[:60], text(photo()).encode()]
)
def test_a_file_that_is_no_picture_is_refused(
    profile: Profile, data: bytes, filename: str | None
) -> None:
    assert_refused(aithriving(profile).ask(init_image=FilePart(data, filename)), "init_image")


@BOTH
@pytest.mark.parametrize(
    "media_type",
    [
        ABSENT,
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=another",
    ],
)
def test_what_is_no_form_cannot_be_read(profile: Profile, media_type: Any) -> None:
    client = aithriving(profile).but(media_type=media_type)
    assert_refused(client.ask())
    assert client.entry.verdict == "malformed"


@BOTH
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        form(AITHRIVING.smallest)[:-40],
        form(AITHRIVING.smallest)[30:],
        form({"prompt": FilePart(b"\xff\xfe", None)}),
        form({f"field{number}": "x" for number in range(200)}),
    ],
)
def test_a_form_that_is_broken_is_malformed(profile: Profile, body: bytes) -> None:
    client = aithriving(profile)
    assert_refused(client.send(body))
    assert client.entry.verdict == "malformed"


@BOTH
def test_a_form_may_carry_its_text_in_any_order_and_quoting(profile: Profile) -> None:
    """Boundaries come quoted as well, and text parts with a filename."""
    client = aithriving(profile)
    bare = client.api.media_type
    quoted = bare.replace("boundary=", 'boundary="') + '"'
    assert_taken(client.but(media_type=quoted).ask())
    fields = dict(reversed(list(AITHRIVING.smallest.items())))
    assert_taken(client.send(form({**fields, "prompt": FilePart(b"a red fox", "prompt.txt")})))
    assert client.forgiven == []
