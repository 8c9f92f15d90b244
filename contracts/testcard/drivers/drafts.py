"""The calls that drivers draw from: valid ones, and ones with one thing wrong that each names.

What a plan, the generating driver and a story send stands here once. Nothing hangs on chance,
or on who answers: one operation gives the same drafts every time.

Knows what an operation takes, and how a draft becomes a Call. Must not know who sends it, or
what clauses make of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from testcard.common.body import MULTIPART
from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.reading import Reading
from testcard.contract.calls import FORM_TYPE, call_of, form_body
from testcard.drivers.edges import edges
from testcard.drivers.values import Fields, Values


@dataclass(frozen=True, slots=True)
class Written:
    """A body that is written out already.

    Attributes:
        data: the whole of it.
        media_type: that is named with it; none where empty.
    """

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A call's body that is not yet addressed to anyone.

    Attributes:
        operation: what it is for.
        value: fields by their names, or a body that is no list of fields.
        why: what is special about it, in a few words.
        where: the field or header with which something is wrong; empty for the body as a whole.
        breaks: the keyword that it breaks by the page's word, as `flaws` would name it; empty
            where the page allows it. A lenient reading forgives some.
        telling: whether it is worth a call of a run that costs.
    """

    operation: Operation
    value: Mapping[str, Any] | Written
    why: str
    where: str = ""
    breaks: str = ""
    telling: bool = False


def drafts(values: Values, base: Fields) -> Iterator[Draft]:
    """Yield what an operation can be sent, field by field, then as bodies that are none.

    Args:
        values: what its fields may be.
        base: valid fields, of which each draft changes one.
    """
    operation, links = values.operation, values.links
    yield Draft(operation, values.required(), "nothing but what is required")
    yield Draft(operation, values.everything(), "all fields")
    form = values.body.media_type == MULTIPART
    for name, field in values.body.fields.items():
        rest = {other: value for other, value in base.items() if other != name}
        if field.required:
            yield Draft(operation, rest, f"no {name}", name, "required", telling=True)
        for each in edges(field, links, form=form):
            why, where = f"{name} {each.why}", name if each.breaks else ""
            fields = rest | {name: each.value}
            yield Draft(operation, fields, why, where, each.breaks, each.telling)
    yield from _unreadable(values)


def _unreadable(values: Values) -> Iterator[Draft]:
    """Yield bodies that are not of the documented kind."""
    if values.body.media_type == MULTIPART:
        yield from _forms(values)
        return
    yield from _untyped(values)
    good = orjson.dumps(values.required())
    bodies = (
        (b'{"prompt": "a lightho', "JSON that breaks off", True),
        (b"[1, 2]", "a list in place of an object", True),
        (b"", "an empty body", True),
        (b"\xff\xfe\x00{", "bytes that are no text", True),
        (b"{", "JSON that begins and ends", False),
        (b'{"prompt": }', "JSON with a hole in it", False),
        (b"[]", "an empty list", False),
        (b"null", "null in place of an object", False),
        (b"[%s]" % good, "a list with the fields in it", False),
        (b"%s and more" % good, "an object with something after it", False),
        (orjson.dumps(good.decode()), "an object within a string", False),
    )
    for data, why, telling in bodies:
        written = Written(data, values.body.media_type)
        yield Draft(values.operation, written, why, "", "body", telling)


def _untyped(values: Values) -> Iterator[Draft]:
    good = orjson.dumps(values.required())
    ways = [("plain text", "text/plain")]
    ways += [] if values.body.untyped else [("a body without a type", "")]
    for why, media_type in ways:
        written = Written(good, media_type)
        yield Draft(values.operation, written, why, "Content-Type", "media-type", telling=True)


def _forms(values: Values) -> Iterator[Draft]:
    good = form_body(values.required())
    bodies = (
        (good[: len(good) // 2], FORM_TYPE, "a form that breaks off", True),
        (b"", FORM_TYPE, "an empty form", True),
        (good, MULTIPART, "a form that does not say what parts it", False),
        (b"\xff\xfe\x00", FORM_TYPE, "bytes that are no form", False),
    )
    for data, media_type, why, telling in bodies:
        yield Draft(values.operation, Written(data, media_type), why, "", "body", telling)
    for data, why, telling in (
        (b'{"prompt": "x"}', "JSON in place of a form", True),
        (b"null", "null in place of a form", False),
    ):
        written = Written(data, "application/json")
        yield Draft(values.operation, written, why, "Content-Type", "media-type", telling)


def call_for(reading: Reading, draft: Draft, key: str | None) -> Call:
    """Return a draft as a call with this key; None for one without.

    Raises:
        TypeError: it cannot be written in the body's media type.
        UnicodeError: the same.
    """
    if not isinstance(draft.value, Written):
        return call_of(reading, draft.operation, draft.value, key=key)
    bare = call_of(reading, draft.operation, key=key)
    media_type = draft.value.media_type
    headers = (("Content-Type", media_type),) if media_type else ()
    return replace(bare, headers=(*bare.headers, *headers), body=draft.value.data)
