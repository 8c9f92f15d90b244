"""Who answers which host in one run: the mock, painted pictures, a recording, or the real hosts.

Knows what one run was told. Must not know sockets, certificates or processes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import orjson

from testcard.common.message import Call, Reply
from testcard.common.picture import PictureError, encode, media_type
from testcard.contract.rekeying import rekeyed
from testcard.contract.targets import Http, Target
from testcard.intercept.hosts import Source, Sources
from testcard.intercept.options import RunOptions
from testcard.intercept.own_hosts import own_hosts
from testcard.intercept.recorder import Recorder
from testcard.intercept.replay import Replay
from testcard.mock.core import Mock, Work


def sources_of(
    mock: Mock, options: RunOptions, recorder: Recorder | None, replay: Replay | None
) -> Sources:
    """Return who answers for which host."""
    source: Source = recorder or replay or _preferring(mock, options.prefer)
    found: dict[str, Source] = {host: _painting(mock) for host in options.pictures_from}
    recorded = {host for host, _ in options.allow} if recorder else set()
    more = replay.hosts if replay else recorded
    own = own_hosts(mock)
    return Sources(found | {host: source for host in (*own.names, *more) if host}, source)


def recorder_of(mock: Mock, options: RunOptions) -> Recorder:
    """Return what sends calls on to real hosts, within the limits that the options give."""
    secret = key_names(mock)
    targets: dict[str, Target] = {
        host: Http(f"https://{host}:{port}", f"https://{host}:{port}", secret=secret)
        for host, port in options.allow
    }
    for name, dialect in mock.dialects.items():
        lists = dialect.reading.places.lists
        targets[name] = Http(options.against.get(name), lists, secret=secret)
    assert options.limits is not None  # noqa: S101 (the command line asks for them)
    return Recorder(mock.route, targets, options.limits)


def _preferring(mock: Mock, prefer: str) -> Source:
    """The mock itself, asked for one documented answer wherever an operation has it."""
    code = prefer.removeprefix("code=") if prefer.startswith("code=") else ""

    def answer(call: Call) -> Reply | Work:
        operation = mock.route(call).operation
        has = operation is not None and (not code or operation.response(int(code)) is not None)
        if prefer and has and call.header("prefer") is None:
            call = replace(call, headers=(*call.headers, ("Prefer", prefer)))
        return mock.begin(call)

    return answer


def _painting(mock: Mock) -> Source:
    """What stands at a URL: a file of the folder of pictures, or a scene painted from it."""

    def answer(call: Call) -> Work:
        def paint() -> Reply:
            ending = call.parts.path.rpartition(".")[2].lower()
            format_: Any = {"jpg": "jpeg", "jpeg": "jpeg", "webp": "webp"}.get(ending, "png")
            try:
                found = mock.services.inputs.read(call.url, ("url",))
            except (PictureError, OSError) as error:
                return _unreadable(call, error)
            data = encode(found.array, format_)
            return Reply(200, (("content-type", media_type(format_)),), data)

        return paint

    return answer


def _unreadable(call: Call, error: Exception) -> Reply:
    url = call.url.partition("?")[0]
    said = (
        f"testcard run --pictures-from: the file of --pictures that stands for {url} cannot be "
        f"read: {error}; put a PNG, JPEG or WebP in its place, or take it away"
    )
    return Reply(500, (("content-type", "application/json"),), orjson.dumps({"error": said}))


def keyed(mock: Mock, keys: Mapping[str, str]) -> Callable[[Call], Call]:
    """Put the keys given in the place of the client's own."""

    def prepare(call: Call) -> Call:
        match = mock.route(call)
        operation = match.operation
        key = keys.get(match.provider) if match.provider else None
        if key is None or operation is None or not operation.key_ways:
            return call
        return rekeyed(call, operation, key)

    return prepare


def key_names(mock: Mock) -> Collection[str]:
    """Return the headers that carry keys, of all providers."""
    return {name for each in mock.dialects.values() for name in each.reading.key_names}
