"""Each word of a spec says what it is and how it looks, to readers and to editors."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from docs.renew import complaints, made
from docs.spec_words import without_field
from docs.vocabulary import broken_examples, groups, lacking, vocabulary
from typer.testing import CliRunner

from testcard.cli.main import app
from testcard.common.spec import bundled, editor_schema
from testcard.common.states import PHASES
from testcard.common.trouble import KINDS
from testcard.mock.verbs import VERBS

ROOT = Path(__file__).parents[1]
SPECS = (*bundled(), *sorted((ROOT / "tests" / "specs").glob("*.yaml")))
EDITOR = jsonschema_rs.Draft7Validator(json.loads(editor_schema().read_text(encoding="utf-8")))


def test_what_is_made_of_the_vocabulary_is_fresh() -> None:
    for path, text in made().items():
        fresh = path.exists() and path.read_text(encoding="utf-8") == text
        assert fresh, f"{path.relative_to(ROOT)} is older than the vocabulary: run `make docs`"


def test_every_word_has_a_description_and_an_example_that_holds() -> None:
    assert complaints() == []


def role(root: Any) -> Any:
    return root["$defs"]["schema"]["properties"]["x-testcard"]["properties"]["role"]


def test_what_a_word_lacks_is_told() -> None:
    root = copy.deepcopy(vocabulary())
    schema = root["$defs"]["schema"]["properties"]
    del schema["minLength"]["description"]
    schema["maxLength"] = {"type": "integer", "description": "the most"}
    schema["minItems"]["examples"] = ["many"]
    schema["maxItems"] |= {"of a list": None}
    role(root)["anyOf"][:2] = [
        {"const": "hue", "x-side": "call"},
        {"const": "key", "description": "-"},
    ]
    found = [*lacking(root), *broken_examples(root), *without_field(root, {})]
    told = "\n".join(found)
    for sentence in (
        "'minLength' of schema has no description",
        "'maxLength' of schema has no example",
        "'minItems' of schema: an example does not hold",
        "'maxItems' of schema: 'of a list' has no value",
        "'hue' of x-testcard of schema has no description",
        "'key' has no x-side",
        "the role 'hue' stands in no spec",
    ):
        assert sentence in told
    assert "mask-invert" not in told, "the vocabulary has a field for it"


def listed(title: str, word: str = "") -> tuple[str, ...]:
    """The values, or of a word in a group the values of it, that the reference lists."""
    (group,) = [each for each in groups(vocabulary()) if each.title == title]
    of = [each.choices for each in group.words if each.name == word]
    return tuple(each.value for each in (of[0] if word else group.choices))


def test_the_words_are_those_that_the_code_goes_by() -> None:
    assert listed("phase") == PHASES
    assert set(listed("x-testcard of operation", "does")) == VERBS.keys()
    (problems,) = [each for each in groups(vocabulary()) if each.title == "problems of provider"]
    assert tuple(each.name for each in problems.words) == KINDS


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_an_editor_finds_the_words_and_takes_the_spec(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first = text.partition("\n")[0]
    _, _, there = first.partition("# yaml-language-server: $schema=")
    assert (path.parent / there).resolve() == editor_schema()
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    document["x-testcard"].pop("read", None)  # YAML 1.1 takes it for a day
    assert [error.message for error in EDITOR.iter_errors(document)] == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("role: prompt", "role: promt"),
        ("grade: documented", "grade: document"),
        ("does: pictures", "does: picture"),
        ("random-at-most: ", "random-at-least: "),
        ("encodings: [", "encodings: [fax, "),
        ("unauthorized: ", "unauthorised: "),
        ("operationId: ", "operationID: "),
        ("minimum: 1", "minimun: 1"),
        ("in: header", "in: head"),
        ('"401": ', '"4o1": '),
    ],
)
def test_an_editor_shows_a_misspelt_word(right: str, wrong: str) -> None:
    text = (ROOT / "openapi" / "segmind.yaml").read_text(encoding="utf-8")
    assert right in text
    document = yaml.load(text.replace(right, wrong), Loader=yaml.CSafeLoader)
    document["x-testcard"].pop("read")
    assert not EDITOR.is_valid(document)


def test_the_schema_is_printed_or_written_with_the_line_that_names_it(tmp_path: Path) -> None:
    shipped = editor_schema().read_text(encoding="utf-8")
    assert CliRunner().invoke(app, ["schema"]).stdout == shipped
    done = CliRunner().invoke(app, ["schema", "-o", str(tmp_path / "words.json")])
    assert done.stdout == "# yaml-language-server: $schema=words.json\n"
    assert (tmp_path / "words.json").read_text(encoding="utf-8") == shipped
    nowhere = CliRunner().invoke(app, ["schema", "-o", str(tmp_path / "none" / "words.json")])
    assert (nowhere.exit_code, "words.json" in nowhere.stderr) == (2, True)
