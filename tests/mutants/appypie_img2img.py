"""Mutants of Appy Pie's img2img: a picture in an envelope, errors with a trace id."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.mutants import edits, inner
from tests.mutants.edits import GONE, after, failed, kind, ok, painted
from tests.mutants.mutant import Mutant

from testcard.common.spec import Node
from testcard.contract.verdict import Group

_PROVIDER = "appypie-img2img"


def _mutant(group: Group, name: str, sentence: str, **parts: Any) -> Mutant:
    return Mutant(f"{_PROVIDER}-{name}", _PROVIDER, group, sentence, **parts)


def _field(name: str, schema: str = "Img2ImgRequest", **patch: Any) -> Node:
    return {"components": {"schemas": {schema: {"properties": {name: patch}}}}}


def mutants() -> Iterator[Mutant]:
    """Yield them all."""
    yield from _envelope()
    yield from _text()
    yield from _requests()
    yield from _errors()
    yield from _img2img_pictures()


def _envelope() -> Iterator[Mutant]:
    yield _mutant(
        "pictures",
        "length-off",
        "content-length is one byte too many.",
        around=after(edits.role("byte-count", lambda count: count + 1), ok),
    )
    yield _mutant(
        "pictures",
        "length-of-text",
        "content-length counts the base64, not the picture.",
        around=after(
            edits.both(
                edits.role("byte-count", lambda count: -(-count // 3) * 4),
                lambda scene: scene.reply,
            ),
            ok,
        ),
    )
    yield _mutant(
        "wire",
        "length-text",
        "content-length is a string.",
        around=after(edits.role("byte-count", str), ok),
    )
    yield _mutant(
        "wire",
        "type-jpeg",
        "content-type says image/jpeg in the envelope.",
        around=after(edits.role("media-type", lambda _: "image/jpeg"), ok),
    )
    yield _mutant(
        "wire",
        "status-201",
        "The status in the envelope is 201.",
        around=after(edits.role("status", lambda _: 201), ok),
    )
    yield _mutant(
        "wire",
        "picture-null",
        "image_data is null.",
        around=after(edits.role("picture", lambda _: None), ok),
    )
    yield _mutant(
        "wire",
        "wrapped",
        "The envelope is wrapped in another object.",
        around=after(edits.body(lambda value: {"data": value}), ok),
    )
    yield _mutant(
        "wire",
        "http-500",
        "A success is answered with 500, its envelope with 200.",
        around=after(edits.status(500), ok),
    )
    yield _mutant(
        "wire",
        "text-plain",
        "The envelope is announced as text/plain.",
        around=after(edits.header("content-type", lambda _: "text/plain"), ok),
    )


def _text() -> Iterator[Mutant]:
    yield _mutant(
        "pictures",
        "data-uri",
        "image_data is a data URI.",
        around=after(edits.text(lambda text: f"data:image/png;base64,{text}"), ok),
    )
    yield _mutant(
        "pictures",
        "url-safe",
        "image_data is in the URL-safe alphabet.",
        around=after(edits.text(lambda text: text.replace("+", "-").replace("/", "_")), ok),
    )
    yield _mutant(
        "pictures",
        "doubled",
        "image_data is in base64 twice.",
        around=after(edits.text(lambda text: b64encode(text.encode()).decode()), ok),
    )
    yield _mutant(
        "pictures",
        "wrapped-lines",
        "image_data is broken into lines.",
        around=after(
            edits.text(
                lambda text: "\n".join(text[at : at + 76] for at in range(0, len(text), 76))
            ),
            ok,
        ),
    )


def _requests() -> Iterator[Mutant]:
    required = {
        "components": {"schemas": {"Img2ImgRequest": {"required": ["prompt", "inputImage"]}}}
    }
    yield _mutant(
        "errors", "picture-required", "A call without a picture is refused.", spec=required
    )
    yield _mutant(
        "errors",
        "size-unchecked",
        "A size of any form is taken.",
        spec=_field("size", pattern=None),
        around=after(lambda scene: scene.mock.faithful(_sized(scene.call)).reply, kind("failed")),
    )
    yield _mutant(
        "errors",
        "size-narrow",
        "Sizes of under 1000 are refused.",
        spec=_field("size", pattern="^[1-9][0-9]{3}x[1-9][0-9]{3}$"),
    )
    yield _mutant(
        "errors",
        "format-unchecked",
        "Any response_format is taken.",
        spec=_field("response_format", enum=None),
    )
    yield _mutant(
        "errors",
        "format-refused",
        "The response_format JSON is refused.",
        spec=_field("response_format", enum=["json"], default="json"),
    )


def _errors() -> Iterator[Mutant]:
    yield _mutant(
        "errors",
        "trace-reused",
        "Every error has the same trace id.",
        around=after(edits.role("trace-id", lambda _: "5f0c9d1e7b2a4c38"), failed),
    )
    yield _mutant(
        "wire",
        "trace-left-out",
        "Errors have no trace id.",
        around=after(edits.role("trace-id", lambda _: GONE), failed),
    )
    yield _mutant(
        "wire",
        "code-differs",
        "The code of an error is not its HTTP status.",
        around=after(edits.role("status", lambda code: code + 1), failed),
    )
    yield _mutant(
        "wire",
        "code-text",
        "The code of an error is a string.",
        around=after(edits.role("status", str), failed),
    )
    yield _mutant(
        "errors",
        "200-for-failure",
        "Failures are answered with 200.",
        around=after(edits.status(200), failed),
    )
    yield _mutant(
        "wire",
        "html",
        "A malformed body is answered with a page for people.",
        around=after(edits.html(400), kind("malformed")),
    )
    yield _mutant(
        "errors",
        "hangs",
        "A malformed body is not answered in time.",
        around=after(edits.delayed(600), kind("malformed")),
    )
    yield _mutant(
        "errors", "wrong-key", "A wrong key is accepted.", around=inner.letting_in(keyless=False)
    )
    yield _mutant(
        "errors", "no-key", "A call without a key is served.", around=inner.letting_in(keyless=True)
    )
    yield _mutant(
        "errors",
        "invalid-422",
        "A body that breaks the schema is answered with 422, not 400.",
        around=after(
            edits.both(edits.role("status", lambda _: 422), edits.status(422)), kind("invalid")
        ),
    )
    yield _mutant(
        "money", "empty-served", "An empty account is served.", world=inner.ServesTheEmpty
    )


def _img2img_pictures() -> Iterator[Mutant]:
    yield _mutant(
        "pictures",
        "jpeg-inside",
        "A JPEG is inside the PNG envelope.",
        around=after(edits.pictures(inner.recoded("jpeg")), painted),
    )
    yield _mutant(
        "pictures",
        "truncated",
        "Pictures break off before their end.",
        around=after(edits.pictures(lambda data: data[:-30]), painted),
    )
    yield _mutant(
        "pictures",
        "swapped",
        "Width and height are swapped.",
        engine=inner.told(lambda job: replace(job, width=job.height, height=job.width)),
    )
    yield _mutant(
        "pictures",
        "default-512",
        "The size is 512x512 unless told.",
        spec=_field("size", default="512x512"),
    )
    yield _mutant(
        "pictures",
        "multiples-of-64",
        "Sizes are brought down to multiples of 64.",
        engine=inner.told(
            lambda job: replace(
                job, width=max(64, job.width // 64 * 64), height=max(64, job.height // 64 * 64)
            )
        ),
    )
    yield _mutant(
        "pictures",
        "strength-ignored",
        "prompt_strength is ignored.",
        engine=inner.ignoring(strength=0.7),
        profile="lenient",
    )
    yield _mutant(
        "pictures",
        "one-sample",
        "However many samples are asked for, one comes.",
        engine=inner.ignoring(samples=1),
        profile="lenient",
    )


def _sized(call: Any) -> Any:
    body = call.body.replace(b'"size"', b'"ignored"')
    return replace(call, body=body)
