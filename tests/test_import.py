"""`testcard import`: a plain OpenAPI file becomes a spec that serves, without a hand on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from typer.testing import CliRunner, Result

from testcard.assembly import Options, build
from testcard.cli.main import app
from testcard.cli.rehearsal import rehearsed
from testcard.common.message import Call
from testcard.common.reading import Reading, read
from testcard.common.spec import editor_schema, load
from testcard.importing.roles import asked_role, encodings, is_picture, normal
from testcard.importing.telling import state_of

PLAIN = Path(__file__).parent / "plain"
GALLERY, QUEUE = PLAIN / "gallery.yaml", PLAIN / "queue.json"


def ran(*words: object) -> Result:
    return CliRunner().invoke(app, [str(each) for each in words])


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The spec made of the gallery's file, and what was printed."""
    mine = tmp_path_factory.mktemp("import") / "gallery.yaml"
    done = ran("import", GALLERY, "-o", mine)
    assert done.exit_code == 0, done.output
    return mine, done.output


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mine = tmp_path_factory.mktemp("import") / "queue.yaml"
    assert ran("import", QUEUE, "-o", mine).exit_code == 0
    return mine


def roles(reading: Reading, operation: str) -> dict[str, str]:
    fields = reading.operation(operation).takes.fields.values()
    return {each.name: each.role for each in fields if each.role}


def test_what_makes_pictures_is_chosen_and_nothing_else(gallery: tuple[Path, str]) -> None:
    reading = read(load(gallery[0]))
    assert [(each.id, each.does, each.path) for each in reading.operations] == [
        ("generateImage", "pictures", "/v2/models/{model_id}/generate"),
        ("editImage", "pictures", "/v2/edit"),
    ]
    regions = [each.url for each in reading.spec.servers]
    assert regions == ["https://eu.gallery.example/v2", "https://us.gallery.example/v2"]


def test_editors_find_the_words_beside_the_spec(gallery: tuple[Path, str]) -> None:
    """The schema goes where the spec goes: no path in it is of this machine."""
    text = gallery[0].read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=testcard.schema.json\n")
    words = gallery[0].with_name("testcard.schema.json").read_text(encoding="utf-8")
    assert words == editor_schema().read_text(encoding="utf-8")
    assert jsonschema_rs.Draft7Validator(json.loads(words)).is_valid(yaml.safe_load(text))


def test_fields_have_their_roles(gallery: tuple[Path, str]) -> None:
    reading = read(load(gallery[0]))
    assert roles(reading, "generateImage") == {
        "width": "width", "height": "height", "prompt": "prompt",
        "negativePrompt": "negative-prompt", "cfg_scale": "guidance",
        "num_inference_steps": "steps", "seed": "seed", "scheduler": "scheduler",
    }  # fmt: skip
    assert roles(reading, "editImage") == {
        "image": "init-image", "mask": "mask-image", "strength": "strength",
        "text_prompts[].text": "prompt",
    }  # fmt: skip
    assert reading.operation("editImage").takes.spellings[-1] == "indexed"


