"""Answering from recorded traffic: by operation and decoded content, in the order recorded.

Two calls are alike where they ask the same operation for the same things. The boundary of a
form, the order of headers and of JSON members, white space and the key do not count.

Knows recorded exchanges. Must not know files, sockets, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from testcard.common.body import FilePart, Malformed, sent_in
from testcard.common.fields import Body
from testcard.common.message import Call, Exchange, Reply, Trace
from testcard.common.redaction import redacted, visible
from testcard.common.request import read_body
from testcard.intercept.recorder import Route
from testcard.mock.summary import brief

_OF_THE_WIRE: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
_NOT_SENT: Final = "nothing"
_MOST_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Essence:
    """What a call asks for.

    Attributes:
        asks: provider, operation and path parameters; method and URL where it is none's.
        content: name -> value, of the body's fields and the query.
    """

    asks: str
    content: Mapping[str, Any]


@dataclass(slots=True)
class _Kept:
    essence: Essence
    replies: list[Reply]
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A call that the recording has no answer to.

    Attributes:
        asks: what it was.
        nearest: what was recorded that comes nearest, in one sentence.
    """

    asks: str
    nearest: str


@dataclass
class Replay:
    """Answers from a recording. The same question asked again gets the next answer recorded.

    After the last one recorded, that one is given again.
    """

    route: Route
    trace: Trace
    unmatched: list[Unmatched] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        """Sort the recording by what was asked."""
        self._kept: list[_Kept] = []
        for exchange in self.trace:
            if not exchange.reply.status:
                continue  # it was never answered
            essence = self._essence(exchange.call)
            held = self._find(essence)
            if held is None:
                held = _Kept(essence, [])
                self._kept.append(held)
            held.replies.append(exchange.reply)

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts of the recording."""
        return frozenset(each.call.parts.hostname or "" for each in self.trace)

    def unused(self) -> Iterator[tuple[str, int]]:
        """Yield what was recorded and not asked for, with how many answers are left."""
        for kept in self._kept:
            left = len(kept.replies) - kept.answered
            if left > 0:
                yield kept.essence.asks, left

    def __call__(self, call: Call) -> Reply:
        """Answer a call, or say clearly that nothing like it was recorded."""
        essence = self._essence(call)
        with self._lock:
            held = self._find(essence)
            if held is None:
                missing = Unmatched(essence.asks, self._nearest(essence))
                self.unmatched.append(missing)
                return _nothing(missing)
            reply = held.replies[min(held.answered, len(held.replies) - 1)]
            held.answered += 1
        headers = tuple(pair for pair in reply.headers if pair[0].lower() not in _OF_THE_WIRE)
        return Reply(reply.status, headers, reply.body, reply.streamed, reply.delay)

    def _find(self, essence: Essence) -> _Kept | None:
        return next((each for each in self._kept if each.essence == essence), None)

    def _essence(self, call: Call) -> Essence:
        match = self.route(call)
        dialect, operation = match.dialect, match.operation
        named = dialect.reading.key_names if dialect else frozenset()
        clean = redacted((Exchange(call, Reply(0)),), named)[0].call  # as a recording holds it
        pairs = parse_qsl(clean.parts.query)
        query = {f"?{name}": value for name, value in pairs if name.lower() not in named}
        if dialect is None or operation is None:
            url = clean.url.partition("?")[0]
            return Essence(f"{call.method} {url}", query | _raw(clean.body))
        words = (dialect.reading.spec.id, operation.id, *match.params.values())
        body = operation.body_for(clean.media_type)
        if not body.media_type:
            return Essence(" ".join(words), query | _raw(clean.body))
        try:
            sent = sent_in(clean, body)
        except Malformed:
            return Essence(" ".join(words), query | _raw(clean.body))
        fields = read_body(clean, body, lenient=True, sent=sent, params=match.params).values
        unknown = _unknown(clean, body)
        return Essence(" ".join(words), query | unknown | _hashed(fields))

    def _nearest(self, essence: Essence) -> str:
        same = [each.essence for each in self._kept if each.essence.asks == essence.asks]
        if same:
            apart = min((_differences(essence, other) for other in same), key=len)
            more = f", and {len(apart) - _MOST_SHOWN} more" if len(apart) > _MOST_SHOWN else ""
            return f"the nearest recorded one differs in {'; '.join(apart[:_MOST_SHOWN])}{more}"
        known = sorted({each.essence.asks for each in self._kept})
        return f"recorded were: {', '.join(known) or _NOT_SENT}"


def _unknown(call: Call, body: Body) -> dict[str, Any]:
    """Members of a JSON body that no page knows: they are content all the same."""
    try:
        said = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        return {}
    root = body.root
    known = {*root.members, *root.aliases}
    return {name: value for name, value in said.items() if name not in known}


def _hashed(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _without_files(value) for name, value in fields.items()}


def _without_files(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_files(each) for each in value]
    return _file(value.data) if isinstance(value, FilePart) else value


def _raw(body: bytes) -> dict[str, Any]:
    return {"the body": _file(body)} if body else {}


def _file(data: bytes) -> str:
    return f"{len(data)} bytes, SHA-256 {sha256(data).hexdigest()[:16]}"


def _differences(sent: Essence, recorded: Essence) -> list[str]:
    names = sorted(sent.content.keys() | recorded.content.keys())
    return [
        f"{name}: sent {_shown(sent.content, name)}, recorded {_shown(recorded.content, name)}"
        for name in names
        if sent.content.get(name, _NOT_SENT) != recorded.content.get(name, _NOT_SENT)
    ]


def _shown(content: Mapping[str, Any], name: str) -> str:
    if name not in content:
        return _NOT_SENT
    return visible(orjson.dumps(brief(content[name])).decode())


def _nothing(missing: Unmatched) -> Reply:
    said = {
        "error": f"testcard run --replay: no recorded call is like this one: {missing.asks}",
        "nearest": missing.nearest,
    }
    return Reply(501, (("content-type", "application/json"),), orjson.dumps(said))
