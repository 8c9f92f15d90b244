"""What operations of a spec say that testcard would pass over: paths, parameters, media types.

Knows what the core reads of a call and of an answer. Must not know files, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any, Final

from testcard.common.document import Keys, Node, SpecRefusal, calls_in, words
from testcard.common.schema import nodes

_FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
_RAW: Final = ("image/png", "image/jpeg", "image/webp", "application/octet-stream")
_REQUESTS: Final = ("application/json", *_FORMS, *_RAW)
_ANSWERS: Final = (
    "application/json",
    "image/png",
    "image/jpeg",
    "image/webp",
    "text/event-stream",
)
_UNREAD_HEADERS: Final = {
    "accept": "the media types of the answer",
    "content-type": "the media types of the body",
    "authorization": "a security scheme",
}
_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")
_PICTURES: Final = frozenset({"picture", "picture-url", "picture-urls"})
Call = tuple[Keys, Node, list[tuple[Keys, Node]]]
"""Where an operation stands, itself, and its parameters, each with where it stands."""


def _calls(document: Node) -> Iterator[Call]:
    for path, method, node in calls_in(document):
        at: Keys = ("paths", path)
        shared = document["paths"][path].get("parameters", ())
        listed = [((*at, "parameters", index), each) for index, each in enumerate(shared)]
        own = enumerate(node.get("parameters", ()))
        listed += [((*at, method, "parameters", index), each) for index, each in own]
        yield (*at, method), node, listed


def _placeholders(document: Node) -> Iterator[SpecRefusal]:
    """A name in a path wants a parameter, and a parameter of a path a name in it."""
    for at, _, parameters in _calls(document):
        named = set(_PLACEHOLDER.findall(str(at[1])))
        told = {each["name"]: where for where, each in parameters if each["in"] == "path"}
        for name in sorted(named - told.keys()):
            yield SpecRefusal(at, f"{{{name}}} of the path is no parameter", "one for it")
        for name in sorted(told.keys() - named):
            yield SpecRefusal(
                told[name], f"{name!r} stands nowhere in the path", f"{{{name}}} in it"
            )


def _optional_in_path(document: Node) -> Iterator[SpecRefusal]:
    for _, _, parameters in _calls(document):
        for where, each in parameters:
            if each["in"] == "path" and each.get("required") is not True:
                yield SpecRefusal(where, "a part of a path is always sent", "required: true")


def _unread_headers(document: Node) -> Iterator[SpecRefusal]:
    for _, _, parameters in _calls(document):
        for where, each in parameters:
            instead = _UNREAD_HEADERS.get(each["name"].lower())
            if each["in"] == "header" and instead:
                yield SpecRefusal(where, f"{each['name']} is read by no parameter", instead)


def _pictures_beside_bodies(document: Node) -> Iterator[SpecRefusal]:
    for _, _, parameters in _calls(document):
        for where, each in parameters:
            if words(each["schema"]).get("encodings") and each["in"] in ("header", "cookie"):
                yield SpecRefusal(
                    where, f"no picture fits in a {each['in']}", "a field of the body"
                )


def _same_parameter_twice(document: Node) -> Iterator[SpecRefusal]:
    for _, _, parameters in _calls(document):
        for (_, one), (where, other) in combinations(parameters, 2):
            if (one["in"], one["name"]) == (other["in"], other["name"]):
                yield SpecRefusal(
                    where, f"{other['in']}.{other['name']} is here twice", "one of them"
                )


def _request_media_types(document: Node) -> Iterator[SpecRefusal]:
    for at, media_type, _ in _contents(document):
        if media_type not in _REQUESTS:
            seen = f"a body of {media_type} is not read"
            yield SpecRefusal(at, seen, f"one of {', '.join(_REQUESTS)}")


def _encodings(document: Node) -> Iterator[SpecRefusal]:
    """Encodings belong to properties, of forms."""
    for at, media_type, content in _contents(document):
        for name in content.get("encoding", ()):
            where = (*at, "encoding", name)
            if media_type not in _FORMS:
                yield SpecRefusal(where, f"an encoding of {media_type} is not read", "it in a form")
            elif name not in _members(content["schema"]):
                yield SpecRefusal(where, f"{name!r} is no property of the body", "the name of one")


def _parts_in_json(document: Node) -> Iterator[SpecRefusal]:
    """JSON has no parts: files are of forms."""
    for at, media_type, content in _contents(document):
        for path, node in nodes(content["schema"]) if media_type == _REQUESTS[0] else ():
            encodings = words(node).get("encodings", ())
            if encodings and set(encodings) <= {"file", "part"}:
                where = (*at, "schema", *path, "x-testcard", "encodings")
                yield SpecRefusal(
                    where, f"no {encodings[0]} fits in JSON", "base64, data-uri or url"
                )


def _raw_bodies(document: Node) -> Iterator[SpecRefusal]:
    """A body of bytes is one picture, sent as a file is."""
    for at, media_type, content in _contents(document):
        if media_type in _RAW and words(content["schema"]).get("encodings") != ["file"]:
            seen = f"a body of {media_type} is one picture, byte for byte"
            instead = "x-testcard: {role: init-image, encodings: [file]} in its schema"
            yield SpecRefusal((*at, "schema"), seen, instead)


def _answer_media_types(document: Node) -> Iterator[SpecRefusal]:
    for at, node, _ in _calls(document):
        for status, response in node["responses"].items():
            for media_type in response.get("content", {}):
                if media_type not in _ANSWERS and not _is_json(media_type):
                    where = (*at, "responses", status, "content", media_type)
                    seen = f"an answer of {media_type} is never given"
                    yield SpecRefusal(where, seen, f"one of {', '.join(_ANSWERS)}")


def _successes(document: Node) -> Iterator[SpecRefusal]:
    """What an operation does has to stand in one of its successes."""
    for at, node, parameters in _calls(document):
        does = words(node)["does"]
        wanted = {"pictures": _PICTURES, "job": {"job-id"}}.get(does, frozenset[str]())
        won = [each for status, each in node["responses"].items() if _is_success(status)]
        if does in ("pictures", "job", "job-status") and not won:
            yield SpecRefusal((*at, "responses"), "no answer is a success", 'one under "200"')
        elif wanted and not any(wanted & _carried(each, does) for each in won):
            roles = " or ".join(sorted(wanted))
            seen = f"it does {does}, and no success has a place for it"
            yield SpecRefusal((*at, "responses"), seen, f"one with the role {roles}")
        if does == "job-status" and not (parameters or "job-id" in _asked_roles(node)):
            yield SpecRefusal(at, "nothing says which job is asked after", "a field of role job-id")


def _choices(document: Node) -> Iterator[SpecRefusal]:
    """A field that asks for base64 has JSON to be answered in."""
    for at, node, _ in _calls(document):
        listed = node["responses"]
        won = [each for status, each in listed.items() if status.startswith("2")]
        won = won or [listed[each] for each in listed if each == "default"]
        told = any(_is_json(kind) for each in won for kind in each.get("content", ()))
        for media_type, content in node.get("requestBody", {}).get("content", {}).items():
            for path, field in nodes(content["schema"]) if not told else ():
                if words(field).get("role") == "as-base64":
                    where = (*at, "requestBody", "content", media_type, "schema", *path)
                    yield SpecRefusal(
                        (*where, "x-testcard", "role"),
                        "as-base64 asks for JSON, which no success has",
                        "an answer of application/json",
                    )


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _is_success(status: str) -> bool:
    return status.startswith("2") or status == "default"


def _carried(response: Mapping[str, Any], does: str) -> set[str]:
    """The roles that an answer has a place for; a body of bytes is a picture."""
    if does == "pictures" and any(
        each.startswith("image/") for each in response.get("content", ())
    ):
        return {"picture"}
    contents = response.get("content", {}).values()
    parts = (*contents, *response.get("headers", {}).values())
    return {words(node).get("role", "") for part in parts for _, node in nodes(part["schema"])}


def _asked_roles(node: Node) -> set[str]:
    contents = node.get("requestBody", {}).get("content", {}).values()
    return {words(each).get("role", "") for one in contents for _, each in nodes(one["schema"])}


def _contents(document: Node) -> Iterator[tuple[Keys, str, Node]]:
    """Yield each body that is asked for: where it stands, its media type, and what is said."""
    for at, node, _ in _calls(document):
        for media_type, content in node.get("requestBody", {}).get("content", {}).items():
            yield (*at, "requestBody", "content", media_type), media_type, content


def _members(schema: Mapping[str, Any]) -> set[str]:
    found = set(schema.get("properties", ()))
    for branch in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        found |= _members(branch)
    return found


CHECKS: Final[tuple[Callable[[Node], Iterator[SpecRefusal]], ...]] = (
    _placeholders,
    _optional_in_path,
    _unread_headers,
    _pictures_beside_bodies,
    _same_parameter_twice,
    _request_media_types,
    _encodings,
    _parts_in_json,
    _raw_bodies,
    _answer_media_types,
    _successes,
    _choices,
)
