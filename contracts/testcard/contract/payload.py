"""What bodies carry: pictures in fields and replies, and values that a schema names by role.

Knows base64, data URIs, file parts, and the roles of a schema. Must not know HTTP, jobs, or who
sent what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import pybase64

from testcard.common.picture import PictureError, Pixels, decode
from testcard.common.schema import Schema, nodes
from testcard.common.spec import words
from testcard.common.upload import encoding_of, file_of


@dataclass(slots=True)
class PictureDecoder:
    """Decodes the pictures of a trace, each once.

    Attributes:
        decoded: pictures, by their bytes.
    """

    decoded: dict[bytes, Pixels | PictureError] = field(default_factory=dict)

    def pixels(self, data: bytes) -> Pixels | PictureError:
        """Return the decoded picture, or why it is none."""
        if data not in self.decoded:
            try:
                self.decoded[data] = decode(data)
            except PictureError as error:
                self.decoded[data] = error
        return self.decoded[data]


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture in a reply.

    Attributes:
        data: its file, as sent; empty where base64 could not be read.
        declared: media types that header, envelope or schema give it.
        flaw: why there are no bytes; empty where there are.
        decoder: what decodes it.
    """

    data: bytes
    declared: tuple[str, ...]
    flaw: str
    decoder: PictureDecoder

    @property
    def pixels(self) -> Pixels | None:
        """The decoded picture; None where it does not decode."""
        found = self.decoder.pixels(self.data)
        return found if isinstance(found, Pixels) and not self.flaw else None

    @property
    def error(self) -> str:
        """Why it does not decode; empty where it does."""
        found = self.decoder.pixels(self.data)
        return self.flaw or (str(found) if isinstance(found, PictureError) else "")


def picture_from(
    value: Any, declared: tuple[str, ...], decoder: PictureDecoder, *, in_uri: bool = False
) -> Picture:
    """Return a picture that a reply carries in base64, as whatever media types it `declared`.

    Args:
        value: base64, or with `in_uri` a data URI of it.
        declared: media types that the reply gives it.
        decoder: decodes it.
        in_uri: whether the page has a data URI there.
    """
    if in_uri and isinstance(value, str):
        head, comma, value = value.partition(",")
        if not (comma and head.startswith("data:")):
            return Picture(b"", declared, "not a data URI", decoder)
        declared = (*declared, head.removeprefix("data:").partition(";")[0])
    try:
        data, flaw = pybase64.b64decode(value, validate=True), ""
    except (ValueError, TypeError) as error:
        data, flaw = b"", f"not base64: {error}"
    return Picture(data, declared, flaw, decoder)


def pictures_streamed(
    schema: Schema, events: Iterable[Any], decoder: PictureDecoder
) -> tuple[Picture, ...]:
    """Return the pictures of a stream of events, those on the way left out."""
    roles = [dict(reply_roles(schema, each)) for each in events]
    whole = [each for each in roles if "picture" in each and "partial-index" not in each]
    return tuple(picture_from(each["picture"], (), decoder) for each in whole)


def reply_roles(schema: Schema, value: Any, *, scopes: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield (role, value) for each place of `value` that `schema` gives a role.

    Args:
        schema: of the value.
        value: a reply, or a part of one.
        scopes: whether to go into lists that have an item for each picture, breach or job.
    """
    branch = branch_of(schema, value)
    if branch:
        yield from reply_roles(_at(schema, branch), value, scopes=scopes)
        return
    if role := words(schema).get("role"):
        yield role, value
    for child, part in _parts(schema, value, scopes=scopes):
        yield from reply_roles(child, part, scopes=scopes)


def header_roles(
    response: Mapping[str, Any], header: Callable[[str], str | None]
) -> Iterator[tuple[str, str]]:
    """Yield (role, value) for each header of an answer that its OpenAPI response gives a role."""
    for name, node in response.get("headers", {}).items():
        role, value = words(node["schema"]).get("role"), header(name)
        if role and value is not None:
            yield role, value


def reply_scope(schema: Schema, value: Any, scope: str) -> Iterator[dict[str, Any]]:
    """Yield role -> value of each item of the lists with `each: scope` in a reply."""
    branch = branch_of(schema, value)
    if branch:
        yield from reply_scope(_at(schema, branch), value, scope)
        return
    if words(schema).get("each") == scope and isinstance(value, list):
        yield from (dict(reply_roles(schema.get("items", {}), one)) for one in value)
        return
    for child, part in _parts(schema, value, scopes=True):
        yield from reply_scope(child, part, scope)


def pictures_in(schema: Schema, value: Any, decoder: PictureDecoder) -> Iterator[Picture]:
    """Yield the pictures that a reply carries in base64, in its order."""
    whole = list(reply_roles(schema, value))
    general = dict(whole).get("media-type")
    listed = [
        (one["picture"], one.get("media-type", general))
        for one in reply_scope(schema, value, "pictures")
        if "picture" in one
    ]
    alone = [(each, general) for role, each in whole if role == "picture"]
    in_uri = any(words(node).get("encodings") == ["data-uri"] for _, node in nodes(schema))
    for each, told in listed or alone:
        declared = (told,) if isinstance(told, str) else ()
        yield from (picture_from(one, declared, decoder, in_uri=in_uri) for one in _list(each))


def urls_in(schema: Schema, value: Any) -> Iterator[str]:
    """Yield the URLs of pictures that a reply tells of, in its order."""
    each = [one.items() for one in reply_scope(schema, value, "pictures")]
    for role, told in (*reply_roles(schema, value), *chain.from_iterable(each)):
        if role in ("picture-url", "picture-urls"):
            yield from (one for one in _list(told) if isinstance(one, str))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _parts(schema: Schema, value: Any, *, scopes: bool) -> Iterator[tuple[Schema, Any]]:
    if isinstance(value, Mapping):
        for name, child in schema.get("properties", {}).items():
            if name in value:
                yield child, value[name]
    elif isinstance(value, list) and "items" in schema and (scopes or "each" not in words(schema)):
        yield from ((schema["items"], one) for one in value)


def branch_of(schema: Schema, value: Any) -> tuple[str, int] | None:
    """Return keyword and index of the alternative that suits `value` best; None without any."""
    for keyword in ("oneOf", "anyOf"):
        branches: Sequence[Schema] = schema.get(keyword, ())
        if branches:
            return keyword, max(range(len(branches)), key=lambda at: _fit(branches[at], value))
    return None


def _at(schema: Schema, branch: tuple[str, int]) -> Schema:
    keyword, index = branch
    chosen: Schema = schema[keyword][index]
    return chosen


def _fit(schema: Schema, value: Any) -> int:
    """How well `value` suits an alternative: constants weigh most, then members that are there."""
    if not isinstance(value, Mapping):
        return 0
    properties = schema.get("properties", {})
    right = [
        value[name] == child["const"]
        for name, child in properties.items()
        if name in value and "const" in child
    ]
    right_by = 2 * sum(right) - len(right)
    return int(100 * right_by + sum(name in value for name in properties))


def picture_bytes(value: Any) -> bytes:
    """Return the file in a picture field's value; empty for a URL, or where there is none."""
    if encoding_of(value) in (None, "url"):
        return b""
    try:
        return file_of(value, ("base64", "data-uri"))
    except PictureError:
        return b""
