"""One plain value of a field: of the page's examples, of its schema, or of its type.

Knows JSON Schema and OpenAPI's examples. Must not know roles, providers, or who sends the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from testcard.common.fields import Body
from testcard.common.operation import Operation
from testcard.common.place import ABSENT, Field
from testcard.common.schema import Schema, types
from testcard.contract.calls import Links

_PLAIN: Final[Mapping[str, Any]] = {"integer": 1, "number": 1, "boolean": False}
_WORD: Final = "anything"  # no word of ours: where it is a secret, it is blanked everywhere


def example_of(field: Field, operation: Operation, body: Body, links: Links) -> Any:
    """Return one value of a field: of the page's examples, of the schema, or of its type."""
    schema = field.schema
    content = operation.node.get("requestBody", {}).get("content", {})
    examples = content.get(body.media_type, {}).get("examples", {})
    for example in examples.values() if field.place.location == "body" else ():
        found = field.place.read(example.get("value", {}))
        while isinstance(found, list) and field.depth:
            found = next((each for each in found if each is not None), ABSENT)
        if found is not ABSENT:
            return found
    listed = [
        *schema.get("examples", ())[:1],
        *schema.get("enum", ())[:1],
        *(_PLAIN.get(kind) for kind in types(schema)),
    ]
    given = [schema.get(word) for word in ("default", "const", "minimum")]
    return next((each for each in (*given, *listed) if each is not None), _text(schema, links))


def _text(schema: Schema, links: Links) -> str:
    """Return a text: an address where one is wanted, as long as it has to be."""
    if schema.get("format") == "uri":
        return links.picture
    least: int = schema.get("minLength", 0)
    most: int = schema.get("maxLength", len(_WORD))
    return (_WORD * (least // len(_WORD) + 1))[: max(least, min(most, len(_WORD)))]
