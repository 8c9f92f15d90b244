"""Which operations of a file make pictures, and which ones those need.

Knows the names that image APIs give operations, and what their schemas carry. Must not know how a
spec is written, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from testcard.common.document import METHODS, Keys, Node, SpecError
from testcard.importing.asking import Roles
from testcard.importing.roles import normal
from testcard.importing.schemas import converted, members
from testcard.importing.source import Source
from testcard.importing.telling import give_roles

_SPEAKS_FOR: Final = re.compile(
    r"image|img|picture|photo|generat|predict|paint|edit|upscale|diffusion|txt2|text.to|"
    r"remove|erase|sketch|recolor"
)
_SPEAKS_AGAINST: Final = re.compile(
    r"video|audio|speech|music|chat|completion|embed|train|fine.?tun|moderation|assistant|thread|"
    r"vector|batch|eval|transcri|voice|3d|grader|realtime|response|container|webhook"
)
_FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
_READ: Final = ("application/json", *_FORMS)
_OF_JOBS: Final = re.compile(
    r"result|status|get|task|job|predict|generation|request|queue|process|inference"
)
_ID: Final = re.compile(r"(.*_)?(id|uuid)")
_ACCOUNT: Final = re.compile(r"/(account|credits|balance|me|user)(/|$)")


@dataclass(frozen=True, slots=True)
class Chosen:
    """An operation of a file that is to be in the spec.

    Attributes:
        path: as in the file.
        method: in small letters.
        node: the operation.
        at: where it stands.
        does: what it brings about, in the language's words.
    """

    path: str
    method: str
    node: Node
    at: Keys
    does: str

    @property
    def name(self) -> str:
        """Its operationId, or method and path."""
        return str(self.node.get("operationId") or f"{self.method} {self.path}")


def chosen(source: Source, named: Sequence[str] = ()) -> list[Chosen]:
    """Return the operations that make pictures, or those named, with what they need.

    Raises:
        SpecError: one that is named is not in the file.
    """
    scratch = replace(source, notes=[], scanning=True)
    every = list(_operations(source))
    known = {each.name for each in every}
    for name in named:
        if name not in known:
            raise SpecError(
                f"{source.path}: there is no operation {name!r}; --operation takes an id"
            )
    asked = [each for each in every if each.name in named] if named else every
    making = [each for each in asked if named or _may_make(each)]
    found = [replace(each, does=_does(scratch, each)) for each in making]
    found = [each for each in found if each.does]
    if not named and not found:
        source.note("unknown", ("paths",), "no operation makes pictures, as far as its names tell")
    return [*found, *_needed(scratch, found, every)]


def _operations(source: Source) -> Iterator[Chosen]:
    for path, raw in source.document.get("paths", {}).items():
        item, at = source.follow(raw, ("paths", path))
        for method in METHODS:
            if isinstance(item.get(method), dict):
                yield Chosen(path, method, item[method], (*at, method), "")


def _may_make(wanted: Chosen) -> bool:
    name = f"{wanted.path} {wanted.node.get('operationId', '')}".lower()
    text = f"{name} {str(wanted.node.get('summary', ''))[:100].lower()}"
    asks = wanted.method in ("post", "put") and "requestBody" in wanted.node
    return asks and bool(_SPEAKS_FOR.search(text)) and not _SPEAKS_AGAINST.search(name)


def _does(source: Source, wanted: Chosen) -> str:
    """Return what an operation brings about, by what it takes and answers; empty for nothing."""
    if wanted.method == "get":
        return "job-status" if "job-state" in answered(source, wanted, "job") else "info"
    if not _asks_for_pictures(source, wanted):
        return ""
    told = answered(source, wanted, "job")
    if "job-id" in told and told & {"job-state", "job-url"}:
        return "job"
    if any(each.startswith("image/") for each in _success(source, wanted)[0].get("content", {})):
        return "pictures"
    made = answered(source, wanted, "pictures") & {"picture", "picture-url", "picture-urls"}
    return "pictures" if made else "job" if told == {"job-id"} else ""


def _asks_for_pictures(source: Source, wanted: Chosen) -> bool:
    body, at = source.follow(wanted.node.get("requestBody"), (*wanted.at, "requestBody"))
    for media_type, content in body.get("content", {}).items():
        if media_type in _READ:
            where = (*at, "content", media_type, "schema")
            schema = converted(source, content.get("schema", {}), where)
            roles = Roles(source, at, form=media_type in _FORMS)
            roles.give(schema)
            if {"prompt", "init-image"} & roles.taken or "input" in members(schema):
                return True
    return False


def answered(source: Source, wanted: Chosen, answer: Any) -> set[str]:
    """Return the roles that the JSON of an operation's first success would have."""
    response, at = _success(source, wanted)
    content = response.get("content", {}).get("application/json")
    if content is None:
        return set()
    where = (*at, "content", "application/json", "schema")
    return give_roles(source, at, converted(source, content.get("schema", {}), where), answer)


