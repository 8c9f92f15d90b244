"""The generating driver: schemathesis draws bodies from the spec, the session sends them.

Each body becomes a Call of our own and goes through the session like any other, so that the
clauses judge it and reports hold it. Nothing is shrunk, and nothing depends on the answers:
one reading, seed and number give the same calls, in processes that have loaded the same modules
(hypothesis draws from the constants that it finds in them).

Knows schemathesis, which is wanted here alone, and hypothesis. Must not know who answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import schemathesis
from hypothesis import given
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, CheckContext, GenerationMode, Response

from testcard.clauses.catalogue import CLAUSES
from testcard.common.fields import JSON, MULTIPART, Body
from testcard.common.message import Call, Exchange, Reply
from testcard.common.operation import Operation
from testcard.common.place import Field, Holder
from testcard.common.reading import Reading
from testcard.common.schema import EACH, Schema, types
from testcard.contract.calls import Links
from testcard.contract.flaw import flaws
from testcard.contract.session import Session
from testcard.contract.trace import read_trace
from testcard.drivers.drafts import Draft, Written, call_for, drafts
from testcard.drivers.drawing import generating, nothing_left
from testcard.drivers.edges import SIZES
from testcard.drivers.material import all_encodings
from testcard.drivers.values import Values

LARGEST_SIDE: Final = 512
"""Of the pictures that are asked for at random, in pixels; larger ones say no more."""
_BENCH: Final = "/bench"
_FILE: Final = "testcard-file-{}-{}"


def fuzz(session: Session, *, examples: int, seed: int) -> None:
    """Send bodies at the edges of the spec, and `examples` good and bad ones an operation.

    Bad bodies are kept back where calls cost something: nobody knows what is charged for them.
    """
    for each in everything(session.reading, session.links, examples=examples, seed=seed):
        send(session, each)


def send(session: Session, draft: Draft) -> None:
    """Send one draft; one that cannot be written out, or must not be sent, is passed over."""
    try:
        call = call_for(session.reading, draft, session.key)
    except (TypeError, UnicodeError):
        return
    if session.thorough or not flaws(session.read(Exchange(call, Reply(0)))):
        session.send(call)


def everything(reading: Reading, links: Links, *, examples: int, seed: int) -> Iterator[Draft]:
    """Yield what `fuzz` sends: all drafts, then `examples` good and bad bodies an operation."""
    takers = [(each, each.body) for each in reading.operations if each.body is not None]
    for operation, body in takers:
        values = Values(operation, body, thorough=True, links=links)
        yield from drafts(values, values.cheapest())
    for operation, body in takers:
        yield from _drawn(operation, body, links, examples, seed)


def _drawn(
    operation: Operation, body: Body, links: Links, examples: int, seed: int
) -> Iterator[Draft]:
    schema = schemathesis.openapi.from_dict(_bench(operation, body, links))
    api = schema[_BENCH][operation.method]
    required = Values(operation, body, thorough=True, links=links).required()
    outside = {name for name, each in body.fields.items() if each.place.location != "body"}
    beside = {name: value for name, value in required.items() if name in outside}
    known: set[str] = set()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        for case in draw(api.as_strategy(generation_mode=mode), examples, seed):
            value = _filed(body, shaped(body, case.body), links)
            if isinstance(value, bytes):
                value = Written(value, body.media_type)
            if isinstance(value, Mapping):
                value = {**beside, **value}
            if isinstance(value, Written | Mapping) and repr(value) not in known:
                known.add(repr(value))
                yield Draft(operation, value, f"a {mode.value} case")


def draw(strategy: SearchStrategy[Case[Any]], examples: int, seed: int) -> list[Case[Any]]:
    """Return at most `examples` cases, the same for the same seed."""
    drawn: list[Case[Any]] = []

    @seeded(seed)
    @generating(examples)
    @given(case=strategy)
    def keep(case: Case[Any]) -> None:
        drawn.append(case)

    with nothing_left():
        keep()
    return drawn


def _bench(operation: Operation, body: Body, links: Links) -> dict[str, Any]:
    """Return a document with this one operation and its body: what schemathesis draws from."""
    node = {
        "operationId": operation.id,
        "requestBody": {
            "required": True,
            "content": {JSON if body.raw else body.media_type: {"schema": _bounded(body, links)}},
        },
        "responses": {"default": {"description": "whatever it is"}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": operation.id, "version": "1"},
        "paths": {_BENCH: {operation.method.lower(): node}},
    }


def _bounded(body: Body, links: Links) -> dict[str, Any]:
    return _object(body.root, links)


def _object(holder: Holder, links: Links) -> dict[str, Any]:
    """Return the schema of what a holder holds, with what `_drawable` gives for each field."""
    properties = {}
    for name, each in holder.members.items():
        one = _object(each, links) if isinstance(each, Holder) else _drawable(each, links)
        if each.place.path[-1] == EACH:
            one = {**_plain(each.whole), "items": one}
        properties[name] = one
    needed = [name for name, each in holder.members.items() if each.needed]
    return {
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": False,
    }


def _plain(schema: Schema) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "x-testcard"}


def _drawable(field: Field, links: Links) -> dict[str, Any]:
    """Return a field's schema with real pictures in it, and none larger than need be."""
    if field.encodings:
        given_ = all_encodings(field, links)
        files = "file" in field.encodings
        return {
            "enum": [
                _FILE.format(field.name, index) if files else each
                for index, each in enumerate(given_)
            ]
        }
    if field.role == "size" and "enum" not in field.schema:
        return {"enum": list(SIZES)}
    schema = _plain(field.whole if field.either else field.schema)
    if field.role in ("width", "height") and "enum" not in schema:
        least: int = schema.get("minimum", 1)
        schema["maximum"] = max(least, min(schema.get("maximum", LARGEST_SIDE), LARGEST_SIDE))
    return schema


