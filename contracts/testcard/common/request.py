"""What a call says and what is wrong with it, by a Reading: its route, its key and its fields.

The mock refuses by it and notes by it what it forgave; contracts judge by it. Each reads a call
the same way, so that all of them cite the same line for the same flaw. A documented reading goes
on past what it refuses, as far as the lenient profile does, to find all that is wrong.

Knows Readings and magic keys. Must not know replies, clauses, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from testcard.common.body import MULTIPART, FilePart, Malformed, SentBody, checkable, sent_in
from testcard.common.fields import Body, Field
from testcard.common.flaw import Flaw
from testcard.common.keys import bare_key, kind_of
from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.picture import PictureError
from testcard.common.pointer import keyword_evidence
from testcard.common.reading import Reading
from testcard.common.schema import Breach, coerced, shown, types
from testcard.common.spec import Evidence
from testcard.common.trouble import Kind
from testcard.common.upload import encoding_of, require_encoding

_HTTP: Final = Evidence("assumed", "HTTP: what is not there is not found")
_LISTED: Final = Evidence("documented", "the page")
_LENIENT_OF_KEYS: Final = ("key-header", "bearer")
_LONGEST_TEXT: Final = 1_000_000  # characters of a field that is no picture
_MOST_UNLISTED: Final = 20  # fields that a page does not list: as many are told one by one
_LONGEST_NAME: Final = 60  # characters of a name that are repeated


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


# The route


def route_flaw(reading: Reading, method: str, path: str) -> Flaw:
    """Return why `method` at `path`, without any prefix, is for no operation."""
    for operation in reading.operations:
        patterns = operation.alias_patterns if operation.method == method else ()
        if any(pattern.fullmatch(path) for pattern in patterns):
            return alias_flaw(operation, path)
    methods = sorted({each.method for each in reading.operations if each.pattern.fullmatch(path)})
    if methods:
        message = f"{method} is not allowed here; {' or '.join(methods)} is"
        return Flaw("method-not-allowed", "route", (), "method", message, _HTTP)
    return Flaw("not-found", "route", (), "path", f"there is nothing at {path}", _HTTP)


def alias_flaw(operation: Operation, path: str) -> Flaw:
    """Return what is wrong with a path that only the lenient profile takes."""
    message = f"{path} is not the page's {operation.path}"
    return Flaw("not-found", "route", ("path",), "alias", message, operation.evidence)


# The key


def read_key(call: Call, operation: Operation) -> tuple[str, list[Flaw]]:
    """Return the key that a call carries, empty for none, and all that is wrong with it.

    `refused` tells which of it a profile refuses.
    """
    for name in (*operation.key_headers, *operation.key_aliases):
        value = (call.header(name) or "").strip()
        if value:
            key = bare_key(value)
            return key, [*_of_key(operation, name, value, key)]
    names = " or ".join(operation.key_headers)
    message, needed = f"no key was sent in {names}", not operation.key_optional
    return "", [_key_flaw(operation, names, "missing-key", message, refused=needed)]


def _of_key(operation: Operation, name: str, value: str, key: str) -> Iterator[Flaw]:
    if name not in operation.key_headers:
        message = f"the page names {' or '.join(operation.key_headers)} for the key"
        needed = not operation.key_optional
        yield _key_flaw(operation, name, "key-header", message, refused=needed)
    if key != value:
        message = f"the key came after Bearer; {name} takes it bare"
        yield _key_flaw(operation, name, "bearer", message)
    if kind_of(key) == "wrong":
        yield _key_flaw(operation, name, "wrong-key", "the key is not valid")


def _key_flaw(
    operation: Operation, name: str, keyword: str, message: str, *, refused: bool = True
) -> Flaw:
    said = operation.key_evidence
    return Flaw("unauthorized", "key", (name,), keyword, message, said, refused)


def refused(flaws: Iterable[Flaw], *, lenient: bool) -> list[Flaw]:
    """Return those of a key's flaws for which a profile refuses a call."""
    passed_over = _LENIENT_OF_KEYS if lenient else ()
    return [each for each in flaws if each.refused and each.keyword not in passed_over]


# The body


def taken_apart(call: Call, body: Body) -> SentBody | Malformed:
    """Return a call's body taken apart, for `read_body` of one reading or more; else why not."""
    try:
        return sent_in(call, body)
    except Malformed as error:
        return Malformed(str(error))  # a new one: the frames of that one hold the call


def read_body(
    call: Call, body: Body, *, lenient: bool, sent: SentBody | Malformed | None = None
) -> RequestFields:
    """Read a call's body.

    Args:
        call: whose body it is.
        body: the operation's, in the reading to go by.
        lenient: whether that is the lenient profile.
        sent: the body taken apart, where that is done already.
    """
    sent = taken_apart(call, body) if sent is None else sent
    found = RequestFields()
    form = body.media_type == MULTIPART
    if call.media_type != body.media_type:
        found.flaws += _of_media_type(call, body, lenient=lenient)
    if isinstance(sent, Malformed):
        if not (form and found.flaws):  # then it cannot be taken apart for that reason
            found.flaws.append(Flaw("malformed", "body", (), "body", str(sent), body.evidence))
    elif sent.form == form:
        _read(found, sent, body, lenient=lenient)
        value = checkable(found.values) if form else found.values
        if breaches := body.validator.breaches(value):
            found.flaws += _of_schema(breaches, body)
        for each in body.pictures:
            if each.name in found.values:
                found.flaws += _of_encoding(found, each)
        if not lenient and (breaches := body.advice.breaches(value)):
            found.notes += _unadvised(breaches, body)
    return found


