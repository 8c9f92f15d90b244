"""Values put where their fields stand: the body's document, the path, the query, the headers.

The way back from what `request.py` reads. Knows fields. Must not know HTTP, how a body is written,
or which values are worth sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from testcard.common.place import ABSENT, Field, Holder, Location, least_of
from testcard.common.schema import EACH

_NOT_SAID: Final = object()


@dataclass(frozen=True)
class Spread:
    """What a call says, by where it says it.

    Attributes:
        document: of the body.
        said: location -> names and values, of the others.
    """

    document: dict[str, Any] = field(default_factory=dict)
    said: Mapping[Location, Mapping[str, Any]] = field(default_factory=dict)


def spread(fields: Mapping[str, Field], root: Holder, values: Mapping[str, Any]) -> Spread:
    """Put values in their places.

    Args:
        fields: of the call, by their names; those outside the body among them.
        root: what the body holds.
        values: by the names of fields, or of holders, which are taken as they are. ABSENT leaves a
            member out of what holds it. Other names stand in the body as they are.
    """
    said: dict[Location, dict[str, Any]] = {}
    outside = {name: each for name, each in fields.items() if each.place.location != "body"}
    for name, each in outside.items():
        if name in values and values[name] is not ABSENT:
            said.setdefault(each.place.location, {})[each.place.name] = values[name]
    document = _object(root, values, ())
    known = {*fields, *(each.name for each in root.holders())}
    document |= {name: value for name, value in values.items() if name not in known}
    return Spread(document, said)


def _object(holder: Holder, values: Mapping[str, Any], at: tuple[int, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in holder.members.items():
        value = _said(member, values, at)
        if value is not _NOT_SAID:
            found[name] = value
    return {name: value for name, value in found.items() if value is not ABSENT}


def _said(member: Field | Holder, values: Mapping[str, Any], at: tuple[int, ...]) -> Any:
    if isinstance(member, Field) or member.name in values:
        return _picked(values.get(member.name, _NOT_SAID), at)
    if member.place.path[-1] == EACH:
        count = max([len(_items(each, values, at)) for each in member.leaves()], default=0)
        if not count and not (member.needed and _is_touched(member, values)):
            return _NOT_SAID
        found = [_object(member, values, (*at, index)) for index in range(count or 1)]
        return found + found[-1:] * (least_of(member.whole) - len(found))
    if not (member.needed or _is_touched(member, values)):
        return _NOT_SAID  # though something in it is needed wherever it is sent
    inner = _object(member, values, at)
    return inner if inner or member.needed else _NOT_SAID


def _is_touched(member: Holder, values: Mapping[str, Any]) -> bool:
    return any(each.name in values for each in member.leaves()) or any(
        each.name in values for each in member.holders()
    )


def _items(each: Field, values: Mapping[str, Any], at: tuple[int, ...]) -> list[Any]:
    value = _picked(values.get(each.name, _NOT_SAID), at)
    return value if isinstance(value, list) and len(at) < each.depth else []


def _picked(value: Any, at: tuple[int, ...]) -> Any:
    for index in at:
        if not isinstance(value, list) or index >= len(value) or value[index] is None:
            return value if value is ABSENT else _NOT_SAID
        value = value[index]
    return value
