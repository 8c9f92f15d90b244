"""What the fields of a call mean, guessed from their names and types.

Knows the names that image APIs give their fields. Must not know files, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from testcard.common.document import Node
from testcard.common.schema import types

GUESS: Final = {"grade": "assumed", "source": "testcard import guessed it from name and type"}

_TEXT: Final = ("string",)
_WHOLE: Final = ("integer", "number")
_TRUTH: Final = ("boolean",)
_SIZE: Final = re.compile(r"\d+\s*[xX*]\s*\d+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SINGLE: Final = frozenset({"option", "init-image"})  # that several fields may have


@dataclass(frozen=True, slots=True)
class _Rule:
    """A role, and the names and types that speak for it."""

    role: str
    names: re.Pattern[str]
    kinds: tuple[str, ...]


def _rule(role: str, names: str, kinds: tuple[str, ...]) -> _Rule:
    return _Rule(role, re.compile(names), kinds)


_ASKED: Final = (
    _rule("negative-prompt", r"neg(ative)?_?prompts?(_text)?", _TEXT),
    _rule("prompt", r"(text_|positive_|input_|image_)?prompt|prompts?\.text|caption", _TEXT),
    _rule("mask-image", r"mask(_?image|_?url|_?img|_?source)?", _TEXT),
    _rule("image-strength", r"image_strength|init_image_strength|image_weight", _WHOLE),
    _rule("strength", r"(prompt_|denoising_|denoise_)?strength|denoise", _WHOLE),
    _rule("steps", r"(num_|inference_|sampling_|diffusion_)*(inference_)?steps", _WHOLE),
    _rule("guidance", r"(cfg|guidance)(_scale)?", _WHOLE),
    _rule("seed", r"(random_)?seed", _WHOLE),
    _rule("width", r"(image_|output_)?width", _WHOLE),
    _rule("height", r"(image_|output_)?height", _WHOLE),
    _rule("samples", r"n|samples|(num|number_of|n)_(images|outputs|samples)|image_count", _WHOLE),
    _rule("size", r"(image_|output_)?size|resolution", _TEXT),
    _rule("scheduler", r"scheduler|sampler(_name|_index)?", _TEXT),
    _rule("style", r"style(_preset)?", _TEXT),
    _rule("as-base64", r"(as_|return_|is_|use_)?base64|b64", _TRUTH),
    _rule("output-format", r"(output_|image_)?format", _TEXT),
    _rule("webhook-url", r"webhook(_?url)?|callback(_?url)?", _TEXT),
    _rule("webhook-secret", r"webhook_?secret", _TEXT),
)
_PICTURE: Final = re.compile(
    r"(init|input|source|base|reference|control|subject|original)?_?(image|img|picture|photo)s?"
    r"(_(url|uri|b64|base64|data|prompt|file|bytes)|_\d+)*|(image|picture)s?\.(url|data|image_url)"
)
_NO_PICTURE: Final = re.compile(r"size|count|format|id|type|mode|number|strength|weight|style")


def normal(name: str) -> str:
    """Return a name in small letters with underscores: `negativePrompt` is `negative_prompt`."""
    return _CAMEL.sub("_", name).replace("-", "_").lower()


def asked_role(name: str, schema: Mapping[str, Any], holder: str = "") -> str:
    """Return the role of a field of a call, no picture; empty where nothing speaks for one.

    Args:
        name: of the field.
        schema: of one value.
        holder: name of what holds it; empty for the body itself.
    """
    plain = normal(name)
    names = (plain, f"{normal(holder).removeprefix('text_')}.{plain}" if holder else plain)
    kinds = set(types(schema)) - {"null"}
    for rule in _ASKED:
        fits = any(rule.names.fullmatch(each) for each in names)
        if fits and kinds and kinds <= {*rule.kinds} and _means(rule.role, schema):
            return rule.role
    return ""


def _means(role: str, schema: Mapping[str, Any]) -> bool:
    """Whether the words that a field takes can have this meaning."""
    listed = [each for each in schema.get("enum", ()) if each is not None]
    if role == "size":
        return any(_SIZE.fullmatch(str(each)) for each in listed)
    if role == "output-format":
        return bool({"png", "jpeg", "jpg", "webp"} & {*map(str, listed)})
    if role == "strength":
        return bool(schema.get("maximum", 1) <= 1)
    return role != "prompt" or not listed


def sizes(schema: Mapping[str, Any]) -> Node:
    """Return which words of a field of sizes stand for none, for `values`."""
    listed = [str(each) for each in schema.get("enum", ()) if each is not None]
    return {each: None for each in listed if not _SIZE.fullmatch(each)}


def is_picture(name: str, schema: Mapping[str, Any], *, form: bool, holder: str = "") -> bool:
    """Whether a field carries a picture: by its format and its name."""
    if "string" not in types(schema) or "enum" in schema:
        return False
    plain = normal(name)
    mask = bool(re.fullmatch(r"mask(_?image|_?url|_?img|_?source)?", plain))
    named = bool(_PICTURE.fullmatch(plain)) or mask
    inside = bool(_PICTURE.fullmatch(f"{normal(holder)}.{plain}")) if holder else False
    carried = schema.get("format") in ("binary", "uri") or "contentEncoding" in schema
    if form and schema.get("format") == "binary":
        return True
    return (named or inside) and (carried or not _NO_PICTURE.search(plain))


def is_mask(name: str) -> bool:
    """Whether a picture is a mask, by its name."""
    return "mask" in normal(name)


def encodings(name: str, schema: Mapping[str, Any], *, form: bool) -> list[str]:
    """Return how a picture in a field may be sent, by its format and what is said of it."""
    if form:
        return ["file"]
    text, plain = str(schema.get("description", "")).lower(), normal(name)
    if schema.get("format") == "uri" or plain.endswith(("_url", "_uri")):
        return ["url", "data-uri"] if "data ur" in text or "base64" in text else ["url"]
    found = ["base64"] if "base64" in text or "contentEncoding" in schema else []
    if "data uri" in text or "data url" in text or "data:" in text:
        found.append("data-uri")
    if " url" in f" {text}" and "data url" not in text:
        found.append("url")
    return found or ["base64", "data-uri", "url"]


def may_repeat(role: str) -> bool:
    """Whether several fields may have this role."""
    return role in _SINGLE
