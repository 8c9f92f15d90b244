"""A reply schema and what is known give a body that keeps the schema."""

from __future__ import annotations

from typing import Any

import pytest

from testcard.common.reading import Profile, read
from testcard.common.schema import Schema, Validator
from testcard.common.spec import Spec, bundled, load
from testcard.mock.render import each_of, render

SPECS = [load(path) for path in bundled()]


def role(name: str, **schema: Any) -> Schema:
    return {**schema, "x-testcard": {"role": name}}


def thing(required: list[str], **properties: Schema) -> Schema:
    return {"type": "object", "required": required, "properties": properties}


PENDING = thing(["state", "id"], state=role("job-state", const="PENDING"), id=role("job-id"))
SUCCESS = thing(["state", "urls"], state=role("job-state", const="SUCCESS"), urls=role("urls"))
FAILURE = thing(["state", "why"], state=role("job-state", const="FAILURE"), why=role("message"))


def test_what_is_known_stands_where_its_role_is() -> None:
    schema = thing(["error"], error=thing(["code", "text"], code=role("status"), text=role("why")))
    assert render(schema, {"status": 404, "why": "gone"}) == {
        "error": {"code": 404, "text": "gone"}
    }


def test_an_optional_member_of_which_nothing_is_known_is_left_out() -> None:
    schema = thing(["a"], a=role("a"), b=role("b"), c={"type": "string"}, d=thing([], e=role("e")))
    assert render(schema, {"a": 1}) == {"a": 1}
    assert render(schema, {"a": 1, "b": 2, "e": 5}) == {"a": 1, "b": 2, "d": {"e": 5}}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": "always"}, "always"),
        ({"type": "string", "default": "usual", "examples": ["other"]}, "usual"),
        ({"type": "string", "examples": ["Success", "Done"]}, "Success"),
        ({"type": "string", "enum": ["one", "two"]}, "one"),
        ({"type": "string"}, ""),
        ({"type": "integer"}, 0),
        ({"type": "boolean"}, False),
        ({"type": "array"}, []),
        ({"type": "object"}, {}),
        ({"type": ["string", "null"]}, None),
        ({}, None),
    ],
)
def test_a_required_member_of_which_nothing_is_known_gets_a_value_of_its_type(
    schema: Schema, value: Any
) -> None:
    assert render(thing(["member"], member=schema), {}) == {"member": value}


def test_a_constant_is_not_overwritten() -> None:
    """The page's own word stands, whatever testcard would have said."""
    assert render(thing(["m"], m=role("message", const="success")), {"message": "fine"}) == {
        "m": "success"
    }


@pytest.mark.parametrize(
    ("known", "body"),
    [
        ({"job-state": "PENDING", "job-id": "j"}, {"state": "PENDING", "id": "j"}),
        ({"job-state": "SUCCESS", "urls": ["u"]}, {"state": "SUCCESS", "urls": ["u"]}),
        ({"job-state": "FAILURE", "message": "w"}, {"state": "FAILURE", "why": "w"}),
        ({"job-state": "SUCCESS", "urls": [], "message": "w"}, {"state": "SUCCESS", "urls": []}),
        ({"job-state": "FAILURE", "job-id": "j", "urls": []}, {"state": "FAILURE", "why": None}),
    ],
)
@pytest.mark.parametrize("order", [[PENDING, SUCCESS, FAILURE], [FAILURE, SUCCESS, PENDING]])
@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_of_alternatives_the_one_that_fits_is_taken(
    known: dict[str, Any], body: dict[str, Any], order: list[Schema], keyword: str
) -> None:
    assert render({keyword: order}, known) == body


def test_a_role_on_the_whole_comes_before_its_alternatives() -> None:
    schema = role("message", oneOf=[{"type": "string"}, {"type": "array"}])
    assert render(schema, {"message": ["a"]}) == ["a"]


@pytest.mark.parametrize("profile", ["lenient", "documented"])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
def test_every_documented_failure_can_be_worded(spec: Spec, profile: Profile) -> None:
    """Its schema has a place for the message, and is kept by what is known of any failure."""
    reading = read(spec, profile)
    for operation in reading.operations:
        for status, response in operation.responses.items():
            schema = response["content"].get("application/json", {}).get("schema")
            if status < 400 or schema is None:
                continue
            text = "what went wrong"
            known = {"status": status, "message": text, "outcome": -1, "trace-id": "t"}
            breach = {"breach-message": text, "breach-path": ["a"], "breach-kind": "type"}
            known[each_of("breaches")] = [{**breach, "breach-location": "body"}]
            body = render(schema, known)
            assert Validator(schema).breaches(body) == []
            assert text in str(body.values())
