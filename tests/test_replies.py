"""Replies of every kind: in lists, by Accept, under 2XX and default, with words, echoes and times.

tests/specs/replies.yaml has one of each. Calls are made as clients make them, over HTTP and in
process.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.servers import door
from typer.testing import CliRunner

from testcard.assembly import Options, build
from testcard.cli.main import app
from testcard.common.message import Call
from testcard.common.picture import decode, sniff
from testcard.common.schema import Schema, Validator
from testcard.contract.payload import reply_roles, reply_scope
from testcard.mock.core import Mock
from testcard.mock.negotiation import preferred
from testcard.mock.render import each_of, render

SPEC = Path(__file__).parent / "specs" / "replies.yaml"
Ask = Callable[..., httpx.Response]


@pytest.fixture
def mock() -> Mock:
    return build(Options(providers=(str(SPEC),), profile="documented"))


def in_process(mock: Mock) -> httpx.Client:
    def answered(request: httpx.Request) -> httpx.Response:
        headers = tuple(request.headers.items())
        call = Call(request.method, str(request.url), headers, request.content)
        reply = mock.answer(call)
        return httpx.Response(reply.status, headers=list(reply.headers), content=reply.body)

    return httpx.Client(
        base_url="http://127.0.0.1:1/replies",
        headers={"X-Key": "k"},
        transport=httpx.MockTransport(answered),
    )


@pytest.fixture(params=["http", "in process"])
def client(mock: Mock, request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    if request.param == "in process":
        with in_process(mock) as client:
            yield client
        return
    with (
        door(mock) as base,
        httpx.Client(
            base_url=f"{base}/replies", headers={"X-Key": "k"}, timeout=60, trust_env=False
        ) as client,
    ):
        yield client


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_has_an_object_for_each_picture(client: httpx.Client, count: int) -> None:
    answer = client.post("/images", json={"prompt": "a fox", "n": count, "seed": 7})
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert [sorted(each) for each in data] == [["b64_json", "seed"]] * count
    assert [each["seed"] for each in data] == list(range(7, 7 + count))
    files = [base64.b64decode(each["b64_json"]) for each in data]
    assert [decode(each).width for each in files] == [64] * count
    assert len(set(files)) == count


def test_what_is_known_is_told(client: httpx.Client) -> None:
    said = {"prompt": "a fox", "seed": 7, "size": "128x64"}
    answer = client.post("/images", json=said)
    told = answer.json()
    assert told["model"] == "fast", "the default counts as said"
    assert told["input"] == said, "an echo of the body has what was sent and nothing else"
    assert told["prompt"] == "a fox"
    assert told["from"] == str(answer.request.url)
    assert told["usage"] == {"input_tokens": 2, "output_tokens": 2, "total_tokens": 4}
    assert told["made"].startswith("20")
    assert told["made"].endswith("Z")
    assert isinstance(told["created"], int)
    assert answer.headers["x-seed"] == "7"
    assert answer.headers["x-credits"] == "999"


def test_pictures_may_be_where_urls_lead(client: httpx.Client) -> None:
    said = {"prompt": "a fox", "n": 2, "seed": 7}
    shown = client.post("/images", json=said).json()["data"]
    linked = client.post("/images", json={**said, "response_format": "url"})
    assert [sorted(each) for each in linked.json()["data"]] == [["seed", "url"]] * 2
    assert linked.headers["x-credits"] == "998", "both are paid, once"
    fetched = [client.get(each["url"]) for each in linked.json()["data"]]
    assert [each.headers["content-type"] for each in fetched] == ["image/png"] * 2
    assert [each.content for each in fetched] == [
        base64.b64decode(each["b64_json"]) for each in shown
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_of_urls_is_one_even_of_one(client: httpx.Client, count: int) -> None:
    told = client.post("/links", json={"prompt": "a fox", "n": count}).json()
    assert len(told["output"]) == count
    assert told["first"] == told["output"][0], "where one is expected, the first stands"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "image/webp"),
        ("*/*", "image/webp"),
        ("image/png", "image/png"),
        ("application/json", "application/json"),
        ("application/json;q=0.2, image/*;q=0.8", "image/png"),
        ("text/html", "image/webp"),
    ],
)
def test_the_format_is_the_one_accepted(
    client: httpx.Client, accept: str | None, media_type: str
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = client.post("/either", json={"prompt": "a fox"}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    if media_type == "application/json":
        (one,) = answer.json()["images"]
        head, _, text = one.partition(",")
        assert head == "data:image/png;base64"
        assert sniff(base64.b64decode(text)) == "png"
    else:
        assert sniff(answer.content) == media_type.removeprefix("image/")


def test_each_breach_has_an_entry(client: httpx.Client) -> None:
    answer = client.post("/images", json={"n": 9, "model": "slow", "prompt": ""})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    told = {each["at"]: each for each in answer.json()["detail"]}
    assert told.keys() == {"prompt", "model", "n"}
    assert told["n"]["loc"] == ["body", "n"]
    assert told["n"]["type"] == "maximum"
    assert "9" in told["n"]["msg"]


def test_one_breach_is_a_list_of_one(client: httpx.Client) -> None:
    (one,) = client.post("/images", json={}).json()["detail"]
    assert (one["loc"], one["type"]) == (["body", "prompt"], "required")


def test_each_trouble_has_its_words_and_names_the_field(client: httpx.Client) -> None:
    wrong = client.post("/links", json={"prompt": "a", "n": 9})
    assert wrong.status_code == 422
    assert wrong.json()["error"] | {"message": ""} == {
        "message": "",
        "type": "invalid_request_error",
        "code": "invalid_value",
        "param": "n",
    }
    assert wrong.headers["x-request-id"] != client.post("/links", json={}).headers["x-request-id"]
    stranger = client.post("/links", json={"prompt": "a"}, headers={"X-Key": ""})
    assert stranger.status_code == 401
    assert stranger.json()["error"] == {
        "message": "Who are you?",
        "type": "auth_error",
        "code": "bad_key",
        "param": None,
    }


def test_a_trouble_without_words_is_named_by_its_kind(client: httpx.Client) -> None:
    wrong = client.put("/links", json={})
    assert wrong.status_code == 405
    assert wrong.headers.get_list("allow") == ["POST"]
    assert wrong.json()["error"]["code"] == "method-not-allowed"


def test_what_informs_is_its_example_with_what_is_known(client: httpx.Client) -> None:
    answer = client.get("/models/fast")
    assert answer.status_code == 200
    told = answer.json()
    assert told | {"read": 0} == {
        "id": "fast",
        "sizes": ["64x64", "128x128"],
        "read": 0,
        "more": True,
    }
    assert told["read"] > 1_700_000_000 - 1
    assert client.get("/models/slow").status_code == 422


def test_a_call_that_informs_costs_nothing(client: httpx.Client) -> None:
    client.get("/models/fast")
    assert client.post("/images", json={"prompt": "a"}).headers["x-credits"] == "999"


@pytest.mark.parametrize("profile", ["documented", "lenient"])
@pytest.mark.long
def test_check_breaks_nothing(profile: str) -> None:
    run = CliRunner().invoke(app, ["check", str(SPEC), "--profile", profile])
    assert run.exit_code == 0, run.output
    assert "No promise broken" in run.output


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [("b/c", "b/c"), ("a/*;q=0.1, b/c;q=0.2", "b/c"), ("b/c;q=0", None), ("x/y;q=z, a/b", "a/b")],
)
def test_of_several_the_heaviest_is_taken(accept: str, chosen: str | None) -> None:
    assert preferred(accept, ["a/b", "b/c"]) == chosen


# What is rendered keeps its schema, and says what was known

ROLES: Mapping[str, tuple[Schema, st.SearchStrategy[Any]]] = {
    "message": ({"type": "string"}, st.text(max_size=5)),
    "seed": ({"type": "integer"}, st.integers(0, 9)),
    "code": ({"type": ["string", "null"]}, st.text(max_size=5)),
    "input-tokens": ({"type": "integer", "minimum": 3}, st.integers(3, 9)),
}
OF_PICTURES: Mapping[str, tuple[Schema, st.SearchStrategy[Any]]] = {
    "picture": ({"type": "string"}, st.text("ab=", max_size=4)),
    "picture-url": ({"type": "string", "minLength": 1}, st.just("https://a.example/b.png")),
    "picture-seed": ({"type": "integer"}, st.integers(0, 9)),
}


@st.composite
def _objects(draw: st.DrawFn, roles: Mapping[str, tuple[Schema, Any]]) -> Schema:
    names = draw(st.lists(st.sampled_from(sorted(roles)), unique=True))
    members = {
        name.replace("-", "_"): {**roles[name][0], "x-testcard": {"role": name}} for name in names
    }
    members |= {"plain": {"type": "string", "minLength": draw(st.integers(0, 3))}}
    required = draw(st.lists(st.sampled_from(sorted(members)), unique=True))
    return {"type": "object", "required": required, "properties": members}


@st.composite
def _known(draw: st.DrawFn, roles: Mapping[str, tuple[Schema, Any]]) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(sorted(roles)), unique=True))
    return {name: draw(roles[name][1]) for name in names}


@given(
    whole=_objects(ROLES),
    item=_objects(OF_PICTURES),
    known=_known(ROLES),
    pictures=st.lists(_known(OF_PICTURES), max_size=3),
)
def test_what_is_rendered_is_valid_and_reads_back(
    whole: dict[str, Any], item: Schema, known: dict[str, Any], pictures: list[dict[str, Any]]
) -> None:
    items = {"type": "array", "items": item, "x-testcard": {"each": "pictures"}}
    schema = {**whole, "properties": {**whole["properties"], "data": items}}
    body = render(schema, {**known, each_of("pictures"): pictures})
    assert Validator(schema).breaches(json.loads(json.dumps(body))) == []
    told = dict(reply_roles(schema, body))
    places = {
        each["x-testcard"]["role"] for each in whole["properties"].values() if "x-testcard" in each
    }
    assert {role: told[role] for role in places & known.keys()} == {
        role: known[role] for role in places & known.keys()
    }
    read = list(reply_scope(schema, body, "pictures"))
    assert len(read) == len(pictures)
    inner = {
        each["x-testcard"]["role"] for each in item["properties"].values() if "x-testcard" in each
    }
    for found, one in zip(read, pictures, strict=True):
        assert {role: found[role] for role in inner & one.keys()} == {
            role: one[role] for role in inner & one.keys()
        }


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_scope_has_as_many_items_as_there_are(count: int) -> None:
    item = {"type": "object", "properties": {"u": {"x-testcard": {"role": "picture-url"}}}}
    schema = {"type": "array", "items": item, "x-testcard": {"each": "pictures"}}
    told = [{"picture-url": f"https://a.example/{at}"} for at in range(count)]
    assert render(schema, {each_of("pictures"): told}) == [
        {"u": one["picture-url"]} for one in told
    ]
