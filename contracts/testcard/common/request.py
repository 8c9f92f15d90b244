"""What a call says and what is wrong with it, by a Reading: its parameters and its body.

The mock refuses by it and notes by it what it forgave; contracts judge by it. Each reads a call
the same way, so that all of them cite the same line for the same flaw. A documented reading goes
on past what it refuses, as far as the lenient profile does, to find all that is wrong.

Knows what operations take. Must not know keys, replies, clauses, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from testcard.common.body import Malformed, SentBody, checkable, sent_in
from testcard.common.fields import MULTIPART, Body
from testcard.common.flaw import Flaw
from testcard.common.message import Call
from testcard.common.parameters import read_parameters
from testcard.common.picture import PictureError
from testcard.common.place import ABSENT, Field, items_of
from testcard.common.pointer import keyword_evidence
from testcard.common.schema import Breach, named
from testcard.common.spelling import assembled
from testcard.common.taking import Taking, short
from testcard.common.upload import encoding_of, require_encoding

_NONE: Final[Mapping[str, str]] = {}


@dataclass(slots=True)
class RequestFields:
    """A body, as one reading has it.

    Attributes:
        values: under the page's names and with its types; file parts as FilePart.
        flaws: what the reading refuses, in the order in which it is looked at.
        notes: what it takes though the page does not list or advise it; of documented readings.
    """

    values: dict[str, Any] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    notes: list[Flaw] = field(default_factory=list)


# The body


def taken_apart(call: Call, body: Body, *, sparse: bool = False) -> SentBody | Malformed:
    """Return a call's body taken apart, for `read_body` of one reading or more; else why not.

    Args:
        call: whose body it is.
        body: what the operation takes, in either reading.
        sparse: whether the body is known to be, as `testcard.common.body.is_sparse` tells it.
    """
    try:
        return sent_in(call, body, sparse=sparse)
    except Malformed as error:
        return Malformed(str(error))  # a new one: the frames of that one hold the call


def read_body(
    call: Call,
    body: Body,
    *,
    lenient: bool,
    sent: SentBody | Malformed | None = None,
    params: Mapping[str, str] = _NONE,
) -> RequestFields:
    """Read what a call says in its parameters and its body.

    Args:
        call: that says it.
        body: what the operation takes, in the reading to go by.
        lenient: whether that is the lenient profile.
        sent: the body taken apart, where that is done already.
        params: of the path.
    """
    found = RequestFields()
    if body.parameters is not None:
        found.values, found.flaws = read_parameters(call, params, body.parameters, lenient=lenient)
    if not body.media_type:
        return found
    sent = taken_apart(call, body) if sent is None else sent
    wrong_type: list[Flaw] = []
    if call.media_type != body.media_type:
        wrong_type += _of_media_type(call, body, lenient=lenient)
        found.flaws += wrong_type
    if isinstance(sent, Malformed):
        if not (body.form and wrong_type):  # then it cannot be taken apart for that reason
            found.flaws.append(Flaw("malformed", "body", (), "body", str(sent), body.evidence))
    elif sent.form == body.form:
        _read(found, sent, body, lenient=lenient)
    return found


def _read(found: RequestFields, sent: SentBody, body: Body, *, lenient: bool) -> None:
    taking = Taking(sent.form, lenient)
    document = taking.taken(sent.values if body.flat else _assembled(sent, body), body.root)
    if not lenient:
        found.flaws += _repeated(sent, body) if sent.form else ()
        found.notes += [*taking.unlisted(), *(_spelt(sent, body) if sent.form else ())]
    found.flaws += taking.flaws
    value = checkable(document) if sent.form else document
    if breaches := body.validator.breaches(value):
        found.flaws += _of_schema(breaches, body)
    values = document if body.flat else _by_name(document, body)
    found.values = {**found.values, **values} if found.values else values
    if body.pictures:
        found.flaws += _of_encodings(found, body)
    if not lenient and (breaches := body.advice.breaches(value)):
        found.notes += _unadvised(breaches, body)


def _assembled(sent: SentBody, body: Body) -> Mapping[str, Any]:
    return sent.values if sent.parts is None else assembled(sent.parts, body.root).document


def _by_name(document: Mapping[str, Any], body: Body) -> dict[str, Any]:
    found = {each.name: each.place.read(document) for each in body.root.leaves()}
    return {name: value for name, value in found.items() if value is not ABSENT}


def _repeated(sent: SentBody, body: Body) -> Iterator[Flaw]:
    """Yield names of a form that have several parts though one was expected."""
    repeated = sent.repeated if body.flat else assembled(sent.parts or (), body.root).repeated
    for name, times in repeated.items():
        if times > 1:
            message = f"the form has {times} parts of the name {short(name)!r}; one was expected"
            yield Flaw("malformed", "body", (short(name),), "parts", message, body.evidence)


def _spelt(sent: SentBody, body: Body) -> Iterator[Flaw]:
    """Yield lists and objects of a form that are spelt as the page does not."""
    spelt = {} if body.flat else assembled(sent.parts or (), body.root).spelt
    for spelling, name in spelt.items():
        if spelling not in body.spellings:
            message = f"this is {spelling}; the page has {' or '.join(body.spellings)}"
            where = (short(name),)
            yield Flaw("malformed", "body", where, "spelling", message, body.evidence, False)


def fields_of(call: Call, body: Body, params: Mapping[str, str] = _NONE) -> dict[str, Any]:
    """Return a call's fields as the lenient profile reads them, whatever is wrong with them."""
    return read_body(call, body, lenient=True, params=params).values


