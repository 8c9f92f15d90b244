"""An OpenAPI file of somebody else: opened, its references followed, its lines cited.

Knows YAML, JSON and references. Must not know roles, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

import orjson
import yaml

from testcard.common.document import Keys, Node, SpecError, path_text
from testcard.common.lines import Lines

_VERSIONS: Final = ("3.0", "3.1", "3.2")
_LONGEST_CHAIN: Final = 20


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know of an import.

    Attributes:
        kind: guessed, dropped, or unknown: it could not be told.
        where: file, line and place.
        text: what.
    """

    kind: Literal["guessed", "dropped", "unknown"]
    where: str
    text: str


@dataclass
class Source:
    """One file, and what there is to say of its import.

    Attributes:
        path: of the file.
        text: as read.
        document: what it says; every name is a text.
        notes: what was guessed, dropped or could not be told so far.
        scanning: whether it is only looked through, so that what leads out of it is passed over.
    """

    path: Path
    text: str
    document: Node
    notes: list[Note] = field(default_factory=list)
    scanning: bool = False

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)

    def line(self, at: Keys) -> int:
        """Return the line of a place, from 1."""
        try:
            return self._lines.line(at)
        except yaml.YAMLError:  # JSON with what YAML does not take
            return 1

    def cited(self, at: Keys) -> Node:
        """Return the evidence of what stands at a place."""
        return {"grade": "documented", "source": f"{self.path.name}, line {self.line(at)}"}

    def note(self, kind: Literal["guessed", "dropped", "unknown"], at: Keys, text: str) -> None:
        """Write something down, once."""
        where = f"{self.path}:{self.line(at)}: {path_text(at)}"
        note = Note(kind, where, text)
        if note not in self.notes:
            self.notes.append(note)

    def follow(self, node: Any, at: Keys) -> tuple[Node, Keys]:
        """Return what a node refers to, and where that stands; itself where it is no reference.

        What leads nowhere or in a circle is empty, with a note.

        Raises:
            SpecError: it leads out of the file.
        """
        for _ in range(_LONGEST_CHAIN):
            reference = node.get("$ref") if isinstance(node, Mapping) else None
            if not isinstance(reference, str):
                return (dict(node), at) if isinstance(node, Mapping) else ({}, at)
            if not reference.startswith("#") and not self.scanning:
                raise SpecError(
                    f"{self.path}:{self.line(at)}: {reference!r} leads out of the file; bundle it "
                    f"into one first, as `redocly bundle` does"
                )
            steps = self._steps(reference)
            found = self._at(steps) if steps is not None else None
            if steps is None or found is None:
                break
            node, at = found, steps
        self.note("dropped", at, "a reference that leads to nothing in this file")
        return {}, at

    @staticmethod
    def _steps(reference: str) -> Keys | None:
        if not reference.startswith("#/"):
            return None
        texts = reference.removeprefix("#/").split("/")
        return tuple(each.replace("~1", "/").replace("~0", "~") for each in texts)

    def _at(self, steps: Keys) -> Any:
        node: Any = self.document
        for step in steps:
            if isinstance(node, Mapping) and step in node:
                node = node[str(step)]
            elif isinstance(node, list) and str(step).isdecimal() and int(step) < len(node):
                node = node[int(step)]
            else:
                return None
        return node


def opened(path: Path) -> Source:
    """Open an OpenAPI 3 file, YAML or JSON, of any size.

    Raises:
        SpecError: it cannot be read, or is none.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = _read(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"{path}: not a readable YAML or JSON file: {error}") from error
    if isinstance(document, Mapping) and "swagger" in document:
        raise SpecError(
            f"{path}: this is Swagger {document['swagger']}; convert it to OpenAPI 3 first, as "
            f"`swagger2openapi FILE` does"
        )
    version = str(document.get("openapi", "")) if isinstance(document, Mapping) else ""
    if not version.startswith(_VERSIONS):
        seen = f"openapi is {version!r}" if version else "there is no `openapi`"
        raise SpecError(f"{path}: {seen}; a file of OpenAPI 3.0, 3.1 or 3.2 was expected")
    return Source(path, text, document)


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _texts(yaml.load(text, Loader=yaml.CSafeLoader))


def _texts(value: Any) -> Any:
    """Return what YAML gave with each name, and each date, as text."""
    if isinstance(value, Mapping):
        return {_name(key): _texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def _name(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)
