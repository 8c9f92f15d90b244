"""What a page says is wrong with a call, whoever answered it, and however.

Knows Readings and what they refuse. Must not know replies, clauses, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from testcard.common.body import FilePart, Malformed, checkable, fields_of
from testcard.common.keys import bare_key, unknown_job
from testcard.common.picture import Pixels
from testcard.common.place import Place, field_place, operation_place, required_evidence
from testcard.common.reading import Body, Field, Operation
from testcard.common.schema import shown
from testcard.common.spec import Evidence, words
from testcard.contract.payload import encoding_of, picture_bytes
from testcard.contract.trace import ReadExchange

_ROUTE: Final = Evidence("assumed", "HTTP: what is not there is not found")


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong with a call.

    Attributes:
        kind: in the words of a spec's `problems`: malformed, invalid, unauthorized, no-credits,
            not-found, method-not-allowed.
        where: the field or header; empty for the call as a whole.
        keyword: the keyword broken: required, minimum, enum, picture, encodings, …
        message: what was seen and what was expected.
        evidence: of what was broken.
        place: of what was broken.
    """

    kind: str
    where: str
    keyword: str
    message: str
    evidence: Evidence
    place: Place = ()


def flaws(seen: ReadExchange) -> tuple[Flaw, ...]:
    """Return everything that is wrong with a call; nothing for one that the page allows."""
    place = ("flaws", seen.index)
    if place not in seen.decoder.known:
        seen.decoder.known[place] = _found(seen)
    known: tuple[Flaw, ...] = seen.decoder.known[place]
    return known


def _found(seen: ReadExchange) -> tuple[Flaw, ...]:
    if seen.operation is None:
        return tuple(_of_route(seen))
    return (*_of_key(seen, seen.operation), *_of_job(seen), *_of_body(seen, seen.operation))


def _of_route(seen: ReadExchange) -> Iterator[Flaw]:
    call = seen.call
    if seen.linked is not None:
        return
    if seen.path_known:
        message = f"{call.method} was sent where {_methods(seen)} is taken"
        yield Flaw("method-not-allowed", "", "method", message, _ROUTE, ("paths",))
    else:
        yield Flaw("not-found", "", "path", f"nothing is at {call.parts.path}", _ROUTE, ("paths",))


def _methods(seen: ReadExchange) -> str:
    return " or ".join(sorted({each.method for each in seen.reading.operations}))


def _of_key(seen: ReadExchange, operation: Operation) -> Iterator[Flaw]:
    lenient = seen.reading.profile == "lenient"
    said = operation.key_evidence
    place = operation_place(seen.reading, operation, "security")
    names = " or ".join(operation.key_headers)
    taken = [name for name in seen.keys if lenient or name in operation.key_headers]
    sent = [(seen.call.header(name) or "").strip() for name in taken]
    bearer = any(bare_key(value) != value for value in sent)
    if seen.key == "wrong":
        yield Flaw("unauthorized", names, "wrong-key", "the key is a wrong one", said, place)
    elif not taken and not operation.key_optional:
        yield Flaw("unauthorized", names, "missing-key", f"no key is in {names}", said, place)
    elif bearer and not lenient:
        yield Flaw("unauthorized", names, "bearer", "the key came after Bearer", said, place)
    elif seen.key == "empty":
        yield Flaw("no-credits", names, "empty-account", "the account is empty", said, place)


def _of_job(seen: ReadExchange) -> Iterator[Flaw]:
    if seen.does == "job-status" and unknown_job(seen.job_id or ""):
        said = seen.operation.evidence if seen.operation else _ROUTE
        yield Flaw("not-found", "id", "unknown-job", "no job has this id", said)


def _of_body(seen: ReadExchange, operation: Operation) -> Iterator[Flaw]:
    body = operation.body
    if body is None:
        return
    place = operation_place(seen.reading, operation, "requestBody")
    try:
        fields, _ = fields_of(seen.call, body, lenient=seen.reading.profile == "lenient")
    except Malformed as error:
        typed = seen.call.media_type == body.media_type
        where, keyword = ("", "body") if typed else ("Content-Type", "media-type")
        yield Flaw("malformed", where, keyword, str(error), body.evidence, place)
        return
    found = [*_of_schema(seen, operation, body, checkable(fields))]
    yield from found or [
        flaw for field in body.pictures for flaw in _of_picture(seen, operation, field, fields)
    ]


def _of_schema(
    seen: ReadExchange, operation: Operation, body: Body, value: dict[str, object]
) -> Iterator[Flaw]:
    for breach in body.validator.breaches(value):
        name = str(breach.path[0]) if breach.path else ""
        field = body.fields.get(name)
        if breach.keyword == "required":
            said = required_evidence(body, name)
        else:
            said = field.evidence(breach.keyword) if field else body.evidence
        place = field_place(seen.reading, operation, name, breach.keyword)
        yield Flaw("invalid", name, breach.keyword, f"{name}: {breach.message}", said, place)


def _of_picture(
    seen: ReadExchange, operation: Operation, field: Field, fields: dict[str, object]
) -> Iterator[Flaw]:
    value = fields.get(field.name)
    kind = encoding_of(value)
    if kind is None:
        return
    place = field_place(seen.reading, operation, field.name, "x-testcard")
    if kind not in field.encodings and not (kind == "file" and "part" in field.encodings):
        message = f"{field.name}: sent as {kind}; {' or '.join(field.encodings)} is taken"
        said = field.evidence("encodings")
        yield Flaw("invalid", field.name, "encodings", message, said, place)
    elif not _readable(seen, value):
        message = f"{field.name}: {_brief(value)} is no picture"
        yield Flaw("invalid", field.name, "picture", message, field.evidence("format"), place)


def _brief(value: object) -> str:
    return f"{len(value.data)} bytes" if isinstance(value, FilePart) else shown(value)


def _readable(seen: ReadExchange, value: object) -> bool:
    if encoding_of(value) == "url" and isinstance(value, str):
        try:
            return bool(urlsplit(value.strip()).hostname)
        except ValueError:
            return False
    return isinstance(seen.decoder.pixels(picture_bytes(value)), Pixels)


def random_at_most(field: Field) -> int | None:
    """Return the highest seed that asks for a random one; None where none does."""
    most = words(field.schema).get("random-at-most")
    return most if isinstance(most, int) else None
