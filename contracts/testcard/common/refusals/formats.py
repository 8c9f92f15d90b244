"""What a spec says of formats of pictures that no answer would have.

Knows the formats that are painted. Must not know files, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.picture import FORMATS, format_named, format_of
from testcard.common.schema import nodes, types

_MAKING: Final = ("pictures", "job")
_ANY: Final = "enum: [png, jpeg, webp], or those of them that the page has"


def _words(document: Node) -> Iterator[SpecRefusal]:
    """Each word that asks for a format means one that is painted."""
    for at, does, schema in _with_role(document, "output-format"):
        if does not in _MAKING:
            yield SpecRefusal(at, f"{does} encodes no picture", "no role")
        elif not schema.get("enum"):
            seen = f"any text may stand here, and {', '.join(FORMATS)} are painted"
            yield SpecRefusal(at, seen, _ANY)
        for word in schema.get("enum", ()):
            meant = _meant(schema, word)
            if meant is not None and format_named(meant) is None:
                instead = f"values: {{{word}: webp}}, or another that is, under x-testcard"
                yield SpecRefusal((*at, "enum"), f"no picture is painted as {word!r}", instead)


def _meant(schema: Mapping[str, Any], word: Any) -> Any:
    meanings = words(schema).get("values", {})
    return meanings.get(word, word) if isinstance(word, str) else word


def _answered(document: Node) -> Iterator[SpecRefusal]:
    """Bytes are answered in each format that may be asked for."""
    for at, does, schema in _with_role(document, "output-format"):
        path, method = str(at[1]), str(at[2])
        node = document["paths"][path][method]
        asked = {format_named(_meant(schema, each)) for each in schema.get("enum", ())}
        for status, response in node["responses"].items() if does == "pictures" else ():
            offered = {format_of(each) for each in response.get("content", ())} - {None}
            for format_ in sorted(filter(None, asked - offered)) if offered else ():
                where = ("paths", path, method, "responses", status, "content")
                seen = f"{format_.upper()} may be asked for, and no answer is one"
                yield SpecRefusal(where, seen, f"image/{format_} beside the others")


def _qualities(document: Node) -> Iterator[SpecRefusal]:
    for at, does, schema in _with_role(document, "output-quality"):
        if does not in _MAKING:
            yield SpecRefusal(at, f"{does} encodes no picture", "no role")
        elif not {"integer", "number"} & {*types(schema)}:
            yield SpecRefusal(at, "a quality is a number, 1 to 100", "type: integer")


def _with_role(document: Node, role: str) -> Iterator[tuple[Keys, str, Mapping[str, Any]]]:
    """Yield each schema of a call with a role: where it stands, and what its operation does."""
    for path, method, node in calls_in(document):
        home: Keys = ("paths", path, method)
        whole = [
            ((*home, "parameters", index, "schema"), each["schema"])
            for index, each in enumerate(node.get("parameters", ()))
        ]
        whole += [
            ((*home, "requestBody", "content", kind, "schema"), content["schema"])
            for kind, content in node.get("requestBody", {}).get("content", {}).items()
        ]
        for at, schema in whole:
            for inner, each in nodes(schema):
                if words(each).get("role") == role:
                    yield (*at, *inner), words(node)["does"], each


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (
    _words,
    _answered,
    _qualities,
)
"""Each yields what it finds in a document, references resolved."""
