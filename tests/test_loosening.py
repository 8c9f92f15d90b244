"""A call that the page has nothing against is read once, where lenient only loosens the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support import IMAGEPIPELINE, client_of

from testcard.common.fields import Body, bodies_of
from testcard.common.loosening import only_loosens
from testcard.common.message import Call
from testcard.common.reading import read
from testcard.common.request import read_body
from testcard.common.spec import load
from testcard.contract.calls import Links
from testcard.drivers.drafts import call_for, drafts
from testcard.drivers.values import Values
from testcard.mock import intake

HERE = Path(__file__).parent
SPECS = [HERE.parent / "openapi/imagepipeline.yaml", HERE / "specs/places.yaml"]


def body(**properties: Any) -> Body:
    """Return what an operation takes, of the least that these properties are."""
    said = {"type": "object", "properties": properties, **properties.pop("also", {})}
    (found,) = bodies_of({"content": {"application/json": {"schema": said}}}, ())
    return found


TEXT = {"type": "string", "maxLength": 9}
NUMBER = {"type": "integer", "minimum": 1}
PICTURE = {"type": "string", "x-testcard": {"role": "init-image", "encodings": ["url"]}}
ANY_WAY = {"type": "string", "x-testcard": {"role": "init-image", "encodings": ["url", "base64"]}}


@pytest.mark.parametrize(
    ("page", "lenient"),
    [
        (body(a=TEXT), body(a=TEXT)),
        (body(a=TEXT, also={"required": ["a"]}), body(a=TEXT)),
        (body(a=TEXT), body(a={"type": "string"})),
        (body(a=TEXT), body(a=TEXT, b=NUMBER)),
        (body(a=PICTURE), body(a=ANY_WAY)),
        (body(a={"type": "array", "items": TEXT}), body(a={"type": "array", "items": TEXT})),
    ],
)
def test_what_only_loosens_is_told(page: Body, lenient: Body) -> None:
    assert only_loosens(page, lenient)


@pytest.mark.parametrize(
    ("page", "lenient"),
    [
        (body(a=TEXT), body(a=TEXT, also={"required": ["a"]})),
        (body(a={"type": "string"}), body(a=TEXT)),
        (body(a=TEXT), body(a={**TEXT, "type": ["integer", "string"]})),
        (body(a=TEXT, b=NUMBER), body(a=TEXT)),
        (body(a=ANY_WAY), body(a=PICTURE)),
        (body(a={}), body(a={})),  # where no type is named, null is read otherwise
        (body(a=TEXT, also={"additionalProperties": True}), body(a=TEXT, b=NUMBER)),
    ],
)
def test_whatever_is_read_otherwise_is_no_loosening(page: Body, lenient: Body) -> None:
    assert not only_loosens(page, lenient)


def clean(path: Path) -> Iterator[tuple[Call, Body, Body]]:
    """Yield calls that a page has nothing against, where its lenient profile only loosens it."""
    spec = load(path)
    page, lenient = read(spec, "documented"), read(spec, "lenient")
    for operation in page.operations:
        other = lenient.operation(operation.id).takes
        if not operation.takes.media_type or not only_loosens(operation.takes, other):
            continue
        values = Values(operation, operation.takes, thorough=True, links=Links())
        for draft in drafts(values, values.cheapest()):
            try:
                call = call_for(page, draft, "a-key")
            except (TypeError, UnicodeError):  # it cannot be written out
                continue
            if call.media_type == operation.takes.media_type:
                yield call, operation.takes, other


def test_such_calls_are_read_alike_by_both() -> None:
    seen = 0
    for path in SPECS:
        for call, page, lenient in clean(path):
            found = read_body(call, page, lenient=False)
            if not (found.flaws or found.notes):
                other = read_body(call, lenient, lenient=True)
                assert (other.values, other.flaws) == (found.values, [])
                seen += 1
    assert seen > 10


@pytest.mark.parametrize(("prompt", "times"), [("a red fox", 1), ("word " * 80, 2)])
def test_a_call_is_read_again_only_where_the_page_has_something_against_it(
    prompt: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = []

    def counted(*given: Any, **named: Any) -> Any:
        readings.append(named["lenient"])
        return read_body(*given, **named)

    monkeypatch.setattr(intake, "read_body", counted)
    client = client_of(IMAGEPIPELINE)
    assert client.ask(prompt=prompt).status < 300
    assert readings == [False, True][:times]
    assert bool(client.forgiven) == (times == 2)
