"""Whether a reading only loosens what the page has calls say: told by specs, for all calls.

Where it does, a call that the page has nothing against is read alike by both, and kept by both.
Whatever is not sure here is no. Knows bodies, fields and JSON Schema. Must not know calls, the
mock, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from testcard.common.fields import Body
from testcard.common.parameters import Parameters
from testcard.common.place import Field
from testcard.common.schema import Schema, types

_WORDS: Final = frozenset({"x-testcard", "title", "description", "default", "examples"})
"""Keywords that keep nothing out."""

_BOUNDS: Final = frozenset(
    (
        "enum", "const", "pattern", "format", "minLength", "maxLength", "minimum", "maximum",
        "multipleOf", "minItems", "maxItems",
    )
)  # fmt: skip
"""Keywords without which a schema takes more, and nothing is read otherwise."""


def only_loosens(page: Body, body: Body) -> bool:
    """Whether `body` takes what `page` has nothing against: no flaw, nothing unlisted or unadvised.

    Both are what one operation takes: by the documented reading, and by a lenient one.
    """
    if (page.media_type, page.flat, page.untyped) != (body.media_type, body.flat, body.untyped):
        return False
    if any(each.open for each in (page.root, *page.root.holders())):
        return False
    there = {each.place for each in body.root.holders()}
    return (
        all(_reads_alike(each, body.fields.get(name)) for name, each in page.fields.items())
        and all(each.place in there for each in page.root.holders())
        and _takes_more(page.schema, body.schema)
        and _beside_alike(page.parameters, body.parameters)
    )


def _reads_alike(field: Field, other: Field | None) -> bool:
    return (
        other is not None
        and (field.place, field.either) == (other.place, other.either)
        and types(field.schema) == types(other.schema) != ()
        and types(field.whole) == types(other.whole) != ()
        and bool(field.encodings) == bool(other.encodings)
        and set(field.encodings) <= set(other.encodings)
    )


def _takes_more(strict: Any, loose: Any) -> bool:
    """Whether `loose` takes whatever `strict` does."""
    if strict == loose:
        return True
    if not (isinstance(strict, Mapping) and isinstance(loose, Mapping)):
        return False
    gone = strict.keys() - loose.keys() - _BOUNDS
    return gone <= _WORDS | {"required"} and all(
        _keyword_takes_more(keyword, strict, each) for keyword, each in loose.items()
    )


def _keyword_takes_more(keyword: str, strict: Schema, loose: Any) -> bool:
    if keyword in _WORDS:
        return True
    if keyword not in strict:
        return False
    own = strict[keyword]
    if keyword == "required":
        return set(loose) <= set(own)
    if keyword == "properties":
        return all(name in loose and _takes_more(each, loose[name]) for name, each in own.items())
    return _takes_more(own, loose) if keyword == "items" else bool(own == loose)


def _beside_alike(strict: Parameters | None, loose: Parameters | None) -> bool:
    if strict is None or loose is None:
        return strict is loose
    return strict.joined == loose.joined and all(
        name in strict.fields
        and _takes_more(strict.fields[name].whole, each.whole)
        and (strict.fields[name].required or not each.required)
        for name, each in loose.fields.items()
    )
