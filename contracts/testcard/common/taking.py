"""A body's values taken into the types of its fields, member by member, as one reading has them.

Knows fields and what forms and the lenient profile forgive. Must not know schemas' bounds, media
types, who sends a body, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from testcard.common.body import FilePart
from testcard.common.document import Evidence
from testcard.common.flaw import Flaw
from testcard.common.place import Field, Holder
from testcard.common.schema import coerced, shown, types
from testcard.common.trouble import Kind

_LISTED: Final = Evidence("documented", "the page")
_LONGEST_TEXT: Final = 1_000_000  # characters of a field that is no picture
_MOST_UNLISTED: Final = 20  # fields that a page does not list: as many are told one by one
_LONGEST_NAME: Final = 60  # characters of a name that are repeated
_UNREADABLE: Final = object()


class Taking:
    """One reading of one body.

    Attributes:
        flaws: texts that cannot be read as what they stand for.
    """

    __slots__ = ("_form", "_lenient", "_unlisted", "flaws")

    def __init__(self, form: bool, lenient: bool) -> None:
        """Begin.

        Args:
            form: whether the body is one, so that every value is text or a file.
            lenient: whether further names and other types are forgiven.
        """
        self._form = form
        self._lenient = lenient
        self._unlisted: list[tuple[Holder, str, Mapping[str, Any]]] = []
        self.flaws: list[Flaw] = []

    def taken(self, sent: Mapping[str, Any], holder: Holder) -> dict[str, Any]:
        """Return what was sent to a holder, under the page's names and with its types."""
        document: dict[str, Any] = {}
        for name, value in sent.items():
            known, target = name, holder.members.get(name)
            if target is None and self._lenient:
                other = holder.aliases.get(name, "")
                if other not in sent:
                    known, target = other, holder.members.get(other)
            if target is None:
                self._unlisted.append((holder, name, sent))
                if holder.open:
                    document[name] = value
            elif isinstance(target, Field):
                self._keep(document, known, target, value)
            else:
                document[known] = self._held(target, value)
        return document

    def unlisted(self) -> Iterator[Flaw]:
        """Yield a note for each member that the page does not list; of very many, the first."""
        told = [each for each in self._unlisted if not each[0].open]
        for holder, name, sent in told[:_MOST_UNLISTED]:
            other = holder.members.get(holder.aliases.get(name, ""))
            message, said = "the page knows no such field", _LISTED
            if isinstance(other, Field):
                also = ", which was sent too" if other.place.name in sent else ""
                message, said = f"the page calls it {other.name!r}{also}", other.evidence()
            where = short(f"{holder.name}.{name}" if holder.name else name)
            yield Flaw("invalid", "body", (where,), "unlisted", message, said, refused=False)
        more = len(told) - _MOST_UNLISTED
        if more > 0:
            message = f"and {more} more fields that the page does not know"
            yield Flaw("invalid", "body", ("body",), "unlisted", message, _LISTED, refused=False)

    def _held(self, holder: Holder, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self.taken(value, holder)
        if isinstance(value, list):
            return [self._held(holder, each) for each in value]
        return _text_of(value) if isinstance(value, FilePart) else value

    def _keep(self, document: dict[str, Any], known: str, target: Field, value: Any) -> None:
        if type(value) is str and target.is_text and len(value) <= _LONGEST_TEXT:
            document[known] = value
            return
        if isinstance(value, list) and (target.depth or target.either):
            items = [self._one(target, each) for each in value]
            document[known] = [each for each in items if each is not _UNREADABLE]
            return
        value = self._one(target, value)
        if value is _UNREADABLE:
            return
        if value is None and self._lenient and not target.needed and not _takes_null(target):
            return
        document[known] = value

    def _one(self, target: Field, value: Any) -> Any:
        if isinstance(value, (str, FilePart)) and not target.encodings:
            return self._text(target, value)
        if isinstance(value, FilePart) and value.filename is None and target.as_text:
            return _text_of(value)
        return value

    def _text(self, target: Field, value: str | FilePart) -> Any:
        """Return a text as the type that its field has, where it can be read at all."""
        text = value if isinstance(value, str) else _text_of(value)
        size = len(text) if isinstance(text, str) else 0
        if not isinstance(text, str) or size > _LONGEST_TEXT:
            seen = "the part is not UTF-8 text"
            if size:
                seen = f"a text of {size} characters; at most {_LONGEST_TEXT} are read"
            self.flaws.append(_text_flaw("malformed", target, "text", seen))
            return _UNREADABLE
        read = coerced(text, target.schema)
        if not (read is text or self._form or self._lenient):
            message = f"{shown(text)} is a string; the page says {'/'.join(types(target.schema))}"
            self.flaws.append(_text_flaw("invalid", target, "type", message))
        return read


def short(name: str) -> str:
    """Return a client's own name for something as a message may repeat it."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _takes_null(target: Field) -> bool:
    return "null" in types(target.whole)


def _text_of(part: FilePart) -> str | FilePart:
    try:
        return part.data.decode("utf-8")
    except UnicodeDecodeError:
        return part


def _text_flaw(kind: Kind, target: Field, keyword: str, message: str) -> Flaw:
    return Flaw(kind, "field", target.place.path_at(), keyword, message, target.evidence("type"))
