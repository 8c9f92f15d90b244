"""Secrets taken out of what is kept.

Two rules, both always on. By name: headers, query parameters, members of JSON and parts of forms
that carry keys are blanked. By value: whatever stood there is blanked wherever else it turns up,
as where a server repeats the key in its error message.

Knows how secrets are named. Must not know a provider, or what a record looks like.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final
from urllib.parse import unquote_plus

from testcard.common.keys import BEGINNINGS
from testcard.common.keyways import user_of
from testcard.common.message import BLANKED, Call, Exchange, Headers, Reply, Trace
from testcard.common.secret_members import (
    SecretSpan,
    TooManyNames,
    places,
    secret_name,
    secret_spans,
)

_MAGIC: Final = "|".join(BEGINNINGS)
_KEY: Final = re.compile(
    rf"((?:[\w-]{{1,20}}\s+)?(?:{_MAGIC})|(?:(?:bearer|basic|token|(?:api-?)?key)\s+)?)(.*)",
    re.I | re.S,
)
_BASIC: Final = re.compile(r"(?i)(basic\s+)([A-Za-z0-9+/=]{4,4000})\s*")
_IN_URL: Final = r"(?:[^\s\"'<>\\]++|\\/|\\u00(?:26|3[dD]))++"  # with what JSON may escape in it
_URL: Final = re.compile(r"(?:https?:\\?/)?\\?/" + _IN_URL)
_URL_BYTES: Final = re.compile(rb"https?:(?://|\\/\\/)" + _IN_URL.encode())
_PARAMETER: Final = re.compile(r"(?:(?<=[?&;])|(?<=\\u0026))([^=&;#?\\]+)(=|\\u003[dD])([^&;#\\]*)")
_USER: Final = re.compile(r"(?:(?<=//)|(?<=\\/\\/))[^/?#@\\]*@")
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_MOST_IN_URLS: Final = 1_000_000  # bytes of a body
_LEAST_LENGTH: Final = 8  # shorter or plainer words occur by themselves in text and base64
_LEAST_LETTERS: Final = 4


def blanked(value: str) -> str:
    """Return a secret header's value with the secret blanked.

    What is no secret stays: that it is empty, the scheme (`Bearer`), and the beginnings
    of magic keys, by which clauses tell what kind of key was sent.
    """
    found = _KEY.fullmatch(value)
    basic = _BASIC.fullmatch(value)
    if basic and (magic := _begun(user_of(basic[2]) or "")):
        return f"{basic[1]}{magic}{BLANKED}"
    return f"{found[1]}{BLANKED}" if found and value else value


def _begun(key: str) -> str:
    """Return the magic with which a key begins; empty for none."""
    return next((each for each in BEGINNINGS if key.startswith(each)), "")


def cookies_blanked(value: str, named: Collection[str]) -> str:
    """Return a Cookie header with all values blanked, and the names of those that are keys."""

    def one(pair: str) -> str:
        name, equals, said = pair.strip().partition("=")
        return f"{name}={blanked(said)}" if equals and name.lower() in named else blanked(pair)

    pairs = value.split(";")
    known = any(pair.strip().partition("=")[0].lower() in named for pair in pairs)
    return "; ".join(dict.fromkeys(map(one, pairs))) if known else blanked(value)


def header_blanked(name: str, value: str, named: Collection[str]) -> str:
    """Return the value of a secret header with the secret blanked."""
    return cookies_blanked(value, named) if name.lower() == "cookie" else blanked(value)


def redacted_url(url: str, named: Collection[str] = ()) -> str:
    """Return `url` without a user name, a password and the values of key-like parameters.

    Args:
        url: of any kind.
        named: further names of parameters that carry keys, in small letters.
    """

    def value(found: re.Match[str]) -> str:
        hidden = secret_name(unquote_plus(found[1]), named) and found[3]
        shown = f"{_begun(found[3])}{BLANKED}"
        return f"{found[1]}{found[2]}{shown}" if hidden else found[0]

    return _PARAMETER.sub(value, _USER.sub("", url))


def visible(text: str) -> str:
    """Return `text` with control, direction and broken characters written as escapes.

    Tabs and line feeds stay. Terminals act on such characters, and XML cannot hold them.
    """
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def redacted(exchanges: Iterable[Exchange], named: Collection[str] = ()) -> Trace:
    """Return the exchanges without secrets: no key in any header, URL or body.

    Bodies without a secret in them come back as they are, byte for byte.

    Args:
        exchanges: of one run; a value that is secret in one is blanked in all.
        named: headers that carry secrets, in small letters, beside those known by their names.
    """
    trace = tuple(exchanges)
    return trace_without(trace, named, secrets_of((exchange, named) for exchange in trace))


def text_without(text: str, values: Collection[str]) -> str:
    """Return `text` without these values, and with the secrets of its URLs blanked."""
    return _scrubbed(_urls_redacted(text), values)


def trace_without(trace: Trace, named: Collection[str], values: Collection[str]) -> Trace:
    """Return the exchanges without these values, wherever they stand, and without keys.

    Args:
        trace: of one provider.
        named: headers that carry secrets, in small letters, beside those known by their names.
        values: that are secret, the longest first.
    """
    return tuple(
        replace(
            exchange,
            call=_call(exchange.call, named, values),
            reply=_reply(exchange.reply, named, values),
        )
        for exchange in trace
    )


def _call(call: Call, named: Collection[str], values: Collection[str]) -> Call:
    return Call(
        call.method,
        _scrubbed(redacted_url(call.url, named), values),
        _headers(call.headers, named, values),
        _clean_bytes(_members_blanked(call, named), values),
    )


def _members_blanked(call: Call, named: Collection[str]) -> bytes:
    """The body of a call without the values of members that are named like keys."""
    try:
        spans = secret_spans(call.body, call.media_type, named)
    except TooManyNames:  # nobody can say what is in it
        return BLANKED.encode()
    return _replaced(call.body, ((span.start, span.end, _hidden(call, span)) for span in spans))


def _hidden(call: Call, span: SecretSpan) -> bytes:
    value = blanked(call.body[span.start : span.end].decode("utf-8", "replace")).encode()
    return b'"%b"' % value if span.bare else value


def _replaced(body: bytes, pieces: Iterable[tuple[int, int, bytes]]) -> bytes:
    """`body` with some of it replaced: from, to, by what; itself where nothing is."""
    kept, at = [], 0
    for start, end, instead in pieces:
        kept += [body[at:start], instead]
        at = end
    return b"".join([*kept, body[at:]]) if kept else body


def _reply(reply: Reply, named: Collection[str], values: Collection[str]) -> Reply:
    return replace(
        reply,
        headers=_headers(reply.headers, named, values),
        body=_clean_bytes(reply.body, values),
    )


def _headers(headers: Headers, named: Collection[str], values: Collection[str]) -> Headers:
    def value_of(name: str, value: str) -> str:
        hidden = secret_name(name, named)
        if hidden:
            return header_blanked(name, value, named)
        return _scrubbed(_urls_redacted(value), values)

    return tuple((name, value_of(name, value)) for name, value in headers)


def _urls_redacted(text: str) -> str:
    return _URL.sub(lambda found: redacted_url(found[0]), text)


def _scrubbed(text: str, values: Collection[str]) -> str:
    for value in values:
        text = text.replace(value, BLANKED)
    return text


def _clean_bytes(body: bytes, values: Collection[str]) -> bytes:
    if b"?" in body or b"@" in body:  # base64 has neither
        try:
            body = _replaced(body, _urls_of(body))
        except TooManyNames:
            return BLANKED.encode()
    for value in values:
        body = body.replace(value.encode("utf-8", "surrogatepass"), BLANKED.encode())
    return body


def _urls_of(body: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each URL in a body, and what is to stand in its place."""
    done = length = 0
    for at in places(body, b"http"):
        found = _URL_BYTES.match(body, at) if at >= done else None
        if found:
            done = found.end()
            length += done - at
            if length > _MOST_IN_URLS:
                raise TooManyNames
            text = redacted_url(found[0].decode("utf-8", "surrogateescape"))
            yield at, done, text.encode("utf-8", "surrogateescape")


