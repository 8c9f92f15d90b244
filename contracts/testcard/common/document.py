"""An OpenAPI document as a tree: its operations, its evidence, its references, what it breaks.

Knows OpenAPI and `x-testcard`. Must not know files, readings, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

Grade = Literal["documented", "sample", "observed", "assumed"]
"""How sure a fact is: a page states it, a sample of the page shows it, others saw it, or nobody."""

GRADES: Final[tuple[Grade, ...]] = get_args(Grade)
"""The surest first."""

Node = dict[str, Any]
Keys = tuple[str | int, ...]
"""Where in a document something stands: names of members, and indices."""

METHODS: Final = ("get", "post", "put", "patch", "delete")
"""Those that operations of a spec may have."""


@dataclass(frozen=True, slots=True)
class SpecRefusal:
    """One thing in a spec that testcard would not honour.

    Attributes:
        place: where it stands.
        seen: what stands there, in one sentence.
        instead: what to write instead, after the word "write"; empty where nothing can be said.
    """

    place: Keys
    seen: str
    instead: str = ""

    @property
    def sentence(self) -> str:
        """What was seen where, and what to write instead."""
        advice = f"; write {self.instead} instead" if self.instead else ""
        return f"at {path_text(self.place)}: {self.seen}{advice}"


class SpecError(ValueError):
    """A spec says what testcard does not handle, or a setting is not one of the spec's.

    Attributes:
        refusals: all that is wrong with the file, the fundamental ones first; empty where the
            message is not about what a file says.
    """

    def __init__(self, message: str, refusals: Iterable[SpecRefusal] = ()) -> None:
        """Say what is wrong, in a line for each thing."""
        super().__init__(message)
        self.refusals = tuple(refusals)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How sure a fact is and where it stands.

    Attributes:
        grade: documented, sample, observed or assumed.
        source: section and lines of the provider's page, or the public source, or the reason.
    """

    grade: str
    source: str


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


def path_text(path: Sequence[str | int]) -> str:
    """Return `path` as a message names it."""
    return "/".join(str(step) for step in path) or "the top level"


def calls_in(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Node]]:
    """Yield path, method (in small letters) and node of every operation, in the file's order."""
    for path, item in document["paths"].items():
        yield from ((path, method, node) for method, node in item.items() if method in METHODS)


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


def references(node: Any, at: Keys = ()) -> Iterator[tuple[Keys, Node]]:
    """Yield each node of a document as written that is a reference, with where it stands."""
    if isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
        yield at, cast("Node", node)
    if isinstance(node, Mapping | list):
        for key, value in node.items() if isinstance(node, Mapping) else enumerate(node):
            yield from references(value, (*at, key))


def written_at(source: Any, place: Sequence[str | int]) -> Keys:
    """Return where in `source` the node stands that `place` leads to.

    Args:
        source: a spec as written.
        place: names and, for lists, indices; references on the way need not be named.

    Returns:
        The path to it, or to the nearest node above it that exists.
    """
    path: Keys = ()
    node = source
    for step in place:
        path, node = _behind_references(source, path, node)
        key = _key(node, step)
        if key is None:
            return path
        path, node = (*path, key), node[key]
    return path


def _behind_references(source: Any, path: Keys, node: Any) -> tuple[Keys, Any]:
    passed: set[str] = set()
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        reference = node["$ref"]
        steps = tuple(reference.removeprefix("#/").split("/"))
        if reference in passed or not is_there(source, steps):
            break
        passed.add(reference)
        path, node = steps, source
        for step in steps:
            node = node[step]
    return path, node


def is_there(source: Any, steps: Sequence[str]) -> bool:
    """Whether these names lead to something in `source`, from mapping to mapping."""
    for step in steps:
        if not isinstance(source, Mapping) or step not in source:
            return False
        source = source[step]
    return True


def _key(node: Any, step: str | int) -> str | int | None:
    if isinstance(node, dict):
        return step if step in node else None
    inside = isinstance(node, list) and str(step).isdigit() and int(step) < len(node)
    return int(step) if inside else None
