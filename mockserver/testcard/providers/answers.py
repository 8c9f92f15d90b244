"""Parts of an answer, out of an OpenAPI response: its status, headers, content and examples.

Knows OpenAPI responses and roles. Must not know calls' fields, money, or any one provider.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from testcard.common.message import Headers, Reply
from testcard.common.operation import roles_of
from testcard.common.place import ABSENT
from testcard.common.reading import Reading
from testcard.common.schema import nodes
from testcard.common.spec import words
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Visit
from testcard.mock.negotiation import is_json
from testcard.mock.render import Template, json_bytes

JSON: Final = "application/json"
URLS: Final = frozenset({"picture-url", "picture-urls"})
"""Roles of where pictures are."""


def status_of(answer: str, code: str | None) -> int:
    """Return the status of an answer that the spec has under a status, a class or `default`."""
    if answer.isdecimal():
        return int(answer)
    asked = int(code) if code and code.isdecimal() else 0
    if asked and answer in ("default", f"{asked // 100}XX"):
        return asked
    return 500 if answer == "default" else 100 * int(answer[0])


def json_of(response: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return media type and content of an answer's JSON; of what it has where it has none."""
    contents: Mapping[str, Mapping[str, Any]] = response.get("content", {})
    found = next((each for each in contents.items() if is_json(each[0])), None)
    return found or next(iter(contents.items()), (JSON, {}))


def standard_headers(visit: Visit, trouble: Trouble) -> Headers:
    """Return the headers that HTTP has for a kind of trouble."""
    if trouble.kind == "method-not-allowed":
        return (("allow", ", ".join(visit.match.allowed)),)
    if trouble.retry_after is not None:
        return (("retry-after", str(trouble.retry_after)),)
    return ()


def roles_in(reading: Reading) -> Iterator[str]:
    """Yield the roles that answers and callbacks have places for, in bodies and in headers."""
    for operation in reading.operations:
        yield from operation.roles
        for callback in operation.callbacks:
            for schema in (callback.schema, *callback.headers.values()):
                yield from (words(node).get("role", "") for _, node in nodes(schema))


class Answer:
    """An OpenAPI response, looked through once: how it is worded in JSON.

    Attributes:
        response: the response.
        media_type: of its JSON.
        roles: those that it has places for.
    """

    def __init__(self, response: Mapping[str, Any]) -> None:
        """Look through `response`."""
        self.response = response
        self.roles = tuple(dict.fromkeys(roles_of(response)))
        media_type, content = json_of(response)
        if not is_json(media_type):
            media_type, content = JSON, {}
        self.media_type = media_type
        self._body = Template(content["schema"]) if content else None
        headers: Mapping[str, Mapping[str, Any]] = response.get("headers", {})
        self._headers = [
            (name, Template(node["schema"]), node["schema"].get("const", ABSENT))
            for name, node in headers.items()
        ]

    def worded(self, status: int, known: Mapping[str, Any]) -> Reply:
        """Return a reply with what is known; a plain error where there is no schema for one."""
        said = {"error": known.get("message")} if self._body is None else self._body.render(known)
        headers = (("content-type", self.media_type), *self.headers(known))
        return Reply(status, headers, json_bytes(said))

    def headers(self, known: Mapping[str, Any]) -> Headers:
        """Return the headers of the answer: those of which something is known, and constants."""
        headers = []
        for name, template, constant in self._headers:
            value = template.told(known)
            if value is ABSENT:
                value = constant
            if value is not ABSENT:
                text = value if isinstance(value, str) else json_bytes(value).decode()
                headers.append((name, text))
        return tuple(headers)


class Answers:
    """The answers of a reading, each looked through when it is first given."""

    def __init__(self, reading: Reading) -> None:
        """Begin with none looked through."""
        listed = (each.answers.values() for each in reading.operations)
        self._listed = {id(each): each for each in chain.from_iterable(listed)}
        self._seen: dict[int, Answer] = {}

    def of(self, response: Mapping[str, Any]) -> Answer:
        """Return an answer, looked through; one that is not the reading's is kept nowhere."""
        found = self._seen.get(id(response))
        if found is None:
            found = Answer(response)
            if id(response) in self._listed:
                self._seen[id(response)] = found
        return found


def example_headers(response: Mapping[str, Any]) -> Headers:
    """Return the examples of an answer's headers."""
    headers = response.get("headers", {}).items()
    return tuple((name, str(node["example"])) for name, node in headers if "example" in node)


def example_body(example: Mapping[str, Any]) -> bytes:
    """Return an example as it is sent."""
    if "value" in example:
        return json_bytes(example["value"])
    return b64decode(example["externalValue"].partition(",")[2])


def media_types_in(schema: Mapping[str, Any]) -> list[str]:
    """Return the media types of the pictures that a body of JSON carries."""
    return [node["contentMediaType"] for _, node in nodes(schema) if "contentMediaType" in node]
