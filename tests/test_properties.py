"""Whatever is sent, the mock answers as the spec says; whatever the spec allows succeeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support import (
    AITHRIVING,
    BOTH,
    EVERY_API,
    HOST,
    IMAGEPIPELINE,
    URL,
    Api,
    Client,
    client_of,
    data_uri,
    form,
    json_of,
    mock_of,
    photo,
    text,
)

from testcard.common.body import FilePart
from testcard.common.fields import Body
from testcard.common.message import Call, Reply
from testcard.common.operation import Operation
from testcard.common.picture import sniff
from testcard.common.place import Field
from testcard.common.reading import Profile
from testcard.common.schema import Validator, types

SOME = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(SOME, max_examples=20)
LARGEST_DRAWN = 256  # pixels of a side, where the spec leaves the choice

any_text = st.text(st.characters(), max_size=20)  # broken characters and all
numbers = st.integers() | st.floats(width=64) | st.sampled_from([1, 20, 512, 1e308, 2**63, -1])
looks_right = st.sampled_from(["1", "0.5", "64x64", "true", "DDIM", URL, data_uri(photo())])
any_json = st.recursive(
    st.none() | st.booleans() | numbers | any_text | looks_right,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=6,
)
KEY_HEADERS = ["x-api-key", "API-Key", "Authorization", "Ocp-Apim-Subscription-Key"]
OTHER_HEADERS = ["Content-Type", "Content-Length", "Accept", "Host", "Cookie", "Expect"]
LIKELY = ["Bearer x", "invalid", "nocredits", "application/json", "multipart/form-data; boundary=x"]
UNLIKELY = ["multipart/form-data; boundary=", "application/json; charset=utf-16", "0", "9999999999"]
header_names = st.sampled_from(KEY_HEADERS + OTHER_HEADERS)
latin = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=20)
header_values = latin | st.sampled_from(LIKELY + UNLIKELY)
headers = st.dictionaries(header_names, header_values, max_size=4)


@cache
def operation_of(api: Api, profile: Profile, method: str = "POST") -> Operation:
    path = api.path if method == "POST" else f"{api.path}/status/some-id"
    operation = mock_of(api, profile=profile).dialects[api.provider].reading.match(method, path)[0]
    assert operation is not None
    return operation


@cache
def validator_of(api: Api, profile: Profile, method: str, status: int) -> Validator:
    content = operation_of(api, profile, method).responses[status]["content"]
    return Validator(content["application/json"]["schema"])


def assert_documented(
    api: Api, profile: Profile, reply: Reply, method: str = "POST", *, worst: int = 499
) -> None:
    """Check that the operation has this status, this media type and a body like this."""
    responses = operation_of(api, profile, method).responses
    assert reply.status in responses
    assert reply.status <= worst
    media_type = reply.header("content-type") or ""
    assert media_type in responses[reply.status]["content"]
    if media_type == "application/json":
        assert validator_of(api, profile, method, reply.status).breaches(json_of(reply)) == []
    else:
        assert sniff(reply.body) == media_type.removeprefix("image/")


def assert_settled(client: Client) -> None:
    """Check that the call was told, and that it holds no credits any more; jobs do."""
    assert client.entry.exchange.reply.status
    assert client.mock.answer(Call("GET", f"{HOST}/_testcard/journal")).status == 200
    if client.api is not IMAGEPIPELINE:
        held = [account.held for account in client.mock.world.accounts()]
        assert not any(held)


# Whatever is sent


@BOTH
@EVERY_API
@SOME
@given(value=any_json)
def test_any_json_is_answered_as_documented(profile: Profile, api: Api, value: Any) -> None:
    client = client_of(api, profile)
    assert_documented(api, profile, client.send(json.dumps(value).encode()))
    assert_settled(client)


@BOTH
@EVERY_API
@SOME
@given(data=st.data())
def test_any_value_in_any_field_is_answered_as_documented(
    profile: Profile, api: Api, data: st.DataObject
) -> None:
    """Between a good call and a bad one there is a border, and it has two sides only."""
    body = operation_of(api, profile).body
    assert body is not None
    names = st.sampled_from([*body.root.members, *body.aliases])
    values = st.text(max_size=20) if api.form else any_json
    client = client_of(api, profile)
    reply = client.ask(**data.draw(st.dictionaries(names, values, max_size=3)))
    assert_documented(api, profile, reply)
    assert (client.entry.verdict == "ok") == (client.spendable < 1000)
    assert_settled(client)


@BOTH
@EVERY_API
@SOME
@given(body=st.binary(max_size=200), sent=headers)
def test_any_bytes_under_any_headers_are_answered_as_documented(
    profile: Profile, api: Api, body: bytes, sent: dict[str, str]
) -> None:
    client = client_of(api, profile).but(key=None, headers=sent)
    assert_documented(api, profile, client.send(body))
    assert_settled(client)


@BOTH
@EVERY_API
@SOME
@given(sent=headers)
def test_a_good_body_under_any_headers_is_answered_as_documented(
    profile: Profile, api: Api, sent: dict[str, str]
) -> None:
    client = client_of(api, profile).but(headers=sent)
    assert_documented(api, profile, client.ask())
    assert_settled(client)


@BOTH
@SOME
@given(data=st.data())
def test_a_form_cut_or_bent_anywhere_is_answered_as_documented(
    profile: Profile, data: st.DataObject
) -> None:
    whole = form(AITHRIVING.smallest)
    at = data.draw(st.integers(0, len(whole)))
    bent = whole[:at] + data.draw(st.binary(max_size=4)) + whole[data.draw(st.integers(at)) :]
    client = client_of(AITHRIVING, profile)
    assert_documented(AITHRIVING, profile, client.send(bent))
    assert_settled(client)


@BOTH
@SOME
@given(
    job=st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1), sent=headers
)
def test_any_id_under_any_headers_is_answered_as_documented(
    profile: Profile, job: str, sent: dict[str, str]
) -> None:
    sent = {name: value for name, value in sent.items() if name != "Content-Length"}
    client = client_of(IMAGEPIPELINE, profile).but(headers=sent)
    reply = client.follow(job)
    assert_documented(IMAGEPIPELINE, profile, reply, "GET")
    assert reply.status == 404


@BOTH
@EVERY_API
@SOME
@given(path=st.text(max_size=30), method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]))
def test_any_path_is_somebodys_or_nobodys(
    profile: Profile, api: Api, path: str, method: str
) -> None:
    client = client_of(api, profile)
    assert client.send(b"{}", method, f"/{path}").status in (404, 405)
    assert client.mock.answer(Call(method, f"{HOST}/{path}")).status in (200, 404, 405)


@SOME
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    place=st.sampled_from(["health", "journal", "reset", "accounts", "jobs", "faults", "x"]),
    query=st.text(st.sampled_from("limt=provder&0123456789%²x")),
    value=any_json,
)
def test_any_admin_call_is_done_or_refused(method: str, place: str, query: str, value: Any) -> None:
    body = json.dumps(value).encode()
    kind = (("Content-Type", "application/json"),)
    call = Call(method, f"{HOST}/_testcard/{place}?{query}", kind, body)
    assert mock_of(AITHRIVING).answer(call).status in (200, 400, 404, 405)


# Whatever the spec allows


def values(field: Field) -> st.SearchStrategy[Any]:
    """Return what a field may be, kept small where the spec leaves the choice."""
    schema: Mapping[str, Any] = field.schema
    if field.encodings:
        return pictures(field.encodings)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "pattern" in schema:
        assert field.role == "size"
        return st.builds("{}x{}".format, st.integers(1, 128), st.integers(1, 128))
    return st.one_of(*(_of_type(wanted, field) for wanted in types(schema) or ("null",)))


def pictures(encodings: tuple[str, ...]) -> st.SearchStrategy[Any]:
    small = st.builds(
        photo, st.integers(1, 40), st.integers(1, 40), st.sampled_from(["png", "jpeg", "webp"])
    )
    ways: dict[str, st.SearchStrategy[Any]] = {
        "base64": small.map(text),
        "data-uri": small.map(data_uri),
        "url": st.sampled_from([URL, "HTTP://example.com", "https://a.example:8443/b/%20?c=d#e"]),
        "file": small.map(lambda data: FilePart(data, "a.png")),
        "part": small.map(lambda data: FilePart(data, None)),
    }
    return st.one_of(*(ways[encoding] for encoding in encodings))


def _of_type(wanted: str, field: Field) -> st.SearchStrategy[Any]:
    low: Any = field.schema.get("minimum")
    high: Any = field.schema.get("maximum")
    if field.role in ("width", "height"):
        step = field.schema.get("multipleOf", 1)
        most = max(low, LARGEST_DRAWN) // step
        return st.integers(-(-low // step), most).map(lambda steps: steps * step)
    if wanted == "integer":
        return st.integers(low, high)
    if wanted == "number":
        return st.floats(low, high, allow_nan=False) | st.sampled_from([low, high])
    if wanted == "string":
        return st.text(min_size=field.schema.get("minLength", 0), max_size=30)
    return st.booleans() if wanted == "boolean" else st.none()


@st.composite
def requests(draw: st.DrawFn, body: Body, lightest: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a body that the schema allows; `lightest` stands for what is not drawn."""
    own = [each for each in body.fields.values() if each.place.location == "body"]
    named = {each.name: each for each in own if each.required or draw(st.booleans())}
    kept = {name: value for name, value in lightest.items() if name == "size"}
    return kept | {name: draw(values(each)) for name, each in named.items()}


@BOTH
@EVERY_API
@FEW
@given(data=st.data())
def test_whatever_the_schema_allows_succeeds_and_is_paid(
    profile: Profile, api: Api, data: st.DataObject
) -> None:
    body = operation_of(api, profile).body
    assert body is not None
    client = client_of(api, profile)
    fields = data.draw(requests(body, api.smallest))
    reply = client.send(form(fields) if api.form else json.dumps(fields).encode())
    assert client.entry.detail == ""
    assert reply.status == (202 if api is IMAGEPIPELINE else 200)
    assert_documented(api, profile, reply)
    assert client.spendable == 999
    if profile == "documented":
        assert {finding.message[:16] for finding in client.entry.findings} <= {"the page advises"}


@EVERY_API
@FEW
@given(data=st.data())
def test_whatever_is_taken_to_the_letter_is_taken_when_lenient(
    api: Api, data: st.DataObject
) -> None:
    """The lenient profile forgives; it asks for nothing that the page does not."""
    body = operation_of(api, "documented").body
    assert body is not None
    client = client_of(api)
    fields = data.draw(requests(body, api.smallest))
    client.send(form(fields) if api.form else json.dumps(fields).encode())
    assert client.entry.verdict == "ok"
