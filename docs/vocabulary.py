"""The words that a spec may use, one by one: what vocabulary.yaml says of each, and what it lacks.

Knows JSON Schema as vocabulary.yaml writes it. Must not know pages, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jsonschema_rs
import yaml

Schema = Mapping[str, Any]

SIDES: Final[Mapping[str, tuple[str, ...]]] = {
    "call": ("call",),
    "answer": ("answer",),
    "both": ("call", "answer"),
    "callback": ("callback",),
}
"""What a role's x-side may be -> where the role may stand."""

_HOLDERS: Final = ("additionalProperties", "items", "then", "else")


@cache
def vocabulary() -> Schema:
    """Return vocabulary.yaml as it is."""
    text = (files("testcard.common") / "vocabulary.yaml").read_text(encoding="utf-8")
    found: Schema = yaml.safe_load(text)
    return found


@dataclass(frozen=True)
class Choice:
    """One of the values that a word may have, where the vocabulary says what it means.

    Attributes:
        value: the value.
        means: what it says; empty where nothing does.
        side: of a role, where it stands, one of `SIDES`; else empty.
        field: of a role that no spec uses, a field that could have it: name -> schema.
    """

    value: str
    means: str
    side: str = ""
    field: Schema | None = None


@dataclass(frozen=True)
class Word:
    """A member that an object of a spec may have.

    Attributes:
        name: the word.
        node: its schema, references followed.
        means: what it says; empty where nothing does.
        required: whether it must be there.
        example: a value that it may have; None where there is none.
        choices: the values that it, or each item of its list, may have, where they are described
            beside the word.
        leads: the titles of the groups of which one may stand there.
    """

    name: str
    node: Schema
    means: str
    required: bool
    example: Any
    choices: tuple[Choice, ...]
    leads: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """An object of a spec: the words that may stand in it.

    Attributes:
        title: its name, as `info`, or `contact` of `info`.
        means: what it is; empty where nothing says.
        words: in the vocabulary's order.
        choices: of what is no object but one of several values, these.
    """

    title: str
    means: str
    words: tuple[Word, ...] = field(repr=False)
    choices: tuple[Choice, ...] = ()


def groups(root: Schema) -> list[Group]:
    """Return what has words or values of its own in a vocabulary, from the file inwards."""
    found: dict[str, Group] = {}
    waiting = [("document", root["$defs"]["document"])]
    while waiting:
        title, node = waiting.pop(0)
        if title in found:
            continue
        words, inner = [], []
        for name, each in members(node, root).items():
            there = list(_objects(f"{name} of {title}", each, root))
            words.append(_word(root, name, each, node, [titled for titled, _ in there]))
            inner += there
        found[title] = Group(title, text_of(node), tuple(words), _choices(node))
        waiting = inner + waiting
    return list(found.values())


def members(node: Schema, root: Schema) -> dict[str, Schema]:
    """Return the words that may stand in an object, those of what it is built on last."""
    found = dict(node.get("properties", {}))
    for each in node.get("allOf", ()):
        found |= members(followed(each, root), root)
    return found


def followed(node: Schema, root: Schema) -> Schema:
    """Return what a reference leads to, with what stands beside the reference before it."""
    if "$ref" not in node:
        return node
    there = root["$defs"][node["$ref"].rpartition("/")[2]]
    return {**followed(there, root), **{key: each for key, each in node.items() if key != "$ref"}}


def lacking(root: Schema) -> Iterator[str]:
    """Yield a sentence for each word without a description or an example that holds."""
    for group in groups(root):
        for word in group.words:
            where = f"vocabulary.yaml: {word.name!r} of {group.title}"
            if not word.means:
                yield f"{where} has no description"
            for key in [key for key, each in word.node.items() if each is None]:
                yield f"{where}: {key!r} has no value; put a description with a comma in quotes"
            if word.example is None:
                yield f"{where} has no example: write `examples: [VALUE]` beside its type"
            if word.name == "role":
                for choice in word.choices:
                    if choice.side not in SIDES:
                        yield f"{where}: {choice.value!r} has no x-side: one of {', '.join(SIDES)}"
        for choice in [*group.choices, *(one for word in group.words for one in word.choices)]:
            if not choice.means:
                yield f"vocabulary.yaml: {choice.value!r} of {group.title} has no description"


def broken_examples(root: Schema) -> Iterator[str]:
    """Yield a sentence for each example that its own word does not take."""
    words = [(group, word) for group in groups(root) for word in group.words]
    listed = [word.node.get("examples", []) for _, word in words]
    takes = [{"items": word.node} for _, word in words]
    judge = jsonschema_rs.Draft202012Validator(
        {"$defs": root["$defs"], "prefixItems": takes}, validate_formats=True
    )
    for error in judge.iter_errors(listed):
        group, word = words[int(error.instance_path[0])]
        where = f"vocabulary.yaml: {word.name!r} of {group.title}"
        yield f"{where}: an example does not hold: {error.message}"


def text_of(node: Schema) -> str:
    """Return the description of a part of a vocabulary, in one line."""
    return " ".join(str(node.get("description", "")).split())


def _word(root: Schema, name: str, node: Schema, parent: Schema, leads: list[str]) -> Word:
    whole = dict(followed(node, root))
    if "anyOf" in whole:
        whole["anyOf"] = [followed(each, root) for each in whole["anyOf"]]
    example = next(iter(whole.get("examples", ())), _first_value(whole))
    required = name in parent.get("required", ())
    choices = () if leads else _choices(whole) or _choices(whole.get("items", {}))
    return Word(name, whole, text_of(whole), required, example, choices, tuple(leads))


def _objects(
    title: str, node: Schema, root: Schema, said: str = ""
) -> Iterator[tuple[str, Schema]]:
    """Yield what a word leads to that has words or values of its own, each with its title."""
    named = "$ref" in node
    if named:
        title = node["$ref"].rpartition("/")[2]
        node = root["$defs"][title]
    said = text_of(node) or said
    if members(node, root) or (named and _choices(node)):
        yield title, {"description": said, **node}
        return
    inside = [node[key] for key in _HOLDERS if isinstance(node.get(key), Mapping)]
    inside += [*node.get("patternProperties", {}).values(), *node.get("anyOf", ())]
    for each in inside:
        yield from _objects(title, each, root, said)


def _choices(node: Schema) -> tuple[Choice, ...]:
    branches = node.get("anyOf", ())
    if not all("const" in branch for branch in branches):
        return ()
    return tuple(
        Choice(branch["const"], text_of(branch), branch.get("x-side", ""), branch.get("x-field"))
        for branch in branches
    )


def _first_value(node: Schema) -> Any:
    if node.get("type") == "boolean":
        return True
    branch: Schema = next(iter(node.get("anyOf", ())), {})
    return node.get("const", next(iter(node.get("enum", ())), branch.get("const")))
