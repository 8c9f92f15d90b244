"""What calls of drawn specs say: fields by their roles, bodies of them, parameters."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Node = dict[str, Any]
Drawn = st.SearchStrategy[Node]
SAID = {"grade": "documented", "source": "The page, line 1"}
JSON = "application/json"
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


def said(schema: Node, role: str = "", **more: Any) -> Node:
    """Return a schema with evidence, a role where one is given, and more words."""
    own = {"role": role} if role else {}
    return {**schema, "x-testcard": {**own, **more, **SAID}}


SCALARS: Drawn = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "minLength": 2, "maxLength": 12},
        {"type": "string", "enum": ["first", "second"]},
        {"type": "string", "pattern": "^[a-z]{2,9}$", "examples": ["abc"]},
        {"type": "string", "format": "uri"},
        {"type": "string", "format": "date-time", "examples": ["2026-11-21T10:00:00Z"]},
        {"type": "integer", "minimum": 1, "maximum": 9},
        {"type": "integer", "minimum": 0, "default": 3},
        {"type": "integer", "multipleOf": 8, "minimum": 8},
        {"type": "integer", "enum": [1, 2, 4]},
        {"type": "number", "minimum": 0.5, "maximum": 2},
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.5},
        {"type": ["integer", "null"], "maximum": 5},
        {"type": ["string", "null"]},
        {"type": "boolean"},
        {"type": "boolean", "default": True},
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"anyOf": [{"type": "number", "minimum": 0}, {"type": "null"}]},
    ]
)
NAMES = st.sampled_from(["a", "dry", "x_y", "camelCase", "n2", "with-dash"])
WIRE = ["url", "base64", "data-uri"]
PIXELS = {"type": "integer", "minimum": 64, "maximum": 128, "default": 64}


def one(*choices: Node) -> Drawn:
    """Return one of some groups of fields, each by name."""
    return st.sampled_from(choices)


TOPICS: dict[str, Drawn] = {
    "negative": one(
        {"negative_prompt": said({"type": "string", "maxLength": 200}, "negative-prompt")},
        {"negative": said({"type": ["string", "null"]}, "negative-prompt")},
    ),
    "size": one(
        {
            "width": said(PIXELS, "width"),
            "height": said({**PIXELS, "multipleOf": 8}, "height"),
        },
        {
            "w": said({"type": "integer", "enum": [64, 128]}, "width"),
            "h": said({"type": "integer", "enum": [64, 96]}, "height"),
        },
        {"size": said({"type": "string", "enum": ["64x64", "128x64"]}, "size")},
        {
            "size": said(
                {"type": "string", "enum": ["auto", "square"], "default": "square"},
                "size",
                values={"auto": None, "square": {"width": 64, "height": 64}},
            )
        },
        {"size": said({"type": "string", "default": "64x64"}, "size")},
        {
            "aspect_ratio": said(
                {"type": "string", "enum": ["1:1", "3:2"], "default": "1:1"}, "aspect-ratio"
            ),
            "mp": said({"type": "string", "enum": ["0.25", "1"], "default": "0.25"}, "megapixels"),
        },
    ),
    "samples": one(
        {"n": said({"type": "integer", "minimum": 1, "maximum": 3, "default": 1}, "samples")},
        {"count": said({"type": "integer", "enum": [1, 2]}, "samples")},
        {"n": said({"type": ["integer", "null"], "minimum": 1, "maximum": 2}, "samples")},
    ),
    "steps": one(
        {"steps": said({"type": "integer", "minimum": 1, "maximum": 50, "default": 20}, "steps")},
        {"steps": said({"type": "integer", "minimum": 10}, "steps")},
        {
            "effort": said(
                {"type": "string", "enum": ["low", "high"]}, "steps", values={"low": 5, "high": 40}
            )
        },
    ),
    "guidance": one(
        {"cfg": said({"type": "number", "minimum": 0, "maximum": 20, "default": 7}, "guidance")},
        {"guidance": said({"type": "number", "exclusiveMinimum": 0}, "guidance")},
    ),
    "seed": one(
        {"seed": said({"type": "integer", "minimum": 0, "maximum": 4294967295}, "seed")},
        {"seed": said({"type": "integer", "minimum": -1}, "seed", **{"random-at-most": -1})},
        {"seed": said({"type": ["integer", "null"]}, "seed")},
        {"seed": said({"type": "integer", "default": 0}, "seed", **{"random-at-most": 0})},
    ),
    "words": one(
        {"style": said({"type": "string", "enum": ["anime", "photo"]}, "style")},
        {"style": said({"type": "string"}, "style")},
        {"sampler": said({"type": "string", "enum": ["DDIM", "Euler a"]}, "scheduler")},
        {"model": said({"type": "string", "enum": ["fast", "fine"], "default": "fast"}, "model")},
        {"quality": said({"type": "string", "enum": ["low", "high"]}, "quality")},
        {"tiling": said({"type": "boolean", "default": False}, "option")},
    ),
}


@st.composite
def pictures_sent(draw: st.DrawFn, *, form: bool) -> Node:
    """A picture to begin with, perhaps its strength, perhaps a mask."""
    ways = ["file", "part"] if form else draw(ways_of_texts())
    shape = {"type": "string", "format": "binary" if form else "picture"}
    shown = draw(st.sampled_from([{}, {"mask": "alpha"}]))
    found = {"image": said(shape, "init-image", encodings=ways, **shown)}
    weight = draw(st.sampled_from(["", "strength", "image-strength"]))
    if weight:
        between = {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5}
        found["strength"] = said(between, weight)
    if draw(st.booleans()) and not shown:
        polarity = draw(st.sampled_from(["white", "black", "alpha"]))
        found["mask"] = said(shape, "mask-image", encodings=ways, mask=polarity)
        if draw(st.booleans()):
            found["invert"] = said({"type": "boolean", "default": False}, "mask-invert")
    return found


def ways_of_texts() -> st.SearchStrategy[list[str]]:
    """Some ways in which a text holds a picture."""
    return st.lists(st.sampled_from(WIRE), unique=True, min_size=1)


@st.composite
def members(draw: st.DrawFn, depth: int) -> Node:
    """An object's members, however deep, and which are required."""
    names = draw(st.lists(NAMES, unique=True, max_size=3))
    found = {name: draw(member(depth)) for name in names}
    required = draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    return {"properties": found, "required": required}


