"""In which format pictures are answered, where a call's fields say so, and of which quality.

Knows roles and formats. Must not know how pictures are painted, HTTP, or any one provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from testcard.common.asked import asked_in
from testcard.common.picture import Format
from testcard.mock.dialect import Visit

_SAYING: Final = frozenset({"output-format", "output-quality"})


@dataclass(frozen=True, slots=True)
class EncodingAsked:
    """How a call wants its pictures encoded.

    Attributes:
        format: None where nothing says.
        sent: whether the call itself says it, and no default.
        quality: of JPEG and WebP, 1 to 100; None where nothing says.
    """

    format: Format | None = None
    sent: bool = False
    quality: int | None = None


UNASKED: Final = EncodingAsked()
"""Of a call that says nothing of it."""


def encoding_asked(visit: Visit) -> EncodingAsked:
    """Return how a call wants its pictures encoded, by its fields and their defaults."""
    if visit.operation is None:
        return UNASKED
    body = visit.operation.body_for(visit.call.media_type)
    if _SAYING.isdisjoint(body.by_role):
        return UNASKED
    asked = asked_in(body, visit.fields)
    names = [each.name for each in body.telling if each.role == "output-format"]
    sent = any(visit.fields.get(name) is not None for name in names)
    return EncodingAsked(asked.output_format, sent, asked.output_quality)


def note_needless(visit: Visit, asked: EncodingAsked, format_: Format) -> None:
    """Note a quality that was sent for a format that has none."""
    if asked.quality is None or format_ != "png" or visit.operation is None:
        return
    for each in visit.operation.body_for(visit.call.media_type).telling:
        if each.role == "output-quality" and each.name in visit.fields:
            visit.notes.append((each.name, "a PNG has no quality"))
