"""What a spec says in vain is refused when it is loaded: all at once, each with line and place.

Each line has one bad spec: what is done to a good one, where that is told, and what is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from testcard.common.document import SpecError
from testcard.common.reading import read
from testcard.common.spec import bundled, load

SPEC = Path(__file__).parent / "specs" / "places.yaml"
Document = dict[str, Any]
URLENCODED = "application/x-www-form-urlencoded"
NESTED, EDITS, SIMPLE = "/models/{model}/predictions", "/edits", "/simple"
TOLD = {"grade": "documented", "source": "Models, line 9"}


class _Plain(yaml.SafeDumper):
    """Writes what stands at several places at each of them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (yaml's own signature)
        return True


def written(folder: Path, change: Callable[[Document], Any]) -> Path:
    """Write the good spec with one change."""
    document = yaml.load(
        yaml.dump(yaml.safe_load(SPEC.read_text()), Dumper=_Plain), yaml.SafeLoader
    )
    change(document)
    path = folder / "mine.yaml"
    path.write_text(yaml.dump(document, Dumper=_Plain, sort_keys=False), encoding="utf-8")
    return path


def refused(path: Path) -> list[str]:
    with pytest.raises(SpecError) as raised:
        load(path)
    told = str(raised.value).splitlines()
    assert len(told) == len(raised.value.refusals)
    return told


def post(document: Document, path: str) -> Document:
    found: Document = document["paths"][path]["post"]
    return found


def asked(document: Document, path: str, media_type: str = "application/json") -> Document:
    found: Document = post(document, path)["requestBody"]["content"][media_type]
    return found


def fields(document: Document) -> Document:
    found: Document = asked(document, NESTED)["schema"]["properties"]["input"]["properties"]
    return found


def answer(document: Document, path: str, status: str = "200") -> Document:
    found: Document = post(document, path)["responses"][status]
    return found


def parameters(document: Document) -> list[Document]:
    found: list[Document] = post(document, NESTED)["parameters"]
    return found


def renamed(holder: Document, old: str, new: str) -> None:
    holder[new] = holder.pop(old)


def parameter(name: str, where: str, **said: Any) -> Document:
    return {"name": name, "in": where, "schema": {"type": "string"}, "x-testcard": TOLD, **said}


BAD: dict[str, tuple[Callable[[Document], Any], str, str]] = {
    "a word beside the list": (
        lambda d: fields(d)["prompt"].update(minLenght=1),
        "input/properties/prompt/minLenght", "'minLenght' is no word .*; write minLength instead"),
    "a word of ours beside the list": (
        lambda d: fields(d)["prompt"]["x-testcard"].update(rol="prompt"),
        "prompt/x-testcard/rol", "'rol' is no word .*; write role instead"),
    "a role beside the list": (
        lambda d: fields(d)["prompt"]["x-testcard"].update(role="promt"),
        "prompt/x-testcard/role", "'promt' is none .*; write prompt instead"),
    "a type beside the list": (
        lambda d: fields(d)["prompt"].update(type="strin"),
        "input/properties/prompt/type", "'strin' is none .*; write string instead"),
    "something left out": (
        lambda d: d["x-testcard"].pop("page"), "at x-testcard: ", "'page' is missing here"),
    "a number where a text has to be": (
        lambda d: d["info"].update(version=1), "info/version", "1 is not of type"),
    "a name that is a number": (
        lambda d: post(d, SIMPLE)["responses"].update({299: {}}),
        "post/responses", '299 is no text; write "299"'),
    "a reference to nothing": (
        lambda d: post(d, SIMPLE)["responses"].update(
            {"418": {"$ref": "#/components/responses/none"}}),
        r"responses/418/\$ref", "none' leads nowhere"),
    "a scheme that is not there": (
        lambda d: d.update(security=[{"kee": []}]), "at security", "'kee' is no security scheme"),
    "two operations of one name": (
        lambda d: post(d, SIMPLE).update(operationId="form"),
        "post/operationId", "'form' names two operations"),
    "a name in a path without a parameter": (
        lambda d: d["paths"][NESTED].pop("parameters"),
        "at paths//models", "{model} of the path is no parameter"),
    "a parameter of a path that is not in it": (
        lambda d: parameters(d).append(parameter("id", "path", required=True)),
        "post/parameters/4", "'id' stands nowhere in the path; write {id} in it"),
    "a part of a path that may be left out": (
        lambda d: d["paths"][NESTED]["parameters"][0].pop("required"),
        "parameters/0", "always sent; write required: true"),
    "a header that no parameter reads": (
        lambda d: parameters(d).append(parameter("Accept", "header")),
        "post/parameters/4", "Accept is read by no parameter"),
    "one parameter twice": (
        lambda d: parameters(d).append(parameter("tag", "query")),
        "post/parameters/4", "query.tag is here twice"),
    "a picture in a header": (
        lambda d: parameters(d).append(parameter("image", "header", schema={
            "type": "string", "x-testcard": {"encodings": ["base64"], "role": "init-image"}})),
        "post/parameters/4", "no picture fits in a header"),
    "two paths that take the same calls": (
        lambda d: d["paths"].update({"/models/{name}/predictions": {
            "post": {**post(d, SIMPLE), "operationId": "again"},
            "parameters": [parameter("name", "path", required=True)]}}),
        "at paths//models/{name}/predictions/post", "/models/{model}/predictions takes the same"),
    "a body that is not read": (
        lambda d: renamed(
            post(d, NESTED)["requestBody"]["content"], "application/json", "text/csv"),
        "content/text/csv", "a body of text/csv is not read"),
    "an encoding outside of forms": (
        lambda d: asked(d, NESTED).update(encoding={"input": {"contentType": "application/json"}}),
        "encoding/input", "an encoding of application/json is not read"),
    "an encoding of no property": (
        lambda d: asked(d, EDITS, "multipart/form-data")["encoding"].update(imag={}),
        "encoding/imag", "'imag' is no property of the body"),
    "a file in JSON": (
        lambda d: fields(d)["images"]["items"]["x-testcard"].update(encodings=["file"]),
        "images/items/x-testcard/encodings", "no file fits in JSON"),
    "an answer that is never given": (
        lambda d: renamed(answer(d, SIMPLE, "400")["content"], "application/json", "text/html"),
        "responses/400/content/text/html", "an answer of text/html is never given"),
    "no success": (
        lambda d: post(d, SIMPLE)["responses"].pop("200"), "post/responses", "no answer is a succ"),
    "a success without pictures": (
        lambda d: answer(d, SIMPLE).pop("content"), "post/responses", "no success has a place"),
    "a job without an id": (
        lambda d: post(d, SIMPLE)["x-testcard"].update(does="job"),
        "post/responses", "it does job, and no success .* role job-id"),
    "a role of answers in a call": (
        lambda d: fields(d)["prompt"]["x-testcard"].update(role="message"),
        "prompt/x-testcard/role", "message is a role of answers"),
    "a role of answers about jobs in a call": (
        lambda d: fields(d)["prompt"]["x-testcard"].update(role="queue-position"),
        "prompt/x-testcard/role", "queue-position is a role of answers"),
    "a role of calls in an answer": (
        lambda d: answer(d, SIMPLE, "400")["content"]["application/json"]["schema"]["properties"]
        ["error"]["x-testcard"].update(role="prompt"),
        "error/x-testcard/role", "prompt is a role of calls"),
    "a picture of which nothing says how": (
        lambda d: fields(d)["images"]["items"]["x-testcard"].pop("encodings"),
        "images/items", "a picture is sent here, and nothing says how"),
    "a range without a value": (
        lambda d: fields(d)["num_outputs"].update(minimum=5),
        "num_outputs/minimum", "no value is from 5 to 4; write at most 4"),
    "a required stranger": (
        lambda d: asked(d, SIMPLE, URLENCODED)["schema"]["required"].append("promt"),
        "schema/required", "'promt' is none of the properties"),
    "two fields of one meaning": (
        lambda d: fields(d)["prompt"]["x-testcard"].update(role="samples"),
        "content/application/json/schema", "2 fields have the role samples"),
}  # fmt: skip


def test_the_good_spec_is_loaded_whatever_hand_wrote_it(tmp_path: Path) -> None:
    assert load(written(tmp_path, lambda _: None)).id == "mine"


@pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
def test_the_bundled_specs_hold_in_every_reading(path: Path) -> None:
    spec = load(path)
    for name, setting in spec.settings.items():
        for value in setting.get("when", {"": None}):
            chosen = {name: value} if value else {}
            assert read(spec, "lenient", chosen).operations
            assert read(spec, "documented", chosen).operations


@pytest.mark.parametrize(("change", "place", "said"), BAD.values(), ids=BAD)
def test_what_would_be_passed_over_is_refused(
    tmp_path: Path, change: Callable[[Document], Any], place: str, said: str
) -> None:
    """It alone, with file, line and place."""
    path = written(tmp_path, change)
    told = refused(path)
    assert len(told) == 1, told
    file, line, rest = told[0].split(":", 2)
    assert file == str(path)
    assert int(line) > 1 or "x-testcard" in rest
    seen = rest.partition(": ")
    assert re.search(place.replace("{", r"\{"), f"{seen[0]}: "), rest
    assert re.search(said.replace("{", r"\{"), rest), rest


def test_all_is_told_at_once_and_the_fundamental_first(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        fields(document)["prompt"]["x-testcard"].update(role="promt")
        document.update(component={})
        post(document, SIMPLE).pop("summary")
        fields(document)["num_outputs"].update(typ=1)

    path = written(tmp_path, change)
    told = refused(path)
    assert [each.partition(": at ")[2].partition(": ")[0].count("/") for each in told] == sorted(
        each.partition(": at ")[2].partition(": ")[0].count("/") for each in told
    )
    assert len(told) == 4
    assert "'component' is no word that testcard reads here; write components instead" in told[0]
    for each in told[2:]:
        line = path.read_text(encoding="utf-8").splitlines()[int(each.split(":")[1]) - 1]
        assert "promt" in line or "typ" in line


def test_what_stands_at_two_places_of_a_file_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = SPEC.read_text(encoding="utf-8")
    path.write_text(text.replace("role: message", "role: mesage"), encoding="utf-8")
    (told,) = refused(path)
    line = text.splitlines()[int(told.split(":")[1]) - 1]
    assert "role: message" in line


def test_a_plain_openapi_file_is_told_of_import(tmp_path: Path) -> None:
    path = written(tmp_path, lambda d: d.pop("x-testcard"))
    assert "testcard import FILE -o my.yaml" in refused(path)[0]


def test_what_a_lenient_patch_brings_in_is_refused_too(tmp_path: Path) -> None:
    """The documented reading, which it does not touch, is read all the same."""
    spec = load(
        written(
            tmp_path,
            lambda d: fields(d)["num_outputs"]["x-testcard"].update(lenient={"minimum": 9}),
        )
    )
    assert read(spec, "documented").operations
    with pytest.raises(SpecError, match="no value is from 9 to 4"):
        read(spec, "lenient")


def test_several_branches_may_have_one_meaning(tmp_path: Path) -> None:
    def change(document: Document) -> None:
        evidence = {"grade": "documented", "source": "Input, line 4"}
        branch = {"type": "integer", "x-testcard": {"role": "steps", **evidence}}
        fields(document)["steps"] = {"oneOf": [branch, {**branch, "maximum": 50}],
                                     "x-testcard": evidence}  # fmt: skip

    assert load(written(tmp_path, change))
