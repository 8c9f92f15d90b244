"""Whatever the language can say is served: specs drawn from it, each held to what it says.

A drawn spec that loads answers its valid calls with the documented success, its errors by their
schemas, and each breach with its documented refusal; a check of it breaks nothing, and no operation
stays without a valid success. A few are drawn here; TESTCARD_DRAWN=500 draws as many, each also
checked by the generating drivers in both profiles.
"""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from tests.spec_answers import CODED, URI, answer, in_json, whole
from tests.spec_fields import JSON, SAID, Node, parameter, said
from tests.spec_holding import broken_by, misjudged, reading_of, served
from tests.spec_strategies import around, documents

from testcard.common.spec import SpecError
from testcard.contract.session import Session
from testcard.contract.targets import InProcess
from testcard.drivers.check import check
from testcard.drivers.plan import plan

DEEP = int(os.environ.get("TESTCARD_DRAWN", "0"))
PROMPT = {"prompt": said({"type": "string"}, "prompt")}
REFUSED = answer(in_json(whole({"error": said({"type": "string"}, "message")})))
SIZE = {"size": said({"type": "string", "enum": ["64x64"], "default": "64x64"}, "size")}
BYTES = {"image/png": {"schema": said({"type": "string", "format": "binary"})}}
B64 = in_json(whole({"image": said(CODED, "picture")}))


def driving() -> tuple[Any, ...]:
    """What a deep run sends beside the plan."""
    if not DEEP:
        return ()
    from testcard.drivers.fuzz import fuzz
    from testcard.drivers.stateful import stateful

    return partial(fuzz, examples=5, seed=1), partial(stateful, examples=4, seed=1)


@settings(
    max_examples=DEEP or 3,
    deadline=None,
    derandomize=not DEEP,
    phases=list(Phase) if DEEP else [Phase.generate],  # shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(document=documents())
def test_what_is_drawn_is_served_and_held_to(document: Node) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert broken_by(document, Path(folder), driving()) == []


def test_a_mock_that_takes_too_much_is_caught() -> None:
    """What the lenient profile forgives is not refused as the page has it."""
    spec = Path(__file__).parent / "specs" / "places.yaml"
    strict, forgiving = served(spec, "documented"), served(spec, "lenient")
    assert [*misjudged(strict)] == []
    assert next(misjudged(forgiving, strict), None)


# Counter-examples that were drawn, shrunk


def paint(fields: Node, content: Node = BYTES, media_type: str = JSON, **more: Any) -> Node:
    """A spec of one operation, which takes a prompt, a small size and `fields`."""
    schema = whole({**PROMPT, **SIZE, **fields}, ["prompt"])
    own = more.pop("own", {})
    return around({"/paint": {"post": {
        "operationId": "paint",
        "summary": "A picture",
        "x-testcard": {"does": "pictures", **SAID},
        "requestBody": {"required": True, "content": {media_type: {"schema": schema}},
                        "x-testcard": SAID},
        "responses": {"200": answer(content), "default": REFUSED},
        **more,
    }}}, **own)  # fmt: skip


KEY = said({"type": "string"}, "key")
NULLABLE = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 3}, {"type": "null"}]}
DEEP_NEED = {"type": "object", "required": ["b"], "properties": {
    "a": said({"type": "string"}),
    "b": said({"type": "object", "required": ["c"], "properties": {
        "c": said({"type": "boolean"})}})}}  # fmt: skip
CREDITS = {"X-Left": {"required": True, "schema": said({"type": "number"}, "remaining-credits"),
                      "x-testcard": SAID}}  # fmt: skip


def with_credits(document: Node) -> Node:
    document["paths"]["/paint"]["post"]["responses"]["200"]["headers"] = CREDITS
    return document


