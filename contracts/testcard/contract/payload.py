"""What bodies carry: pictures in fields and replies, and values that a schema names by role.

Knows base64, data URIs, file parts, and the roles of a schema. Must not know HTTP, jobs, or who
sent what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pybase64

from testcard.common.picture import PictureError, Pixels, decode
from testcard.common.schema import Schema
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


def picture_from(value: Any, declared: tuple[str, ...], decoder: PictureDecoder) -> Picture:
    """Return a picture that a reply carries in base64, as whatever media types it `declared`."""
    try:
        data, flaw = pybase64.b64decode(value, validate=True), ""
    except (ValueError, TypeError) as error:
        data, flaw = b"", f"not base64: {error}"
    return Picture(data, declared, flaw, decoder)


def pictures_said(said: Mapping[str, Any], decoder: PictureDecoder) -> tuple[Picture, ...]:
    """Return the pictures that a reply carries in base64 by role, one or a list of them."""
    value, told = said["picture"], said.get("media-type")
    declared = (told,) if isinstance(told, str) else ()
    listed = value if isinstance(value, list) else [value]
    return tuple(picture_from(each, declared, decoder) for each in listed)


def pictures_streamed(
    schema: Schema, events: Iterable[Any], decoder: PictureDecoder
) -> tuple[Picture, ...]:
    """Return the pictures of a stream of events, those on the way left out."""
    roles = [dict(reply_roles(schema, each)) for each in events]
    whole = [each for each in roles if "picture" in each and "partial-index" not in each]
    return tuple(picture_from(each["picture"], (), decoder) for each in whole)


def urls_said(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the URLs of pictures that a reply has by role."""
    given = (said.get(role) for role in ("picture-urls", "picture-url"))
    listed = (each if isinstance(each, list) else [each] for each in given)
    return tuple(one for each in listed for one in each if isinstance(one, str))


def reply_roles(schema: Schema, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield (role, value) for each place of `value` that `schema` gives a role."""
    branch = branch_of(schema, value)
    if branch:
        yield from reply_roles(_at(schema, branch), value)
        return
    if role := words(schema).get("role"):
        yield role, value
    if isinstance(value, Mapping):
        for name, child in schema.get("properties", {}).items():
            if name in value:
                yield from reply_roles(child, value[name])


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