def nodes(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
    for each in value.values() if isinstance(value, Mapping) else value:
        if isinstance(each, Mapping | list):
            yield from nodes(each)


def test_constraints_cite_the_line_that_says_them_and_guesses_are_assumed(
    gallery: tuple[Path, str],
) -> None:
    lines = GALLERY.read_text(encoding="utf-8").splitlines()
    operation = read(load(gallery[0])).operation("generateImage")
    for name in ("width", "negativePrompt", "seed"):
        said = operation.takes.fields[name].evidence("minimum")
        assert said.grade == "documented"
        file, _, line = said.source.partition(", line ")
        assert file == "gallery.yaml"
        assert f"{name}:" in lines[int(line) - 1]
        assert operation.takes.fields[name].evidence("role").grade == "assumed"
    for node in nodes(yaml.safe_load(gallery[0].read_text(encoding="utf-8"))):
        assert node.get("grade") in (None, "documented", "assumed")


def test_words_of_older_openapi_are_put_right(gallery: tuple[Path, str]) -> None:
    fields = read(load(gallery[0])).operation("generateImage").takes.fields
    assert fields["cfg_scale"].schema["exclusiveMinimum"] == 0
    assert fields["negativePrompt"].schema["type"] == ["string", "null"]
    assert fields["prompt"].required
    assert fields["scheduler"].schema["enum"] == ["euler", "ddim"]
    assert fields["path.model_id"].required


def test_what_was_guessed_and_left_out_is_printed_with_its_place(
    gallery: tuple[Path, str],
) -> None:
    said = gallery[1]
    guessed, left_out = said.index("Guessed:"), said.index("Left out:")
    assert guessed < said.index("negativePrompt (gallery.yaml, line 91) has the role") < left_out
    assert "a success costs 1 credit: no price is said" in said
    assert "/edit/post/responses/2XX/content/text/plain: an answer of text/plain is not" in said
    assert "elsewhere: a reference that leads to nothing in this file" in said
    assert "a schema that holds itself, or is too deep" in said
    assert "It serves: testcard serve" in said


def test_it_serves_and_holds_calls_to_the_file(gallery: tuple[Path, str]) -> None:
    mock = build(Options(providers=(str(gallery[0]),), profile="documented"))
    url = "https://eu.gallery.example/v2/models/small-1/generate"

    def sent(**said: Any) -> tuple[int, str]:
        headers = (("X-Gallery-Key", "k"), ("Content-Type", "application/json"))
        reply = mock.answer(Call("POST", url, headers, json.dumps(said).encode()))
        return reply.status, reply.header("content-type") or ""

    assert sent(prompt="a fox", width=64, height=128) == (200, "image/png")
    assert sent(prompt="a fox", width=65)[0] == 422
    assert sent(prompt="a fox", cfg_scale=0)[0] == 422
    assert sent()[0] == 422


@pytest.mark.parametrize("name", ["gallery", "queue"])
def test_check_on_it_breaks_nothing(name: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(name)
    done = ran("check", found[0] if isinstance(found, tuple) else found)
    assert done.exit_code == 0, done.output
    assert "No promise broken" in done.output


def test_jobs_come_with_what_asks_after_them(queue: Path) -> None:
    reading = read(load(queue))
    assert {each.id: each.does for each in reading.operations} == {
        "predictionsCreate": "job",
        "predictionsGet": "job-status",
    }
    assert list(rehearsed(queue)) == []
    assert reading.operation("predictionsCreate").takes.fields["image_url"].encodings == ("url",)


def test_an_operation_that_is_named_is_taken_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    assert ran("import", GALLERY, "-o", mine, "--operation", "editImage").exit_code == 0
    assert [each.id for each in read(load(mine)).operations] == ["editImage"]
    done = ran("import", GALLERY, "-o", mine, "--operation", "editPicture")
    assert done.exit_code == 2
    assert "no operation 'editPicture'" in done.output


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("swagger: '2.0'", 2, "this is Swagger 2.0; convert it to OpenAPI 3 first"),
        ("openapi: 4.0.0", 2, "openapi is '4.0.0'"),
        ("{", 2, "not a readable YAML or JSON file"),
        ("- a", 2, "there is no `openapi`"),
        ("openapi: 3.1.0\npaths: {}", 1, "nothing that makes pictures could be told"),
        (
            "openapi: 3.1.0\npaths: {/images: {get: {operationId: a, responses: {200: {}}}}}",
            1,
            "nothing that makes pictures could be told",
        ),
    ],
)
def test_what_cannot_be_imported_is_told(tmp_path: Path, text: str, code: int, said: str) -> None:
    file, mine = tmp_path / "plain.yaml", tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    done = ran("import", file, "-o", mine)
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert not mine.exists()


def test_only_yaml_is_written(tmp_path: Path) -> None:
    assert ran("import", GALLERY, "-o", tmp_path / "mine.json").exit_code == 2


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}


