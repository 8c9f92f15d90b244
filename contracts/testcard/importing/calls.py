"""One operation of a file, written down with what it takes and how it answers.

Knows OpenAPI's operations. Must not know which ones are wanted, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from testcard.common.document import Keys, Node, words
from testcard.common.event_stream import EVENT_STREAM
from testcard.common.schema import types
from testcard.importing.asking import Roles, spellings
from testcard.importing.choice import Chosen, job_parameters
from testcard.importing.later import callbacks_in, stream_of_events
from testcard.importing.roles import GUESS
from testcard.importing.schemas import converted
from testcard.importing.source import Source
from testcard.importing.telling import Answer, give_roles, state_told, states_in

_FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
_READ: Final = ("application/json", *_FORMS)
_PICTURES: Final = ("image/png", "image/jpeg", "image/webp")
_UNREAD_HEADERS: Final = ("accept", "content-type", "authorization")
_BARE: Final = {"grade": "assumed", "source": "testcard import guessed it: the file lists no such"}
_PIXEL: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAE"
    "AAH2FzhVAAAAAElFTkSuQmCC"
)


class Calls:
    """Writes operations down.

    Attributes:
        states: what the words of jobs' states mean, as far as they came up.
    """

    def __init__(self, source: Source, problems: Mapping[str, int]) -> None:
        """Write down operations of `source`, whose trouble is answered with these statuses."""
        self._source = source
        self._problems = problems
        self._errors = self._usual_error()
        self._names: set[str] = set()
        self.states: Node = {}

    def written(self, wanted: Chosen) -> Node:
        """Return one operation in the language of specs."""
        node, source = wanted.node, self._source
        found: Node = {
            "operationId": self._name(wanted),
            "summary": _summary(node, wanted.name),
            "x-testcard": {"does": wanted.does, **source.cited(wanted.at)},
        }
        source.note("guessed", wanted.at, f"it does {wanted.does}")
        parameters = list(self._parameters(wanted))
        if parameters:
            found["parameters"] = parameters
        if "requestBody" in node and wanted.does not in ("job-status", "account", "info"):
            found |= self._body(wanted)
        if node.get("security") is not None:
            found["security"] = node["security"]
        found["responses"] = self._responses(wanted)
        answer = _answer(wanted, went_well=True)
        told = callbacks_in(self._source, wanted, lambda node, at: self._told(node, at, answer))
        return {**found, "callbacks": told} if told else found

    def _name(self, wanted: Chosen) -> str:
        first, *rest = [each for each in re.split(r"[^A-Za-z0-9]+", wanted.name) if each] or [
            "call"
        ]
        name = first + "".join(each[0].upper() + each[1:] for each in rest)
        name = name if name[0].isalpha() else f"call{name}"
        while name in self._names:
            name += "Again"
        self._names.add(name)
        if name != wanted.name:
            self._source.note("guessed", wanted.at, f"its operationId is {name}")
        return name

    # What it takes

    def _parameters(self, wanted: Chosen) -> Iterator[Node]:
        source = self._source
        item_at: Keys = wanted.at[:-1]
        shared = source.follow(source.document["paths"].get(wanted.path, {}), item_at)[0]
        listed: dict[tuple[str, str], tuple[Node, Keys]] = {}
        for at, each in [
            *(((*item_at, "parameters", i), p) for i, p in enumerate(shared.get("parameters", ()))),
            *(((*wanted.at, "parameters", i), p) for i, p in enumerate(_own(wanted.node))),
        ]:
            node, home = source.follow(each, at)
            listed[node.get("in", ""), node.get("name", "")] = node, home
        ids = job_parameters(source, wanted) if wanted.does.startswith("job-") else []
        roles = Roles(source, wanted.at, form=False)
        for (where, name), (node, at) in listed.items():
            if self._is_read(where, name, node, at):
                yield self._parameter(where, name, node, at, roles, job=name in ids[-1:])

    def _is_read(self, where: str, name: str, node: Node, at: Keys) -> bool:
        style = node.get("style")
        if where == "header" and name.lower() in _UNREAD_HEADERS:
            self._source.note("dropped", at, f"the header {name}, which says no field")
        elif "schema" not in node or style not in (None, "form", "simple"):
            self._source.note("dropped", at, f"the parameter {name}, whose style is not read")
        else:
            return where in ("path", "query", "header", "cookie")
        return False

    def _parameter(
        self, where: str, name: str, node: Node, at: Keys, roles: Roles, *, job: bool
    ) -> Node:
        schema = converted(self._source, node["schema"], (*at, "schema"))
        evidence = schema.pop("x-testcard")
        found: Node = {"name": name, "in": where, "schema": schema}
        if where == "path" or node.get("required") is True:
            found["required"] = True
        example = _example(node, schema)
        if example is not None and not job:
            found["example"] = example
            schema.setdefault("examples", [example])
        if job:
            schema["x-testcard"] = {"role": "job-id", "keywords": {"role": GUESS}}
        elif "enum" not in schema and "array" not in types(schema) and where == "query":
            roles.one(name, schema, schema)
        return {**found, "x-testcard": evidence if "grade" in evidence else self._source.cited(at)}

    def _body(self, wanted: Chosen) -> Node:
        source = self._source
        body, at = source.follow(wanted.node["requestBody"], (*wanted.at, "requestBody"))
        content: Node = {}
        for media_type, each in body.get("content", {}).items():
            where = (*at, "content", media_type)
            if media_type not in _READ:
                source.note("dropped", where, f"a body of {media_type} is not read")
                continue
            schema = converted(source, each.get("schema", {}), (*where, "schema"))
            form = media_type in _FORMS
            Roles(source, where, form=form).give(schema)
            content[media_type] = {"schema": schema}
            spelt = spellings(schema, each.get("examples") or each.get("example")) if form else {}
            if spelt:
                content[media_type]["encoding"] = spelt
        if not content:
            return {}
        found: Node = {"content": content, "x-testcard": source.cited(at)}
        return {"requestBody": {"required": True, **found}}

    # How it answers

    def _responses(self, wanted: Chosen) -> Node:
        found: Node = {}
        for status, raw in wanted.node.get("responses", {}).items():
            if re.fullmatch(r"[1-5]\d\d|[1-5]XX|default", status):
                response, at = self._source.follow(raw, (*wanted.at, "responses", status))
                found[status] = self._response(wanted, status, response, at)
        if not any(each.startswith("2") for each in found) and "default" in found:
            found = {"200": found.pop("default"), **found}
        if "default" not in found:
            for status in dict.fromkeys(map(str, self._problems.values())):
                if status not in found and f"{status[0]}XX" not in found:
                    found[status] = {"description": "It did not work", "x-testcard": _BARE,
                                     "content": {"application/json": self._errors}}  # fmt: skip
        return found

    def _response(self, wanted: Chosen, status: str, node: Node, at: Keys) -> Node:
        went_well = status.startswith("2")
        found: Node = {
            "description": _summary(node, "An answer"), "x-testcard": self._source.cited(at),
        }  # fmt: skip
        content: Node = {}
        for media_type, each in node.get("content", {}).items():
            where = (*at, "content", media_type)
            if media_type in _PICTURES and went_well:
                content[media_type] = self._picture(where)
            elif media_type == "application/json":
                answer = _answer(wanted, went_well=went_well)
                content[media_type] = {"schema": self._told(each, where, answer)}
            elif media_type == EVENT_STREAM and wanted.does == "pictures" and went_well:
                content |= self._events(each, where)
            else:
                self._source.note("dropped", where, f"an answer of {media_type} is not given")
        if not content and not went_well:
            content = {"application/json": self._errors}
        return {**found, "content": content} if content else found

    def _events(self, content: Node, at: Keys) -> Node:
        word = "itemSchema" if "itemSchema" in content else "schema"
        schema = converted(self._source, content.get(word, {}), (*at, word))
        for each in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), schema):
            give_roles(self._source, at, each, "pictures")
        found = stream_of_events(self._source, schema, at)
        return {EVENT_STREAM: found} if found else {}

    def _picture(self, at: Keys) -> Node:
        schema = {"type": "string", "format": "binary", "x-testcard": self._source.cited(at)}
        return {"schema": schema, "examples": {"one": {"externalValue": _PIXEL}}}

    def _told(self, content: Node, at: Keys, answer: Answer) -> Node:
        schema = converted(self._source, content.get("schema", {}), (*at, "schema"))
        schema = _first(schema)
        give_roles(self._source, at, schema, answer)
        if answer == "job":
            self.states |= states_in(schema)
        return schema

    def _usual_error(self) -> Node:
        """Return how errors look that the file does not list: as its own schema of errors."""
        schemas = self._source.document.get("components", {}).get("schemas", {})
        names = [
            each for each in schemas if re.fullmatch(r"(?i)(api|http)?error(_?response)?", each)
        ]
        for name in sorted(names, key=len, reverse=True):
            at: Keys = ("components", "schemas", name)
            schema = converted(self._source, schemas[name], at)
            if "message" in give_roles(self._source, at, schema, "error"):
                return {"schema": schema}
        told = {"type": "string", "x-testcard": {"role": "message", **_BARE}}
        return {"schema": {"type": "object", "required": ["error"], "properties": {"error": told},
                           "x-testcard": _BARE}}  # fmt: skip


def _own(node: Node) -> list[Any]:
    return list(node.get("parameters", ()))


def _answer(wanted: Chosen, *, went_well: bool) -> Answer:
    if not went_well:
        return "error"
    if wanted.does.startswith("job"):
        return "job"
    if wanted.does == "pictures":
        return "pictures"
    return "account" if wanted.does == "account" else "other"


def _summary(node: Node, otherwise: str) -> str:
    text = node.get("summary") or node.get("description") or otherwise
    return " ".join(str(text).split())[:120] or otherwise


def _example(node: Node, schema: Node) -> Any:
    if node.get("example") is not None:
        return node["example"]
    for each in (
        (node.get("examples") or {}).values() if isinstance(node.get("examples"), dict) else ()
    ):
        if isinstance(each, Mapping) and "value" in each:
            return each["value"]
    return next(iter(schema.get("examples", ())), None)


def _first(schema: Node) -> Node:
    """Of several objects that an answer may be, the first: testcard gives one.

    All, where each is for a state of a job of its own.
    """
    for word in ("oneOf", "anyOf"):
        objects = [each for each in schema.get(word, ()) if "properties" in each]
        if len(objects) > 1 and all(state_told(each) for each in objects):
            return {"oneOf": objects, "x-testcard": words(schema)}
        if objects:
            return {**objects[0], "x-testcard": words(schema)}
    return schema
