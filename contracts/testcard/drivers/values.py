"""Valid values of an operation's fields, by roles: what calls begin with and are compared by.

Knows roles and JSON Schema. Must not know providers, or who sends the values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from testcard.common.asked import asked_in
from testcard.common.fields import Body
from testcard.common.masking import masking_of
from testcard.common.operation import Operation
from testcard.common.picture import format_of
from testcard.common.place import Field
from testcard.common.schema import Schema, types
from testcard.common.spec import words
from testcard.common.upload import Encoding
from testcard.contract.calls import Links
from testcard.drivers.examples import example_of
from testcard.drivers.material import (
    all_encodings,
    as_format,
    half_mask,
    picture_value,
    samples,
    scene,
)

Fields = dict[str, Any]
End = Literal["minimum", "maximum"]

SEED: Final = 7
"""Of all calls that are to be compared."""
PROMPTS: Final = ("a lighthouse at dusk", "a lighthouse at dusk, a red fox in fresh snow")

_OTHER_SEED: Final = SEED + 2**32  # the same to whoever keeps 32 bits of a seed
_SQUARE: Final = 64
_LIVE_SIZE: Final = (200, 136)
PREFERRED: Final[tuple[Encoding, ...]] = ("data-uri", "file", "base64", "part", "url", "file-id")
_SURE: Final = ("documented", "sample", "observed")


@dataclass(frozen=True)
class Values:
    """What an operation's fields may be.

    Attributes:
        operation: whose.
        body: of it.
        thorough: whether advice may be passed over, since nothing is at stake.
        links: pictures in the web.
    """

    operation: Operation
    body: Body
    thorough: bool
    links: Links

    def role(self, role: str) -> Field | None:
        """Return the field with this role; None where there is none."""
        return next((each for each in self.body.fields.values() if each.role == role), None)

    def put(self, role: str, value: Any) -> Fields:
        """Return the field with this role set; nothing where there is none."""
        field = self.role(role)
        return {field.name: field.wrapped(value)} if field else {}

    # The base

    def required(self) -> Fields:
        """Return the required fields alone, with a fixed prompt."""
        wanted = [each for each in self.body.fields.values() if each.required]
        wanted += [*self._of_empty_holders(), *self._of_alternatives()]
        fields = {each.name: self._plain(each) for each in wanted}
        return {name: value for name, value in fields.items() if value is not None}

    def _of_empty_holders(self) -> Iterator[Field]:
        """Yield a field of each object that has to be there and may be empty, with its needs."""
        for holder in self.body.root.holders():
            if holder.required and not any(each.required for each in holder.leaves()):
                yield from holder.fewest()

    def _of_alternatives(self) -> Iterator[Field]:
        """Yield what the first alternative of each object needs that has to be there."""
        for holder in (self.body.root, *self.body.root.holders()):
            for name in holder.alternative()[0] if holder.required else ():
                member = holder.members[name]
                yield from [member] if isinstance(member, Field) else member.fewest()

    def _of_others(self) -> Iterator[str]:
        """Yield the names of fields that only another alternative of an object has."""
        for holder in (self.body.root, *self.body.root.holders()):
            for name in holder.alternative()[1] & holder.members.keys():
                member = holder.members[name]
                found = [member] if isinstance(member, Field) else member.leaves()
                yield from (each.name for each in found)

    def cheapest(self) -> Fields:
        """Return the required fields alone, and the smallest picture."""
        return self.required() | self.size()

    def everything(self) -> Fields:
        """Return every field, with a plain value; of alternatives, those of the first."""
        others = {*self._of_others()}
        told = {name: each for name, each in self.body.fields.items() if name not in others}
        fields = {name: self._plain(each) for name, each in told.items()}
        return {name: value for name, value in fields.items() if value is not None}

    def seeded(self) -> Fields:
        """Return the seed that comparisons go by."""
        return self.put("seed", SEED)

    def base(self) -> Fields:
        """Return a cheap, comparable request: what is required, a seed, small, half strength."""
        fields = self.required() | self.seeded() | self.size() | self.strength(0.4)
        fields |= self.picture("init-image") | self.picture("mask-image")
        steps = self.role("steps")
        if steps is not None and "default" not in steps.schema:
            fields[steps.name] = self.steps()
        return fields

    def defaults(self) -> Fields:
        """Return every default, spelt out."""
        return {
            name: each.whole.get("default", each.wrapped(each.schema.get("default")))
            for name, each in self.body.fields.items()
            if each.default is not None and each.role not in ("seed", "width", "height", "size")
        }

    def sides(self) -> tuple[int, int]:
        """Return a small width and height, different where they may be, in pixels."""
        across, down = self.role("width"), self.role("height")
        if across is None or down is None or self.role("size"):
            return asked_in(self.body, self._worded_size()).size(None) or _LIVE_SIZE
        width, height = self._ladder(across), self._ladder(down)
        return width[0], next((side for side in height if side != width[0]), height[0])

    def size(self) -> Fields:
        """Return a small size."""
        if self.role("size") or self.role("aspect-ratio"):
            return self._worded_size()
        width, height = self.sides()
        return self.put("width", width) | self.put("height", height)

    def odd_size(self) -> Fields:
        """Return a size that is no multiple of anything; nothing where the page wants one."""
        told = self.role("size")
        if told is not None:
            return {} if "enum" in told.schema else self.put("size", "203x137")
        field = self.role("width")
        if field is None or "enum" in field.schema or "multipleOf" in field.schema:
            return {}
        least = max(int(field.schema.get("minimum", 0)), 128)
        return self.put("width", least + 75) | self.put("height", least + 9)

    def _worded_size(self) -> Fields:
        """Return the smallest size that a word names, or one of our own where any will do."""
        for role, free in (("size", f"{_LIVE_SIZE[0]}x{_LIVE_SIZE[1]}"), ("aspect-ratio", "3:2")):
            field = self.role(role)
            if field is None:
                continue
            told = {word: self._area(role, word) for word in field.schema.get("enum", (free,))}
            known = [word for word, area in told.items() if area]
            return self.put(role, min(known, key=lambda word: told[word])) if known else {}
        return {}

    def _area(self, role: str, word: Any) -> int:
        size = asked_in(self.body, self.put(role, word)).size(None)
        return size[0] * size[1] if size else 0

    def steps(self) -> int:
        """Return the steps that a call takes where it is not told."""
        field = self.role("steps")
        schema = field.schema if field else {}
        least = self._advised(schema, field).get("minimum", 20)
        return int(schema.get("default", max(least, min(20, schema.get("maximum", 20)))))

    def strength(self, within: float) -> Fields:
        """Return a middle strength, a share `within` (0 to 1) of one step's width."""
        steps = self.steps()
        value = (int(steps * 0.6) + within) / steps
        return self.at_strength(value)

    def at_strength(self, value: float) -> Fields:
        """Return a denoising strength, put in the words of the page."""
        if self.role("strength"):
            return self.put("strength", round(value, 4))
        return self.put("image-strength", round(1 - value, 4))

    def picture(self, role: str, variant: int = 0, encoding: Encoding | None = None) -> Fields:
        """Return an input (of two variants) or a mask (white left, or right), in one encoding."""
        field = self.role(role)
        if field is None:
            return {}
        width, height = self.sides() if self.role("mask-image") else (128, 96)
        mask = role == "mask-image"
        how = masking_of(field, False).polarity
        data = scene(width, height, variant)
        if mask:
            data = half_mask(width, height, left=not variant, polarity=how)
        if self.body.raw:
            data = as_format(data, format_of(self.body.media_type) or "png")
        ways = [each for each in PREFERRED if each in field.encodings]
        chosen: Encoding = encoding or ways[0]
        url = self.links.other if variant else self.links.picture
        if chosen == "file-id":
            return {field.name: field.wrapped(self.links.uploaded(data))}
        return {field.name: field.wrapped(picture_value(data, chosen, url))}

    def other_seed(self) -> int:
        """Return a large seed that is not SEED."""
        field = self.role("seed")
        most = (field.schema if field else {}).get("maximum", _OTHER_SEED)
        return int(min(most, _OTHER_SEED))

    def chance(self) -> Fields:
        """Return the seed that asks for a random one; nothing where no seed does."""
        field = self.role("seed")
        most = field.random_at_most if field else None
        return {} if field is None or most is None else {field.name: field.wrapped(most)}

    # Ends

    def extreme(self, end: End, *, sure: bool) -> Fields:
        """Return every number at one end of its range, seeds apart.

        Args:
            end: which.
            sure: those whose bound some source names, or else those that testcard assumed.
        """
        other: End = "minimum" if end == "maximum" else "maximum"
        found: Fields = {}
        for name, each in self.body.fields.items():
            bound = other if each.role == "height" else end
            if bound not in each.schema or each.role == "seed" or "enum" in each.schema:
                continue
            if (each.evidence(bound).grade in _SURE) == sure:
                found[name] = each.wrapped(each.schema[bound])
        return found

    def listed(self, which: int) -> Fields:
        """Return the value at a place of every list of words."""
        return {
            name: each.wrapped(each.schema["enum"][which])
            for name, each in self.body.fields.items()
            if "enum" in each.schema and "string" in types(each.schema)
        }

    def free_words(self) -> Iterator[tuple[str, Any]]:
        """Yield fields for a scheduler or style without a list, with values of the examples."""
        for name, each in self.body.fields.items():
            if each.role in ("scheduler", "style") and "enum" not in each.schema:
                shown = example_of(each, self.operation, self.body, self.links)
                values = (shown, f"{shown} 2")
                yield from ((name, each.wrapped(value)) for value in values)

    def as_words(self, fields: Fields) -> Iterator[tuple[str, str]]:
        """Yield each number of a JSON body, written as a string."""
        for name, value in fields.items():
            beside = name in self.body.fields and self.body.fields[name].place.location != "body"
            if isinstance(value, int | float) and not self.body.form and not beside:
                yield name, str(value)

    def nulls(self) -> Fields:
        """Return null for every field that takes it."""
        form = self.body.form
        return {
            name: None
            for name, each in self.body.fields.items()
            if "null" in types(each.whole) and not form and each.place.location == "body"
        }

    def _plain(self, field: Field) -> Any:
        if field.role == "prompt":
            return field.wrapped(PROMPTS[0])
        if field.encodings:
            known = self.picture(field.role).get(field.name) if field.role else None
            return known or field.wrapped(all_encodings(field, self.links)[0])
        if field.role in ("width", "height", "size", "aspect-ratio"):
            return self.size().get(field.name)
        if field.role == "file-id":
            return field.wrapped(self.links.uploaded(samples()[0]))
        return field.wrapped(example_of(field, self.operation, self.body, self.links))

    def _ladder(self, field: Field) -> list[int]:
        schema = field.schema
        if "enum" in schema:
            return sorted(schema["enum"])
        least = int(self._advised(schema, field).get("minimum", _SQUARE))
        step = int(schema.get("multipleOf", _SQUARE))
        return [least, least + step]

    def _advised(self, schema: Schema, field: Field | None) -> Mapping[str, Any]:
        advice = words(field.schema).get("advice", {}) if field and not self.thorough else {}
        return {**schema, **advice}