HELD = {
    "a nullable union is a field of its one type": paint({"n": said(NULLABLE, "samples")}, B64),
    "so is one in a form": paint({"n": said(NULLABLE, "samples")}, B64, "multipart/form-data"),
    "a text or a number": paint({"a": said({"oneOf": [{"type": "string"}, {"type": "integer"}]})}),
    "an object that is one field": paint({"o": said({"type": "object"}, whole=True)}),
    "an object that is left out, with needs of its own": paint({"o": said(DEEP_NEED)}),
    "a value above what it excludes": paint({"x": said({"type": "number", "exclusiveMinimum": 0})}),
    "what stands in cookies is not kept": paint({}, parameters=[
        parameter("c", "cookie", {"type": "integer", "minimum": 1})]),
    "an empty account may call what costs nothing": paint({}, own={"price": {"credits": 0}}),
    "who needs no key has an account apart": with_credits(paint({}, security=[])),
    "base64 is asked for, and JSON has URLs alone": paint(
        {"f": said({"type": "boolean", "default": True}, "as-base64")},
        in_json(whole({"url": said(URI, "picture-url")}))),
    "URLs are asked for, and JSON has base64 alone": paint(
        {"f": said({"type": "boolean", "default": False}, "as-base64")}, B64),
    "what JSON carries is of the type that it names": paint(
        {}, {"image/webp": BYTES["image/png"], **B64}, own={}),
    "a table has a number for what is not told": paint(
        {"q": said({"type": "string", "enum": ["low"]}, "quality")},
        own={"price": {"credits": "table('t', quality)",
                        "tables": {"t": {"low": 1, "unknown": 2}}}}),
    "what stands in a cookie is blanked wherever it stands": paint(
        {"u": said({"type": "string", "format": "uri"})},
        parameters=[parameter("c", "cookie", {"type": "string", "format": "uri"})],
        security=[{"cookie": []}]),
    "where a picture is found has not the headers of a call": with_credits(
        paint({}, in_json(whole({"url": said(URI, "picture-url")})))),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_what_was_once_broken_holds(name: str, tmp_path: Path) -> None:
    assert broken_by(HELD[name], tmp_path) == []


STATE = said({"type": "string", "enum": ["PENDING", "SUCCESS", "FAILURE"]}, "job-state")
RESULTS = {
    "in base64, null until then": {"200": answer(in_json(whole({
        "status": STATE, "image": said({**CODED, "type": ["string", "null"]}, "picture")})))},
    "in an object that is null until then, and need not be there": {"200": answer(in_json(whole(
        {"status": STATE, "result": said({"oneOf": [whole({"image": said(CODED, "picture")}),
                                                    {"type": "null"}]})}, ["status"])))},
    "as bytes, JSON until then": {
        "202": answer(in_json(whole({"status": STATE})), when=["queued", "running"]),
        "200": answer(BYTES)},
    "as bytes, or in JSON": {
        "202": answer(in_json(whole({"status": STATE})), when=["queued", "running"]),
        "200": answer(BYTES | B64)},
}  # fmt: skip


@pytest.mark.parametrize("how", RESULTS)
def test_what_is_told_of_a_job_may_carry_its_picture(how: str, tmp_path: Path) -> None:
    """The picture is painted for it; a check decodes it, and pairs it with what was asked for."""
    identity = said({"type": "string"}, "job-id")
    document = paint({"seed": said({"type": "integer"}, "seed")}, in_json(whole({"id": identity})))
    document["paths"]["/paint"]["post"]["x-testcard"]["does"] = "job"
    document["paths"]["/jobs/{id}"] = {"get": {
        "operationId": "status", "summary": "How it stands",
        "x-testcard": {"does": "job-status", **SAID},
        "parameters": [parameter("id", "path", identity)],
        "responses": {**RESULTS[how], "default": REFUSED}}}  # fmt: skip
    if how != "as bytes, or in JSON":
        assert broken_by(document, tmp_path) == []
        return
    (tmp_path / "drawn.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    mock = served(tmp_path / "drawn.yaml", "documented")
    session = Session(reading_of(mock), InProcess(mock.answer), thorough=True)
    kept = {each.clause.id for each in check(session, [plan]).verdicts if each.outcome == "kept"}
    assert {"pictures.decodes", "pictures.size", "pictures.same-seed"} <= kept


VAIN = {
    "a price of what calls need not tell": (
        paint({"q": said({"type": "integer"}, "steps")}, own={"price": {"credits": "steps * 2"}}),
        "it needs steps, which calls of paint may leave untold",
    ),
    "a price of what no call tells": (
        paint({}, own={"price": {"credits": "table('t', quality)", "tables": {"t": {"low": 1}}}}),
        "it needs quality, which calls of paint may leave untold",
    ),
    "a table that is nowhere": (
        paint({}, own={"price": {"credits": "table('t', size)"}}), "no table is called 't'"),
    "a price that is no expression": (
        paint({}, own={"price": {"credits": "2 *"}}), "is no expression"),
    "a function that is none": (
        paint({}, own={"price": {"credits": "sqrt(samples)"}}), "'sqrt' is no function"),
    "a key at two places": (
        paint({}, security=[{"body": []}], requestBody={"x-testcard": SAID, "content": {
            JSON: {"schema": whole({"a": whole({"k": KEY}), **PROMPT})},
            "multipart/form-data": {"schema": whole({"k": KEY, **PROMPT})}}}),
        "its key stands at a.k and at k"),
    "base64 without JSON": (
        paint({"f": said({"type": "boolean"}, "as-base64")}),
        "as-base64 asks for JSON, which no success has"),
}  # fmt: skip


@pytest.mark.parametrize("name", VAIN)
def test_what_nobody_could_serve_is_refused(name: str, tmp_path: Path) -> None:
    document, told = VAIN[name]
    with pytest.raises(SpecError, match=told):
        broken_by(document, tmp_path)
