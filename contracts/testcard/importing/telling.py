"""What the members of an answer mean: pictures, jobs, messages, guessed from their names.

Knows the names that image APIs give what they answer. Must not know files, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from testcard.common.document import Keys, Node
from testcard.common.schema import nodes, types
from testcard.importing.roles import GUESS, normal
from testcard.importing.source import Source

Answer = Literal["pictures", "job", "error", "account", "other"]

_BYTES: Final = re.compile(r"b64(_json)?|base64|image(_?(base64|b64|data|bytes))?|artifact")
_URL: Final = re.compile(r"(image_?|picture_?|file_?|download_?|signed_?|sample_?)?ur[li]|sample")
_SHELF: Final = re.compile(
    r"(data|output|outputs|images?|results?|artifacts|pictures?|generations?|generated_images|"
    r"predictions|samples?|urls|image_urls|download_urls)"
)
_ID: Final = re.compile(r"((job|task|prediction|request|generation|inference|process)_?)?(id|uuid)")
_STATE: Final = re.compile(r"((job|task|prediction|generation)_?)?(status|state)")
_MESSAGE: Final = re.compile(r"(error_?)?message|msg|detail|details|error|errors|title|description")
_JOB_URL: Final = re.compile(r"(polling|status|get|self)_?url")
_LEFT: Final = re.compile(r"(remaining_?)?(credits|balance)(_?(left|remaining))?")

_ERROR_ROLES: Final = {"code": "code", "type": "error-type", "param": "breach-field"}
_FACTS: Final = {
    "created": "created",
    "created_at": "created",
    "input_tokens": "input-tokens",
    "output_tokens": "output-tokens",
    "total_tokens": "total-tokens",
}

_STATES: Final = (
    ("queued", re.compile(r"queue|pend|submit|start|created|waiting|init|accept|schedul|throttl")),
    ("moderated", re.compile(r"moderat|nsfw|filter|blocked|flagged")),
    ("running", re.compile(r"run|process|progress|generat|work")),
    ("succeeded", re.compile(r"succe|complet|ready|done|finish")),
    ("canceled", re.compile(r"cancel|abort")),
    ("expired", re.compile(r"expir")),
    ("failed", re.compile(r"fail|error|not.?found|reject|timeout")),
)


def give_roles(source: Source, at: Keys, schema: Node, answer: Answer) -> set[str]:
    """Give the members of an answer their roles, and return those that were given."""
    found: set[str] = set()
    _walk(_Giving(source, at, answer, found), schema, "", shelf=False)
    return found


class _Giving:
    """One answer, while roles are given."""

    def __init__(self, source: Source, at: Keys, answer: Answer, found: set[str]) -> None:
        self.source, self.at, self.answer, self.found = source, at, answer, found

    def put(self, name: str, node: Node, role: str, **more: Any) -> None:
        """Give one member a role."""
        own = node.setdefault("x-testcard", {})
        own |= {"role": role, **more}
        own.setdefault("keywords", {})["role"] = GUESS
        self.found.add(role)
        self.source.note("guessed", self.at, f"{name} of the answer has the role {role}")

    def each(self, name: str, node: Node, what: str) -> None:
        """Say that a list has an item for each of something."""
        own = node.setdefault("x-testcard", {})
        own["each"] = what
        own.setdefault("keywords", {})["each"] = GUESS
        self.source.note(
            "guessed", self.at, f"{name or 'the answer'} has an item for each of {what}"
        )


def _walk(giving: _Giving, schema: Node, holder: str, *, shelf: bool) -> None:
    if "array" in types(schema) and "items" in schema:
        _list(giving, schema, holder)
    for name, node in _members(schema):
        if _leaf(giving, name, node, holder, shelf=shelf):
            continue
        inside = shelf or (normal(name) != "urls" and bool(_SHELF.fullmatch(normal(name))))
        if "array" in types(node) and "items" in node:
            _list(giving, node, name)
        elif "properties" in node or "oneOf" in node or "anyOf" in node:
            _walk(giving, node, name, shelf=inside)


def _list(giving: _Giving, node: Node, name: str) -> None:
    items, plain = node["items"], normal(name)
    if giving.answer == "error":
        if "properties" in items:
            _breaches(giving, name, node)
        return
    if not (_SHELF.fullmatch(plain) or not name):
        return
    if "string" in types(items) and "enum" not in items:
        if items.get("format") == "uri" or "ur" in plain or "output" in plain:
            giving.put(name, node, "picture-urls")
        elif giving.answer == "pictures":
            giving.put(name, node, "picture")
    elif _members_in(items):
        before = set(giving.found)
        _walk(giving, items, name, shelf=True)
        if (giving.found - before) & {"picture", "picture-url"}:
            giving.each(name, node, "pictures")


def _breaches(giving: _Giving, name: str, node: Node) -> None:
    """A list of what is wrong with a call: where, what, and of what kind."""
    giving.each(name, node, "breaches")
    for inner, each in node["items"]["properties"].items():
        if normal(inner) in ("loc", "path", "location"):
            giving.put(inner, each, "breach-path", located=True)
        elif normal(inner) in ("msg", "message", "detail"):
            giving.put(inner, each, "breach-message")
        elif normal(inner) in ("type", "code"):
            giving.put(inner, each, "breach-kind")


def _leaf(giving: _Giving, name: str, node: Node, holder: str, *, shelf: bool) -> bool:
    """Give one member its role; whether it had one."""
    role = _role(giving, normal(name), node, normal(holder), shelf=shelf)
    if not role or role in giving.found:
        return False
    giving.put(name, node, role)
    return True


def _role(giving: _Giving, name: str, node: Node, holder: str, *, shelf: bool) -> str:
    kinds, answer = set(types(node)) - {"null"}, giving.answer
    if answer == "error":
        if kinds == {"string"} and _MESSAGE.fullmatch(name):
            return "message"
        if kinds == {"string"} and name in _ERROR_ROLES and holder:
            return _ERROR_ROLES[name]
        return "status" if kinds == {"integer"} and name in ("status", "status_code") else ""
    if answer == "account":
        return (
            "remaining-credits" if kinds <= {"number", "integer"} and _LEFT.fullmatch(name) else ""
        )
    if kinds <= {"integer", "number"} and kinds and name == "seed":
        return "seed"
    if answer == "job" and not shelf:
        return _job_role(f"{name}_url" if holder == "urls" else name, node, kinds)
    if kinds and kinds <= {"integer", "number"} and name in _FACTS:
        return _FACTS[name]
    return _picture_role(name, node, kinds, holder, shelf=shelf)


def _job_role(name: str, node: Node, kinds: set[str]) -> str:
    if kinds == {"string"} and _ID.fullmatch(name):
        return "job-id"
    if kinds == {"string"} and _STATE.fullmatch(name):
        return "job-state"
    if kinds == {"string"} and _JOB_URL.fullmatch(name):
        return "job-url"
    if not kinds and _SHELF.fullmatch(name) and not node.get("properties"):
        return "picture-urls"  # anything may stand here
    return "picture-url" if kinds == {"string"} and _URL.fullmatch(name) and "image" in name else ""


def _picture_role(name: str, node: Node, kinds: set[str], holder: str, *, shelf: bool) -> str:
    if kinds != {"string"} or "enum" in node:
        return ""
    if name == "revised_prompt":
        return "revised-prompt"
    if _URL.fullmatch(name) or node.get("format") == "uri":
        return "picture-url" if shelf or "image" in name or name == "url" else ""
    encoded = "contentEncoding" in node or "base64" in str(node.get("description", "")).lower()
    return "picture" if _BYTES.fullmatch(name) and (encoded or shelf or not holder) else ""


def states_in(schema: Mapping[str, Any]) -> Node:
    """Return what the words of a job's state mean: word -> one of testcard's; or `failed`."""
    found: Node = {}
    for name, node in _every(schema):
        if node.get("x-testcard", {}).get("role") == "job-state" or _STATE.fullmatch(normal(name)):
            known = [*node.get("enum", ()), *([node["const"]] if "const" in node else ())]
            found |= {str(word): state_of(str(word)) or "failed" for word in known}
    return found


def state_told(schema: Mapping[str, Any]) -> bool:
    """Whether an object is for one state of a job, which a member names as a constant."""
    own = schema.get("properties", {}).items()
    return any(_STATE.fullmatch(normal(name)) and "const" in each for name, each in own)


def state_of(word: str) -> str:
    """Return what a vendor's word for a job's state means; empty where that is not clear."""
    return next((state for state, said in _STATES if said.search(word.lower())), "")


def _every(schema: Mapping[str, Any]) -> Iterator[tuple[str, Node]]:
    """Yield every member, however deep."""
    for path, node in nodes(schema):
        if path[-2:-1] == ("properties",):
            yield path[-1], dict(node)


def _members_in(schema: Mapping[str, Any]) -> bool:
    return next(_members(schema), None) is not None


def _members(schema: Mapping[str, Any]) -> Iterator[tuple[str, Node]]:
    yield from schema.get("properties", {}).items()
    for word in ("oneOf", "anyOf"):
        for each in schema.get(word, ()):
            yield from _members(each)