@pytest.mark.parametrize(
    ("name", "schema", "role"),
    [
        ("negativePrompt", TEXT, "negative-prompt"),
        ("prompt", {**TEXT, "enum": ["a"]}, ""),
        ("prompt_upsampling", {"type": "boolean"}, ""),
        ("n", WHOLE, "samples"),
        ("image_strength", {"type": "number"}, "image-strength"),
        ("strength", {"type": "number", "maximum": 100}, ""),
        ("size", {**TEXT, "enum": ["512x512", "auto"]}, "size"),
        ("size", {**TEXT, "enum": ["small", "large"]}, ""),
        ("size", {**TEXT, "examples": ["1024x1024", "auto"]}, "size"),
        ("aspectRatio", {**TEXT, "enum": ["1:1", "16:9"]}, "aspect-ratio"),
        ("ratio", {"type": "number"}, ""),
        ("quality", {**TEXT, "enum": ["low", "high"]}, "quality"),
        ("quality", TEXT, ""),
        ("model_id", TEXT, "model"),
        ("response_format", {**TEXT, "enum": ["url", "b64_json"]}, "as-base64"),
        ("response_format", {**TEXT, "enum": ["json", "text"]}, ""),
        ("mask", {**TEXT, "enum": ["lace1", "lace2"]}, ""),
        ("seed", TEXT, ""),
        ("user", TEXT, ""),
    ],
)
def test_a_role_is_given_by_name_and_type(name: str, schema: Any, role: str) -> None:
    assert asked_role(name, schema) == role


def test_pictures_are_told_from_what_only_sounds_like_one() -> None:
    assert is_picture("initImage", TEXT, form=False)
    assert is_picture("image_url", {**TEXT, "format": "uri"}, form=False)
    assert is_picture("image_url", TEXT, form=False, holder="images")
    assert not is_picture("image_size", TEXT, form=False)
    assert not is_picture("image_format", {**TEXT, "enum": ["png"]}, form=False)
    assert not is_picture("prompt", TEXT, form=True)
    assert is_picture("anything", {**TEXT, "format": "binary"}, form=True)
    assert encodings("image", {"description": "a base64 encoded image"}, form=False) == ["base64"]
    assert encodings("image_url", {}, form=False) == ["url"]
    assert encodings("image", {}, form=True) == ["file"]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("starting", "queued"), ("IN_QUEUE", "queued"), ("processing", "running"),
        ("Ready", "succeeded"), ("succeeded", "succeeded"), ("aborted", "canceled"),
        ("Request Moderated", "moderated"), ("Error", "failed"), ("expired", "expired"),
        ("zebra", ""),
    ],
)  # fmt: skip
def test_the_words_of_a_jobs_state_are_known(word: str, state: str) -> None:
    assert state_of(word) == state


def test_names_are_compared_without_their_fashion() -> None:
    assert {normal(each) for each in ("initImage", "init-image", "Init_Image")} == {"init_image"}


def test_an_account_is_not_told_by_a_list_of_users(tmp_path: Path) -> None:
    """What looks after people is no image API's account."""
    file, mine = tmp_path / "plain.yaml", tmp_path / "mine.yaml"
    document = yaml.safe_load(GALLERY.read_text(encoding="utf-8"))
    answer = {"200": {"description": "It"}}
    for path in ("/organization/users", "/user/account"):
        document["paths"][path] = {"get": {"operationId": f"get{len(path)}", "responses": answer}}
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert ran("import", file, "-o", mine).exit_code == 0
    paths = {each.path for each in read(load(mine)).operations}
    assert "/v2/user/account" in paths
    assert "/v2/organization/users" not in paths


def test_forms_may_come_before_bodies_of_json(tmp_path: Path) -> None:
    """Each operation is called with values of its own; what has to be there is not empty."""
    file, mine = tmp_path / "plain.yaml", tmp_path / "mine.yaml"
    document = yaml.safe_load(GALLERY.read_text(encoding="utf-8"))
    paths = document["paths"]
    document["paths"] = {"/edit": paths["/edit"], **paths}
    source = {"type": "object", "properties": {"image_url": {"type": "string", "format": "uri"}}}
    schema = document["components"]["schemas"]["Sized"]
    schema["required"] = ["images"]
    schema["properties"]["images"] = {"type": "array", "minItems": 1, "items": source}
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    assert ran("import", file, "-o", mine).exit_code == 0
    assert list(rehearsed(mine)) == []
    done = ran("check", mine)
    assert done.exit_code == 0, done.output
