"""A field is a place: nested, in lists, in parameters and in every kind of form.

tests/specs/places.yaml has one of each. Calls are made as clients make them, by hand and not by
testcard's own drivers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.servers import door
from tests.support import photo, text
from typer.testing import CliRunner

from testcard.assembly import Options, build
from testcard.cli.main import app
from testcard.common.place import Place
from testcard.common.reading import read
from testcard.common.spec import load
from testcard.common.spread import spread
from testcard.mock.core import Mock

SPEC = Path(__file__).parent / "specs" / "places.yaml"
NESTED = "/models/fast/predictions?version=2"
INPUT: dict[str, Any] = {"prompt": "a fox", "images": ["https://pictures.example/a.png"]}
PICTURE = f"data:image/png;base64,{text(photo())}"


@pytest.fixture
def mock() -> Mock:
    return build(Options(providers=(str(SPEC),), profile="documented"))


@pytest.fixture
def client(mock: Mock) -> Iterator[httpx.Client]:
    with (
        door(mock) as base,
        httpx.Client(
            base_url=f"{base}/places", headers={"X-Key": "k"}, timeout=60, trust_env=False
        ) as client,
    ):
        yield client


def told(answer: httpx.Response) -> str:
    error: str = answer.json()["error"]
    return error


def test_nested_fields_are_read_by_their_roles(client: httpx.Client, mock: Mock) -> None:
    loras = [{"path": "a/b", "scale": 0.5}, {"path": "c/d"}]
    said = {"input": {**INPUT, "loras": loras}, "webhook": "https://hooks.example/a"}
    answer = client.post(
        NESTED, json=said, headers={"X-Mode": "final", "Cookie": "other=1; session=abcd"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    (entry,) = mock.journal.entries()
    assert entry.fields == {
        "path.model": "fast",
        "query.version": 2,
        "header.X-Mode": "final",
        "cookie.session": "abcd",
        "input.prompt": "a fox",
        "input.images": ["https://pictures.example/a.png"],
        "input.loras[].path": ["a/b", "c/d"],
        "input.loras[].scale": [0.5, None],
        "webhook": "https://hooks.example/a",
    }
    assert entry.findings == ()


@pytest.mark.parametrize(
    ("path", "said", "named"),
    [
        (NESTED, {"webhook": "https://a.example"}, "'input' is required"),
        (NESTED, {"input": {}}, "'input.prompt' is required"),
        (NESTED, {"input": "a fox"}, "input: "),
        (NESTED, {"input": {**INPUT, "num_outputs": 9}}, "input.num_outputs: "),
        (NESTED, {"input": {**INPUT, "num_outputs": "2"}}, "input.num_outputs: "),
        (NESTED, {"input": {**INPUT, "images": ["nonsense"]}}, "input.images[0]: "),
        (NESTED, {"input": {**INPUT, "images": INPUT["images"] * 4}}, "input.images: "),
        (NESTED, {"input": {**INPUT, "loras": [{"scale": 1}]}}, "'input.loras[0].path' is"),
        (NESTED, {"input": {**INPUT, "loras": [{"path": "a"}, {"path": "b", "scale": 3}]}},
         "input.loras[1].scale: "),
        (NESTED.partition("?")[0], {"input": INPUT}, "query.version is required"),
        (NESTED.replace("2", "4"), {"input": INPUT}, "query.version: "),
        (NESTED.replace("2", "two"), {"input": INPUT}, "query.version: "),
        (NESTED.replace("fast", "slow"), {"input": INPUT}, "path.model: "),
        (f"{NESTED}&tag=a&tag=b&tag=c", {"input": INPUT}, "query.tag: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    client: httpx.Client, path: str, said: dict[str, Any], named: str
) -> None:
    answer = client.post(path, json=said)
    assert answer.status_code == 422, answer.text[:300]
    assert named in told(answer)


def test_a_header_and_a_cookie_are_held_to_their_schemas(client: httpx.Client) -> None:
    said = {"input": INPUT}
    assert "header.X-Mode" in told(client.post(NESTED, json=said, headers={"X-Mode": "loud"}))
    assert "cookie.session" in told(client.post(NESTED, json=said, headers={"Cookie": "session=a"}))


def test_a_parameter_that_is_sent_twice_is_malformed_by_the_page(client: httpx.Client) -> None:
    answer = client.post(f"{NESTED}&version=3", json={"input": INPUT})
    assert (answer.status_code, "query.version" in told(answer)) == (400, True)


@pytest.mark.parametrize("name", ["image", "image[]"])
def test_files_come_in_several_parts(client: httpx.Client, mock: Mock, name: str) -> None:
    files = [(name, ("a.png", photo())), (name, ("b.png", photo()))]
    data = {"text_prompts[0][text]": "a fox", "text_prompts[1][text]": "fog",
            "text_prompts[1][weight]": "-0.5"}  # fmt: skip
    answer = client.post("/edits", files=files, data=data)
    assert answer.status_code == 200, answer.text[:300]
    (entry,) = mock.journal.entries()
    assert entry.fields["text_prompts[].text"] == ["a fox", "fog"]
    assert entry.fields["text_prompts[].weight"] == [None, -0.5]
    assert len(entry.fields["image"]) == 2
    assert entry.findings == ()


def test_another_spelling_is_a_finding_by_the_page(client: httpx.Client, mock: Mock) -> None:
    files = [("image", ("a.png", photo()))]
    data = {"text_prompts": json.dumps([{"text": "a fox"}])}
    assert client.post("/edits", files=files, data=data).status_code == 200
    (entry,) = mock.journal.entries()
    assert [each.where for each in entry.findings] == ["text_prompts"]


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({}, "'text_prompts' is required"),
        ({"text_prompts[0][text]": ""}, "text_prompts[0].text: "),
        ({"text_prompts[0][weight]": "1"}, "'text_prompts[0].text' is required"),
        ({"text_prompts[0][text]": "a", "text_prompts[0][weight]": "x"}, "text_prompts[0].weight"),
        ({"text_prompts[7][text]": "a"}, "'text_prompts' is required"),
    ],
)
def test_a_form_is_held_to_its_places(
    client: httpx.Client, data: dict[str, str], named: str
) -> None:
    answer = client.post("/edits", files=[("image", ("a.png", photo()))], data=data)
    assert (answer.status_code, named in told(answer)) == (422, True), answer.text


def test_one_of_several_files_that_is_no_picture_is_named(client: httpx.Client) -> None:
    files = [("image", ("a.png", photo())), ("image", ("b.png", b"no picture"))]
    answer = client.post("/edits", files=files, data={"text_prompts[0][text]": "a"})
    assert answer.status_code == 422
    assert told(answer).startswith("image[1]: ")


@pytest.mark.parametrize("image", [PICTURE, [PICTURE], [PICTURE, PICTURE]])
def test_the_same_operation_takes_json_and_one_or_several(
    client: httpx.Client, image: object
) -> None:
    answer = client.post("/edits", json={"image": image, "prompt": "a fox"})
    assert answer.status_code == 200, answer.text[:300]


def test_of_several_media_types_each_is_held_to_its_own_schema(client: httpx.Client) -> None:
    answer = client.post("/edits", json={"image": PICTURE})
    assert (answer.status_code, told(answer)) == (422, "'prompt' is required and was not sent")
    assert client.post("/edits", content=b"x", headers={"content-type": "text/x"}).is_error


def test_a_urlencoded_form(client: httpx.Client, mock: Mock) -> None:
    assert client.post("/simple", data={"prompt": "a fox & more", "steps": "7"}).status_code == 200
    assert mock.journal.entries()[0].fields == {"prompt": "a fox & more", "steps": 7}
    assert "steps" in told(client.post("/simple", data={"prompt": "x", "steps": "99"}))
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/simple", content=b"\xff=%", headers=kind).status_code == 400


@pytest.mark.parametrize("profile", ["lenient", "documented"])
@pytest.mark.long
def test_check_breaks_nothing_and_every_operation_is_served(profile: str) -> None:
    run = CliRunner().invoke(app, ["check", str(SPEC), "--profile", profile])
    assert run.exit_code == 0, run.output
    assert "No promise broken" in run.output


def test_what_is_read_is_what_was_spread() -> None:
    """Values put in their places are found there again."""
    body = read(load(SPEC)).operation("nested").takes
    values = {
        "path.model": "fast", "query.version": 2, "query.tag": ["a", "b"],
        "input.prompt": "x", "input.images": ["https://a.example"],
        "input.loras[].path": ["a", "b"], "input.loras[].scale": [None, 1],
    }  # fmt: skip
    put = spread(body.fields, body.root, values)
    assert put.said == {"path": {"model": "fast"}, "query": {"version": 2, "tag": ["a", "b"]}}
    assert put.document["input"]["loras"] == [{"path": "a"}, {"path": "b", "scale": 1}]
    found = {each.name: each.place.read(put.document) for each in body.root.leaves()}
    assert found["input.loras[].scale"] == [None, 1]
    assert found["input.prompt"] == "x"


def test_places_are_named_as_a_person_would() -> None:
    assert Place("body", ("input", "image")).named() == "input.image"
    assert Place("body", ("prompts", "[]", "text")).named(1) == "prompts[1].text"
    assert Place("query", ("version",)).named() == "query.version"
    assert Place("body", ("a.b", "[]")).named() == '["a.b"][]'


def test_show_lists_every_place_of_every_body() -> None:
    shown = CliRunner(env={"COLUMNS": "120"}).invoke(app, ["show", str(SPEC)]).output
    for place in ("path.model *", "cookie.session", "input.loras[].scale", "text_prompts[].text *"):
        assert place in shown
    assert "body: multipart/form-data" in shown
    assert "list of picture: file" in shown
    assert "one or more: picture: data-uri" in shown
    record = json.loads(CliRunner().invoke(app, ["show", str(SPEC), "--json"]).output)
    form = next(each for each in record["operations"] if each["id"] == "form")
    assert [each["media_type"] for each in form["other_bodies"]] == ["application/json"]
    assert {each["in"] for each in record["operations"][0]["fields"]} == {
        "path", "query", "header", "cookie", "body",
    }  # fmt: skip
