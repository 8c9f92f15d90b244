"""A call with another key in place of its own, wherever that stands: header, URL, cookie or body.

Knows the ways of keys and where they stand in bodies. Must not know who sends a call, or any one
provider.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from urllib.parse import quote_plus, unquote_plus

import orjson

from testcard.common.keyed import UnreadableBody, keys_sent
from testcard.common.message import Call
from testcard.common.operation import Operation
from testcard.common.secret_members import SecretSpan, TooManyNames, secret_spans
from testcard.contract.calls import with_key


def rekeyed(call: Call, operation: Operation, key: str) -> Call:
    """Return a call with this key in place of those that it carries.

    One that carries none gets it where the page has it first; a body that cannot be read, or has
    no place for it, stays.
    """
    try:
        sent = list(keys_sent(call, operation))
    except UnreadableBody:
        sent = []
    old = {value for way, value in sent if way.location == "body"}
    body = b"".join(_with_another(call, operation, old, key)) if old else call.body
    beside = [each for each in operation.key_ways if each.location != "body"]
    names = {each.name.lower() for each in beside if each.location == "header"}
    kept = tuple(pair for pair in call.headers if pair[0].lower() not in names)
    cookies = {each.name for each in beside if each.location == "cookie"}
    queries = {each.name for each in beside if each.location == "query"}
    kept = tuple(pair for pair in (_cookie_without(each, cookies) for each in kept) if pair[1])
    url = _query_without(call.url, queries)
    if beside and not old:
        first = operation.key_ways[0]
        url, kept = with_key(url, kept, beside[0] if first.location == "body" else first, key)
    return replace(call, url=url, headers=kept, body=body)


def _with_another(
    call: Call, operation: Operation, old: Collection[str], key: str
) -> Iterator[bytes]:
    """Yield the pieces of a body, with a key where one of the old ones was."""
    named = {way.name.rpartition(".")[2].lower() for way in operation.key_ways}
    try:
        spans = secret_spans(call.body, call.media_type, named)
    except TooManyNames:
        spans = ()
    at = 0
    for span in spans:
        plain, written = _both(call, span, key)
        if plain in old:
            yield call.body[at : span.start]
            yield written
            at = span.end
    yield call.body[at:]


def _both(call: Call, span: SecretSpan, key: str) -> tuple[str, bytes]:
    """Return what stands at a place, as it was meant, and a key as it is written there."""
    found = call.body[span.start : span.end]
    if call.media_type == "application/x-www-form-urlencoded":
        return unquote_plus(found.decode("utf-8", "replace")), quote_plus(key).encode()
    if (call.media_type or "").startswith("multipart/"):
        return found.decode("utf-8", "replace"), key.encode()
    if span.bare:
        return found.decode(), orjson.dumps(key)
    return str(orjson.loads(b'"%b"' % found)), orjson.dumps(key)[1:-1]


def _cookie_without(pair: tuple[str, str], names: Collection[str]) -> tuple[str, str]:
    if pair[0].lower() != "cookie" or not names:
        return pair
    cookies = (each.strip() for each in pair[1].split(";"))
    kept = [each for each in cookies if each.partition("=")[0] not in names]
    return pair[0], "; ".join(kept)


def _query_without(url: str, names: Collection[str]) -> str:
    before, mark, query = url.partition("?")
    if not (names and mark):
        return url
    kept = [each for each in query.split("&") if unquote_plus(each.partition("=")[0]) not in names]
    return f"{before}?{'&'.join(kept)}" if kept else before
