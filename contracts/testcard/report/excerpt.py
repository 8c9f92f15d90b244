"""Bodies cut to what a person reads.

Knows text and JSON. Must not know what a body is for.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from testcard.common.redaction import visible

_LONGEST_STRING: Final = 120
_LONGEST: Final = 2000


def text_of(data: bytes) -> str | None:
    """Return a body as text; None where it is none, or has characters that cannot be shown."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text == visible(text) else None


def shortened(text: str, *, pretty: bool = False) -> str:
    """Return `text`; where it is long, JSON with its long strings cut, or else its beginning.

    Args:
        text: of a body.
        pretty: whether JSON is set out on several lines.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return cut(text, _LONGEST)
    short = _cut_strings(value)
    if short == value and not pretty:
        return cut(text, _LONGEST)
    return cut(orjson.dumps(short, option=orjson.OPT_INDENT_2 if pretty else 0).decode(), _LONGEST)


def cut(text: str, longest: int = _LONGEST_STRING) -> str:
    """Return `text`, or its beginning and its length where it is longer than `longest`."""
    return text if len(text) <= longest else f"{text[: longest // 4]}…({len(text)} characters)"


def _cut_strings(value: Any) -> Any:
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, list):
        return [_cut_strings(each) for each in value]
    if isinstance(value, dict):
        return {name: _cut_strings(each) for name, each in value.items()}
    return value
