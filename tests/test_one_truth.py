"""What several rooms go by stands in one of them: kinds of trouble, magic keys, own paths."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support import AITHRIVING, EVERY_API, IMG2IMG, SEGMIND, Api, Recorder, client_of

from testcard.cli.words import UsageError, credits_from
from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.asked import DEFAULT_SIDE, asked_in
from testcard.common.job import asked
from testcard.common.keys import EMPTY, MAGIC_KEYS, UNKNOWN, WRONG, bare_key, kind_of, unknown_id
from testcard.common.redaction import blanked
from testcard.common.trouble import FALLBACKS, KINDS, Trouble
from testcard.contract.trace import read_trace
from testcard.mock.world import AccountId, credits_of

ROOT = Path(__file__).parents[1]
SOURCES = [
    path
    for root in ("contracts", "mockserver")
    for path in sorted((ROOT / root / "testcard").rglob("*.py"))
]


def literals(path: Path) -> Iterator[str]:
    """Yield every string of a module that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


@pytest.mark.parametrize(
    ("word", "home"),
    [
        (ADMIN_PREFIX, "addresses.py"),
        (EMPTY, "keys.py"),
        (f"^{UNKNOWN}$", "keys.py"),
        (r"bearer\\s", "keys.py"),
    ],
)
def test_a_word_that_many_go_by_is_written_in_one_module(word: str, home: str) -> None:
    found = {path.name for path in SOURCES if any(re.search(word, text) for text in literals(path))}
    assert found == {home}


def test_the_vocabulary_lists_the_kinds_of_trouble_and_no_others() -> None:
    text = (files("testcard.common") / "vocabulary.yaml").read_text(encoding="utf-8")
    words = yaml.safe_load(text)["$defs"]
    problems = words["provider"]["properties"]["problems"]
    assert tuple(problems["properties"]) == KINDS
    own = words["operation"]["properties"]["x-testcard"]["properties"]["problems"]
    assert tuple(own["propertyNames"]["enum"]) == KINDS
    assert set(KINDS) - set(problems["required"]) == FALLBACKS.keys()


def test_the_readme_lists_every_magic_key_and_what_it_does() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("`", "")
    for key, meaning in MAGIC_KEYS:
        assert f"| {key} | {meaning}" in readme
    assert f"begins with {UNKNOWN} " in readme


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("", "none"),
        (WRONG, "wrong"),
        (f"{WRONG}-1", "wrong"),
        (EMPTY, "empty"),
        (f"my-{WRONG}", "good"),
        ("key", "good"),
    ],
)
def test_mock_and_record_tell_the_same_keys_apart(key: str, kind: str) -> None:
    """What a record keeps of a key says of it what the key itself says."""
    assert kind_of(key) == kind
    assert kind_of(blanked(key)) == kind
    assert AccountId.of("segmind", key).opens_empty == (kind == "empty")
    refused = client_of(SEGMIND).but(key=key or None).ask().status == 401
    assert refused == (kind in ("none", "wrong"))


@pytest.mark.parametrize("value", ["Bearer k", "bearer  k", "BEARER\tk", " k "])
def test_a_key_is_bare_without_the_word_before_it(value: str) -> None:
    assert bare_key(value) == "k"
    assert bare_key("bearerk") == "bearerk"


def test_an_unknown_job_says_so_itself() -> None:
    assert unknown_id(f"{UNKNOWN}1")
    assert not unknown_id("1")


@pytest.mark.parametrize("value", ["much", "-1", -1, "inf", "nan", None, True])
def test_credits_are_read_in_one_way(value: Any) -> None:
    with pytest.raises(ValueError, match="a number from 0 up was expected"):
        credits_of(value)
    with pytest.raises(UsageError, match=r"--credits is .* a number of credits from 0 up"):
        credits_from("--credits", str(value))


@pytest.mark.parametrize("size", ["auto", "512", "512xabc", "５１２x512"])
def test_a_size_that_cannot_be_read_is_asked_for_by_nobody(size: str) -> None:
    """It was a 500 in the mock; digits of other scripts were taken for digits."""
    body = client_of(IMG2IMG).mock.dialects[IMG2IMG.provider].reading.operations[0].body
    assert body is not None
    assert asked_in(body, {"size": size}).size((64, 48)) is None
    with pytest.raises(Trouble, match=r"size: .* is no size; WIDTHxHEIGHT was expected"):
        asked("anyone", {"size": size}, body, {}, lambda: 1)


def test_an_option_that_is_told_as_its_default_asks_for_the_same() -> None:
    """And the engine is told only what was sent."""
    body = client_of(AITHRIVING).mock.dialects[AITHRIVING.provider].reading.operations[0].body
    assert body is not None
    preset = {"clip_guidance_preset": body.fields["clip_guidance_preset"].schema["default"]}
    assert asked_in(body, preset) == asked_in(body, {})
    sent = {"width": 320, "height": 320}
    assert asked("anyone", sent, body, {}, lambda: 1).options == ()
    assert asked("anyone", sent | preset, body, {}, lambda: 1).options == tuple(preset.items())


@EVERY_API
def test_roles_are_read_alike_by_painter_and_clauses(api: Api) -> None:
    """What the engine was asked for is what a clause says that the call asked for."""
    engine = Recorder()
    client = client_of(api, engine=engine, policy="at-once")
    client.ask(seed=7, samples=2, steps=9, strength=0.5, image_strength=0.5)
    call = client.entry.exchange
    (seen,) = read_trace(client.mock.dialects[api.provider].reading, (call,))
    body = seen.operation.body if seen.operation else None
    assert body is not None
    pictures = {
        role: found for role in ("init-image", "mask-image") if (found := seen.picture(role))
    }
    job = asked(api.provider, seen.fields, body, pictures, lambda: 1)
    said = seen.asked
    assert job.samples == said.samples
    assert job.seed == (said.seed or 1)
    assert job.strength == (1.0 if said.strength is None else said.strength)
    assert (job.width, job.height) == (seen.size or (DEFAULT_SIDE, DEFAULT_SIDE))
