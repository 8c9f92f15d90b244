"""Specs: what the loader takes, what it refuses and how it says where."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest
import yaml

from testcard.common.reading import read
from testcard.common.spec import SpecError, bundled, evidence, line_of, load

EACH = pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
JOBS = next(path for path in bundled() if path.stem == "imagepipeline")
Document = dict[str, Any]
ORDER = "/sdxl/image2image/v1"


def mutated(tmp_path: Path, change: Callable[[Document], None]) -> Path:
    """Write a real spec with one change in it."""
    document = yaml.safe_load(JOBS.read_text(encoding="utf-8"))
    change(document)
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def field(document: Document, name: str) -> Document:
    properties = document["components"]["schemas"]["Img2ImgRequest"]["properties"]
    found: Document = properties[name]
    return found


@EACH
def test_the_bundled_specs_are_openapi_for_any_tool(path: Path) -> None:
    spec = load(path)
    openapi_spec_validator.validate(spec.source)
    assert spec.source["openapi"].startswith("3.1.")
    assert spec.server.startswith("https://")


@EACH
def test_a_spec_holds_every_word_of_its_file(path: Path) -> None:
    spec = load(path)
    assert spec.id == path.stem
    assert spec.source == yaml.safe_load(path.read_text(encoding="utf-8"))
    followed = str(spec.document).replace("'$ref': None", "")  # a setting's, to replace one
    assert "'$ref'" not in followed


def test_a_job_is_linked_to_its_status() -> None:
    taken = load(JOBS).document["paths"][ORDER]["post"]["responses"]["202"]
    assert [link["operationId"] for link in taken["links"].values()] == ["getImg2ImgStatus"]


REFUSED: dict[str, tuple[Callable[[Document], None], str, str]] = {
    "openapi-keyword": (
        lambda d: d["paths"][ORDER]["post"].update(externalDocs={}),
        f"paths/{ORDER}/post",
        "'externalDocs'",
    ),
    "schema-keyword": (
        lambda d: field(d, "prompt").update(minLenght=1),
        "components/schemas/Img2ImgRequest/properties/prompt",
        "'minLenght'",
    ),
    "x-testcard-key": (
        lambda d: field(d, "prompt")["x-testcard"].update(rol="prompt"),
        "components/schemas/Img2ImgRequest/properties/prompt/x-testcard",
        "'rol'",
    ),
    "provider-key": (lambda d: d["x-testcard"].update(prise=1), "x-testcard", "'prise'"),
    "role": (
        lambda d: field(d, "prompt")["x-testcard"].update(role="promt"),
        "components/schemas/Img2ImgRequest/properties/prompt/x-testcard/role",
        "'promt'",
    ),
    "grade": (
        lambda d: field(d, "prompt")["x-testcard"].update(grade="sure"),
        "components/schemas/Img2ImgRequest/properties/prompt/x-testcard/grade",
        "'sure'",
    ),
    "format": (
        lambda d: field(d, "prompt").update(format="email"),
        "components/schemas/Img2ImgRequest/properties/prompt/format",
        "'email'",
    ),
    "pattern": (
        lambda d: field(d, "prompt").update(pattern="("),
        "components/schemas/Img2ImgRequest/properties/prompt/pattern",
        "'('",
    ),
    "problem": (lambda d: d["x-testcard"]["problems"].pop("failed"), "x-testcard", "'failed'"),
    "security-scheme": (lambda d: d.update(security=[{"nobody": []}]), "security", "'nobody'"),
    "operation-twice": (
        lambda d: d["paths"][f"{ORDER}/status/{{id}}"]["get"].update(operationId="createImg2Img"),
        f"paths/{ORDER}/status/{{id}}/get/operationId",
        "'createImg2Img'",
    ),
    "link": (
        lambda d: d["paths"][ORDER]["post"]["responses"]["202"]["links"]["status"].update(
            operationId="nothing"
        ),
        f"paths/{ORDER}/post/responses/202/links/status",
        "'nothing'",
    ),
    "server": (
        lambda d: d["servers"][0].update(url="http://a.example/b"),
        "servers/0/url",
        "http://a.example",
    ),
}


@pytest.mark.parametrize(("change", "place", "word"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_handled_is_refused_with_file_line_and_place(
    tmp_path: Path, change: Callable[[Document], None], place: str, word: str
) -> None:
    path = mutated(tmp_path, change)
    with pytest.raises(SpecError) as raised:
        load(path)
    said = str(raised.value)
    file, line, rest = said.split(":", 2)
    assert file == str(path)
    assert place in rest
    assert word in rest
    assert 1 <= int(line) <= len(path.read_text(encoding="utf-8").splitlines())


def test_the_line_named_is_the_line_meant(tmp_path: Path) -> None:
    path = mutated(tmp_path, lambda d: field(d, "samples").update(maximum="four"))
    with pytest.raises(SpecError) as raised:
        load(path)
    line = int(str(raised.value).split(":")[1])
    assert path.read_text(encoding="utf-8").splitlines()[line - 1].strip() == "maximum: four"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not a readable YAML file"),
        ("\0", "not a readable YAML file"),
        ("", ":1: at the top level: None"),
        ("- a", ":1: at the top level: ['a']"),
        ("openapi: 3.1.0", "'info' is missing here"),
        ("info:\n  title: a\n  x: &x {a: 1}\n  title: b", "title is here twice"),
    ],
)
def test_what_is_no_spec_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}:")
    assert said in str(raised.value)


def test_what_is_no_text_and_what_is_not_there_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\xfa")
    for path in (binary, tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(SpecError, match="not a readable YAML file"):
            load(path)


@pytest.mark.parametrize(
    "reference", ["#/components/responses/Nobody", "#/components/schemas/PendingJob/required/9"]
)
def test_a_reference_that_leads_nowhere_is_refused(tmp_path: Path, reference: str) -> None:
    def change(document: Document) -> None:
        document["paths"][ORDER]["post"]["responses"]["401"] = {"$ref": reference}

    path = mutated(tmp_path, change)
    with pytest.raises(SpecError) as raised:
        load(path)
    (told,) = str(raised.value).splitlines()
    assert f"post/responses/401/$ref: the reference {reference!r} leads nowhere" in told


def test_a_reference_to_itself_is_refused(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        loop = {"a": {"$ref": "#/components/examples/a"}}
        document["components"]["examples"] = loop
        document["components"]["responses"]["TooLarge"]["content"]["application/json"].update(
            examples=loop
        )

    with pytest.raises(SpecError, match="'#/components/examples/a' leads nowhere"):
        load(mutated(tmp_path, change))


@pytest.mark.parametrize("word", ["minLenght", "lenient"])
def test_a_word_that_a_lenient_patch_brings_in_is_refused(tmp_path: Path, word: str) -> None:
    """The documented profile, which it does not touch, is read all the same."""
    spec = load(
        mutated(tmp_path, lambda d: field(d, "prompt")["x-testcard"].update(lenient={word: 1}))
    )
    read(spec, "documented")
    with pytest.raises(SpecError, match=rf"lenient profile.*properties/prompt.*'{word}'"):
        read(spec, "lenient")


def test_a_word_that_a_setting_brings_in_is_refused(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        patch: Document = {"paths": {ORDER: {"post": {"respones": {}}}}}
        document["x-testcard"]["settings"]["always_200"]["when"]["true"] = patch

    spec = load(mutated(tmp_path, change))
    read(spec)
    with pytest.raises(SpecError, match="'respones'"):
        read(spec, settings={"always_200": True})


def test_a_setting_patches_the_document() -> None:
    spec = load(JOBS)
    plain, patched = read(spec), read(spec, settings={"always_200": True})
    assert 202 in plain.operation("createImg2Img").responses
    assert 202 not in patched.operation("createImg2Img").responses
    assert plain.document == spec.document, "reading changes nothing"


def test_settings_written_as_text_are_read_by_their_type() -> None:
    segmind = load(JOBS.with_stem("segmind"))
    seen = read(segmind, settings={"base64_default": "true", "rate_limit": "5"}).settings
    assert seen["base64_default"] is True
    assert seen["rate_limit"] == 5
    failing = load(JOBS.with_stem("aithriving"))
    assert read(failing, settings={"failure_status": "200"}).settings["failure_status"] == "200"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate": 1}, "no setting 'rate'; it has: base64_default, rate_limit"),
        ({"rate_limit": -1}, "rate_limit: -1 is less than the minimum of 0"),
        ({"rate_limit": "many"}, "rate_limit: 'many' is not of type"),
        ({"base64_default": 1}, "base64_default: 1 is not of type"),
    ],
)
def test_a_setting_that_is_not_taken_is_named(settings: Document, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        read(load(JOBS.with_stem("segmind")), settings=settings)


def test_line_of_follows_maps_lists_and_numbers() -> None:
    text = "a:\n  - b: 1\n  - b: 2\n    c:\n      200: x\n"
    assert line_of(text, ["a"]) == 1
    assert line_of(text, ["a", 0, "b"]) == 2
    assert line_of(text, ["a", 1]) == 3
    assert line_of(text, ["a", 1, "c", "200"]) == 5
    assert line_of(text, ["a", 1, "missing"]) == 3
    assert line_of(text, []) == 1
    assert line_of("", ["a"]) == 1


def test_evidence_of_a_keyword_comes_before_that_of_its_node() -> None:
    node = {
        "x-testcard": {
            "grade": "documented",
            "source": "Page, line 1",
            "keywords": {"default": {"grade": "assumed", "source": "silent"}},
        }
    }
    assert evidence(node).grade == evidence(node, "minimum").grade == "documented"
    assert evidence(node, "default").source == "silent"
    assert evidence({}).grade == "assumed"
