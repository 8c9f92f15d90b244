"""OpenAPI's runtime expressions: where in a call something stands, as `$request.body#/webhook`.

Knows OpenAPI 3.1, "Runtime Expressions", and JSON Pointers (RFC 6901). Must not know who answers,
HTTP, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast
from urllib.parse import parse_qs

from testcard.common.message import Call

Whence = Literal["url", "method", "query", "path", "header", "body"]

FORMS: Final = (
    "$request.body#/NAME, $request.query.NAME, $request.path.NAME, $request.header.NAME, "
    "$url or $method"
)
"""The expressions that are read, for people."""

_NAMED: Final = re.compile(r"\$request\.(query|path|header)\.([^{}\s]+)")
_BODY: Final = re.compile(r"\$request\.body#(/[^{}\s]*)")
_EMBEDDED: Final = re.compile(r"\{(\$[^{}]*)\}")
_BARE: Final[Mapping[str, Whence]] = {"$url": "url", "$method": "method"}


@dataclass(frozen=True, slots=True)
class RuntimeExpression:
    """Where in a call something stands.

    Attributes:
        whence: which part of the call.
        steps: the name of a parameter or header, or the way into the body; empty for the rest.
    """

    whence: Whence
    steps: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> RuntimeExpression:
        """Read one expression.

        Raises:
            ValueError: it is none that is read.
        """
        if text in _BARE:
            return cls(_BARE[text])
        if named := _NAMED.fullmatch(text):
            return cls(cast("Whence", named[1]), (named[2],))
        if body := _BODY.fullmatch(text):
            steps = body[1].split("/")[1:]
            return cls("body", tuple(each.replace("~1", "/").replace("~0", "~") for each in steps))
        raise ValueError(f"{text!r} is no expression that is read")

    def value(self, call: Call, document: Any, params: Mapping[str, str]) -> Any:
        """Return what a call says there; None where it says nothing.

        Args:
            call: as it was sent.
            document: of its body, however that was written.
            params: name -> value, of its path.
        """
        if self.whence in ("url", "method"):
            return call.url if self.whence == "url" else call.method
        if self.whence == "body":
            return _led(document, self.steps)
        (name,) = self.steps
        if self.whence == "header":
            return call.header(name)
        if self.whence == "path":
            return params.get(name)
        return next(iter(parse_qs(call.parts.query).get(name, ())), None)


def expressions_in(text: str) -> Iterator[str]:
    """Yield the expressions that stand in braces in a text."""
    yield from _EMBEDDED.findall(text)


def filled_in(template: str, call: Call, document: Any, params: Mapping[str, str]) -> str | None:
    """Return a text with what a call says in place of its expressions; None where it says nothing.

    Args:
        template: its expressions are ones that are read.
        call: as it was sent.
        document: of its body.
        params: of its path.
    """
    found = [
        RuntimeExpression.parse(each).value(call, document, params)
        for each in expressions_in(template)
    ]
    if any(each in (None, "") for each in found):
        return None
    values = iter(found)
    return _EMBEDDED.sub(lambda _: str(next(values)), template)


def _led(value: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
