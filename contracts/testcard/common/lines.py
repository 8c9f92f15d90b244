"""On which line of a YAML file something stands; the file is read once, whatever is asked of it.

Knows YAML. Must not know OpenAPI, specs, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any

import yaml


class Lines:
    """The lines of one YAML text."""

    def __init__(self, text: str) -> None:
        """Take the text; it is read when a line is first asked for."""
        self._text = text
        self._inside: dict[int, dict[str, tuple[Any, Any]]] = {}

    @cached_property
    def root(self) -> Any:
        """Its node; None where it is empty.

        Raises:
            yaml.YAMLError: it is no YAML.
        """
        return yaml.compose(self._text, Loader=yaml.CSafeLoader)

    def line(self, path: Iterable[str | int]) -> int:
        """Return the line, from 1, of the node that `path` leads to, or of the nearest above it."""
        node, line = self.root, 1
        for step in path:
            if isinstance(node, yaml.SequenceNode) and str(step).isdecimal():
                if int(step) >= len(node.value):
                    break
                node = node.value[int(step)]
                line = node.start_mark.line + 1
                continue
            pair = self._pairs(node).get(str(step))
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        return line

    def _pairs(self, node: Any) -> dict[str, tuple[Any, Any]]:
        if id(node) not in self._inside:
            pairs = node.value if isinstance(node, yaml.MappingNode) else ()
            self._inside[id(node)] = {str(key.value): (key, value) for key, value in pairs}
        return self._inside[id(node)]


@lru_cache(maxsize=8)
def lines_of(text: str) -> Lines:
    """Return the lines of a text, of a few texts the same again."""
    return Lines(text)


def line_of(text: str, path: Iterable[str | int]) -> int:
    """Return the line, from 1, of the node of a YAML text that `path` leads to."""
    return lines_of(text).line(path)


def refuse_twins(root: Any) -> None:
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
