"""The page that lists every word of a spec, made of the vocabulary: docs/spec-words.md.

Knows Markdown, and where the specs are. Must not know JSON Schema, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from docs.vocabulary import SIDES, Choice, Group, Schema, Word, groups

ROOT: Final = Path(__file__).parents[1]
SPECS: Final = (
    *sorted((ROOT / "openapi").glob("*.yaml")),
    *sorted((ROOT / "tests" / "specs").glob("*.yaml")),
)
_HEAD: Final = """\
# Every word of a spec

`make docs` makes this page of `contracts/testcard/common/vocabulary.yaml`: what is changed here
is lost. [language.md](language.md) teaches the language step by step,
[spec-vocabulary.md](spec-vocabulary.md) explains how the words work together. A word in **bold**
must be there. What a word takes is a link where that has words of its own.
"""
_EVIDENCE: Final = ("grade", "source")
_TYPES: Final = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
}
_PLURALS: Final = {"string": "texts", "number": "numbers", "object": "objects"}
_LONG: Final = 120  # characters of an example that stands below its table
_KEPT: Final = frozenset(
    ("type", "format", "items", "properties", "contentEncoding", "contentMediaType")
)
_DROPPED: Final = frozenset(("grade", "source", "keywords", "lenient", "aliases", "advice"))


Fields = Mapping[str, Mapping[str, Any]]
"""Role -> a field that has it: name -> schema."""


def page(root: Schema, fields: Fields) -> str:
    """Return the page.

    Args:
        root: the vocabulary.
        fields: of the specs; where they have none, the vocabulary has one.
    """
    found = groups(root)
    parts = [_HEAD, *(_section(group, _holders(group, found), fields) for group in found)]
    return "\n".join(parts)


@cache
def fields_by_role(specs: Iterable[Path] = SPECS) -> Fields:
    """Return for each role the first field of some specs that has it, without its evidence."""
    found: dict[str, dict[str, Any]] = {}
    for path in specs:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        for name, schema in _fields(document):
            role = schema["x-testcard"]["role"]
            found.setdefault(role, {name: _bare(schema)})
    return found


def without_field(root: Schema, fields: Fields) -> Iterator[str]:
    """Yield a sentence for each role of which there is no field to show."""
    roles = [word for group in groups(root) for word in group.words if word.name == "role"]
    for role in [each for word in roles for each in word.choices]:
        if role.value not in fields and not role.field:
            yield (
                f"the role {role.value!r} stands in no spec: use it in one of tests/specs, or "
                "write x-field: {NAME: SCHEMA} beside it in vocabulary.yaml"
            )


def _fields(node: Any, name: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each schema with a role, with the name of its field, its parameter or its header."""
    if isinstance(node, list):
        for each in node:
            yield from _fields(each, name)
    if not isinstance(node, Mapping):
        return
    words = node.get("x-testcard")
    if isinstance(words, Mapping) and "role" in words and name:
        yield name, node
    for key, each in node.items():
        if key == "schema":
            yield from _fields(each, str(node.get("name", name)))
        elif key != "x-testcard":
            yield from _fields(each, name if key in ("items", "oneOf", "anyOf") else str(key))


def _bare(schema: Mapping[str, Any]) -> dict[str, Any]:
    bare = {key: each for key, each in schema.items() if key in _KEPT}
    if "items" in bare:
        bare["items"] = _bare(bare["items"])
    if "properties" in bare:
        bare["properties"] = {name: _bare(each) for name, each in bare["properties"].items()}
    words = schema.get("x-testcard", {})
    kept = {key: each for key, each in words.items() if key not in _DROPPED}
    return {**bare, "x-testcard": kept} if kept else bare


