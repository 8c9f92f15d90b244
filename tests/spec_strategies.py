"""Specs drawn from the language itself: places, cardinalities, media types, parameters, answers."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Node = dict[str, Any]
SAID = {"grade": "documented", "source": "The page, line 1"}
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
PROBLEMS = {
    "malformed": 400, "invalid": 422, "unauthorized": 401, "no-credits": 402, "not-found": 404,
    "method-not-allowed": 405, "too-large": 413, "rate-limited": 429, "overloaded": 503,
    "failed": 500,
}  # fmt: skip

SCALARS: st.SearchStrategy[Node] = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "minLength": 2, "maxLength": 12},
        {"type": "string", "enum": ["first", "second"]},
        {"type": "integer", "minimum": 1, "maximum": 9},
        {"type": "integer", "minimum": 0, "default": 3},
        {"type": "number", "minimum": 0.5, "maximum": 2},
        {"type": "boolean"},
    ]
)
NAMES = st.sampled_from(["a", "dry", "x_y", "camelCase", "n2", "with-dash"])


def said(schema: Node, role: str = "") -> Node:
    """Return a schema with evidence, and a role where one is given."""
    return {**schema, "x-testcard": {**SAID, **({"role": role} if role else {})}}


@st.composite
def members(draw: st.DrawFn, depth: int) -> Node:
    """An object's members, however deep, and which are required."""
    names = draw(st.lists(NAMES, unique=True, max_size=3))
    found = {name: draw(member(depth)) for name in names}
    return {"properties": found, "required": draw(st.lists(st.sampled_from(names), unique=True))
            if names else []}  # fmt: skip


@st.composite
def member(draw: st.DrawFn, depth: int) -> Node:
    """A scalar, a list of them, an object, or a list of objects."""
    shape = draw(st.sampled_from(["one", "one", "many", "object", "objects"]))
    if shape == "one" or depth == 0:
        return said(draw(SCALARS))
    if shape == "many":
        return said({"type": "array", "maxItems": 3, "items": draw(SCALARS)})
    inner = {"type": "object", **draw(members(depth - 1))}
    inner["properties"]["known"] = said({"type": "string"})
    if shape == "object":
        return said(inner)
    return said({"type": "array", "minItems": 1, "items": inner})


@st.composite
def bodies(draw: st.DrawFn) -> Node:
    """A request body of one or two media types, with a prompt at the top or inside."""
    kinds = draw(
        st.lists(st.sampled_from(["application/json", *FORMS]), min_size=1, max_size=2, unique=True)
    )
    return {kind: {"schema": draw(body(form=kind in FORMS))} for kind in kinds}


@st.composite
def body(draw: st.DrawFn, *, form: bool) -> Node:
    """The schema of one body."""
    whole = draw(members(0 if form else 2))
    prompt = said({"type": "string"}, "prompt")
    if form or draw(st.booleans()):
        whole["properties"]["prompt"] = prompt
        whole["required"].append("prompt")
    else:
        inner = {"type": "object", "required": ["prompt"], "properties": {"prompt": prompt}}
        whole["properties"]["input"] = said(inner)
        whole["required"].append("input")
    return said({"type": "object", **whole})


@st.composite
def parameters(draw: st.DrawFn) -> list[Node]:
    """Parameters of query, headers and cookies; each name once."""
    names = draw(st.lists(st.sampled_from(["p", "Some-Name", "q_r"]), unique=True, max_size=2))
    found = []
    for name in names:
        where = draw(st.sampled_from(["query", "header", "cookie"]))
        required = draw(st.booleans())
        schema = draw(SCALARS)
        found.append({"name": name, "in": where, "required": required, "schema": schema,
                      "x-testcard": SAID})  # fmt: skip
    return found


ANSWERS = st.sampled_from(
    [
        {"image/png": {"schema": said({"type": "string", "format": "binary"})}},
        {
            "application/json": {
                "schema": said(
                    {
                        "type": "object",
                        "required": ["image"],
                        "properties": {"image": said({"type": "string"}, "picture")},
                    }
                )
            }
        },
    ]
)


@st.composite
def documents(draw: st.DrawFn) -> Node:
    """A whole spec of one or two operations."""
    message = said({"type": "string"}, "message")
    refused = {
        "description": "It did not work",
        "x-testcard": SAID,
        "content": {"application/json": {"schema": said(
            {"type": "object", "required": ["error"], "properties": {"error": message}})}},
    }  # fmt: skip
    paths: Node = {}
    for number in range(draw(st.integers(1, 2))):
        success = {"description": "It", "content": draw(ANSWERS), "x-testcard": SAID}
        paths[f"/make{number}"] = {"post": {
            "operationId": f"make{number}",
            "summary": "A picture",
            "x-testcard": {"does": "pictures", **SAID},
            "parameters": draw(parameters()),
            "requestBody": {"required": True, "content": draw(bodies()), "x-testcard": SAID},
            "responses": {draw(st.sampled_from(["200", "201", "2XX"])): success,
                          "default": refused},
        }}  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {"title": "Drawn", "version": "1", "description": "Drawn from the language."},
        "servers": [{"url": "https://api.drawn.example"}],
        "security": [{"key": []}],
        "components": {"securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key", "x-testcard": SAID}}},
        "x-testcard": {"vendor": "Drawn", "page": "drawn.md", "problems": PROBLEMS,
                       "price": {"credits": 1, **SAID}},
        "paths": paths,
    }  # fmt: skip