def _filed(body: Body, value: Any, links: Links) -> Any:
    """Put files where their names stand in `value`."""
    if body.media_type != MULTIPART and not body.raw:
        return value
    files = {
        _FILE.format(each.name, index): file
        for each in body.pictures
        for index, file in enumerate(all_encodings(each, links))
    }
    return _replaced(value, files)


def _replaced(value: Any, files: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: _replaced(each, files) for name, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, files) for each in value]
    return files.get(value, value) if isinstance(value, str) else value


def shaped(body: Body, value: Any) -> Any:
    """Return `value` with whole numbers as integers where the schema has integers.

    JSON Schema takes 975.0 for an integer; few servers do, and no page promises it.
    """
    return _shaped(body.root, value)


def _shaped(member: Field | Holder | None, value: Any) -> Any:
    if isinstance(value, list):
        return [_shaped(member, each) for each in value]
    if isinstance(value, Mapping) and isinstance(member, Holder):
        return {name: _shaped(member.members.get(name), each) for name, each in value.items()}
    whole = isinstance(value, float) and value.is_integer()
    integer = isinstance(member, Field) and "integer" in types(member.schema)
    return int(value) if whole and integer else value


def contract_check(
    reading: Reading, *, prefix: str = ""
) -> Callable[[CheckContext, Response, Case[Any]], bool | None]:
    """Return a check for those who run schemathesis themselves: `schemathesis.check(…)` takes it.

    It lets the clauses judge each exchange by itself, so that those on several exchanges at once
    (seeds, jobs, money) rarely come up.

    Args:
        reading: what is promised.
        prefix: path at which the API stands, where that is not the root; `/segmind` on the mock.
    """

    def testcard_contract(_: CheckContext, response: Response, __: Case[Any]) -> bool | None:
        seen = read_trace(reading, (_exchange(reading, response, prefix),))
        broken = [
            f"{clause.sentence} Seen: {each.seen}; expected: {each.expected} "
            f"({each.evidence.grade}: {each.evidence.source})"
            for clause in CLAUSES
            if clause.applies(reading)
            for each in clause.judge(reading, seen)
            if not each.kept
        ]
        if broken:
            raise AssertionError("\n".join(dict.fromkeys(broken)))
        return None

    return testcard_contract


def _exchange(reading: Reading, response: Response, prefix: str) -> Exchange:
    request = response.request
    path = urlsplit(request.url or "").path.removeprefix(prefix)
    operation = reading.match(request.method or "GET", path)[0] or reading.operations[0]
    body = request.body or b""
    call = Call(
        request.method or "GET",
        f"{operation.servers[0].origin}{path}",
        tuple((name, str(value)) for name, value in request.headers.items()),
        body.encode() if isinstance(body, str) else body,
    )
    headers = tuple((name, each) for name, values in response.headers.items() for each in values)
    return Exchange(call, Reply(response.status_code, headers, response.content))
