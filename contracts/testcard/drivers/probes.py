"""Further calls of a plan: what is compared with another, and tried where nothing costs.

Knows field values and what a Call is made of. Must not know providers, clauses, or who answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.reading import Reading
from testcard.contract.calls import call_of
from testcard.drivers.values import SEED, Fields, Values

_STRENGTHS: Final = (0.2, 0.5, 0.9)
_SEEDS: Final = (SEED, 11, 13)


def _typed(call: Call, media_type: str, body: bytes) -> Call:
    rest = tuple(pair for pair in call.headers if pair[0].lower() != "content-type")
    return replace(call, headers=(*rest, ("Content-Type", media_type)), body=body)


def thorough(values: Values, base: Fields) -> Iterator[tuple[str, Fields]]:
    """Yield (purpose, fields) of valid calls that are only sent where they cost nothing."""
    for name, value in values.free_words():
        yield f"{name} = {value}", base | {name: value}
    yield "another input", base | values.picture("init-image", 1)
    for name, text in values.as_words(base):
        yield f"{name} as a string", base | {name: text}
    if values.odd_size():
        yield "an odd size", base | values.odd_size()
    yield "a prompt in many scripts", base | values.put("prompt", "Grüße, 漢字, мир, 🎨")
    yield "a field that the page does not know", base | {"testcard_unknown": "x"}
    yield "the same again", base
    yield from _several(values, base)
    yield from _chance(values, base)
    yield from _strengths(values, base)


def forgiven_ways(
    reading: Reading, operation: Operation, values: Values, base: Fields, key: str
) -> Iterator[tuple[str, Call]]:
    """Yield (purpose, call) for what the lenient reading takes beside the page."""
    for name, field in values.body.fields.items():
        for alias in field.aliases if name in base else ():
            fields = {alias if each == name else each: value for each, value in base.items()}
            yield f"{name} as {alias}", call_of(reading, operation, fields, key=key)
    for header in operation.key_aliases:
        call = call_of(reading, operation, base, key=key, key_header=header)
        yield f"the key in {header}", call
    for way in operation.key_ways[:1]:
        if way.scheme == "plain" and way.location == "header":
            yield "the key after Bearer", call_of(reading, operation, base, key=f"Bearer {key}")
        if way.scheme in ("bearer", "prefixed"):
            call = call_of(reading, operation, base)
            bare = replace(call, headers=(*call.headers, (way.name, key)))
            yield f"the key without {way.prefix}", bare
    for path in operation.aliases:
        call = call_of(reading, operation, base, key=key)
        yield f"another route, {path}", replace(call, url=operation.servers[0].url + path)


def spelt(
    reading: Reading, operation: Operation, base: Fields, key: str
) -> Iterator[tuple[str, Call]]:
    """Yield (purpose, call) for ways in which HTTP lets the same call be written."""
    call = call_of(reading, operation, base, key=key)
    small = tuple((name.lower(), value) for name, value in call.headers)
    yield "headers in small letters", replace(call, headers=small)
    kind = call.header("content-type") or ""
    if kind == "application/json":
        yield "a type with its charset", _typed(call, f"{kind}; charset=utf-8", call.body)


def _several(values: Values, base: Fields) -> Iterator[tuple[str, Fields]]:
    if values.role("samples"):
        both = base | values.put("as-base64", True)
        yield "one sample", both
        yield "two samples", both | values.put("samples", 2)
        yield "three samples", both | values.put("samples", 3)


def _chance(values: Values, base: Fields) -> Iterator[tuple[str, Fields]]:
    field = values.role("seed")
    if field is None:
        return
    free = {name: value for name, value in base.items() if name != field.name}
    yield "a seed left to chance", free
    yield "a seed left to chance again", free
    if values.chance():
        yield "a seed that asks for chance", base | values.chance()


def _strengths(values: Values, base: Fields) -> Iterator[tuple[str, Fields]]:
    if not (values.role("strength") or values.role("image-strength")):
        return
    mask = values.role("mask-image")
    open_ = {name: value for name, value in base.items() if not mask or name != mask.name}
    for strength in _STRENGTHS:
        for seed in _SEEDS:
            fields = open_ | values.at_strength(strength) | values.put("seed", seed)
            yield f"strength {strength}, seed {seed}", fields
