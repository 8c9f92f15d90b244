"""Mutants of Segmind's calls: what is sent, charged and refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.mutants import edits, inner
from tests.mutants.edits import after, failed, kind, ok, painted
from tests.mutants.mutant import Mutant

from testcard.common.spec import Node
from testcard.contract.verdict import Group

_CREDITS = "x-remaining-credits"


def _mutant(group: Group, name: str, sentence: str, **parts: Any) -> Mutant:
    return Mutant(f"segmind-{name}", "segmind", group, sentence, **parts)


def _field(name: str, **patch: Any) -> Node:
    return {"components": {"schemas": {"Img2ImgRequest": {"properties": {name: patch}}}}}


def _required(*names: str) -> Node:
    return {"components": {"schemas": {"Img2ImgRequest": {"required": list(names)}}}}


def mutants() -> Iterator[Mutant]:
    """Yield them all."""
    yield from _wire()
    yield from _requests()
    yield from _money()
    yield from _errors()


def _wire() -> Iterator[Mutant]:
    yield _mutant(
        "wire",
        "media-type",
        "JPEG bytes are announced as application/octet-stream.",
        around=after(edits.header("content-type", lambda _: "application/octet-stream"), painted),
    )
    yield _mutant(
        "wire",
        "no-media-type",
        "Pictures come without a Content-Type.",
        around=after(edits.header("content-type", None), painted),
    )
    yield _mutant(
        "wire", "created", "A success is answered with 201.", around=after(edits.status(201), ok)
    )
    yield _mutant(
        "wire",
        "number-as-string",
        "interTime is a string.",
        around=after(edits.role("elapsed", str), ok),
    )
    yield _mutant(
        "wire",
        "status-left-out",
        "The JSON answer has no status.",
        around=after(edits.member("status", lambda _: edits.GONE), ok),
    )
    yield _mutant(
        "wire",
        "wrapped",
        "The JSON answer is wrapped in another object.",
        around=after(edits.body(lambda value: {"data": value}), ok),
    )


def _requests() -> Iterator[Mutant]:
    yield _mutant(
        "errors",
        "steps-101",
        "101 steps are taken.",
        spec=_field("num_inference_steps", maximum=101),
    )
    yield _mutant(
        "errors",
        "steps-20",
        "20 steps are refused.",
        spec=_field("num_inference_steps", minimum=21),
    )
    yield _mutant(
        "errors", "samples-5", "Five samples are taken.", spec=_field("samples", maximum=5)
    )
    yield _mutant(
        "errors", "samples-4", "Four samples are refused.", spec=_field("samples", maximum=3)
    )
    yield _mutant(
        "errors", "strength-low", "A strength of 0.05 is taken.", spec=_field("strength", minimum=0)
    )
    yield _mutant(
        "errors",
        "guidance-25",
        "A guidance of 25 is refused.",
        spec=_field("guidance_scale", maximum=24.9),
    )
    yield _mutant(
        "errors",
        "scheduler-refused",
        "The documented scheduler DDPM is refused.",
        spec=_field("scheduler", enum=["DDIM", "DPM Multi", "Euler a", "Euler", "LMS", "PNDM"]),
    )
    yield _mutant(
        "errors",
        "scheduler-unchecked",
        "Any scheduler is taken.",
        spec=_field("scheduler", enum=None),
    )
    yield _mutant(
        "errors",
        "width-unchecked",
        "Any width from 64 up is taken.",
        spec=_field("img_width", enum=None, minimum=64),
    )
    yield _mutant(
        "errors", "prompt-optional", "A call without a prompt is served.", spec=_required("image")
    )
    yield _mutant(
        "errors",
        "negative-required",
        "A call without a negative prompt is refused.",
        spec=_required("image", "prompt", "negative_prompt"),
    )
    yield _mutant(
        "errors",
        "null-refused",
        "A negative prompt of null is refused.",
        spec=_field("negative_prompt", type="string"),
    )


def _money() -> Iterator[Mutant]:
    yield _mutant(
        "money",
        "failures-charged",
        "A refused body is charged.",
        around=inner.charging(kind("invalid", "malformed")),
    )
    yield _mutant(
        "money",
        "wrong-key-charged",
        "A call is charged before its key is looked at.",
        around=inner.charging(kind("unauthorized")),
    )
    yield _mutant("money", "free", "A success is not charged.", world=inner.ChargesNothing)
    yield _mutant(
        "money", "charged-twice", "A success is charged two times.", world=inner.ChargesTwice
    )
    yield _mutant("money", "pays", "A success adds credits.", world=inner.Pays)
    yield _mutant(
        "money", "empty-served", "An empty account is served.", world=inner.ServesTheEmpty
    )
    yield _mutant(
        "money",
        "header-left-out",
        "The credits header is left out.",
        around=after(edits.header(_CREDITS, None), ok),
    )
    yield _mutant(
        "money",
        "header-text",
        "The credits header is no number.",
        around=after(edits.header(_CREDITS, lambda value: f"{value} credits"), ok),
    )
    yield _mutant(
        "money",
        "empty-402",
        "An empty account is refused with 402, not 406.",
        around=after(edits.status(402), kind("no-credits")),
    )


def _errors() -> Iterator[Mutant]:
    yield _mutant(
        "errors", "wrong-key", "A wrong key is accepted.", around=inner.letting_in(keyless=False)
    )
    yield _mutant(
        "errors", "no-key", "A call without a key is served.", around=inner.letting_in(keyless=True)
    )
    yield _mutant(
        "errors",
        "200-for-failure",
        "Failures are answered with 200.",
        around=after(edits.status(200), failed),
    )
    yield _mutant(
        "errors",
        "404-as-200",
        "An unknown route is answered with 200.",
        around=after(edits.status(200), kind("not-found")),
    )
    yield _mutant(
        "errors",
        "405-as-404",
        "A wrong method is answered with 404.",
        around=after(edits.status(404), kind("method-not-allowed")),
    )
    yield _mutant(
        "errors",
        "breaks-down",
        "A malformed body is answered with 500.",
        around=after(edits.status(500), kind("malformed")),
    )
    yield _mutant(
        "errors",
        "hangs",
        "A malformed body is not answered in time.",
        around=after(edits.delayed(600), kind("malformed")),
    )
    yield _mutant(
        "wire",
        "other-shape",
        "Failures say message in place of error.",
        around=after(edits.body(lambda value: {"message": value["error"]}), failed),
    )
    yield _mutant(
        "wire",
        "html",
        "A wrong key is answered with a page for people.",
        around=after(edits.html(401), kind("unauthorized")),
    )
    yield _mutant(
        "wire",
        "mute",
        "Failures have an empty message.",
        around=after(edits.role("message", lambda _: ""), failed),
    )
    yield _mutant(
        "errors",
        "unauthorized-403",
        "A wrong key is answered with 403, not 401.",
        around=after(edits.status(403), kind("unauthorized")),
    )
