"""What a journal and an error message may tell of a call: everything but its secrets.

Knows calls, and how secrets are blanked. Must not know who answered, or a provider's words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from testcard.common.flaw import Finding
from testcard.common.message import BLANKED, Call, Exchange, Reply
from testcard.common.redaction import (
    blanked,
    header_blanked,
    secrets_of,
    text_without,
    trace_without,
)
from testcard.common.secret_members import secret_name
from testcard.common.trouble import Trouble

_MOST_SECRETS = 12  # of one call; a body that repeats more of them is not worth reading for them
_LONGEST_NAMES = 1_000  # characters of the names of headers that are remembered
_NESTED = frozenset((dict, list))


class Told(NamedTuple):
    """What is kept of one call.

    Attributes:
        call: as it came; or with its secrets blanked.
        reply: its answer.
        detail: on the trouble it was answered with; empty where there was none.
        findings: what the page does not promise.
        fields: of the body, in brief.
    """

    call: Call
    reply: Reply
    detail: str
    findings: tuple[Finding, ...]
    fields: Mapping[str, Any]


def without_secrets(told: Told, named: frozenset[str], *, also: tuple[str, ...] = ()) -> Told:
    """Return `told` without keys in any header, parameter, member, part, URL or message.

    A call that was answered well, whose fields are all known and plain, and that holds no URL
    with parameters (there is no `?` and no `@` in it), has its secrets in headers alone: its body
    is not looked through.

    Args:
        told: as it came.
        named: headers, parameters, cookies and fields that carry keys, in small letters, beside
            those known by their names.
        also: secrets that the answer is known to hold.
    """
    if also or _suspicious(told) or not named.isdisjoint(told.fields):
        return _searched(told, named, also)
    call = told.call
    headers = list(call.headers)
    for at in _secret_among(tuple([name for name, _ in headers]), named):
        name, value = headers[at]
        headers[at] = name, header_blanked(name, value, named)
    kept = Call(call.method, call.url, tuple(headers), call.body)
    return Told(kept, told.reply, told.detail, told.findings, told.fields)


def _secret_among(names: tuple[str, ...], named: frozenset[str]) -> tuple[int, ...]:
    """Which of a call's headers are secret; clients send the same ones again and again."""
    short = sum(map(len, names)) <= _LONGEST_NAMES
    return _remembered_secrets(names, named) if short else _secrets_among(names, named)


def _secrets_among(names: tuple[str, ...], named: frozenset[str]) -> tuple[int, ...]:
    return tuple([at for at, name in enumerate(names) if secret_name(name, named)])


_remembered_secrets = lru_cache(maxsize=64)(_secrets_among)


def discreet(trouble: Trouble, call: Call, named: Collection[str]) -> Trouble:
    """Return `trouble` with no message that repeats a key of its call.

    Args:
        trouble: that is about to be worded.
        call: that it is about.
        named: headers that carry keys, in small letters, beside those known by their names.
    """
    values = secrets_of([(Exchange(call, Reply(0)), named)])[:_MOST_SECRETS]
    if not any(value in trouble.message for value in values):
        return trouble
    breaches = [
        replace(each, message=text_without(each.message, values)) for each in trouble.breaches
    ]
    message = text_without(trouble.message, values)
    return Trouble(trouble.kind, message, breaches, trouble.retry_after, trouble.status)


def _suspicious(told: Told) -> bool:
    if told.detail or told.findings or not _NESTED.isdisjoint(map(type, told.fields.values())):
        return True
    url, body = told.call.url, told.call.body
    return "?" in url or "@" in url or b"?" in body or b"@" in body


def _searched(told: Told, named: Collection[str], also: tuple[str, ...]) -> Told:
    exchange = Exchange(told.call, told.reply)
    values = secrets_of([(exchange, named)])
    if len(values) > _MOST_SECRETS:
        exchange = replace(exchange, call=replace(exchange.call, body=BLANKED.encode()))
        values = values[:_MOST_SECRETS]
    values = (*also, *values)
    (kept,) = trace_without((exchange,), named, values)
    return Told(
        kept.call,
        kept.reply,
        text_without(told.detail, values),
        tuple(replace(each, message=text_without(each.message, values)) for each in told.findings),
        {name: _field(name, each, named, values) for name, each in told.fields.items()},
    )


def _field(name: str, value: Any, named: Collection[str], values: Sequence[str]) -> Any:
    if isinstance(value, str) and name.lower() in named:
        return blanked(value)
    return _clean(value, values)


def _clean(value: Any, values: Sequence[str]) -> Any:
    if isinstance(value, str):
        return text_without(value, values)
    if isinstance(value, Mapping):
        return {_clean(name, values): _clean(each, values) for name, each in value.items()}
    return [_clean(each, values) for each in value] if isinstance(value, list) else value
