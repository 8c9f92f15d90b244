"""Mutants of ImagePipeline's orders, pictures and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.mutants import edits, inner
from tests.mutants.edits import after, failed, kind, ok, painted
from tests.mutants.mutant import Mutant

from testcard.common.spec import Node
from testcard.contract.verdict import Group
from testcard.mock.world import JobPolicy

_AT_ONCE = JobPolicy("at-once", 0)


def _mutant(group: Group, name: str, sentence: str, **parts: Any) -> Mutant:
    return Mutant(f"imagepipeline-{name}", "imagepipeline", group, sentence, **parts)


def _field(name: str, **patch: Any) -> Node:
    return {"components": {"schemas": {"Img2ImgRequest": {"properties": {name: patch}}}}}


def mutants() -> Iterator[Mutant]:
    """Yield them all."""
    yield from _wire()
    yield from _pictures()
    yield from _errors()


def _says(state: str) -> edits.Test:
    return lambda scene: scene.job_says(state)


def _wire() -> Iterator[Mutant]:
    yield _mutant(
        "wire",
        "ordered-200",
        "An order is answered with 200, not 202.",
        around=after(edits.status(200), _says("PENDING")),
    )
    yield _mutant(
        "wire",
        "misspelt",
        "PENDING is spelt Pending.",
        around=after(edits.role("job-state", str.title), _says("PENDING")),
    )
    yield _mutant(
        "wire",
        "number-id",
        "The id is a number.",
        around=after(edits.role("job-id", lambda _: 17), ok),
    )
    yield _mutant(
        "wire",
        "one-link",
        "A single URL stands in place of the list.",
        around=after(edits.role("picture-urls", lambda urls: urls[0]), ok),
    )
    yield _mutant(
        "wire",
        "wrapped",
        "Answers are wrapped in another object.",
        around=after(edits.body(lambda value: {"data": value}), ok),
    )
    yield _mutant(
        "errors",
        "seed-as-float",
        "A seed that is no integer is taken.",
        spec=_field("seed", type="number"),
    )
    yield _mutant(
        "errors", "strength-1", "A strength of 1 is refused.", spec=_field("strength", maximum=0.99)
    )
    yield _mutant(
        "errors",
        "guidance-low",
        "A guidance of 0 is taken.",
        spec=_field("guidance_scale", minimum=0),
    )
    yield _mutant(
        "errors",
        "prompt-typed",
        "A prompt that is a number is taken.",
        spec=_field("prompt", type=["string", "number"]),
    )
    untyped = {"requestBody": {"x-testcard": {"missing-content-type": "refused"}}}
    yield _mutant(
        "errors",
        "typed-body",
        "JSON that names no media type is refused, though the page's own sample sends it.",
        spec={"paths": {"/sdxl/image2image/v1": {"post": untyped}}},
    )


def _pictures() -> Iterator[Mutant]:
    yield _mutant(
        "pictures",
        "swapped",
        "Width and height are swapped.",
        engine=inner.told(lambda job: replace(job, width=job.height, height=job.width)),
    )
    yield _mutant(
        "pictures",
        "truncated",
        "Pictures break off before their end.",
        around=after(edits.pictures(lambda data: data[: len(data) // 2]), painted),
    )
    yield _mutant("pictures", "seed-ignored", "The seed is ignored.", engine=inner.ignoring(seed=1))
    yield _mutant(
        "pictures",
        "same-samples",
        "Every sample is the first one again.",
        engine=inner.repainted(_first_again()),
    )
    yield _mutant(
        "pictures",
        "half-size",
        "Pictures have half the size asked for.",
        engine=inner.repainted(lambda _j, _i, array: array[::2, ::2]),
    )
    yield _mutant(
        "pictures",
        "jpeg-as-png",
        "JPEG bytes are announced as image/png.",
        around=after(edits.pictures(inner.recoded("jpeg")), painted),
    )
    yield _mutant(
        "pictures", "prompt-ignored", "The prompt is ignored.", engine=inner.ignoring(prompt="")
    )


def _first_again() -> inner.Repaint:
    first: list[inner.Array] = []

    def paint(_job: Any, index: int, array: inner.Array) -> inner.Array:
        if index == 0:
            first[:] = [array]
        return first[0]

    return paint


def _errors() -> Iterator[Mutant]:
    yield _mutant(
        "money", "empty-served", "An empty account is served.", world=inner.ServesTheEmpty
    )
    yield _mutant(
        "errors", "wrong-key", "A wrong key is accepted.", around=inner.letting_in(keyless=False)
    )
    yield _mutant(
        "errors", "no-key", "A call without a key is served.", around=inner.letting_in(keyless=True)
    )
    yield _mutant(
        "wire",
        "detail-text",
        "A body that breaks the schema gets a sentence in place of the list.",
        around=after(edits.body(lambda _: {"detail": "invalid"}), kind("invalid")),
    )
    yield _mutant(
        "wire",
        "detail-left-out",
        "Failures have an empty object for a body.",
        around=after(edits.body(lambda _: {}), failed),
    )
    yield _mutant(
        "errors",
        "invalid-400",
        "A body that breaks the schema is answered with 400, not 422.",
        around=after(edits.status(400), kind("invalid")),
    )
    yield _mutant(
        "errors",
        "breaks-down",
        "A malformed body is answered with 500.",
        around=after(edits.status(500), kind("malformed")),
    )
    yield _mutant(
        "wire",
        "no-such-route",
        "An unknown route is answered with a page for people.",
        around=after(edits.html(404), kind("not-found")),
    )
    yield _mutant(
        "errors",
        "405-as-404",
        "A wrong method is answered with 404.",
        around=after(edits.status(404), kind("method-not-allowed")),
    )
