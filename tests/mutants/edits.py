"""Changes to one reply: status, headers, JSON by role or by name, pictures.

Knows Replies and roles. Must not know any provider, or where a change is used.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson
from tests.mutants.mutant import Around, Mutated, Scene

from testcard.common.message import Call, Headers, Reply
from testcard.common.schema import Schema
from testcard.common.spec import words

Edit = Callable[[Scene], Reply]
Test = Callable[[Scene], bool]
Change = Callable[[Any], Any]

GONE = object()
"""What a change returns for a member that is to be left out."""


def after(edit: Edit, when: Test = lambda _: True) -> Callable[[], Around]:
    """Change answers after the faithful mock gave them, where `when` holds."""

    def around(mock: Mutated, call: Call) -> Reply:
        scene = mock.faithful(call)
        return edit(scene) if when(scene) else scene.reply

    return lambda: around


def ok(scene: Scene) -> bool:
    """Whether a documented call succeeded."""
    return scene.verdict == "ok"


def failed(scene: Scene) -> bool:
    """Whether a call was answered with a failure."""
    return scene.verdict not in ("ok", "")


def painted(scene: Scene) -> bool:
    """Whether the answer carries a picture or is one."""
    return scene.painted


def kind(*kinds: str) -> Test:
    """Whether a call came to one of these kinds of trouble."""
    return lambda scene: scene.verdict in kinds


def status(code: int) -> Edit:
    """Answer with another HTTP status."""
    return lambda scene: replace(scene.reply, status=code)


def answer(code: int, media_type: str, body: bytes) -> Edit:
    """Answer with something else altogether."""
    return lambda _: Reply(code, (("content-type", media_type),), body)


def html(code: int) -> Edit:
    """Answer with a page for people."""
    return answer(code, "text/html", b"<!doctype html><title>Oops</title><h1>Something broke</h1>")


def delayed(seconds: float) -> Edit:
    """Answer as ever, much too late."""
    return lambda scene: replace(scene.reply, delay=seconds)


def header(name: str, value: Callable[[str], str] | None) -> Edit:
    """Change a header's value; None takes the header away."""

    def edit(scene: Scene) -> Reply:
        kept: Headers = tuple(
            (key, value(old) if value and key.lower() == name else old)
            for key, old in scene.reply.headers
            if value or key.lower() != name
        )
        return replace(scene.reply, headers=kept)

    return edit


def body(change: Change) -> Edit:
    """Change the JSON body as a whole; an answer that is no JSON stays as it is."""

    def edit(scene: Scene) -> Reply:
        if "json" not in (scene.reply.header("content-type") or ""):
            return scene.reply
        return replace(scene.reply, body=orjson.dumps(change(orjson.loads(scene.reply.body))))

    return edit


def member(name: str, change: Change) -> Edit:
    """Change one member of the JSON body; GONE takes it away."""

    def at(value: Mapping[str, Any]) -> Mapping[str, Any]:
        new = change(value.get(name))
        rest = {key: each for key, each in value.items() if key != name}
        return rest if new is GONE else {**rest, name: new}

    return body(at)


def role(wanted: str, change: Change) -> Edit:
    """Change what stands in the JSON body where the spec has a role; GONE takes it away."""

    def edit(scene: Scene) -> Reply:
        schema = _schema(scene)
        if schema is None:
            return scene.reply
        return body(lambda value: _changed(value, schema, wanted, change))(scene)

    return edit


def pictures(change: Callable[[bytes], bytes], *, counted: bool = True) -> Edit:
    """Change every picture of an answer, and its declared byte count unless told otherwise."""

    def edit(scene: Scene) -> Reply:
        if (scene.reply.header("content-type") or "").startswith("image/"):
            return replace(scene.reply, body=change(scene.reply.body))
        sizes: list[int] = []

        def each(text: str) -> str:
            data = change(b64decode(text))
            sizes.append(len(data))
            return b64encode(data).decode()

        reply = role("picture", lambda value: _each(value, each))(scene)
        counting = role("byte-count", lambda _: sum(sizes))
        return counting(replace(scene, reply=reply)) if counted else reply

    return edit


def text(change: Callable[[str], str]) -> Edit:
    """Change how the pictures are written in the JSON body."""
    return role("picture", lambda value: _each(value, change))


def both(first: Edit, second: Edit) -> Edit:
    """Make one change, then another."""
    return lambda scene: second(replace(scene, reply=first(scene)))


def _each(value: Any, change: Callable[[str], str]) -> Any:
    return [change(one) for one in value] if isinstance(value, list) else change(value)


def _schema(scene: Scene) -> Schema | None:
    operation = scene.operation
    response = operation.responses.get(scene.reply.status, {}) if operation else {}
    content = response.get("content", {}).get("application/json")
    return content["schema"] if content else None


def _changed(value: Any, schema: Schema, wanted: str, change: Change) -> Any:
    if not isinstance(value, dict):
        return value
    result = dict(value)
    for name, child in _members(schema):
        if name not in result:
            continue
        if words(child).get("role") != wanted:
            result[name] = _changed(result[name], child, wanted, change)
        elif result[name] is value[name]:  # alternatives name it more than once
            result[name] = change(value[name])
    return {name: each for name, each in result.items() if each is not GONE}


def _members(schema: Schema) -> Iterator[tuple[str, Schema]]:
    yield from schema.get("properties", {}).items()
    for keyword in ("oneOf", "anyOf"):
        for alternative in schema.get(keyword, ()):
            yield from _members(alternative)
