"""A provider's OpenAPI file, loaded: YAML -> Spec. Nothing else in testcard opens these files.

Knows OpenAPI and `x-testcard` (vocabulary.yaml). Must not know the mock, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

import yaml

from testcard.common.schema import Breach, Validator

Family = Literal["sd", "sdxl"]
Grade = Literal["documented", "sample", "observed", "assumed"]
"""How sure a fact is: a page states it, a sample of the page shows it, others saw it, or nobody."""

GRADES: Final[tuple[Grade, ...]] = get_args(Grade)
"""The surest first."""

Node = dict[str, Any]

METHODS: Final = ("get", "post", "put", "patch", "delete")
"""Those that operations of a spec may have."""


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
    def family(self) -> Family:
        """Which Stable Diffusion paints."""
        name: Family = words(self.document).get("family", {}).get("name", "sd")
        return name

    @property
    def settings(self) -> Mapping[str, Node]:
        """Name -> what the setting takes; the price is one of every provider's."""
        own = words(self.document)
        told = own["price"]["credits"]
        price = {
            "description": "credits for one successful call, whatever it asks for",
            "type": ["number", "null"] if isinstance(told, str) else "number",
            "minimum": 0,
            "default": None if isinstance(told, str) else told,
        }
        return {**own.get("settings", {}), "price": price}


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
        SpecError: the file cannot be read, is no YAML, has a key twice, uses a word outside the
            vocabulary, or names what it does not have; the message names file, line and place.
    """
    try:
        text = path.read_text(encoding="utf-8")
        _refuse_twins(yaml.compose(text, Loader=yaml.CSafeLoader))
        source = yaml.load(text, Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"{path}: not a readable YAML file: {error}") from error
    breach = unknown_word(source)
    if breach is not None:
        line = line_of(text, breach.path)
        raise SpecError(f"{path}:{line}: at {path_text(breach.path)}: {breach.message}")
    try:
        document = resolved(source, source)
    except SpecError as error:
        raise SpecError(f"{path}: {error}") from error
    for where, message in _loose_ends(document):
        raise SpecError(f"{path}:{line_of(text, where)}: at {path_text(where)}: {message}")
    return Spec(path.stem, path, document, source)


def unknown_word(document: Node) -> Breach | None:
    """Return the innermost place where `document` leaves the vocabulary; None where it does not."""
    breaches = _vocabulary().breaches(document)
    return max(breaches, key=lambda breach: len(breach.path), default=None)


def path_text(path: Sequence[str | int]) -> str:
    """Return `path` as a message names it."""
    return "/".join(str(step) for step in path) or "the top level"


def _loose_ends(document: Node) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each name that leads nowhere or to two things: where it stands, and a sentence."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    operations = {("paths", path, method): node for path, method, node in calls_in(document)}
    ids = [node["operationId"] for node in operations.values()]
    for where, node in [((), document), *operations.items()]:
        for name in {name for each in node.get("security", ()) for name in each} - schemes.keys():
            yield (*where, "security"), f"{name!r} is no security scheme of the components"
    for where, node in operations.items():
        if ids.count(node["operationId"]) > 1:
            yield (*where, "operationId"), f"{node['operationId']!r} names two operations"
        for status, response in node["responses"].items():
            for name, link in response.get("links", {}).items():
                if link["operationId"] not in ids:
                    at = (*where, "responses", status, "links", name)
                    yield at, f"{link['operationId']!r} is no operationId of this file"


def calls_in(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Node]]:
    """Yield path, method (in small letters) and node of every operation, in the file's order."""
    for path, item in document["paths"].items():
        yield from ((path, method, node) for method, node in item.items() if method in METHODS)


def bundled() -> tuple[Path, ...]:
    """Return the paths of the specs that come with testcard, in the order of their names."""
    shipped = Path(__file__).parents[1] / "openapi"
    checkout = Path(__file__).parents[3] / "openapi"
    folder = shipped if shipped.is_dir() else checkout
    return tuple(sorted(folder.glob("*.yaml")))


def line_of(text: str, path: Iterable[str | int]) -> int:
    """Return the line, from 1, of the node of a YAML text that `path` leads to."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    line = 1
    for step in path:
        if isinstance(node, yaml.SequenceNode) and str(step).isdecimal():
            node = node.value[int(step)]
            line = node.start_mark.line + 1
            continue
        found = [pair for pair in getattr(node, "value", ()) if pair[0].value == str(step)]
        if not found:
            break
        line = found[0][0].start_mark.line + 1
        node = found[0][1]
    return line


def _refuse_twins(root: Any) -> None:
    """See that no mapping has a key twice, of which YAML would keep the last alone.

    Raises:
        yaml.MarkedYAMLError: one has; its mark tells where.
    """
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, yaml.CollectionNode):
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
            continue
        names: set[str] = set()
        for key, value in node.value:
            if key.value in names:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value} is here twice", problem_mark=key.start_mark
                )
            names.add(str(key.value))
            waiting.append(value)


@cache
def _vocabulary() -> Validator:
    text = (files("testcard.common") / "vocabulary.yaml").read_text(encoding="utf-8")
    return Validator(yaml.load(text, Loader=yaml.CSafeLoader))


def resolved(node: Any, root: Node, within: tuple[str, ...] = ()) -> Any:
    """Return `node`, which stands `within` references, with every `$ref` of it followed.

    Raises:
        SpecError: nothing stands where a reference leads, or it leads back to itself.
    """
    if isinstance(node, list):
        return [resolved(item, root, within) for item in node]
    if not isinstance(node, Mapping):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str):
        target: Any = root
        for step in reference.removeprefix("#/").split("/"):
            if not isinstance(target, Mapping) or step not in target or reference in within:
                raise SpecError(f"the reference {reference!r} leads nowhere")
            target = target[step]
        return resolved(target, root, (*within, reference))
    return {key: resolved(value, root, within) for key, value in node.items()}