def fields_of(call: Call, body: Body) -> dict[str, Any]:
    """Return a body's fields as the lenient profile reads them, whatever is wrong with them."""
    return read_body(call, body, lenient=True).values


def _of_media_type(call: Call, body: Body, *, lenient: bool) -> Iterator[Flaw]:
    seen = call.media_type
    if seen is None and body.untyped:
        return
    if not lenient or body.media_type == MULTIPART:
        message = f"Content-Type is {_short(seen or 'missing')}, not {body.media_type}"
        where = ("Content-Type",)
        yield Flaw("malformed", "body", where, "media-type", message, body.evidence)


def _read(found: RequestFields, sent: SentBody, body: Body, *, lenient: bool) -> None:
    unlisted, values, fields = [], found.values, body.fields
    for name, value in sent.values.items():
        target = fields.get(name)
        if target is None and lenient:
            other = body.aliases.get(name, "")
            target = fields.get(other) if other not in sent.values else None
        if target is None:
            unlisted.append(name)
        elif type(value) is str and target.is_text and len(value) <= _LONGEST_TEXT:
            values[target.name] = value
        else:
            _keep(found, target, value, form=sent.form, lenient=lenient)
    if lenient:
        return
    for name, times in sent.repeated.items():
        message = f"the form has {times} parts of the name {_short(name)!r}; one was expected"
        where = (_short(name),)
        found.flaws.append(Flaw("malformed", "body", where, "parts", message, body.evidence))
    if unlisted:
        found.notes += _unlisted(unlisted, sent, body)


def _keep(found: RequestFields, target: Field, value: Any, *, form: bool, lenient: bool) -> None:
    if isinstance(value, (str, FilePart)) and not target.encodings:
        value = _text(found, target, value, form=form, lenient=lenient)
        if value is None:
            return
    if value is None and lenient and not target.required and "null" not in types(target.schema):
        return
    found.values[target.name] = value


def _text(
    found: RequestFields, target: Field, value: str | FilePart, *, form: bool, lenient: bool
) -> Any:
    """Return a text as the type that its field has; None where it cannot be read at all."""
    text: str | None = value if isinstance(value, str) else _decoded(value)
    size = len(text) if text is not None else 0
    if text is None or size > _LONGEST_TEXT:
        seen = "the part is not UTF-8 text"
        if text is not None:
            seen = f"a text of {size} characters; at most {_LONGEST_TEXT} are read"
        found.flaws.append(_text_flaw("malformed", target, "text", seen))
        return None
    read = coerced(text, target.schema)
    if not (read is text or form or lenient):
        message = f"{shown(text)} is a string; the page says {'/'.join(types(target.schema))}"
        found.flaws.append(_text_flaw("invalid", target, "type", message))
    return read


def _decoded(part: FilePart) -> str | None:
    try:
        return part.data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _text_flaw(kind: Kind, target: Field, keyword: str, message: str) -> Flaw:
    return Flaw(kind, "field", (target.name,), keyword, message, target.evidence("type"))


def _of_schema(breaches: Iterable[Breach], body: Body) -> Iterator[Flaw]:
    for breach in breaches:
        name = str(breach.path[0]) if breach.path else ""
        said = keyword_evidence(body, name, breach.keyword)
        yield Flaw("invalid", "field", breach.path, breach.keyword, breach.message, said)


def _of_encoding(found: RequestFields, target: Field) -> Sequence[Flaw]:
    value = found.values[target.name]
    kind = encoding_of(value)
    if kind is None or kind in target.encodings:
        return ()
    if any(flaw.where == target.name for flaw in found.flaws):
        return ()
    return (picture_flaw(target, _refusal(value, target)),)


def _refusal(value: Any, target: Field) -> PictureError:
    try:
        require_encoding(value, target.encodings)
    except PictureError as error:
        return error
    raise AssertionError(f"{target.name} takes this encoding")  # it was looked at before


def picture_flaw(target: Field, error: PictureError, keyword: str = "encodings") -> Flaw:
    """Return what is wrong with the picture in a field: its encoding, or the picture itself."""
    said = target.evidence(keyword if keyword == "encodings" else "format")
    return Flaw("invalid", "field", (target.name,), keyword, str(error), said)


def _unlisted(names: list[str], sent: SentBody, body: Body) -> Iterator[Flaw]:
    for name in names[:_MOST_UNLISTED]:
        other = body.fields.get(body.aliases.get(name, ""))
        if other is None:
            message, said = "the page knows no such field", _LISTED
        else:
            also = ", which was sent too" if other.name in sent.values else ""
            message, said = f"the page calls it {other.name!r}{also}", other.evidence()
        yield Flaw("invalid", "body", (_short(name),), "unlisted", message, said, refused=False)
    more = len(names) - _MOST_UNLISTED
    if more > 0:
        message = f"and {more} more fields that the page does not know"
        yield Flaw("invalid", "body", ("body",), "unlisted", message, _LISTED, refused=False)


def _unadvised(breaches: Iterable[Breach], body: Body) -> Iterator[Flaw]:
    for breach in breaches:
        said = keyword_evidence(body, str(breach.path[0]) if breach.path else "", "advice")
        message = f"the page advises otherwise: {breach.message}"
        yield Flaw("invalid", "advice", breach.path, breach.keyword, message, said, refused=False)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