def _success(source: Source, wanted: Chosen) -> tuple[Node, Keys]:
    responses = wanted.node.get("responses", {})
    status = next((each for each in responses if each.startswith("2")), "default")
    return source.follow(responses.get(status, {}), (*wanted.at, "responses", status))


def _needed(source: Source, found: Sequence[Chosen], every: Sequence[Chosen]) -> Iterator[Chosen]:
    """Yield what asks after jobs and cancels them, and what tells of the account."""
    taken = {each.at for each in found}
    others = [each for each in every if each.at not in taken and not _foreign(each)]
    if any(each.does == "job" for each in found):
        asking = [each for each in others if _asks_after_jobs(source, each)]
        best = max((_nearness(each, found) for each in asking), default=0)
        for each in asking:
            if _nearness(each, found) == best:
                yield replace(each, does="job-status")
                yield from _cancels(each, others)
    for each in others:
        if each.method == "get" and _ACCOUNT.search(each.path.lower()) and "{" not in each.path:
            told = answered(source, each, "account")
            yield replace(each, does="account" if "remaining-credits" in told else "info")


def _foreign(wanted: Chosen) -> bool:
    return bool(
        _SPEAKS_AGAINST.search(f"{wanted.path} {wanted.node.get('operationId', '')}".lower())
    )


def _asks_after_jobs(source: Source, wanted: Chosen) -> bool:
    return (
        wanted.method == "get"
        and bool(job_parameters(source, wanted))
        and "job-state" in answered(source, wanted, "job")
    )


def job_parameters(source: Source, wanted: Chosen) -> list[str]:
    """Return the names of the parameters that may hold a job's id, the likeliest last."""
    shared = source.document["paths"].get(wanted.path, {}).get("parameters", ())
    listed = [source.follow(each, wanted.at)[0] for each in shared]
    listed += [source.follow(each, wanted.at)[0] for each in wanted.node.get("parameters", ())]
    return [
        each["name"]
        for each in listed
        if each.get("in") in ("path", "query") and _ID.fullmatch(normal(each.get("name", "")))
    ]


def _nearness(wanted: Chosen, found: Sequence[Chosen]) -> int:
    """How near a question is to what begins jobs: one shape of answer, one path, its name."""
    said = str(wanted.node.get("responses", {}))
    alike = any(str(each) in said for one in found for each in _shapes(one.node))
    below = any(wanted.path.startswith(f"{each.path}/") for each in found)
    named = bool(_OF_JOBS.search(wanted.path.lower()))
    return 4 * alike + 2 * below + named


def _shapes(node: Node) -> list[str]:
    return re.findall(r"#/components/schemas/[\w.-]+", str(node.get("responses", {})))[:1]


def _cancels(asking: Chosen, others: Sequence[Chosen]) -> Iterator[Chosen]:
    for each in others:
        if each.path.startswith(asking.path) and (
            "cancel" in each.path.lower() or (each.path == asking.path and each.method == "delete")
        ):
            yield replace(each, does="job-cancel")
