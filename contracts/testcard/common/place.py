"""What a call can say, and where: a field is a location, a path into it, and how many it holds.

Fields of a body are its leaves: members that are objects, or lists of objects, hold others. A field
is named as a person would write it: `prompt`, `input.image`, `text_prompts[].weight`,
`query.version`, `header.X-Version`.

Knows JSON Schema and OpenAPI's parameters. Must not know calls, who answers, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from testcard.common.document import Evidence, evidence, words
from testcard.common.schema import EACH, Schema, coerced, named
from testcard.common.trouble import Kind

Location = Literal["body", "path", "query", "header", "cookie"]
"""What of a call a field is in; a form is a body."""

_AS_TEXT: Final = frozenset({"base64", "data-uri", "url", "file-id"})
_OF_LISTS: Final = frozenset({"minItems", "maxItems", "uniqueItems", "required"})


_MOST_ITEMS: Final = 100  # of a list that testcard fills


class Absent:
    """Stands for a member that is left out though what holds it is there."""

    def __repr__(self) -> str:
        """Return how messages show it."""
        return "nothing"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a call a value stands.

    Attributes:
        location: what of the call holds it.
        path: names of members from there, `[]` for each item of a list.
    """

    location: Location
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """The member that a value stands in, under the page's name; a list is named by itself."""
        return next((step for step in reversed(self.path) if step != EACH), "")

    def named(self, *indices: int) -> str:
        """Return how a person names it, at these items of lists; see this module."""
        return named(self.path_at(*indices))

    def path_at(self, *indices: int) -> tuple[str | int, ...]:
        """Return the path to one item: the location first where it is no body's."""
        left = list(indices)
        steps = [left.pop(0) if step == EACH and left else step for step in self.path]
        return tuple(steps) if self.location == "body" else (self.location, *steps)

    def read(self, document: Any) -> Any:
        """Return what stands there in what the location holds; ABSENT for nothing.

        Of lists, a list with an item for each of theirs, None where there is nothing.
        """
        return _read(document, self.path)


