"""Real clients, real server: each operation gives a picture of the size asked for.

What they send are the spec's own request examples: the page's documented fields.
"""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image
from tests.servers import SECONDS, serving
from tests.wire_clients import CLIENTS, Asked, Client, Got, why_missing

from testcard.common.operation import Operation
from testcard.common.reading import Profile, Reading, read
from testcard.common.schema import Schema, nodes
from testcard.common.spec import bundled, load, words

PROFILES: tuple[Profile, ...] = ("lenient", "documented")
READINGS = {path.stem: read(load(path)) for path in bundled()}
FORM = "multipart/form-data"


def media(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = operation.node.get("requestBody", {}).get("content", {})
    return next(iter(content.values()), {})


CALLS = [
    pytest.param(profile, provider, operation.id, name, id=f"{operation.id}-{name}-{profile}")
    for provider, reading in READINGS.items()
    for operation in reading.operations
    for name in media(operation).get("examples", {})
    for profile in PROFILES
    if profile == "lenient" or name == "everything"
]


@pytest.fixture(scope="module")
def bases() -> Iterator[dict[Profile, str]]:
    """Profile -> base URL of a server that answers by it."""
    with (
        serving("--quiet", "--profile", "lenient") as lenient,
        serving("--quiet", "--profile", "documented") as documented,
    ):
        yield {"lenient": lenient.base, "documented": documented.base}


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    if reason := why_missing(request.param):
        pytest.skip(reason)
    return CLIENTS[request.param]


def test_the_calls_reach_every_operation() -> None:
    """Those without a body are reached by way of a job."""
    reached = {call.values[2] for call in CALLS}
    others = {
        operation.does
        for reading in READINGS.values()
        for operation in reading.operations
        if operation.id not in reached
    }
    assert others == {"job-status"}


@pytest.mark.parametrize(("profile", "provider", "operation_id", "example"), CALLS)
def test_a_client_gets_pictures_of_the_size_asked_for(
    client: Client,
    bases: dict[Profile, str],
    profile: Profile,
    provider: str,
    operation_id: str,
    example: str,
) -> None:
    base = bases[profile]
    reading = READINGS[provider]
    operation = reading.operation(operation_id)
    sent = media(operation)["examples"][example]["value"]
    got = client(asked(base, provider, operation, sent))
    pictures = pictures_of(got, client, base, reading, operation)
    assert len(pictures) == said(operation, sent, "samples", 1)
    for data in pictures:
        with Image.open(BytesIO(data)) as picture:
            picture.load()
            assert picture.size == size_of(operation, sent)


def asked(base: str, provider: str, operation: Operation, sent: dict[str, Any]) -> Asked:
    """Return the call that sends an example, with a key in the page's first header for it."""
    assert operation.body is not None
    where = f"{base}/{provider}{operation.path}"
    headers = {operation.key_headers[0]: "a-key"}
    if operation.body.media_type != FORM:
        return Asked(operation.method, where, headers, sent)
    pictures = {field.name for field in operation.body.pictures}
    return Asked(
        operation.method,
        where,
        headers,
        form={name: str(value) for name, value in sent.items() if name not in pictures},
        files={name: b64decode(sent[name].partition(",")[2]) for name in pictures},
    )


def said(operation: Operation, sent: dict[str, Any], role: str, otherwise: Any) -> Any:
    """Return what an example says in the field with this role, or the field's default."""
    assert operation.body is not None
    for field in operation.body.fields.values():
        if field.role == role:
            return sent.get(field.name, field.schema.get("default", otherwise))
    return otherwise


def size_of(operation: Operation, sent: dict[str, Any]) -> tuple[int, int]:
    if size := said(operation, sent, "size", ""):
        width, _, height = size.partition("x")
        return int(width), int(height)
    return said(operation, sent, "width", 0), said(operation, sent, "height", 0)


def pictures_of(
    got: Got, client: Client, base: str, reading: Reading, operation: Operation
) -> list[bytes]:
    """Return the pictures that an answer carries or leads to."""
    assert got.status in (200, 202), got.body
    if got.media_type.startswith("image/"):
        return [got.body]
    assert got.media_type == "application/json"
    answer = json.loads(got.body)
    content = operation.responses[got.status]["content"]["application/json"]
    if operation.does == "pictures":
        carried = found(content["schema"], "picture", answer)
        texts = carried if isinstance(carried, list) else [carried]
        return [b64decode(text, validate=True) for text in texts]
    status = next(each for each in reading.operations if each.does == "job-status")
    job = found(content["schema"], "job-id", answer)
    where = f"{base}/{reading.spec.id}{status.path}".replace("{id}", job)
    ended = settled(client, Asked(status.method, where, {status.key_headers[0]: "a-key"}))
    content = status.responses[ended.status]["content"]["application/json"]
    urls = found(content["schema"], "picture-urls", json.loads(ended.body))
    assert all(url.startswith(base) for url in urls)
    return [client(Asked("GET", url)).body for url in urls]


def settled(client: Client, poll: Asked) -> Got:
    """Ask after a job until it has ended."""
    limit = time.monotonic() + SECONDS
    while time.monotonic() < limit:
        got = client(poll)
        if got.status == 200:
            return got
        assert got.status == 202, got.body
    raise AssertionError(f"{poll.url} is still pending")


def found(schema: Schema, role: str, answer: Any) -> Any:
    """Return what stands in `answer` where `schema` has this role."""
    for path, node in nodes(schema):
        if words(node).get("role") == role:
            names = [name for before, name in pairwise(path) if before == "properties"]
            value = answer
            for name in names:
                value = (value or {}).get(name)
            if value is not None:
                return value
    raise AssertionError(f"no {role} is in {answer}")
