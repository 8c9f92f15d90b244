"""The key that a call carries, and what is wrong with it.

Knows Operations and magic keys. Must not know schemas, who answers, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl

from testcard.common.body import Malformed, sent_in
from testcard.common.flaw import Flaw
from testcard.common.key_way import KeyWay
from testcard.common.keys import bare_key, kind_of
from testcard.common.message import Call
from testcard.common.operation import Operation

_LENIENT_OF_KEYS: Final = ("key-header", "bearer", "scheme")


def read_key(call: Call, operation: Operation) -> tuple[str, list[Flaw]]:
    """Return the key that a call carries, empty for none, and all that is wrong with it.

    `refused` tells which of it a profile refuses.
    """
    for way in operation.key_ways:
        value = sent_by(way, call, operation)
        if value:
            key, as_told = way.read(value)
            if not as_told or not way.word:
                key = bare_key(key)
            return key, [*_of_key(operation, way, value, key, as_told=as_told)]
    if not operation.key_ways:
        return "", []
    names = _names(operation)
    message, needed = f"no key was sent in {names}", not operation.key_optional
    return "", [_key_flaw(operation, names, "missing-key", message, refused=needed)]


def sent_by(way: KeyWay, call: Call, operation: Operation) -> str:
    """Return what a call says where a key may stand; empty for nothing."""
    if way.place == "header":
        return (call.header(way.name) or "").strip()
    if way.place == "query":
        query = call.parts.query
        return dict(reversed(parse_qsl(query))).get(way.name, "").strip() if query else ""
    if way.place == "cookie":
        return _cookie(call, way.name)
    return _member(call, operation, way.name)


def _cookie(call: Call, name: str) -> str:
    jar = SimpleCookie()
    try:
        jar.load(call.header("cookie") or "")
    except CookieError:
        return ""
    return jar[name].value.strip() if name in jar else ""


def _member(call: Call, operation: Operation, name: str) -> str:
    try:
        values: Mapping[str, Any] = sent_in(call, operation.body_for(call.media_type)).values
    except Malformed:
        return ""
    value = values.get(name)
    value = getattr(value, "data", value)
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return text.strip() if isinstance(text, str) else ""


def _names(operation: Operation) -> str:
    return " or ".join(dict.fromkeys(way.told for way in operation.key_ways if not way.alias))


def _of_key(
    operation: Operation, way: KeyWay, value: str, key: str, *, as_told: bool
) -> Iterator[Flaw]:
    if way.alias:
        message = f"the page names {_names(operation)} for the key"
        needed = not operation.key_optional
        yield _key_flaw(operation, way.name, "key-header", message, refused=needed)
    if way.word and not as_told:
        message = f"the key came without {way.word} ahead of it, or with another word"
        yield _key_flaw(operation, way.name, "scheme", message)
    if not way.word and key != value:
        message = f"the key came after Bearer; {way.name} takes it bare"
        yield _key_flaw(operation, way.name, "bearer", message)
    if kind_of(key) == "wrong":
        yield _key_flaw(operation, way.name, "wrong-key", "the key is not valid")


def _key_flaw(
    operation: Operation, name: str, keyword: str, message: str, *, refused: bool = True
) -> Flaw:
    said = operation.key_evidence
    return Flaw("unauthorized", "key", (name,), keyword, message, said, refused)


def refused(flaws: Iterable[Flaw], *, lenient: bool) -> list[Flaw]:
    """Return those of a key's flaws for which a profile refuses a call."""
    passed_over = _LENIENT_OF_KEYS if lenient else ()
    return [each for each in flaws if each.refused and each.keyword not in passed_over]
