"""Pictures that are the whole body of a call: tests/specs/raw.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.spec_clients import broken, client_at, mock_of_spec, planned_run, refusal
from tests.support import data_uri, photo

from testcard.contract.calls import Links
from testcard.drivers.drafts import call_for, drafts
from testcard.drivers.values import Values
from testcard.mock.core import Mock

PICTURE = photo(64, 48)
ASK = {"prompt": "a fox", "seed": "7"}


@pytest.fixture
def mock() -> Mock:
    return mock_of_spec("raw")


@pytest.fixture(params=["http", "in process"])
def client(mock: Mock, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    with client_at(mock, request.param) as client:
        yield client


def sent(client: httpx.Client, body: bytes, kind: str = "image/png") -> httpx.Response:
    return client.post("/upscale", params=ASK, content=body, headers={"Content-Type": kind})


def test_the_body_is_the_picture(client: httpx.Client) -> None:
    in_json = client.post("/upscale", params=ASK, json={"image": data_uri(PICTURE)})
    assert in_json.status_code == 200
    assert sent(client, PICTURE).content == in_json.content
    assert sent(client, photo(64, 48, "jpeg"), "image/jpeg").status_code == 200


def test_what_is_wrong_with_it_is_told_of_the_body(client: httpx.Client, mock: Mock) -> None:
    bad = sent(client, b"no picture at all")
    assert (bad.status_code, bad.json()["field"]) == (422, "body")
    nothing = sent(client, b"")
    assert (nothing.status_code, nothing.json()["field"]) == (422, "body")
    assert "'body' is required" in nothing.json()["error"]
    other = sent(client, PICTURE, "text/plain")
    assert other.status_code == 400
    assert "not image/png" in other.json()["error"]
    assert mock.journal.entries()[0].fields["body"] == "<file without a name, 17 bytes>"


def test_the_lenient_profile_takes_any_type() -> None:
    with client_at(mock_of_spec("raw", "lenient"), "in process") as client:
        assert sent(client, PICTURE, "text/plain").status_code == 200


def test_checks_send_bytes(mock: Mock) -> None:
    assert broken(planned_run(mock, thorough=True)) == []
    (dialect,) = mock.dialects.values()
    bodies = {entry.exchange.call.body[:4] for entry in mock.journal.entries()}
    assert b"\x89PNG" in bodies
    (operation,) = dialect.reading.operations
    wrong = {
        each.why: call_for(dialect.reading, each, "k")
        for each in drafts(Values(operation, operation.takes, True, Links()), {})
        if each.breaks and each.where == "body"
    }
    assert wrong["no body"].body == b""
    assert wrong["body that is no picture"].body == b"no picture at all"


BAD: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a body of bytes that is no picture": (
        lambda content: content["image/png"]["schema"]["x-testcard"].pop("encodings"),
        "write x-testcard: {role: init-image, encodings: [file]} in its schema"),
    "a body of bytes in base64": (
        lambda content: content["image/png"]["schema"]["x-testcard"].update(encodings=["base64"]),
        "a body of image/png is one picture, byte for byte"),
    "a type that is not read": (
        lambda content: content.update({"image/gif": content.pop("image/png")}),
        "a body of image/gif is not read"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_a_spec_says_of_bytes_in_vain_is_refused(tmp_path: Path, name: str) -> None:
    change, wanted = BAD[name]

    def changed(document: dict[str, Any]) -> None:
        change(document["paths"]["/upscale"]["post"]["requestBody"]["content"])

    assert wanted in refusal("raw", tmp_path, changed)
