"""A provider's OpenAPI file, loaded: YAML -> Spec. Nothing else in testcard opens these files.

Knows OpenAPI and `x-testcard` (vocabulary.yaml). Must not know the mock, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import yaml

from testcard.schema import Validator

Node = dict[str, Any]


class SpecError(ValueError):
    """A spec says what testcard does not handle, or a setting is not one of the spec's."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How sure a fact is and where it stands.

    Attributes:
        grade: documented, sample, observed or assumed.
        source: section and lines of the provider's page, or the public source, or the reason.
    """

    grade: str
    source: str


@dataclass(frozen=True)
class Spec:
    """One provider's file.

    Attributes:
        id: the provider's id: the file's name without its ending.
        path: where the file is.
        document: what it says, references resolved.
        source: what it says, as written.
    """

    id: str
    path: Path
    document: Node
    source: Node

    @property
    def server(self) -> str:
        """Scheme and host of the provider's own server."""
        return str(self.document["servers"][0]["url"])

    @property
    def title(self) -> str:
        """The API's name."""
        return str(self.document["info"]["title"])

    @property
    def settings(self) -> Mapping[str, Node]:
        """Name -> what the setting takes."""
        return cast("Mapping[str, Node]", words(self.document).get("settings", {}))


def words(node: Mapping[str, Any]) -> Node:
    """Return what `node` says under x-testcard."""
    return cast("Node", node.get("x-testcard", {}))


def evidence(node: Mapping[str, Any], keyword: str | None = None) -> Evidence:
    """Return the evidence that `node` carries, for one of its keywords or as a whole.

    A node without any is assumed, with no source; the self-check refuses those.
    """
    own = words(node)
    said = own.get("keywords", {}).get(keyword, own)
    return Evidence(said.get("grade", "assumed"), said.get("source", ""))


def load(path: Path) -> Spec:
    """Load one spec.

    Raises:
        SpecError: the file cannot be read, is no YAML, or uses a word outside the vocabulary;
            the message names file, line and place.
    """
    try:
        text = path.read_text(encoding="utf-8")
        source = yaml.load(text, Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"{path}: not a readable YAML file: {error}") from error
    breaches = _vocabulary().breaches(source)
    if breaches:
        first = min(breaches, key=lambda breach: -len(breach.path))
        place = "/".join(str(step) for step in first.path) or "the top level"
        raise SpecError(f"{path}:{line_of(text, first.path)}: at {place}: {first.message}")
    try:
        document = resolved(source, source)
    except KeyError as error:
        raise SpecError(f"{path}: nothing stands at the reference {error}") from error
    return Spec(path.stem, path, document, source)


def bundled() -> tuple[Path, ...]:
    """Return the paths of the specs that come with testcard, in the order of their names."""
    shipped = Path(str(files("testcard"))) / "openapi"
    checkout = Path(__file__).parents[2] / "openapi"
    folder = shipped if shipped.is_dir() else checkout
    return tuple(sorted(folder.glob("*.yaml")))


def line_of(text: str, path: Iterable[str | int]) -> int:
    """Return the line, from 1, of the node of a YAML text that `path` leads to."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    line = 1
    for step in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
            continue
        found = [pair for pair in getattr(node, "value", ()) if pair[0].value == str(step)]
        if not found:
            break
        line = found[0][0].start_mark.line + 1
        node = found[0][1]
    return line


@cache
def _vocabulary() -> Validator:
    text = (files("testcard") / "vocabulary.yaml").read_text(encoding="utf-8")
    return Validator(yaml.load(text, Loader=yaml.CSafeLoader))


def resolved(node: Any, root: Node) -> Any:
    """Return `node` with every `$ref` replaced by what it leads to in `root`.

    Raises:
        KeyError: nothing stands where a reference leads.
    """
    if isinstance(node, list):
        return [resolved(item, root) for item in node]
    if not isinstance(node, Mapping):
        return node
    if isinstance(node.get("$ref"), str):
        target: Any = root
        for step in node["$ref"].removeprefix("#/").split("/"):
            if step not in target:
                raise KeyError(node["$ref"])
            target = target[step]
        return resolved(target, root)
    return {key: resolved(value, root) for key, value in node.items()}
