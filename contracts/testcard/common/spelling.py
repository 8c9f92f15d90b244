"""How forms spell lists and objects in the names of their parts: there and back.

`image` again and again, `image[]`, `text_prompts[0][text]`, `input.image`, or one part of JSON.
Knows parts and what a body holds. Must not know media types, who sends a form, or any provider.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import orjson

from testcard.common.place import Field, Holder
from testcard.common.schema import EACH

Spelling = Literal["repeated", "brackets", "indexed", "dotted", "json"]
SPELLINGS: Final[tuple[Spelling, ...]] = get_args(Spelling)
"""Those that a page's own word may be; the lenient profile takes them all."""

_STEP: Final = re.compile(r"\[([^\[\]]*)\]|\.([^.\[\]]+)")
_FIRST: Final = re.compile(r"[^.\[\]]+")
_LONGEST_NAME: Final = 200  # characters of a part's name that are taken apart
_MOST_ITEMS: Final = 100  # of a list, told by their indices


@dataclass
class Assembled:
    """A form's parts, put together as the document that they spell.

    Attributes:
        document: names to values: texts and files, lists and objects of these.
        repeated: names of parts of which one was expected, to how many came.
        spelt: spellings that were met, with a name of each.
    """

    document: dict[str, Any] = field(default_factory=dict)
    repeated: dict[str, int] = field(default_factory=dict)
    spelt: dict[Spelling, str] = field(default_factory=dict)


def assembled(parts: Iterable[tuple[str, Any]], holder: Holder) -> Assembled:
    """Put a form together.

    Args:
        parts: names and values, in the order sent.
        holder: what the body holds.
    """
    found = Assembled()
    for name, value in parts:
        _put(found, name, value, holder)
    return found


def _put(found: Assembled, name: str, value: Any, holder: Holder) -> None:
    document = found.document
    member = _member(holder, name)
    if member is not None:
        if isinstance(member, Holder):
            found.spelt.setdefault("json", name)
            document[name] = _parsed(value)
        elif member.depth or member.either:
            _append(document, name, value, one=member.either)
            if isinstance(document[name], list) and len(document[name]) > 1:
                found.spelt.setdefault("repeated", name)
        else:
            found.repeated[name] = found.repeated.get(name, 0) + 1
            document[name] = value
        return
    path = _path(name)
    if path and _member(holder, path[0]) is not None:
        spelling: Spelling = "brackets" if path[-1] == "" else "indexed"
        if "." in name and "[" not in name:
            spelling = "dotted"
        there = path[0] in document
        if _set(document, path, value):
            found.spelt.setdefault(spelling, name)
            return
        if not there:  # what was made on the way
            document.pop(path[0], None)
    document[name] = value


def _member(holder: Holder, name: str) -> Field | Holder | None:
    return holder.members.get(name) or holder.members.get(holder.aliases.get(name, ""))


def _append(document: dict[str, Any], name: str, value: Any, *, one: bool) -> None:
    there = document.get(name)
    if isinstance(there, list):
        there.append(value)
    elif there is None:
        document[name] = value if one else [value]
    else:
        document[name] = [there, value]


def _parsed(value: Any) -> Any:
    text = getattr(value, "data", value)
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, TypeError):
        return value


def _path(name: str) -> list[str]:
    """Return the steps that a part's name spells; none where it spells none."""
    first = _FIRST.match(name) if len(name) <= _LONGEST_NAME else None
    if first is None or first.end() == len(name):
        return []
    steps, at = [first[0]], first.end()
    while at < len(name):
        step = _STEP.match(name, at)
        if step is None:
            return []
        steps.append(step[1] if step[1] is not None else step[2])
        at = step.end()
    return steps


def _set(document: dict[str, Any], path: list[str], value: Any) -> bool:
    """Put a value where a path leads; whether there was a way there."""
    here: Any = document
    for step, following in zip(path, [*path[1:], None], strict=True):
        fresh: Any = value if following is None else _empty(following)
        here = _step(here, step, fresh, last=following is None)
        if here is None:
            return False
    return True


def _empty(step: str) -> Any:
    return [] if step == "" or step.isdecimal() else {}


def _step(here: Any, step: str, fresh: Any, *, last: bool) -> Any:
    if isinstance(here, dict):
        if last:
            here[step] = fresh
            return fresh
        there = here.setdefault(step, fresh)
        return there if isinstance(there, dict | list) else None
    index = len(here) if step == "" else int(step) if step.isdecimal() else -1
    if not 0 <= index <= min(len(here), _MOST_ITEMS - 1):
        return None
    if index == len(here):
        here.append(fresh)
    elif last:
        here[index] = fresh
    return here[index]


def spelt_out(
    document: Mapping[str, Any], holder: Holder, ways: Collection[Spelling]
) -> Iterator[tuple[str, Any]]:
    """Yield a document as the parts of a form: names, and texts or files.

    Args:
        document: as `assembled` puts it together.
        holder: what the body holds.
        ways: how lists and objects are spelt; the first that suits is taken.
    """
    for name, value in document.items():
        member = _member(holder, name)
        files = _holds_files(value)
        if (
            isinstance(member, Holder)
            and not files
            and _way(ways, "json", "indexed", "dotted") == "json"
        ):
            yield name, orjson.dumps(value).decode()
        elif isinstance(member, Holder):
            yield from _indexed(name, value, dotted="dotted" in ways)
        elif isinstance(value, list):
            way = _way(ways, "repeated", "brackets", "indexed", *(() if files else ("json",)))
            if way == "json":
                yield name, orjson.dumps(value).decode()
            for at, each in enumerate(value if way != "json" else ()):
                ending = {"brackets": EACH, "indexed": f"[{at}]"}.get(way, "")
                yield name + ending, each
        else:
            yield name, value


def _holds_files(value: Any) -> bool:
    """Whether there are files in a value, which no JSON can hold."""
    if isinstance(value, Mapping):
        return any(map(_holds_files, value.values()))
    if isinstance(value, list):
        return any(map(_holds_files, value))
    return value is not None and not isinstance(value, str | int | float)


def _way(ways: Collection[Spelling], *suiting: Spelling) -> Spelling:
    return next((each for each in ways if each in suiting), suiting[0])


def _indexed(name: str, value: Any, *, dotted: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for inner, each in value.items():
            yield from _indexed(
                f"{name}.{inner}" if dotted else f"{name}[{inner}]", each, dotted=dotted
            )
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _indexed(f"{name}[{at}]", each, dotted=dotted)
    else:
        yield name, value
