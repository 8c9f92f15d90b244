"""Callbacks and streams of events of a plain OpenAPI file, imported where they are clear."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import yaml
from tests.test_import_shapes import LISTED, a_file, an_object

from testcard.assembly import Options, build
from testcard.cli.rehearsal import rehearsed
from testcard.common.event_stream import EVENT_STREAM, read_events
from testcard.common.message import Call
from testcard.importing import imported

TEXT = {"type": "string"}
ASKED = {
    "type": "object",
    "required": ["prompt"],
    "properties": {
        "prompt": TEXT,
        "hook": {**TEXT, "format": "uri"},
        "size": {**TEXT, "enum": ["64x64"], "default": "64x64"},
        "stream": {"type": "boolean", "default": False},
        "partial_images": {"type": "integer", "minimum": 0, "maximum": 3, "default": 0},
    },
}
JSON = (("Content-Type", "application/json"),)


def written(folder: Path, change: Any) -> tuple[Path | None, str]:
    """The spec that a file becomes, changed first, and the notes."""
    file = a_file(folder, ASKED, LISTED)
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document["paths"]["/images"]["post"])
    file.write_text(json.dumps(document), encoding="utf-8")
    found = imported(file)
    mine = folder / "mine.yaml"
    mine.write_text(yaml.safe_dump(found.document, sort_keys=False), encoding="utf-8")
    return mine, "\n".join(f"{each.kind}: {each.text}" for each in found.notes)


def callback(address: str, schema: Any = LISTED, kind: str = "application/json") -> Any:
    body = {"content": {kind: {"schema": schema}}}
    answers = {"200": {"description": "Thank you", "content": {"text/plain": {"schema": TEXT}}}}
    return {address: {"post": {"requestBody": body, "responses": answers}}}


def asked(path: Path, **fields: Any) -> Any:
    mock = build(Options(providers=(str(path),)))
    body = orjson.dumps({"prompt": "a fox", **fields})
    return mock, mock.answer(Call("POST", "http://localhost/mine/images", JSON, body))


def test_callbacks_that_are_clear_are_sent_and_others_told(tmp_path: Path) -> None:
    path, notes = written(tmp_path, lambda post: post.update(callbacks={
        "done": callback("{$request.body#/hook}"),
        "answered": callback("{$response.body#/hook}"),
        "lost": callback("{$request.body#/hok}"),
        "plain": callback("{$request.query.hook}", kind="text/plain"),
    }))  # fmt: skip
    assert path is not None
    for told in (
        "guessed: done is sent when",
        "dropped: answered: {$response.body#/hook} is no URL of the call",
        "dropped: a callback: $request.body#/hok leads to nothing in the call",
        "dropped: plain is not sent as JSON",
    ):
        assert told in notes, notes
    mock, reply = asked(path, hook="http://127.0.0.1:1/hook")
    assert reply.status == 200, reply.body
    (sent,) = mock.outbox.collect()
    assert sent.json["data"][0]["url"] == orjson.loads(reply.body)["data"][0]["url"]
    assert [*rehearsed(path)] == []


def event(name: str, **more: Any) -> Any:
    named = {"type": {**TEXT, "enum": [name]}, "b64_json": {**TEXT, "description": "base64"}}
    return an_object(**{**named, **more})


def streaming(*events: Any) -> Any:
    def change(post: Any) -> None:
        post["responses"]["200"]["content"][EVENT_STREAM] = {"schema": {"anyOf": [*events]}}

    return change


PARTIAL = event("image.partial_image", partial_image_index={"type": "integer"})
FAILED = an_object(type={**TEXT, "const": "error"}, message=TEXT)


def test_a_stream_whose_events_are_told_apart_is_served(tmp_path: Path) -> None:
    path, notes = written(tmp_path, streaming(event("image.completed"), PARTIAL, FAILED))
    assert path is not None
    assert "events come in the order image.partial_image, image.completed, named by type" in notes
    _, reply = asked(path, stream=True, partial_images=2)
    assert reply.header("content-type") == EVENT_STREAM, reply.body
    names = [each.name for each in read_events(reply.body)]
    assert names == ["image.partial_image", "image.partial_image", "image.completed"]


def test_a_stream_that_is_not_clear_is_left_out_and_told(tmp_path: Path) -> None:
    path, notes = written(tmp_path, streaming(PARTIAL, an_object(b64_json=TEXT)))
    assert path is not None
    assert "dropped: a stream whose events no member tells apart" in notes
    _, reply = asked(path, stream=True)
    assert reply.header("content-type") == "application/json"
