"""What a call asks for, by the roles of its fields: the one reading of roles.

The mock paints by it, contracts compare by it. Knows roles and a body's fields. Must not know any
provider's field names, who paints, or HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import sqrt
from typing import Any, Final, NamedTuple

from testcard.common.fields import NUMBERS, Body, numbers_in
from testcard.common.picture import Format, format_named
from testcard.common.place import first_of, items_of
from testcard.common.schema import coerced

DEFAULT_SIDE: Final = 512
"""Pixels of a picture's side where neither the call nor a picture in it says."""

_WEIGHT: Final = "prompt-weight"
_RATIO: Final = re.compile(r"\s*([0-9]{1,4})\s*:\s*([0-9]{1,4})\s*")
_MEGAPIXEL: Final = 1024 * 1024
_STEP: Final = 8  # pixels that sides of a ratio are multiples of
_SIZES: Final = frozenset(("size", "aspect-ratio"))
_SIZE: Final = re.compile(r"\s*([0-9]{1,9})\s*[xX]\s*([0-9]{1,9})\s*")


class Asked(NamedTuple):
    """What fields ask for.

    Attributes:
        by_role: role -> value sent, or else the field's default; text read as the field's type.
        options: the same by name, of fields of role `option`, of which there may be several.
        numbers: role -> number, for those of `NUMBERS` that are asked for.
        draws_up_to: seeds up to this one ask for a random one; None where none does.
        weights: prompts and how much each counts, where a list weighs them; `prompt` has those
            above 0, `negative-prompt` those below.
    """

    by_role: Mapping[str, Any]
    options: Mapping[str, Any]
    numbers: Mapping[str, float]
    draws_up_to: int | None
    weights: tuple[tuple[str, float], ...] = ()

    def size(self, native: tuple[int, int] | None) -> tuple[int, int] | None:
        """Return width and height in pixels; None where they cannot be told.

        Args:
            native: of the picture sent, whose sides are taken where none are asked for.
        """
        number = self.numbers.get
        width, height = int(number("width", 0)), int(number("height", 0))
        if not (width and height) and "size" in self.by_role:
            found = _SIZE.fullmatch(str(self.by_role["size"]))
            if found is None:
                return None
            width, height = width or int(found[1]), height or int(found[2])
        if not (width or height) and "aspect-ratio" in self.by_role:
            return self._by_ratio(str(self.by_role["aspect-ratio"]))
        if native is not None:
            width, height = width or native[0], height or native[1]
        return (width, height) if width and height else None

    def _by_ratio(self, ratio: str) -> tuple[int, int] | None:
        """Return sides of this ratio with as many megapixels as are asked for, 1 unless told."""
        found = _RATIO.fullmatch(ratio)
        if found is None or not (int(found[1]) and int(found[2])):
            return None
        area = _MEGAPIXEL * float(self.numbers.get("megapixels", 1))
        across = sqrt(area * int(found[1]) / int(found[2]))
        sides = (across, area / across) if across else (0.0, 0.0)
        width, height = (max(_STEP, round(side / _STEP) * _STEP) for side in sides)
        return width, height

    @property
    def samples(self) -> int:
        """How many pictures; 1 where nothing says."""
        return int(self.numbers.get("samples", 1))

    @property
    def seed(self) -> int | None:
        """The seed; None where it is to be a random one."""
        seed = self.numbers.get("seed")
        drawn = seed is None or (self.draws_up_to is not None and seed <= self.draws_up_to)
        return None if seed is None or drawn else int(seed)

    @property
    def output_format(self) -> Format | None:
        """In which format pictures are answered; None where nothing says."""
        return format_named(self.by_role.get("output-format"))

    @property
    def output_quality(self) -> int | None:
        """The quality of a JPEG or WebP, 1 to 100; None where nothing says."""
        quality = self.numbers.get("output-quality")
        return None if quality is None else round(min(100, max(1, quality)))

    @property
    def strength(self) -> float | None:
        """Denoising strength, 0 (the input itself) to 1 (free of it); None where none is told."""
        strength, kept = self.numbers.get("strength"), self.numbers.get("image-strength")
        if strength is None and kept is not None:
            return 1 - kept
        return None if strength is None else float(strength)


def asked_in(body: Body | None, fields: Mapping[str, Any]) -> Asked:
    """Return what `fields`, as sent, ask for by the roles of `body`."""
    if body is None:
        return Asked({}, {}, {}, None)
    sent: dict[str, Any] = {}
    options = {**body.default_options}
    for each in [each for each in body.telling if each.name in fields]:
        value = fields[each.name]
        if type(value) is list and each.role != "option":
            value = first_of(value)
        if value is None:
            continue
        if isinstance(value, str) and not each.is_text:
            value = coerced(value, each.schema)
        if each.role == "option":
            options[each.name] = value
        else:
            sent[each.role] = value
    by_role = {**body.defaults, **sent}
    weights = _weighed(body, fields, by_role) if _WEIGHT in body.by_role else ()
    if body.value_maps:
        _translate(body, by_role)
        return Asked(by_role, options, numbers_in(by_role), body.draws_up_to, weights)
    numbers: Mapping[str, float] = body.default_numbers
    if not NUMBERS.isdisjoint(sent):
        usual = {role: each for role, each in numbers.items() if role not in sent}
        numbers = usual | numbers_in(sent)
    return Asked(by_role, options, numbers, body.draws_up_to, weights)


def _weighed(
    body: Body, fields: Mapping[str, Any], by_role: dict[str, Any]
) -> tuple[tuple[str, float], ...]:
    """Return weighed prompts; together they are the prompt, and those below 0 the negative one."""
    weight, prompt = body.by_role[_WEIGHT], body.by_role["prompt"]
    values = [one for _, one in items_of(fields.get(prompt.name))]
    told = [one for _, one in items_of(fields.get(weight.name))]
    usual = weight.default if isinstance(weight.default, int | float) else 1
    pairs = []
    for at, text in enumerate(values):
        said = told[at] if at < len(told) else None
        pairs.append((text, float(said if isinstance(said, int | float) else usual)))
    weights = tuple((text, each) for text, each in pairs if isinstance(text, str) and text)
    own = by_role.get("negative-prompt")
    kept_out = [own] if isinstance(own, str) and own else []
    kept_out += [text for text, each in weights if each < 0]
    by_role["prompt"] = ", ".join(text for text, each in weights if each > 0)
    by_role["negative-prompt"] = ", ".join(kept_out)
    return weights


def _translate(body: Body, by_role: dict[str, Any]) -> None:
    """Put what words stand for in their places: nothing, another value, or other roles."""
    for role, meanings in body.value_maps.items():
        word = str(by_role.get(role))
        if word not in meanings:
            continue
        meant = meanings[word]
        if isinstance(meant, Mapping):
            by_role |= meant
        if meant is None or (isinstance(meant, Mapping) and role in _SIZES):
            del by_role[role]
        elif not isinstance(meant, Mapping):
            by_role[role] = meant
