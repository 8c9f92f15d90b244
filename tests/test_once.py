"""What a call costs: nothing about it is found out twice, and large bodies hold nobody up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.support import (
    AITHRIVING,
    HOST,
    IMAGEPIPELINE,
    KEY,
    SEGMIND,
    URL,
    Api,
    Client,
    client_of,
    data_uri,
    form,
    photo,
    text,
)
from xxhash import xxh3_128_hexdigest

from testcard.common import upload
from testcard.common.body import FilePart
from testcard.common.message import Call, Reply
from testcard.common.trouble import Trouble
from testcard.mock import inputs
from testcard.mock.core import Work
from testcard.mock.fault import Fault


def posted(client: Client, body: bytes) -> Reply | Work:
    api = client.api
    headers = (("Content-Type", api.media_type), (api.key_header, client.key or KEY))
    return client.mock.begin(Call("POST", f"{HOST}/{api.provider}{api.path}", headers, body))


def of_size(api: Api, size: int) -> bytes:
    """Return a valid body of that many bytes, in a field of text."""
    name = "model_id" if api is IMAGEPIPELINE else "prompt"

    def body(length: int) -> bytes:
        said = {**api.smallest, name: "x" * length, "seed": 7}
        return form(said) if api.form else json.dumps(said).encode()

    return body(size - len(body(0)))


def counting(calls: Counter[str], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*args: Any, **named: Any) -> Any:
        calls[name] += 1
        return function(*args, **named)

    return counted


@pytest.mark.parametrize(("wrapped", "width"), [(text, 31), (data_uri, 33)])
def test_a_new_upload_is_decoded_and_hashed_once(
    wrapped: Callable[[bytes], str], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()
    for module, name in [(upload, "_decoded"), (inputs, "file_digest"), (inputs, "decode")]:
        monkeypatch.setattr(module, name, counting(calls, name, getattr(module, name)))
    client = client_of(SEGMIND)
    new = photo(width, 17)
    assert client.ask(image=wrapped(new), img_width=64, img_height=64).status == 200
    assert calls == {"_decoded": 1, "file_digest": 1, "decode": 1}
    client.ask(image=wrapped(new), img_width=64, img_height=64)
    assert calls == {"_decoded": 2, "file_digest": 2, "decode": 1}, "it is remembered"
    held = client.mock.services.inputs.read(new, ["file"])
    assert held.digest == xxh3_128_hexdigest(new), "what is hashed names the picture too"


def test_what_a_dialect_decides_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(SEGMIND)
    dialect = type(client.mock.dialects["segmind"])
    calls: Counter[str] = Counter()
    for name in ("picture_format_of", "pictures_wanted"):
        monkeypatch.setattr(dialect, name, counting(calls, name, getattr(dialect, name)))
    assert client.ask(img_width=64, img_height=64).header("content-type") == "image/jpeg"
    assert calls == {"picture_format_of": 1, "pictures_wanted": 1}


@pytest.mark.parametrize("api", [IMAGEPIPELINE, AITHRIVING], ids=lambda api: api.provider)
def test_a_call_of_ordinary_size_whose_pictures_are_known_is_answered_at_once(api: Api) -> None:
    client = client_of(api)
    body = of_size(api, 100 << 10)
    client.send(body)
    assert isinstance(posted(client, body), Reply)


@pytest.mark.parametrize("api", [IMAGEPIPELINE, AITHRIVING, SEGMIND], ids=lambda api: api.provider)
def test_a_large_body_is_read_as_work_whatever_is_known(api: Api) -> None:
    """Nothing of it is looked at before, and it is answered as ever."""
    client = client_of(api)
    body = of_size(api, 300 << 10)
    first = client.send(body)
    step = posted(client, body)
    assert not isinstance(step, Reply)
    assert step().status == first.status < 300
    assert client.entry.verdict == "ok"


@pytest.mark.parametrize(
    "body",
    [
        b"{" + b",".join(b'"k%d":1' % at for at in range(9_000)) + b"}",
        b"a=1&" * 9_000,
        b"http://a?b@ " * 9_000,
    ],
    ids=["JSON", "a form", "URLs"],
)
def test_a_body_of_many_members_is_read_as_work(body: bytes) -> None:
    """Each may be a secret's name: 120 KB of them held everybody up for 55 ms."""
    client = client_of(SEGMIND)
    step = posted(client, body)
    assert not isinstance(step, Reply)
    assert step().status == 422


def test_a_large_body_that_is_wrong_is_refused_as_ever() -> None:
    client = client_of(SEGMIND)
    for body in (b"[" * (300 << 10), b"{" + b" " * (300 << 10) + b"}"):
        step = posted(client, body)
        assert not isinstance(step, Reply)
        assert step().status == 422
        assert client.entry.verdict in ("malformed", "invalid")
    assert client.balance == 1000


def test_key_and_fault_of_a_large_call_are_looked_at_in_the_order_of_calls() -> None:
    client = client_of(SEGMIND)
    body = of_size(SEGMIND, 300 << 10)
    client.mock.world.fail_next("segmind", Fault("failed"))
    failed = posted(client, body)
    assert isinstance(failed, Reply)
    assert failed.status == 500
    refused = posted(client.but(key="invalid"), body)
    assert isinstance(refused, Reply)
    assert refused.status == 401


def test_a_new_form_upload_that_is_no_picture_is_refused_in_its_own_words() -> None:
    client = client_of(AITHRIVING)
    client.ask(init_image=FilePart(b"no picture", "photo.png"))
    assert client.entry.verdict == "invalid"
    assert client.entry.detail.startswith("init_image: 10 bytes that are no picture")
    client.but(api=IMAGEPIPELINE, mock=client_of(IMAGEPIPELINE).mock).ask(init_image=URL)


def test_trouble_is_told_with_the_field() -> None:
    """The field is named by the page's name, not by what it means."""
    client = client_of(SEGMIND)
    client.ask(image="%%%")
    assert client.entry.verdict == Trouble("invalid", "").kind
    assert client.entry.detail.startswith("image: a string of 3 characters that is not base64")
