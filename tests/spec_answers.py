"""What answers of drawn specs say: pictures in every shape, errors, and the states of jobs."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.spec_fields import JSON, SAID, Drawn, Node, said

URI = {"type": "string", "format": "uri"}
CODED = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}
IMAGES = ["image/png", "image/jpeg", "image/webp"]
FACTS: Node = {
    "created": said({"type": "integer", "minimum": 1}, "created"),
    "made": said({"type": "string", "format": "date-time"}, "created"),
    "seed": said({"type": "integer"}, "seed"),
    "echoed": said({"type": "string"}, "echo", of="prompt"),
    "sent": said({"type": "object"}, "echo", of="*"),
    "from": said(URI, "request-url"),
    "tokens": said({"type": "integer", "minimum": 0}, "total-tokens"),
    "left": said({"type": "number"}, "remaining-credits"),
    "took": said({"type": "number", "minimum": 0}, "elapsed"),
    "trace": said({"type": "string"}, "trace-id"),
    "ok": said({"const": True}),
    "none": said({"type": "null"}),
    "notes": said({"type": ["string", "null"]}),
}


def whole(properties: Node, required: list[str] | None = None, **more: object) -> Node:
    """Return an object in which all members, or some, are required."""
    wanted = sorted(properties) if required is None else required
    return said({"type": "object", "required": wanted, "properties": properties, **more})


def answer(content: Node, **more: object) -> Node:
    """Return an answer, with what else there is to say of it."""
    return {"description": "It", "content": content, "x-testcard": {**more, **SAID}}


def in_json(schema: Node) -> Node:
    """Return content of JSON."""
    return {JSON: {"schema": schema}}


@st.composite
def item(draw: st.DrawFn) -> Node:
    """What a list of objects says of each picture."""
    shapes = {
        "b64": said(CODED, "picture"),
        "url": said(URI, "picture-url"),
        "seed": said({"type": "integer"}, "picture-seed"),
        "type": said({"type": "string"}, "media-type"),
        "bytes": said({"type": "integer"}, "byte-count"),
        "told": said({"type": "string"}, "revised-prompt"),
        "index": said({"type": "integer"}, "index"),
    }
    main = draw(st.sampled_from(["b64", "url"]))
    beside = draw(st.lists(st.sampled_from(["seed", "type", "bytes", "told", "index"]),
                           unique=True, max_size=2))  # fmt: skip
    if main == "url":
        beside = [each for each in beside if each != "bytes"]
    return {"type": "object", "required": [main, *beside],
            "properties": {name: shapes[name] for name in [main, *beside]}}  # fmt: skip


@st.composite
def painted(draw: st.DrawFn, facts: list[str]) -> Node:
    """JSON with pictures in it, and facts beside."""
    shape = draw(st.sampled_from(["one", "url", "either", "list", "urls", "each", "data-uri"]))
    found = {
        "one": {"image": said(CODED, "picture")},
        "url": {"url": said(URI, "picture-url")},
        "either": {"images": said({**CODED, "type": ["string", "array"],
                                   "items": {"type": "string"}}, "picture")},
        "list": {"images": said({"type": "array", "minItems": 1, "items": {"type": "string"}},
                                "picture")},
        "urls": {"output": said({"type": "array", "items": URI}, "picture-urls")},
        "data-uri": {"image": said({"type": "string"}, "picture", encodings=["data-uri"])},
        "each": {"data": said({"type": "array", "minItems": 1, "items": draw(item())},
                              each="pictures")},
    }[shape]  # fmt: skip
    return whole(found | {name: FACTS[name] for name in facts})


@st.composite
def success(draw: st.DrawFn) -> Node:
    """The answer to a call for pictures: bytes, JSON, or either."""
    kinds = draw(st.sampled_from(["bytes", "json", "json", "both"]))
    content: Node = {}
    facts = draw(st.lists(st.sampled_from(sorted(FACTS)), unique=True, max_size=4))
    if kinds != "json":
        for kind in draw(st.lists(st.sampled_from(IMAGES), unique=True, min_size=1)):
            content[kind] = {"schema": said({"type": "string", "format": "binary"})}
    if kinds != "bytes":
        content |= in_json(draw(painted(facts)))
    found = answer(content)
    if len(content) > 1 and draw(st.booleans()):
        found["x-testcard"]["prefers"] = draw(st.sampled_from(sorted(content)))
    if JSON not in content and draw(st.booleans()):
        found["x-testcard"]["chunked"] = True
    if draw(st.booleans()):
        found["headers"] = draw(headers())
    return found


@st.composite
def headers(draw: st.DrawFn) -> Node:
    """Headers beside a picture."""
    known = {
        "X-Left": said({"type": "number"}, "remaining-credits"),
        "X-Seed": said({"type": "integer"}, "seed"),
        "Finish-Reason": said({"type": "string"}, "finish-reason"),
        "X-Fixed": said({"const": "yes"}),
        "X-Request-Id": said({"type": "string"}, "trace-id"),
    }
    names = draw(st.lists(st.sampled_from(sorted(known)), unique=True, max_size=3))
    return {
        name: {"required": name != "Finish-Reason", "schema": known[name], "x-testcard": SAID}
        for name in names
    }


@st.composite
def stream(draw: st.DrawFn) -> Node:
    """A picture as a stream of events."""
    both = draw(st.booleans())
    done = whole({"type": said({"const": "done"}), "b64": said(CODED, "picture")})
    part = whole({"type": said({"const": "part"}), "b64": said(CODED, "picture"),
                  "at": said({"type": "integer"}, "partial-index")})  # fmt: skip
    told = {"named-by": "type", "order": ["part", "done"] if both else ["done"], **SAID}
    if draw(st.booleans()):
        told["end"] = "[DONE]"
    schema = said({"oneOf": [part, done]}) if both else done
    return {"text/event-stream": {"schema": schema, "x-testcard": {"stream": told}}}


MESSAGE = {"type": "string", "minLength": 1}
CODE = {"type": ["string", "null"]}
BREACH: Node = {
    "loc": said({"type": "array", "items": {"type": ["string", "integer"]}}, "breach-path",
                located=True),
    "msg": said(MESSAGE, "breach-message"),
    "type": said(MESSAGE, "breach-kind"),
}  # fmt: skip
ERRORS: Drawn = st.sampled_from(
    [
        whole({"error": said(MESSAGE, "message")}),
        whole({"error": whole({
            "message": said(MESSAGE, "message"), "type": said(CODE, "error-type"),
            "code": said(CODE, "code"), "param": said(CODE, "breach-field")})}),
        whole({"detail": said({"type": "array", "minItems": 1,
                               "items": {"type": "object", "required": ["loc", "msg", "type"],
                                         "properties": BREACH}}, each="breaches")}),
        whole({"detail": said({"oneOf": [
            said({"type": "string"}, "message"),
            said({"type": "array", "items": {"type": "object", "properties": BREACH}},
                 each="breaches")]})}),
        whole({"status": said({"type": "integer"}, "status"), "title": said(MESSAGE, "message"),
               "id": said({"type": "string"}, "trace-id")}),
        whole({"errors": said({"type": "array", "minItems": 1,
                               "items": said(MESSAGE, "message")})}),
    ]
)  # fmt: skip
