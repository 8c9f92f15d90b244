"""A provider's OpenAPI file, loaded: YAML -> Spec. Nothing else in testcard opens these files.

Knows OpenAPI and `x-testcard` (vocabulary.yaml). Must not know the mock, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from testcard.common.document import (
    GRADES,
    METHODS,
    Evidence,
    Grade,
    Node,
    SpecError,
    SpecRefusal,
    calls_in,
    evidence,
    path_text,
    resolved,
    words,
    written_at,
)
from testcard.common.lines import Lines, line_of, lines_of, refuse_twins
from testcard.common.refusals import of_document, of_source
from testcard.common.servers import Server, all_servers, nowhere, server_nodes, servers_of

__all__ = [
    "GRADES",
    "METHODS",
    "Evidence",
    "Family",
    "Grade",
    "Node",
    "Spec",
    "SpecError",
    "bundled",
    "calls_in",
    "editor_schema",
    "evidence",
    "line_of",
    "load",
    "path_text",
    "resolved",
    "words",
]

Family = Literal["sd", "sdxl"]


class _Loader(yaml.CSafeLoader):
    """Takes a day for text, as YAML 1.2 does, and with it OpenAPI."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own)
        first: [each for each in kinds if not each[0].endswith(":timestamp")]
        for first, kinds in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """Where the provider's operations stand, each once."""
        return all_servers(self.document, nowhere(self.id))

    @property
    def server(self) -> str:
        """URL of the first of them: scheme and host, a port or path of its own where it has any."""
        return self.servers[0].url

    def calls(self) -> Iterator[tuple[str, str, str]]:
        """Yield operationId, method in capitals and URL of every operation, in the file's order."""
        for path, method, node in calls_in(self.document):
            first = servers_of(server_nodes(self.document, path, method), nowhere(self.id))[0]
            yield node["operationId"], method.upper(), first.url + path

    @property
    def title(self) -> str:
        """The API's name."""
        return str(self.document["info"]["title"])

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


def load(path: Path) -> Spec:
    """Load one spec.

    Raises:
        SpecError: the file cannot be read, is no YAML, has a key twice, or says what testcard would
            not honour; of that, all is told at once, each with file, line and place.
    """
    try:
        return _understood(path, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: not a readable YAML file: {error}") from error


@lru_cache(maxsize=64)
def _understood(path: Path, text: str) -> Spec:
    """Make a Spec of a file's text; of one that was seen before, the same again."""
    try:
        lines = lines_of(text)
        refuse_twins(lines.root)
        source = yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe one)
    except yaml.YAMLError as error:
        raise SpecError(f"{path}: not a readable YAML file: {error}") from error
    _refuse(path, lines, source, of_source(source))
    document = resolved(source, source)
    _refuse(path, lines, source, of_document(document))
    return Spec(path.stem, path, document, source)


def _refuse(path: Path, lines: Lines, source: Any, found: Iterable[SpecRefusal]) -> None:
    """Refuse a file for what was found in it: the fundamental first, what is there twice once.

    Raises:
        SpecError: something was.
    """
    placed = [replace(each, place=written_at(source, each.place)) for each in found]
    placed.sort(key=lambda each: (len(each.place), lines.line(each.place)))
    first: dict[tuple[int, str], SpecRefusal] = {}
    for each in placed:
        first.setdefault((lines.line(each.place), each.seen), each)
    told = [f"{path}:{line}: {each.sentence}" for (line, _), each in first.items()]
    if told:
        raise SpecError("\n".join(told), first.values())


def bundled() -> tuple[Path, ...]:
    """Return the paths of the specs that come with testcard, in the order of their names."""
    return tuple(sorted(_folder().glob("*.yaml")))


def editor_schema() -> Path:
    """Return the path of the JSON Schema by which editors know the words of specs."""
    return _folder() / "testcard.schema.json"


def _folder() -> Path:
    shipped = Path(__file__).parents[1] / "openapi"
    checkout = Path(__file__).parents[3] / "openapi"
    return shipped if shipped.is_dir() else checkout
