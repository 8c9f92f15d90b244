"""The key that a call carries, and what is wrong with it.

Knows Operations and magic keys. Must not know who answers, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl

from testcard.common.flaw import Flaw
from testcard.common.keys import bare_key, kind_of
from testcard.common.keyways import KeyWay, user_of
from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.request import read_body

_LENIENT_OF_KEYS: Final = ("key-header", "bearer", "prefix")
_MOST_PAIRS: Final = 1_000

Sent = tuple[KeyWay, str]
"""A way, and what stands there."""


class UnreadableBody(ValueError):  # noqa: N818 (what a body is)
    """Nobody can say whether a body holds a key."""


def read_key(call: Call, operation: Operation) -> tuple[str, list[Flaw]]:
    """Return the key that a call carries, empty for none, and all that is wrong with it.

    `refused` tells which of it a profile refuses. Where a key stands in a body that cannot be
    read, it is the body that is wrong.
    """
    ways = operation.key_ways
    if not ways:
        return "", []
    try:
        sent = list(keys_sent(call, operation))
    except UnreadableBody:
        return "", []
    if sent:
        return _judged(operation, *_meant(sent))
    names = " or ".join(dict.fromkeys(each.shown for each in ways if not each.alias))
    message = f"no key was sent in {names}"
    needed = not operation.key_optional
    return "", [_flaw(operation, ways[0], "missing-key", message, refused=needed)]


def keys_sent(call: Call, operation: Operation) -> Iterator[Sent]:
    """Yield each way of an operation that a call uses, and what stands there.

    Raises:
        UnreadableBody: it is in a body that cannot be read.
    """
    headers = call.first_headers
    for way in operation.key_ways:
        if way.location == "header":
            value = headers.get(way.name.lower(), "").strip()
        else:
            value = _beside(call, operation, way)
        if value:
            yield way, value


def places_of_keys(call: Call, operation: Operation) -> tuple[str, ...]:
    """Return where a call carries keys: names of headers, and the like."""
    try:
        return tuple(dict.fromkeys(way.shown for way, _ in keys_sent(call, operation)))
    except UnreadableBody:
        return ()


def _beside(call: Call, operation: Operation, way: KeyWay) -> str:
    if way.location == "query":
        return _first(way.name, _pairs(call))
    if way.location == "cookie":
        return _first(way.name, _cookies(call))
    found = read_body(call, operation.body_for(call.media_type), lenient=True)
    if any(flaw.part == "body" for flaw in found.flaws):
        raise UnreadableBody
    value = found.values.get(way.name)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number or isinstance(value, str) else ""


def _first(name: str, pairs: Iterable[tuple[str, str]]) -> str:
    return next((value.strip() for other, value in pairs if other == name), "")


def _pairs(call: Call) -> list[tuple[str, str]]:
    try:
        return parse_qsl(call.parts.query, max_num_fields=_MOST_PAIRS)
    except ValueError:
        return []


def _cookies(call: Call) -> Iterator[tuple[str, str]]:
    for pair in (call.header("cookie") or "").split(";"):
        name, _, value = pair.strip().partition("=")
        yield name, value.strip('"')


def _meant(sent: list[Sent]) -> Sent:
    """The way that a call takes: the first; of several at its place, the one whose words fit."""
    first = sent[0]
    if len(sent) == 1:
        return first
    same = [each for each in sent if each[0].name == first[0].name and not each[0].alias]
    return next((each for each in same if each[0].fits(each[1])), first)


def _judged(operation: Operation, way: KeyWay, value: str) -> tuple[str, list[Flaw]]:
    key, flaws = _taken(operation, way, value)
    if way.alias:
        shown = " or ".join(each.shown for each in operation.key_ways if not each.alias)
        message, needed = f"the page names {shown} for the key", not operation.key_optional
        flaws.insert(0, _flaw(operation, way, "key-header", message, refused=needed))
    if kind_of(key) == "wrong":
        flaws.append(_flaw(operation, way, "wrong-key", "the key is not valid"))
    return key, flaws


def _taken(operation: Operation, way: KeyWay, value: str) -> tuple[str, list[Flaw]]:
    """Return the key that a value holds, and how it is written otherwise than the page says."""
    if not way.prefix:
        key = bare_key(value) if way.location == "header" else value
        message = f"the key came after Bearer; {way.name} takes it bare"
        return key, [] if key == value else [_flaw(operation, way, "bearer", message)]
    if way.fits(value):
        rest = (
            value
            if value.partition(" ")[0].lower() != way.prefix.lower()
            else value[len(way.prefix) :].strip()
        )
        return _credentials(operation, way, rest)
    first, _, rest = value.partition(" ")
    expected = f"{way.name} takes it after {way.prefix}"
    if not rest and way.scheme != "basic" and first.lower() != way.prefix.lower():
        return value, [
            _flaw(operation, way, "prefix", f"the key came without its word; {expected}")
        ]
    if first.lower() == "bearer" and way.scheme == "prefixed" and rest:
        message = f"the key came after Bearer; {expected}"
        return rest.strip(), [_flaw(operation, way, "bearer", message)]
    message = f"{way.name} does not begin with {way.prefix} and a key behind it"
    return rest.strip(), [_flaw(operation, way, "scheme", message)]


def _credentials(operation: Operation, way: KeyWay, rest: str) -> tuple[str, list[Flaw]]:
    if way.scheme != "basic":
        return rest, []
    user = user_of(rest)
    message = f"what stands after Basic in {way.name} is no base64 of NAME:PASSWORD"
    return user or "", [_flaw(operation, way, "scheme", message)] if user is None else []


def _flaw(
    operation: Operation, way: KeyWay, keyword: str, message: str, *, refused: bool = True
) -> Flaw:
    said = operation.key_evidence
    where = " or ".join(operation.key_headers) if keyword == "missing-key" else ""
    return Flaw("unauthorized", "key", (where or way.name,), keyword, message, said, refused)


def refused(flaws: Iterable[Flaw], *, lenient: bool) -> list[Flaw]:
    """Return those of a key's flaws for which a profile refuses a call."""
    passed_over = _LENIENT_OF_KEYS if lenient else ()
    return [each for each in flaws if each.refused and each.keyword not in passed_over]