def secrets_of(exchanges: Iterable[tuple[Exchange, Collection[str]]]) -> tuple[str, ...]:
    """Return the secrets that stand in exchanges, each with its key headers, the longest first."""
    found = {
        word
        for exchange, named in exchanges
        for value in _secrets(exchange, named)
        for word in (value, unquote_plus(value), *value.split(maxsplit=3)[1:3], *_pair(value))
        if _telling(word)
    }
    return tuple(sorted(found, key=lambda word: (-len(word), word)))


def _pair(value: str) -> Iterator[str]:
    """What the credentials of Basic hold: a name and a password."""
    basic = _BASIC.fullmatch(value)
    if basic and user_of(basic[2]) is not None:
        yield from b64decode(basic[2]).decode().partition(":")[::2]


def _telling(word: str) -> bool:
    known = blanked(word) == word or word.startswith(BEGINNINGS)
    return not known and len(word) >= _LEAST_LENGTH and len(set(word)) >= _LEAST_LETTERS


def _secrets(exchange: Exchange, named: Collection[str]) -> Iterator[str]:
    for name, value in (*exchange.call.headers, *exchange.reply.headers):
        if secret_name(name, named):
            yield value
            yield from _of_cookies(value) if name.lower() == "cookie" and named else ()
    for name, _, value in _PARAMETER.findall(exchange.call.url):
        if secret_name(unquote_plus(name), named):
            yield value
    call = exchange.call
    with suppress(TooManyNames):  # then the body is not kept at all
        for span in secret_spans(call.body, call.media_type, named):
            yield call.body[span.start : span.end].decode("utf-8", "replace")


def _of_cookies(header: str) -> Iterator[str]:
    for pair in header.split(";"):
        yield pair.partition("=")[2].strip()
