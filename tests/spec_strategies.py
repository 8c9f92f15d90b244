"""Whole specs drawn from the language: keys, prices, troubles, and operations of every kind."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.spec_answers import ERRORS, answer, in_json, stream, success, whole
from tests.spec_fields import JSON, SAID, Drawn, Node, bodies, parameter, parameters, said
from tests.spec_jobs import families

KINDS = ["malformed", "invalid", "unauthorized", "no-credits", "not-found", "method-not-allowed",
         "too-large", "rate-limited", "overloaded", "failed"]  # fmt: skip
PROBLEMS = dict(zip(KINDS, [400, 422, 401, 402, 404, 405, 413, 429, 503, 500], strict=True))
SCHEMES: dict[str, Node] = {
    "bearer": {"type": "http", "scheme": "bearer", "x-testcard": SAID},
    "basic": {"type": "http", "scheme": "basic", "x-testcard": SAID},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key",
               "x-testcard": {"aliases": ["X-Old-Key"], **SAID}},
    "prefixed": {"type": "apiKey", "in": "header", "name": "Authorization",
                 "x-testcard": {"prefix": "Key", **SAID}},
    "query": {"type": "apiKey", "in": "query", "name": "api_key", "x-testcard": SAID},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "visitor", "x-testcard": SAID},
    "body": {"type": "apiKey", "in": "query", "name": "licence",
             "x-testcard": {"in": "body", **SAID}},
}  # fmt: skip
BESIDE_BODIES = sorted(set(SCHEMES) - {"body"})
PRICES: Drawn = st.sampled_from(
    [
        {"credits": 1},
        {"credits": 0.04, "unit": "usd"},
        {"credits": 0},
        {"credits": "samples * 2", "range": [2, 6]},
        {"credits": "ceil(megapixels * samples)", "range": [1, 9]},
        {"credits": "samples * table('t', quality)", "range": [1, 30],
         "tables": {"t": {"low": 1, "high": 5, "unknown": 10}}},
        {"credits": "0.001 * prompt_characters + 0.01", "range": [0.01, 5]},
    ]
)  # fmt: skip
MODERATION: Drawn = st.sampled_from(
    [
        {"input": "refused"},
        {"input": "refused", "output": "blurred", "words": {"finish-reason": "FILTERED"}},
        {"input": "black", "output": "refused"},
    ]
)
SERVERS: Drawn = st.sampled_from(
    [
        [{"url": "https://api.drawn.example"}],
        [{"url": "https://{region}.drawn.example:8443/v2/",
          "variables": {"region": {"default": "us", "enum": ["us", "eu"]}}}],
        [{"url": "http://studio.local:7860"}, {"url": "/v1"}],
        [{"url": "https://{tenant}.drawn.example/{release}",
          "variables": {"tenant": {"default": "demo"}, "release": {"default": "v3"}}}],
    ]
)  # fmt: skip
SWITCHES: Drawn = st.sampled_from(
    [
        {},
        {},
        {"as_base64": said({"type": "boolean", "default": False}, "as-base64")},
        {"response_format": said({"type": "string", "enum": ["url", "b64"], "default": "b64"},
                                 "as-base64", values={"url": False, "b64": True})},
    ]
)  # fmt: skip
STREAMING = {
    "stream": said({"type": "boolean", "default": False}, "stream"),
    "partial_images": said({"type": "integer", "minimum": 0, "maximum": 2, "default": 0},
                           "partial-images"),
}  # fmt: skip


def alternatives() -> st.SearchStrategy[list[Node]]:
    """Who may call: by one of some keys, perhaps without any, or by none at all."""
    named = st.lists(st.sampled_from(BESIDE_BODIES), min_size=1, max_size=2, unique=True)
    listed: st.SearchStrategy[list[Node]] = named.map(lambda names: [{name: []} for name in names])
    return st.one_of(listed, listed, listed.map(lambda some: [*some, {}]), st.just([]))


@st.composite
def problems(draw: st.DrawFn) -> Node:
    """The statuses of troubles, some with words of their own."""
    found: Node = dict(PROBLEMS)
    for kind in draw(st.lists(st.sampled_from(KINDS), unique=True, max_size=2)):
        found[kind] = {"status": found[kind], "words": {"code": f"{kind}-it-is"}}
    more = {"moderated": 403, "expired": 410, "conflict": 409}
    for kind in draw(st.lists(st.sampled_from(sorted(more)), unique=True)):
        found[kind] = more[kind]
    return found


@st.composite
def making(draw: st.DrawFn, number: int, does: str, won: Node, refused: Node) -> tuple[str, Node]:
    """An operation that makes pictures, at once or by a job: its path, and itself."""
    path = f"/make{number}"
    given = draw(parameters())
    if draw(st.booleans()):
        path += "/{model}"
        schema = {"type": "string", "enum": ["fast", "fine"]}
        given.append(parameter("model", "path", schema))
    content = won["content"]
    asked = draw(SWITCHES) if does == "pictures" and JSON in content else {}
    if does == "pictures" and JSON in content and draw(st.sampled_from([False, False, True])):
        won = {**won, "content": content | draw(stream())}
        asked = STREAMING
    node: Node = {
        "operationId": f"make{number}",
        "summary": "A picture",
        "x-testcard": {"does": does, **SAID},
        "parameters": given,
        "responses": {draw(st.sampled_from(["200", "201", "2XX"])): won, "default": refused},
    }
    own = draw(st.sampled_from(["", "", "security", "price", "moderation", "body"]))
    if own == "security":
        node["security"] = draw(alternatives())
    elif own == "price":
        node["x-testcard"]["price"] = {**draw(PRICES), **SAID}
    elif own == "moderation":
        node["x-testcard"]["moderation"] = {**draw(MODERATION), **SAID}
    elif own == "body":
        node["security"] = [{"body": []}]
        asked = asked | {"licence": said({"type": "string"}, "key")}
    node["requestBody"] = draw(bodies(asked, 1 if own == "body" else 2))
    if own == "body":
        for each in node["requestBody"]["content"].values():
            schema = each["schema"]
            holder = schema["properties"].get("input", schema)
            holder = holder if "licence" in holder["properties"] else schema
            holder["required"] = sorted({*holder["required"], "licence"})
    return path, node


@st.composite
def informing(draw: st.DrawFn, refused: Node) -> tuple[str, Node]:
    """An operation that only tells something."""
    left = whole({"credits": said({"type": "number"}, "remaining-credits")})
    listed = whole({"models": said({"type": "array", "items": {"type": "string"}})})
    account = draw(st.booleans())
    content = in_json(left if account else listed)
    if not account:
        content[JSON]["examples"] = {"one": {"value": {"models": ["fast"]}}}
    name = "balance" if account else "models"
    return f"/{name}", {
        "operationId": name,
        "summary": "What there is",
        "x-testcard": {"does": "account" if account else "info", **SAID},
        "responses": {"200": answer(content), "default": refused},
    }


@st.composite
def documents(draw: st.DrawFn) -> Node:
    """A whole spec: pictures at once, or by jobs, or both, and what else an API tells."""
    refused = answer(in_json(draw(ERRORS)))
    paths: Node = {}
    own: Node = {}
    kinds = draw(st.sampled_from(["pictures", "pictures", "job", "both"]))
    if kinds != "job":
        path, node = draw(making(0, "pictures", draw(success()), refused))
        paths[path] = {"post": node}
    if kinds != "pictures":
        states, began, operations = draw(families(refused))
        path, node = draw(making(1, "job", began, refused))
        paths[path] = {"post": node}
        for at, method, each in operations:
            paths.setdefault(at, {})[method] = each
        own = {"states": states} if states else {}
    if draw(st.booleans()):
        path, node = draw(informing(refused))
        paths[path] = {"get": node}
    if draw(st.booleans()):
        own["moderation"] = {**draw(MODERATION), **SAID}
    if draw(st.booleans()):
        own["rate"] = {"setting": "most", "per": 60, **SAID}
        own["settings"] = {"most": {"description": "calls a minute", "type": "integer",
                                    "default": 0, "minimum": 0}}  # fmt: skip
    for item in paths.values():
        for node in item.values() if draw(st.sampled_from([False, False, True])) else ():
            node["servers"] = draw(SERVERS)
    security, price = draw(alternatives()), draw(PRICES)
    whole_spec = around(paths, security=security, price=price, problems=draw(problems()), **own)
    return {**whole_spec, "servers": draw(SERVERS)}


def around(
    paths: Node,
    *,
    security: list[Node] | None = None,
    price: Node | None = None,
    **own: object,
) -> Node:
    """Return a whole spec of some paths; `own` is said under its x-testcard."""
    said_of_all = {"vendor": "Drawn", "page": "drawn.md", "problems": PROBLEMS,
                   "price": {**(price or {"credits": 1}), **SAID}, **own}  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {"title": "Drawn", "version": "1", "description": "Drawn from the language."},
        "servers": [{"url": "https://api.drawn.example"}],
        "security": [{"header": []}] if security is None else security,
        "components": {"securitySchemes": SCHEMES},
        "x-testcard": said_of_all,
        "paths": paths,
    }
