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

from testcard.common.fields import MULTIPART
from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.place import ABSENT
from testcard.common.reading import Reading
from testcard.common.schema import EACH
from testcard.common.spelling import spelt_out
from testcard.common.spread import spread
from testcard.contract.calls import FORM_TYPE, call_of, form_body
from testcard.drivers.edges import edges
from testcard.drivers.material import samples
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
    for name, field in values.body.fields.items():
        if field.role == "key":  # what is wrong with one is not a field's flaw
            continue
        rest = {other: value for other, value in base.items() if other != name}
        if field.required and field.place.location != "path":
            without = rest if len(field.place.path) == 1 else rest | {name: ABSENT}
            yield Draft(operation, without, f"no {name}", name, "required", telling=True)
        form = values.body.form or field.place.location != "body"
        for each in edges(field, links, form=form):
            if values.body.raw and each.breaks == "encodings":  # whatever is sent is a file
                continue
            why, where = f"{name} {each.why}", name if each.breaks else ""
            fields = rest | {name: each.value}
            yield Draft(operation, fields, why, where, each.breaks, each.telling)
    yield from _of_holders(values, base)
    if values.body.media_type:
        yield from _unreadable(values)


def _of_holders(values: Values, base: Fields) -> Iterator[Draft]:
    """Yield calls without what holds fields, and with something else in its place."""
    for holder in values.body.root.holders():
        name, inner = holder.name, {each.name for each in holder.leaves()}
        rest = {other: value for other, value in base.items() if other not in inner}
        if EACH in holder.place.path[:-1]:
            continue
        if holder.required:
            lacking = rest | {name: ABSENT}
            yield Draft(values.operation, lacking, f"no {name}", name, "required", telling=True)
        if not values.body.form:
            other = rest | {name: "testcard"}
            yield Draft(values.operation, other, f"{name} as text", name, "type", telling=True)


def _unreadable(values: Values) -> Iterator[Draft]:
    """Yield bodies that are not of the documented kind."""
    if values.body.media_type == MULTIPART:
        yield from _forms(values)
        return
    if values.body.raw:
        written = Written(samples()[0], "text/plain")
        yield Draft(values.operation, written, "plain text", "Content-Type", "media-type", True)
    if values.body.form:  # any text is a form of some kind
        return
    yield from _untyped(values)
    good = orjson.dumps(_document(values))
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


def _document(values: Values) -> Fields:
    return spread(values.body.fields, values.body.root, values.required()).document


def _untyped(values: Values) -> Iterator[Draft]:
    good = orjson.dumps(_document(values))
    ways = [("plain text", "text/plain")]
    ways += [] if values.body.untyped else [("a body without a type", "")]
    for why, media_type in ways:
        written = Written(good, media_type)
        yield Draft(values.operation, written, why, "Content-Type", "media-type", telling=True)


def _forms(values: Values) -> Iterator[Draft]:
    body = values.body
    good = form_body(spelt_out(_document(values), body.root, body.spellings))
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
    beside = {
        name: each.wrapped(each.example)
        for name, each in draft.operation.takes.fields.items()
        if each.place.location != "body" and each.required and each.example is not None
    }
    bare = replace(call_of(reading, draft.operation, beside, key=key), body=b"")
    kept = tuple(each for each in bare.headers if each[0] != "Content-Type")
    bare = replace(bare, headers=kept)
    media_type = draft.value.media_type
    headers = (("Content-Type", media_type),) if media_type else ()
    return replace(bare, headers=(*bare.headers, *headers), body=draft.value.data)
