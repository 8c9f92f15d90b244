"""Where secrets stand in a body: the values of members and parts that are named like keys.

Knows how secrets are named, and where names stand in JSON, in multipart forms and in urlencoded
ones. A body is not parsed for this: it may be broken, and its other bytes stay as they came.
Must not know a provider, or who keeps a body.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus

_SECRET_NAME: Final = re.compile(
    r"(.*[-_.])?(((api|access|awsaccess|subscription|private|rapidapi)-?)?key(-?id)?|(access)?token"
    r"|secret|pass(word|wd|phrase)|auth|authorization|authentication|credentials?|sig(nature)?"
    r"|cookie)"
)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LONGEST_NAME: Final = 100  # characters
_LONGEST_VALUE: Final = 4_000
_MOST_SIGNS: Final = 20_000

_JSON: Final = re.compile(rb"\s{0,1000}[\[{]")
_JSON_VALUE: Final = re.compile(
    rb'\s{0,100}:\s{0,100}(?:"((?:[^"\\]++|\\.)++)|(?!null|true|false)([\w.+-]{1,100}))', re.S
)
_PART_VALUE: Final = re.compile(
    rb"[^\r\n]{0,1000}\r\n(?:[^\r\n]{1,1000}\r\n){0,8}\r\n([^\r\n]{1,%d})" % _LONGEST_VALUE
)


@dataclass(frozen=True, slots=True)
class SecretSpan:
    """One secret value in a body.

    Attributes:
        start: its first byte.
        end: behind its last.
        bare: whether it is JSON that stands without quotation marks.
    """

    start: int
    end: int
    bare: bool = False


class TooManyNames(ValueError):  # noqa: N818 (what a body is)
    """A body has more places where a secret may stand than are looked at."""


def secret_name(name: str, named: Collection[str] = ()) -> bool:
    """Whether a header, parameter, member or part of this name is secret.

    Args:
        name: in any case.
        named: further names that are, in small letters.
    """
    return len(name) <= _LONGEST_NAME and (_named_like_a_key(name) or name.lower() in named)


@lru_cache(maxsize=1024)
def _named_like_a_key(name: str) -> bool:
    return _SECRET_NAME.fullmatch(_CAMEL.sub("-", name).lower()) is not None


def secret_spans(
    body: bytes, media_type: str | None, named: Collection[str] = ()
) -> tuple[SecretSpan, ...]:
    """Return where secrets stand in a body, in order and none within another.

    Args:
        body: of any kind.
        media_type: in small letters, without parameters.
        named: further names of members and parts that are secret, in small letters.

    Raises:
        TooManyNames: there are more than 20,000 quotation marks, or parts.
    """
    kind = media_type or ""
    found: Iterator[SecretSpan] = iter(())
    if _JSON.match(body):  # whatever its type: `curl -d` calls JSON a form
        found = _in_json(body, named)
    elif kind.startswith("multipart/"):
        found = _in_parts(body, named)
    elif kind == "application/x-www-form-urlencoded":
        found = _in_pairs(body, named)
    spans: list[SecretSpan] = []
    for span in found:
        if not spans or span.start >= spans[-1].end:
            spans.append(span)
    return tuple(spans)


def _in_json(body: bytes, named: Collection[str]) -> Iterator[SecretSpan]:
    for at in places(body, b'"'):
        end = body.find(b'"', at + 1, at + 2 + _LONGEST_NAME)
        if end < 0 or not _secret(body[at + 1 : end], named):
            continue
        if value := _JSON_VALUE.match(body, end + 1):
            text = value.lastindex or 1
            yield SecretSpan(value.start(text), value.end(text), bare=text == 2)


def _in_parts(body: bytes, named: Collection[str]) -> Iterator[SecretSpan]:
    for at in places(body, b' name="'):
        start = at + len(b' name="')
        end = body.find(b'"', start, start + 1 + _LONGEST_NAME)
        if (
            end >= 0
            and _secret(body[start:end], named)
            and (value := _PART_VALUE.match(body, end + 1))
        ):
            yield SecretSpan(value.start(1), value.end(1))


def _in_pairs(body: bytes, named: Collection[str]) -> Iterator[SecretSpan]:
    for at in places(body, b"="):
        start = 1 + max(body.rfind(sign, max(0, at - _LONGEST_NAME), at) for sign in (b"&", b";"))
        if start or at <= _LONGEST_NAME:
            end = body.find(b"&", at)
            name = unquote_plus(body[start:at].decode("utf-8", "replace"))
            if _secret(name.encode(), named):
                yield SecretSpan(at + 1, end if end >= 0 else len(body))


def places(body: bytes, sign: bytes) -> Iterator[int]:
    """Yield where `sign` stands in a body.

    Raises:
        TooManyNames: at more than 20,000 places.
    """
    at, seen = body.find(sign), 0
    while at >= 0:
        seen += 1
        if seen > _MOST_SIGNS:
            raise TooManyNames
        yield at
        at = body.find(sign, at + 1)


def _secret(name: bytes, named: Collection[str]) -> bool:
    return secret_name(name.decode("utf-8", "replace"), named)