def _read(value: Any, path: Sequence[str]) -> Any:
    for at, step in enumerate(path):
        if step == EACH:
            if not isinstance(value, list):
                return value  # of one that is not listed, as some take it
            items = [_read(each, path[at + 1 :]) for each in value]
            if path[at + 1 :] and all(each is ABSENT for each in items):
                return ABSENT
            return [None if each is ABSENT else each for each in items]
        if not isinstance(value, Mapping) or step not in value:
            return ABSENT
        value = value[step]
    return value


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a call can say, in one reading.

    Attributes:
        name: unique in its operation; see this module.
        place: where it stands.
        schema: JSON Schema of one value, with `x-testcard`; of a list, that of its items.
        whole: JSON Schema of the member itself: of the list where it is one.
        required: whether a call without it is refused: it and all that holds it are required.
        needed: whether what directly holds it is refused without it.
        either: whether one value may stand there in place of a list of them.
        role: what it means, in the vocabulary's words; empty where it has no role.
        aliases: further names that the lenient profile takes.
        encodings: how a picture in it may be sent; empty where it is no picture.
        is_text: whether a text in it stays what it is: no other type is looked for first.
    """

    name: str
    place: Place
    schema: Schema
    whole: Schema
    required: bool
    needed: bool
    either: bool
    role: str
    aliases: tuple[str, ...]
    encodings: tuple[str, ...]
    is_text: bool

    @property
    def default(self) -> Any:
        """What stands for it where it is not sent, text read as its type; None for nothing."""
        value = self.whole.get("default", self.schema.get("default"))
        return coerced(value, self.schema) if isinstance(value, str) else value

    @property
    def random_at_most(self) -> int | None:
        """The highest seed in it that asks for a random one; None where none does."""
        most = words(self.schema).get("random-at-most")
        return most if isinstance(most, int) else None

    @property
    def as_text(self) -> bool:
        """Whether a part of a form without a filename is text, in which a picture may be sent."""
        return "part" not in self.encodings and bool(_AS_TEXT.intersection(self.encodings))

    @property
    def unknown_id(self) -> Kind:
        """The trouble that an id of no uploaded picture makes in it."""
        kind: Kind = words(self.schema).get("unknown", "invalid")
        return kind

    @property
    def depth(self) -> int:
        """How many lists there are around one value; 0 for a field of one value."""
        return self.place.path.count(EACH)

    @property
    def example(self) -> Any:
        """One value of it that the spec gives: an example, its default, or the first of a list."""
        for word in ("examples", "enum"):
            if self.schema.get(word):
                return self.schema[word][0]
        return self.schema.get("const", self.schema.get("default"))

    def wrapped(self, value: Any) -> Any:
        """Return one value in as many lists as there are around it, as often as its own has it."""
        for at in range(self.depth):
            own = at == 0 and self.place.path[-1] == EACH
            value = _several(value, self.whole, self.schema) if own else [value]
        return value

    def evidence(self, keyword: str | None = None) -> Evidence:
        """Return the evidence of one keyword, or of the field as a whole."""
        node = self.whole if keyword in _OF_LISTS or "grade" not in words(self.schema) else None
        return evidence(self.schema if node is None else node, keyword)


@dataclass(frozen=True, slots=True)
class Holder:
    """An object, or each object of a list, that holds fields; the body itself is one.

    Attributes:
        name: as a field has it; empty for the body.
        place: where it stands.
        schema: JSON Schema of one object.
        whole: of the member itself: of the list where it is one.
        required: whether a call without it is refused.
        needed: whether what directly holds it is refused without it.
        members: what it holds, by the page's names.
        aliases: further names of these, which the lenient profile takes -> the page's.
        open: whether members that are not listed are the page's own word.
    """

    name: str
    place: Place
    schema: Schema
    whole: Schema
    required: bool
    needed: bool
    members: Mapping[str, Field | Holder]
    aliases: Mapping[str, str]
    open: bool

    def leaves(self) -> Iterator[Field]:
        """Yield every field in it, however deep, in the schema's order."""
        for each in self.members.values():
            if isinstance(each, Field):
                yield each
            else:
                yield from each.leaves()

    def alternative(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return members that the first of its alternatives needs, and those that are others'."""
        needed, others = set[str](), set[str]()
        for keyword in ("oneOf", "anyOf"):
            first, *rest = self.schema.get(keyword) or [{}]
            needed |= set(first.get("required", ())) & self.members.keys()
            others |= {name for each in rest for name in each.get("properties", ())}
            others -= {*first.get("properties", ()), *self.schema.get("properties", ())}
        return frozenset(needed), frozenset(others)

    def needs(self) -> Iterator[Field]:
        """Yield the fields without which a call that sends it is refused."""
        for each in self.members.values():
            if each.needed:
                yield from [each] if isinstance(each, Field) else each.needs()

    def fewest(self) -> Iterator[Field]:
        """Yield as few fields as fill it: those that it needs, or a first one with its needs."""
        needed = list(self.needs())
        inner = [each for each in self.members.values() if isinstance(each, Holder)]
        direct = [each for each in self.members.values() if isinstance(each, Field)]
        yield from needed or direct[:1]
        if not (needed or direct):
            yield from inner[0].fewest()

    def holders(self) -> Iterator[Holder]:
        """Yield every holder in it, itself apart."""
        for each in self.members.values():
            if isinstance(each, Holder):
                yield each
                yield from each.holders()


def least_of(whole: Schema) -> int:
    """Return how many items a list has at least, as far as a call of testcard's own goes."""
    return int(min(whole.get("minItems", 0), _MOST_ITEMS))


def _several(value: Any, whole: Schema, schema: Schema) -> list[Any]:
    """Return a list of a value, as often as it has to be there; each another where it must be."""
    count = max(1, least_of(whole))
    if not whole.get("uniqueItems"):
        return [value] * count
    others = [each for each in schema.get("enum", ()) if each != value]
    return [value, *(others or [_varied(value, at) for at in range(1, count)])][:count]


def _varied(value: Any, by: int) -> Any:
    if isinstance(value, str):
        return f"{value}{by}"
    return value + by if isinstance(value, int | float) and not isinstance(value, bool) else value


def items_of(value: Any, at: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Yield each single value in a field's, with its indices in the lists around it."""
    if not isinstance(value, list):
        yield at, value
        return
    for index, each in enumerate(value):
        yield from items_of(each, (*at, index))


def first_of(value: Any) -> Any:
    """Return the first single value in lists of them; None where there is none."""
    while isinstance(value, list):
        value = next((each for each in value if each is not None), None)
    return value
