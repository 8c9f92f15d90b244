"""Exchanges to HAR 1.2 and back: recorded traffic as a file that other tools open too.

Bodies come back byte for byte: what is no UTF-8 text stands in base64. A large body that
occurs again is stored once; later entries give its SHA-256 and say which entry holds it.
Secrets are blanked on the way out.

Knows HAR. Must not know a provider, a clause, or who sent the calls.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from testcard.common.message import Call, Exchange, Headers, Reply, Trace
from testcard.common.redaction import redacted
from testcard.common.schema import Validator
from testcard.record.harbody import DamagedError, Reader, Writer

_Object = dict[str, Any]

_CREATOR: Final = "testcard"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNDONE: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_HEADERS: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "value"],
        "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
    },
}
_BODY: Final = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "params": {"type": "array", "items": {"type": "object", "required": ["name"]}},
        "size": {"type": "integer"},
    },
}
_ENTRY: Final = {
    "type": "object",
    "required": ["request", "response"],
    "properties": {
        "startedDateTime": {"type": "string"},
        "time": {"type": "number"},
        "request": {
            "type": "object",
            "required": ["method", "url"],
            "properties": {
                "method": {"type": "string", "minLength": 1},
                "url": {"type": "string", "minLength": 1},
                "headers": _HEADERS,
                "postData": _BODY,
                "bodySize": {"type": "integer"},
            },
        },
        "response": {
            "type": "object",
            "required": ["status"],
            "properties": {"status": {"type": "integer"}, "headers": _HEADERS, "content": _BODY},
        },
    },
}
_FILE: Final = {
    "type": "object",
    "required": ["log"],
    "properties": {
        "log": {
            "type": "object",
            "required": ["entries"],
            "properties": {
                "creator": {"type": "object"},
                "entries": {"type": "array", "items": _ENTRY},
            },
        }
    },
}


class HarError(ValueError):
    """A file is no HAR that can be read: which, where, what was seen and expected."""


def write(exchanges: Iterable[Exchange], path: Path, secret_headers: Collection[str] = ()) -> None:
    """Write exchanges to the file `path`, which is replaced; secrets are blanked.

    Args:
        exchanges: in the order begun.
        path: in a folder that exists.
        secret_headers: names, in small letters, of headers that carry secrets, beside those
            that `testcard.common.redaction` knows by their names.

    Raises:
        OSError: the file cannot be written.
    """
    path.write_bytes(dumps(exchanges, secret_headers))


def dumps(exchanges: Iterable[Exchange], secret_headers: Collection[str] = ()) -> bytes:
    """Return what `write` writes."""
    bodies = Writer()
    trace = redacted(exchanges, secret_headers)
    log = {
        "version": "1.2",
        "creator": {"name": _CREATOR, "version": version("testcard")},
        "entries": [_entry(index, exchange, bodies) for index, exchange in enumerate(trace)],
    }
    return orjson.dumps({"log": log}, option=orjson.OPT_INDENT_2)


def read(path: Path) -> Trace:
    """Read the exchanges of a HAR file: testcard's own, a browser's or a proxy's.

    Times come back to a microsecond. Of other recorders' files, entries that were never
    answered are left out, the rest comes in the order begun, and of replies headers are
    dropped that speak of an encoding which the recorder has undone.

    Raises:
        HarError: the file cannot be read or is no HAR; the message names file and place.
    """
    data = _loaded(path)
    own = data["log"].get("creator", {}).get("name") == _CREATOR
    bodies = Reader(path.parent)
    trace = []
    for index, node in enumerate(data["log"]["entries"]):
        try:
            exchange = _exchange(node, bodies)
        except DamagedError as error:
            raise HarError(f"{path}: at log/entries/{index}: {error}") from error
        if own:
            trace.append(exchange)
        elif exchange.reply.status > 0:
            trace.append(_tidied(exchange))
    return tuple(trace if own else sorted(trace, key=lambda each: each.started))


def _loaded(path: Path) -> _Object:
    try:
        data = orjson.loads(path.read_bytes())
    except OSError as error:
        raise HarError(f"{path}: cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise HarError(f"{path}: is not JSON, as a HAR file is: {error}") from error
    breaches = Validator(_FILE).breaches(data)
    if breaches:
        place = "/".join(str(step) for step in breaches[0].path) or "the top level"
        raise HarError(f"{path}: is no HAR file: at {place}: {breaches[0].message}")
    return dict(data)


def _entry(index: int, exchange: Exchange, bodies: Writer) -> _Object:
    milliseconds = exchange.elapsed * 1000
    begun = _EPOCH + timedelta(seconds=exchange.started)
    return {
        "startedDateTime": begun.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "time": milliseconds,
        "request": _request(index, exchange.call, bodies),
        "response": _response(index, exchange.reply, bodies),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
    }


def _request(index: int, call: Call, bodies: Writer) -> _Object:
    query = call.url.partition("#")[0].partition("?")[2]
    node = {
        "method": call.method,
        "url": _whole(call.url),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(call.headers),
        "queryString": _pairs(parse_qsl(query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(call.body),
    }
    if call.body:
        held = bodies.members(call.body, index, "_encoding")
        node["postData"] = {"mimeType": _whole(call.header("content-type") or ""), **held}
    return node


def _response(index: int, reply: Reply, bodies: Writer) -> _Object:
    extras = {"_streamed": reply.streamed, "_delay": reply.delay}
    return {
        "status": reply.status,
        "statusText": _phrase(reply.status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(reply.headers),
        "content": {
            "size": len(reply.body),
            "mimeType": _whole(reply.header("content-type") or ""),
            **bodies.members(reply.body, index, "encoding"),
        },
        "redirectURL": _whole(reply.header("location") or ""),
        "headersSize": -1,
        "bodySize": len(reply.body),
        **{name: value for name, value in extras.items() if value},
    }


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[_Object]:
    return [{"name": _whole(name), "value": _whole(value)} for name, value in pairs]


def _whole(text: str) -> str:
    """Without halves of characters, which no UTF-8 file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _exchange(node: _Object, bodies: Reader) -> Exchange:
    request, response = node["request"], node["response"]
    sent, content = request.get("postData"), response.get("content")
    call = Call(
        method=request["method"].upper(),
        url=request["url"],
        headers=_headers(request),
        body=bodies.body(sent, _size(request, "bodySize")) if sent else b"",
    )
    reply = Reply(
        status=response["status"],
        headers=_headers(response),
        body=bodies.body(content, _size(content, "size")) if content else b"",
        streamed=bool(response.get("_streamed", False)),
        delay=float(response.get("_delay", 0.0)),
    )
    return Exchange(call, reply, _started(node), float(node.get("time", 0.0)) / 1000)


def _headers(node: _Object) -> Headers:
    """Without the pseudo-headers of HTTP/2, which are no headers."""
    pairs = ((each["name"], each["value"]) for each in node.get("headers", ()))
    return tuple((name, value) for name, value in pairs if not name.startswith(":"))


def _size(node: Mapping[str, Any], member: str) -> int | None:
    size = node.get(member, -1)
    return size if size >= 0 else None


def _started(node: _Object) -> float:
    text = node.get("startedDateTime")
    if text is None:
        return 0.0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise DamagedError(f"startedDateTime is {text!r}; ISO 8601 was expected") from error
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH).total_seconds()


def _tidied(exchange: Exchange) -> Exchange:
    """As a client saw it: recorders keep bodies decoded under the headers of the encoded ones."""
    reply = exchange.reply
    if reply.header("content-encoding") is None and reply.header("transfer-encoding") is None:
        return exchange
    headers = tuple(pair for pair in reply.headers if pair[0].lower() not in _UNDONE)
    return Exchange(
        exchange.call,
        Reply(reply.status, headers, reply.body),
        exchange.started,
        exchange.elapsed,
    )