def _of_media_type(call: Call, body: Body, *, lenient: bool) -> Iterator[Flaw]:
    seen = call.media_type
    if seen is None and body.untyped:
        return
    if not lenient or body.media_type == MULTIPART:
        message = f"Content-Type is {short(seen or 'missing')}, not {body.media_type}"
        where = ("Content-Type",)
        yield Flaw("malformed", "body", where, "media-type", message, body.evidence)


def _of_schema(breaches: Iterable[Breach], body: Body) -> Iterator[Flaw]:
    for breach in breaches:
        said, message = keyword_evidence(body, breach.path, breach.keyword), breach.message
        if breach.keyword == "required" and len(breach.path) > 1:
            message = f"{named(breach.path)!r} is required and was not sent"
        yield Flaw("invalid", "field", breach.path, breach.keyword, message, said)


def _of_encodings(found: RequestFields, body: Body) -> Iterator[Flaw]:
    for each in body.pictures:
        value = found.values.get(each.name)
        for indices, one in items_of(value):
            kind = encoding_of(one, each.encodings)
            if kind is None or kind in each.encodings:
                continue
            if not any(flaw.field == each.name for flaw in found.flaws):
                yield picture_flaw(each, _refusal(one, each), indices=indices)


def _refusal(value: Any, target: Field) -> PictureError:
    try:
        require_encoding(value, target.encodings)
    except PictureError as error:
        return error
    raise AssertionError(f"{target.name} takes this encoding")  # it was looked at before


def picture_flaw(
    target: Field,
    error: PictureError,
    keyword: str = "encodings",
    indices: tuple[int, ...] = (),
) -> Flaw:
    """Return what is wrong with the picture in a field: its encoding, or the picture itself."""
    said = target.evidence(keyword if keyword == "encodings" else "format")
    path = target.place.path_at(*indices)
    return Flaw("invalid", "field", path, keyword, str(error), said)


def _unadvised(breaches: Iterable[Breach], body: Body) -> Iterator[Flaw]:
    for breach in breaches:
        said = keyword_evidence(body, breach.path, "advice")
        message = f"the page advises otherwise: {breach.message}"
        yield Flaw("invalid", "advice", breach.path, breach.keyword, message, said, refused=False)
