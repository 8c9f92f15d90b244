"""Valid values of lists: as many items as have to be there, and objects that may be empty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.spec_clients import changed_spec
from tests.spec_fields import SAID, said

from testcard.common.message import Exchange, Reply
from testcard.common.reading import read
from testcard.common.spec import load
from testcard.contract.calls import Links, call_of
from testcard.contract.flaw import flaws
from testcard.contract.trace import read_trace
from testcard.drivers.drafts import call_for, drafts
from testcard.drivers.values import Values

FREE = {"type": "object", "properties": {"a": said({"type": "string"}),
                                         "b": said({"type": "integer"})}}  # fmt: skip
LISTS: dict[str, Any] = {
    "free": said({"type": "array", "items": FREE}),
    "some": said({"type": "array", "minItems": 2, "items": FREE}),
    "inner": said({"type": "array", "items": {"type": "object", "properties": {
        "c": said({"type": "array", "minItems": 2, "items": FREE})}}}),
    "texts": said({"type": "array", "minItems": 3, "items": {"type": "string"}}),
    "unlike": said({"type": "array", "minItems": 2, "uniqueItems": True,
                    "items": {"type": "string"}}),
    "words": said({"type": "array", "minItems": 2, "uniqueItems": True,
                   "items": {"type": "string", "enum": ["one", "two", "three"]}}),
    "numbers": said({"type": "array", "minItems": 2, "maxItems": 2, "uniqueItems": True,
                     "items": {"type": "integer"}}),
}  # fmt: skip


def listing(document: dict[str, Any]) -> None:
    (content,) = document["paths"]["/blend"]["post"]["requestBody"]["content"].values()
    members = {"prompt": said({"type": "string"}, "prompt"), **LISTS}
    schema = {"type": "object", "x-testcard": SAID, "required": [*members], "properties": members}
    content.update(schema=schema, examples={"one": {"value": {}}})


def test_what_lists_need_is_in_valid_calls_and_too_few_is_a_flaw(tmp_path: Path) -> None:
    reading = read(load(changed_spec("prompts", tmp_path, listing)))
    (operation,) = reading.operations
    values = Values(operation, operation.takes, True, Links())
    for fields in (values.required(), values.cheapest(), values.everything()):
        call = call_of(reading, operation, fields, key="k")
        (seen,) = read_trace(reading, (Exchange(call, Reply(0)),))
        assert [flaw.told for flaw in flaws(seen)] == []
    for draft in drafts(values, values.cheapest()):
        if draft.breaks == "minItems":
            call = call_for(reading, draft, "k")
            (seen,) = read_trace(reading, (Exchange(call, Reply(0)),))
            assert [flaw.keyword for flaw in flaws(seen)] == ["minItems"], draft.why
