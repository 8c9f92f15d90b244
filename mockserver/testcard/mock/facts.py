"""What is known of an answer, by the roles that a spec may give it: a table, role -> how to tell.

Only roles that a reading has are looked up. Knows calls, worlds, jobs and troubles. Must not know
schemas, how an answer is worded, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any, Final

import pybase64

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.body import FilePart
from testcard.common.job import PictureJob
from testcard.common.picture import Format
from testcard.common.schema import named
from testcard.common.spec import words
from testcard.common.spread import spread
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Visit
from testcard.mock.render import each_of
from testcard.mock.world import World

Known = dict[str, Any]

_SECONDS_A_STEP: Final = 0.05  # what the mock says a step took; it is told, not measured
_CHARACTERS_A_TOKEN: Final = 4
_SIDE_OF_A_TOKEN: Final = 64  # pixels


def amount(value: Decimal) -> int | float:
    """Return credits as a JSON number: whole where they are whole."""
    return int(value) if value == value.to_integral_value() else float(value)


# Of any answer

_Of_Call = Callable[[Visit, World], Any]


def _credits(visit: Visit, world: World) -> Any:
    if visit.account is None:
        return None
    left = world.account(visit.account).balance if visit.left is None else visit.left
    return amount(left)


def _cost(visit: Visit, _: World) -> Any:
    return None if visit.cost is None else amount(visit.cost)


def _model(visit: Visit, _: World) -> Any:
    return said(visit, "model")


def _echo(visit: Visit, _: World) -> Mapping[str, Any]:
    """What the call said, by the names of its fields; `*` is the whole body."""
    body = visit.takes
    if body is None:
        return {}
    told = {name: value for name, value in visit.fields.items() if _repeatable(value)}
    fields = [each for each in body.fields.values() if each.default is not None]
    usual = {each.name: each.default for each in fields}
    document = spread(body.fields, body.root, told).document
    return {**document, **usual, **told, "*": document}


def _repeatable(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_repeatable, value))
    return not isinstance(value, FilePart)


OF_CALLS: Final[Mapping[str, _Of_Call]] = {
    "trace-id": lambda visit, _: visit.draws.id(),
    "remaining-credits": _credits,
    "cost": _cost,
    "created": lambda _, world: world.now(),
    "model": _model,
    "echo": _echo,
    "request-url": lambda visit, _: visit.call.url,
}


def of_call(visit: Visit, world: World, roles: Collection[str]) -> Known:
    """Return what is known of any answer to this call."""
    found = {role: OF_CALLS[role](visit, world) for role in OF_CALLS.keys() & roles}
    return {role: value for role, value in found.items() if value is not None}


def said(visit: Visit, role: str) -> Any:
    """Return what the call says in the field with this role, or its default; words as values."""
    value = visit.said(role)
    if not isinstance(value, str) or visit.takes is None:
        return value
    return words(visit.takes.by_role[role].schema).get("values", {}).get(value, value)


def wants_base64(visit: Visit) -> bool | None:
    """Whether the call asks for pictures in JSON; None where it does not say."""
    value = said(visit, "as-base64")
    return None if value is None else bool(value)


# Of pictures


@dataclass(frozen=True, slots=True)
class Painted:
    """Pictures that an answer tells of.

    Attributes:
        job: what was asked for.
        pictures: encoded.
        media_type: theirs.
        urls: where each one is; empty where they are nowhere.
    """

    job: PictureJob
    pictures: Sequence[bytes]
    media_type: str
    urls: Sequence[str] = ()


def of_job(job: PictureJob) -> Known:
    """Return what an answer knows of what was asked for."""
    tokens_in = ceil((len(job.prompt) + len(job.negative_prompt)) / _CHARACTERS_A_TOKEN)
    blocks = ceil(job.width / _SIDE_OF_A_TOKEN) * ceil(job.height / _SIDE_OF_A_TOKEN)
    return {
        "seed": job.seed,
        "elapsed": round(_SECONDS_A_STEP * job.steps * job.samples, 2),
        "width": job.width,
        "height": job.height,
        "input-tokens": tokens_in,
        "output-tokens": blocks * job.samples,
        "total-tokens": tokens_in + blocks * job.samples,
    }


def of_pictures(painted: Painted, roles: Collection[str]) -> Known:
    """Return what an answer knows of its pictures: of all together, and of each."""
    each = [_of_picture(painted, index, roles) for index in range(len(painted.pictures))]
    together: Known = {
        role: [one[role] for one in each]
        for role in ("picture", "picture-url")
        if each and role in each[0]
    }
    return {
        **together,
        "byte-count": sum(map(len, painted.pictures)),
        "media-type": painted.media_type,
        "picture-seed": painted.job.seed,
        **({"picture-urls": list(painted.urls)} if painted.urls else {}),
        each_of("pictures"): each,
    }


def _of_picture(painted: Painted, index: int, roles: Collection[str]) -> Known:
    data = painted.pictures[index]
    found: Known = {
        "byte-count": len(data),
        "picture-seed": painted.job.seed + index,
        "index": index,
        "revised-prompt": painted.job.prompt,
    }
    if "picture" in roles:
        found["picture"] = pybase64.b64encode(data).decode("ascii")
    if painted.urls:
        found["picture-url"] = painted.urls[index]
    return found


def urls_of(visit: Visit, job_id: str, count: int, format_: Format = "png") -> list[str]:
    """Return where the pictures of a job are."""
    base = f"{visit.base}{ADMIN_PREFIX}pictures/{job_id}"
    return [f"{base}/{index}.{format_}" for index in range(count)]


# Of trouble


def of_trouble(visit: Visit, trouble: Trouble, said: Mapping[str, Any]) -> Known:
    """Return what an answer knows of why the call did not succeed.

    Args:
        visit: the call.
        trouble: that it made.
        said: role -> the spec's words for this kind of trouble.
    """
    each = list(_breaches(trouble))
    known: Known = {
        "outcome": -1,
        "code": trouble.kind,
        "error-type": trouble.kind,
        each_of("breaches"): each,
        **({name: value for name, value in each[0].items() if name != "breach-location"}),
    }
    if not trouble.breaches:
        del known["breach-path"]
    if trouble.kind == "method-not-allowed":
        known["allow"] = ", ".join(visit.match.allowed)
    if trouble.retry_after is not None:
        known["retry-after"] = trouble.retry_after
    return known | dict(said)


def _breaches(trouble: Trouble) -> Iterator[Known]:
    for breach in trouble.breaches:
        location, path = _located(breach.path)
        yield {
            "breach-path": path,
            "breach-location": location,
            "breach-field": named(path),
            "breach-kind": breach.keyword,
            "breach-message": breach.message,
        }
    if not trouble.breaches:
        kind = "json" if trouble.kind == "malformed" else trouble.kind
        yield {
            "breach-path": (),
            "breach-location": "body",
            "breach-kind": kind,
            "breach-message": trouble.message,
        }


def _located(path: tuple[str | int, ...]) -> tuple[str, tuple[str | int, ...]]:
    """Of a breach, the location and the path in it."""
    if path and path[0] in ("query", "header", "path", "cookie") and len(path) > 1:
        return str(path[0]), path[1:]
    return "body", path