def _section(group: Group, holders: list[str], fields: Fields) -> str:
    stands = f" Stands in {', '.join(holders)}." if holders else ""
    lines = [f"## {group.title}\n", f"{_sentence(group.means)}{stands}\n"]
    if group.choices:
        return "\n".join([*lines, *_of_choices(group.choices)]) + "\n"
    own = [each for each in group.words if each.name not in _EVIDENCE] or group.words
    lines += ["| word | what it says | takes | example |", "| --- | --- | --- | --- |"]
    long: dict[str, str] = {}
    for word in own:
        text = _block({word.name: word.example})
        shown = long.setdefault(text.partition(":")[2], word.name) if len(text) > _LONG else ""
        lines.append(_row(word, shown))
    if len(own) < len(group.words):
        lines.append(f"\n`grade` and `source` too, as in [evidence](#{_anchor('plainEvidence')}).")
    if long:
        blocks = "".join(f"{name}:{text}" for text, name in long.items())
        lines.append(f"\n```yaml\n{blocks}```")
    for word in own:
        if word.choices:
            lines.append(f"\n### {word.name} of {group.title}\n")
            rows = _of_roles(word.choices, fields) if word.name == "role" else None
            lines += rows or _of_choices(word.choices)
    return "\n".join(lines) + "\n"


def _row(word: Word, shown: str) -> str:
    """A line of the table; what `shown` names has the example below it, where it is a long one."""
    name = f"**`{word.name}`**" if word.required else f"`{word.name}`"
    below = "below" if shown == word.name else f"as `{shown}`"
    example = below if shown else _code(_inline({word.name: word.example}))
    return _table_row(name, word.means, _takes(word), example)


def _of_choices(choices: Iterable[Choice]) -> Iterator[str]:
    yield "| value | what it says |"
    yield "| --- | --- |"
    yield from (_table_row(f"`{each.value}`", each.means) for each in choices)


def _of_roles(choices: Iterable[Choice], fields: Fields) -> Iterator[str]:
    yield "| role | of | what it means | example |"
    yield "| --- | --- | --- | --- |"
    for each in choices:
        example = _code(_inline(fields.get(each.value) or _with_role(each)))
        yield _table_row(
            f"`{each.value}`", ", ".join(SIDES.get(each.side, ())), each.means, example
        )


def _with_role(choice: Choice) -> dict[str, Any]:
    schemas = (choice.field or {}).items()
    return {name: {**each, "x-testcard": {"role": choice.value}} for name, each in schemas}


def _takes(word: Word) -> str:
    node = word.node
    if word.choices:
        return "a list of these, below" if node.get("type") == "array" else "one of these, below"
    if "const" in node or "enum" in node:
        return _values(node)
    kinds = [node] if "type" in node else [*node.get("anyOf", ())]
    told = [_kind(each) for each in kinds]
    linked = " or ".join(f"[{each}](#{_anchor(each)})" for each in word.leads)
    if not linked:
        return " or ".join(told) or "anything"
    if node.get("type") == "array":
        return f"list of {linked}"
    if node.get("additionalProperties") or "patternProperties" in node:
        return f"names, each with {linked}"
    plain = [each for each in told if each not in ("object", "anything")]
    return " or ".join([*dict.fromkeys(plain), linked])


def _values(node: Mapping[str, Any]) -> str:
    return ", ".join(f"`{each}`" for each in node.get("enum", [node.get("const")]))


def _kind(node: Mapping[str, Any]) -> str:
    if "enum" in node:
        return _values(node)
    kind = _TYPES.get(str(node.get("type")), "anything")
    inner = _PLURALS.get(node.get("items", {}).get("type", ""), "")
    return f"list of {inner}" if kind == "list" and inner else kind


def _holders(group: Group, found: Iterable[Group]) -> list[str]:
    return [
        f"[{each.title}](#{_anchor(each.title)})"
        for each in found
        if any(group.title in word.leads for word in each.words)
    ]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _table_row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _inline(value: Mapping[str, Any]) -> str:
    text = yaml.safe_dump(
        dict(value), default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
    )
    return text.strip().removeprefix("{").removesuffix("}")


def _block(value: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(value), sort_keys=False, width=100, allow_unicode=True)


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")
