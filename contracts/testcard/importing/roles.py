"""What the fields of a call mean, guessed from their names and types.

Knows the names that image APIs give their fields. Must not know files, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from testcard.common.document import Node
from testcard.common.picture import format_named
from testcard.common.schema import types

GUESS: Final = {"grade": "assumed", "source": "testcard import guessed it from name and type"}

_TEXT: Final = ("string",)
_WHOLE: Final = ("integer", "number")
_TRUTH: Final = ("boolean",)
_SIZE: Final = re.compile(r"\d+\s*[xX]\s*\d+")
_RATIO: Final = re.compile(r"\d+\s*:\s*\d+")
_CODED: Final = re.compile(r"b64|base64", re.I)
_LINK: Final = re.compile(r"url|link", re.I)
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
    _rule("image-strength", r"image_strength|init_image_strength|image_weight", _WHOLE),
    _rule("strength", r"(prompt_|denoising_|denoise_)?strength|denoise", _WHOLE),
    _rule("steps", r"(num_|inference_|sampling_|diffusion_)*(inference_)?steps", _WHOLE),
    _rule("guidance", r"(cfg|guidance)(_scale)?", _WHOLE),
    _rule("seed", r"(random_)?seed", _WHOLE),
    _rule("width", r"(image_|output_)?width", _WHOLE),
    _rule("height", r"(image_|output_)?height", _WHOLE),
    _rule("samples", r"n|samples|(num|number_of|n)_(images|outputs|samples)|image_count", _WHOLE),
    _rule("size", r"(image_|output_)?size|resolution", _TEXT),
    _rule("aspect-ratio", r"(image_|output_)?(aspect_)?ratio", _TEXT),
    _rule("quality", r"(image_|output_)?quality", _TEXT),
    _rule("model", r"model(_?(id|name|version))?", _TEXT),
    _rule("scheduler", r"scheduler|sampler(_name|_index)?", _TEXT),
    _rule("style", r"style(_preset)?", _TEXT),
    _rule("as-base64", r"(as_|return_|is_|use_)?base64|b64", _TRUTH),
    _rule("as-base64", r"(response|return|output)_?(format|type)", _TEXT),
    _rule("stream", r"stream(ing)?", _TRUTH),
    _rule("partial-images", r"(num_)?partial_images", _WHOLE),
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
    shown = _shown(schema)
    if role == "size":
        return any(map(_SIZE.fullmatch, shown))
    if role == "aspect-ratio":
        return any(map(_RATIO.fullmatch, shown))
    if role == "as-base64":
        return not listed or (any(map(_CODED.search, shown)) and any(map(_LINK.search, shown)))
    if role == "quality":
        return bool(listed)
    if role == "output-format":
        return bool({"png", "jpeg", "jpg", "webp"} & {*map(str, listed)})
    if role == "strength":
        return bool(schema.get("maximum", 1) <= 1)
    return role != "prompt" or not listed


def _shown(schema: Mapping[str, Any]) -> list[str]:
    """The words that a field takes, or those of which it takes others too."""
    words = (*schema.get("enum", ()), *schema.get("examples", ()), schema.get("default"))
    return [str(each) for each in dict.fromkeys(words) if each is not None]


def meanings(role: str, schema: Mapping[str, Any]) -> Node:
    """Return what words of a field stand for, for `values`: no size, no ratio, JSON or a URL."""
    if role == "as-base64":
        listed = [each for each in schema.get("enum", ()) if each is not None]
        return {str(each): bool(_CODED.search(str(each))) for each in listed}
    if role == "output-format":  # what is not painted is as if nothing was told
        return {each: None for each in _shown(schema) if format_named(each) is None}
    form = {"size": _SIZE, "aspect-ratio": _RATIO}.get(role)
    return {each: None for each in _shown(schema) if form and not form.fullmatch(each)}


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
    text, plain = str(schema.get("description", "")).lower(), normal(name)
    linked = schema.get("format") == "uri" or plain.endswith(("_url", "_uri"))
    if form and (schema.get("format") == "binary" or not linked):
        return ["file"]
    if linked:
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
