"""Calls and answers in brief, for people and for JSON: pictures and long texts by their size.

Knows journal entries. Must not know who asks.
"""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import Any

import orjson

from testcard.common.body import FilePart, has_many_members
from testcard.common.message import Call, Headers, Reply, header
from testcard.mock.journal import Entry

_LONGEST = 200
_DEEPEST = 20
_WIDEST = 100
_AS_THEY_ARE = frozenset((int, float, bool, type(None)))


def brief(value: Any, depth: int = 0) -> Any:
    """Return `value` with every long text, file, picture, deep and wide place cut to its size."""
    if isinstance(value, str):
        short = len(value) <= _LONGEST
        return value if short else f"<{len(value)} characters: {value[:24]}…>"
    if isinstance(value, FilePart):
        return f"<file {value.filename or 'without a name'}, {len(value.data)} bytes>"
    if depth == _DEEPEST and isinstance(value, (dict, list)):
        return f"<{len(value)} more, too deep to show>"
    if isinstance(value, dict):
        shown = {
            name: each
            if type(each) in _AS_THEY_ARE or (type(each) is str and len(each) <= _LONGEST)
            else brief(each, depth + 1)
            for name, each in islice(value.items(), _WIDEST)
        }
        return shown | _more(len(value)) if len(value) > _WIDEST else shown
    if isinstance(value, list):
        return [brief(each, depth + 1) for each in value[:_WIDEST]] + list(
            _more(len(value)).values()
        )
    return value


def _more(count: int) -> dict[str, str]:
    return {"…": f"<{count - _WIDEST} more>"} if count > _WIDEST else {}


def entry_summary(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON takes it."""
    exchange = entry.exchange
    return {
        "number": entry.number,
        "started": exchange.started,
        "milliseconds": round(exchange.elapsed * 1000, 3),
        "provider": entry.provider,
        "operation": entry.operation,
        "verdict": entry.verdict,
        "detail": entry.detail,
        "fields": entry.fields,
        "findings": [asdict(finding) for finding in entry.findings],
        "no_effect": [{"where": where, "message": why} for where, why in entry.notes],
        "call": {
            "method": exchange.call.method,
            "url": exchange.call.url,
            **message_summary(exchange.call),
        },
        "reply": {"status": exchange.reply.status, **message_summary(exchange.reply)},
    }


def message_summary(message: Call | Reply) -> dict[str, Any]:
    """Return headers and body of a call or an answer as JSON takes them."""
    return {
        "headers": dict(message.headers),
        "body": _body(message.headers, message.body),
    }


def _body(headers: Headers, body: bytes) -> Any:
    media_type = (header(headers, "content-type") or "").partition(";")[0].strip().lower()
    if not body:
        return None
    if media_type in ("application/json", ""):
        if has_many_members(body):
            return f"<{len(body)} bytes of more members than are shown>"
        try:
            return brief(orjson.loads(body))
        except orjson.JSONDecodeError:
            return f"<{len(body)} bytes that are no JSON>"
    return f"<{media_type}, {len(body)} bytes>"