@st.composite
def member(draw: st.DrawFn, depth: int) -> Node:
    """A scalar, a list of them, an object, or a list of objects."""
    shape = draw(st.sampled_from(["one", "one", "many", "object", "objects", "whole"]))
    if shape == "one" or depth == 0:
        return said(draw(SCALARS))
    if shape == "many":
        return said({"type": "array", "maxItems": 3, "items": draw(SCALARS)})
    if shape == "whole":
        return said({"type": "object", "additionalProperties": True}, whole=True)
    inner = {"type": "object", **draw(members(depth - 1))}
    inner["properties"]["known"] = said({"type": "string"})
    if shape == "object":
        return said(inner | draw(st.sampled_from([{}, {"additionalProperties": True}])))
    return said({"type": "array", "minItems": 1, "items": inner})


@st.composite
def fields(draw: st.DrawFn, *, form: bool) -> Node:
    """Fields with roles, of some topics, by their names."""
    topics = draw(st.lists(st.sampled_from(sorted(TOPICS)), unique=True, max_size=4))
    found: Node = {}
    for topic in {**dict.fromkeys(topics), "size": None}:
        found |= draw(TOPICS[topic])
    if draw(st.sampled_from([False, False, True])):
        found |= draw(pictures_sent(form=form))
    return found


@st.composite
def body(draw: st.DrawFn, media_type: str, more: Node) -> Node:
    """The schema of one body: a prompt, fields with roles and without, at the top or inside.

    Args:
        draw: hypothesis's own.
        media_type: of the body.
        more: fields that it has as well.
    """
    form = media_type in FORMS
    whole = draw(members(0 if form else 2))
    asked = draw(fields(form=media_type == FORMS[0])) | more
    if media_type == FORMS[1]:  # there are no files in it
        asked = {name: each for name, each in asked.items() if each.get("format") != "binary"}
    asked["prompt"] = said(draw(st.sampled_from(PROMPTS)), "prompt")
    needed = draw(st.lists(st.sampled_from(sorted(asked)), unique=True, max_size=2))
    required = sorted({"prompt", *needed})
    if form or draw(st.booleans()):
        whole["properties"] |= asked
        whole["required"] = sorted({*whole["required"], *required})
    else:
        inner = {"type": "object", "required": required, "properties": asked}
        whole["properties"]["input"] = said(inner)
        whole["required"] = sorted({*whole["required"], "input"})
    return said({"type": "object", **whole})


PROMPTS = [{"type": "string"}, {"type": "string", "minLength": 1, "maxLength": 500}]


@st.composite
def bodies(draw: st.DrawFn, more: Node, most: int = 2) -> Node:
    """A request body of one media type or more, at `most` so many, each with `more` fields."""
    kinds = draw(st.lists(st.sampled_from([JSON, JSON, *FORMS]), min_size=1, max_size=most,
                          unique=True))  # fmt: skip
    content = {kind: {"schema": draw(body(kind, more))} for kind in kinds}
    for kind, each in content.items():
        many = [name for name, node in each["schema"]["properties"].items() if "items" in node]
        if kind in FORMS and many:
            ways = draw(st.lists(st.sampled_from(["repeated", "brackets"]), unique=True))
            each["encoding"] = {many[0]: {"x-testcard": {"spellings": ways}}} if ways else {}
    return {"required": True, "content": content, "x-testcard": SAID}


@st.composite
def parameters(draw: st.DrawFn) -> list[Node]:
    """Parameters of query, headers and cookies; each name once."""
    names = draw(st.lists(st.sampled_from(["p", "Some-Name", "q_r"]), unique=True, max_size=2))
    found = []
    for name in names:
        where = draw(st.sampled_from(["query", "header", "cookie"]))
        required = draw(st.booleans())
        schema = draw(SCALARS)
        if where == "query" and draw(st.booleans()):
            schema = {"type": "array", "items": schema, "maxItems": 3}
        found.append(parameter(name, where, schema, required=required))
    return found


def parameter(name: str, where: str, schema: Node, *, required: bool = True) -> Node:
    """Return one parameter."""
    return {
        "name": name,
        "in": where,
        "required": required,
        "schema": schema,
        "x-testcard": SAID,
    }
