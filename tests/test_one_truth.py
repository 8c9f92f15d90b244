"""What several rooms go by stands in one of them: kinds of trouble, magic keys, own paths."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from tests.support import SEGMIND, client_of

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.keys import EMPTY, MAGIC_KEYS, UNKNOWN, WRONG, bare_key, kind_of, unknown_job
from testcard.common.redaction import blanked
from testcard.common.trouble import KINDS
from testcard.mock.world import AccountId

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
    problems = yaml.safe_load(text)["$defs"]["provider"]["properties"]["problems"]
    assert tuple(problems["required"]) == KINDS
    assert tuple(problems["propertyNames"]["enum"]) == KINDS


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
    assert unknown_job(f"{UNKNOWN}1")
    assert not unknown_job("1")
