"""One fault, one citation: the journal, `run` and `check` say the same of the same wrong call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.support import (
    ABSENT,
    AITHRIVING,
    APIS,
    HOST,
    IMAGEPIPELINE,
    IMG2IMG,
    INPAINTING,
    SEGMIND,
    URL,
    Api,
    Client,
    client_of,
    data_uri,
    photo,
    text,
)

from testcard.clauses.catalogue import CLIENT_CLAUSES
from testcard.clauses.judging import judge
from testcard.clauses.refused import CLAUSES as REFUSALS
from testcard.common.body import FilePart
from testcard.common.message import Call, Exchange, Reply
from testcard.common.pointer import flaw_pointer
from testcard.common.reading import Profile
from testcard.common.redaction import redacted
from testcard.common.spec import line_of
from testcard.contract.flaw import flaws
from testcard.contract.trace import read_trace
from testcard.mock.core import Mock


@dataclass(frozen=True)
class Wrong:
    """One call that the page does not allow.

    Attributes:
        api: what is called.
        what: is wrong with it.
        fields: in place of the smallest ones.
        client: attributes of who calls.
    """

    api: Api
    what: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    client: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.api.provider} {self.api.path.rpartition('/')[2]}: {self.what}"


def of_fields(api: Api) -> Iterator[Wrong]:
    """Yield, field by field, every way of being wrong that the page's schema tells of."""
    body = client_of(api).mock.dialects[api.provider].documented.operations[0].body
    assert body is not None
    for name, each in body.fields.items():
        schema = each.schema
        kinds = schema.get("type", ())
        if (each.required and each.encodings) or each.required:
            yield Wrong(api, f"no {name}", {name: ABSENT})
        for bound, step in (("minimum", -1), ("maximum", 1)):
            if abs(schema.get(bound, 2**60)) < 2**60:
                yield Wrong(api, f"{name} beyond its {bound}", {name: schema[bound] + step})
        if "multipleOf" in schema:
            least = schema.get("minimum", schema["multipleOf"])
            yield Wrong(api, f"{name} is no multiple", {name: least + 1})
        if "enum" in schema and "boolean" not in kinds:
            yield Wrong(api, f"{name} is none of its values", {name: "none-of-them"})
        if kinds in ("integer", "number"):
            yield Wrong(api, f"{name} is a word", {name: "a lot"})
            if not api.form:
                yield Wrong(api, f"{name} is a number in a string", {name: "7"})
                yield Wrong(api, f"{name} is null", {name: None})
        if kinds == "boolean" and not api.form:
            yield Wrong(api, f"{name} is text", {name: "true"})


OF_PICTURES = (
    Wrong(SEGMIND, "a URL for base64", {"image": URL}),
    Wrong(SEGMIND, "no picture", {"image": text(b"no picture at all")}),
    Wrong(SEGMIND, "no base64", {"image": "%%%"}),
    Wrong(SEGMIND, "another name", {"image": ABSENT, "imageUrl": URL}),
    Wrong(SEGMIND, "both names", {"imageUrl": URL}),
    Wrong(IMAGEPIPELINE, "base64 for a URL", {"init_image": text(photo())}),
    Wrong(IMAGEPIPELINE, "no URL", {"init_image": "https://"}),
    Wrong(IMG2IMG, "a data URI for a URL", {"inputImage": data_uri(photo())}),
    Wrong(INPAINTING, "base64 for a URL", {"image": text(photo())}),
    Wrong(AITHRIVING, "a file without a name", {"init_image": FilePart(photo(), None)}),
    Wrong(AITHRIVING, "a file that is no picture", {"init_image": FilePart(b"text", "a.png")}),
)
OF_EACH = tuple(
    each
    for api in APIS
    for each in (
        *of_fields(api),
        Wrong(api, "a field of its own", {"colour": "red"}),
        Wrong(api, "two that are wrong", {"prompt": ABSENT, "colour": "red"}),
        Wrong(api, "a wrong key", client={"key": "invalid-1"}),
        Wrong(api, "no key", client={"key": None}),
        Wrong(api, "a bearer's key", client={"key": "Bearer a-key"}),
        Wrong(api, "a wrong Content-Type", client={"media_type": "text/plain"}),
        Wrong(api, "no Content-Type", client={"media_type": ABSENT}),
    )
)
WRONG = (*OF_EACH, *OF_PICTURES)


def cited_by_check(client: Client, exchange: Exchange) -> list[tuple[str, str, str]]:
    """Return what contracts say is wrong with a call: message, grade and source."""
    (seen,) = read_trace(client.mock.dialects[client.api.provider].documented, (exchange,))
    return [(each.told, each.evidence.grade, each.evidence.source) for each in flaws(seen)]


def cited_by_run(client: Client, exchange: Exchange) -> set[tuple[str, str, str]]:
    """Return what `run` says is wrong with a call or not on the page."""
    reading = client.mock.dialects[client.api.provider].documented
    return {
        (ruling.seen, ruling.evidence.grade, ruling.evidence.source)
        for verdict in judge(reading, (exchange,), "mock", CLIENT_CLAUSES)
        for ruling in verdict.rulings
        if not ruling.kept
    }


@dataclass(frozen=True)
class Tape:
    """A mock, and the calls that it was sent, as a recording holds them."""

    mock: Mock
    calls: list[Call] = field(default_factory=list)

    def answer(self, call: Call) -> Reply:
        """Answer as the mock does."""
        self.calls.append(call)
        return self.mock.answer(call)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.mock, name)


def taped(api: Api, profile: Profile = "lenient", **client: Any) -> Client:
    """Return a client of a mock that keeps what it is sent."""
    plain = client_of(api, profile)
    return plain.but(mock=Tape(plain.mock), **client)


def exchange_of(client: Client) -> Exchange:
    """Return the latest exchange without its secrets, as `run` and `check` judge it."""
    named = client.mock.dialects[client.api.provider].reading.key_names
    call = client.mock.calls[-1]  # type: ignore[attr-defined]
    return redacted((Exchange(call, client.entry.exchange.reply),), named)[0]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_the_strict_mock_refuses_by_is_what_run_and_check_cite(wrong: Wrong) -> None:
    client = taped(wrong.api, "documented", **wrong.client)
    client.ask(**wrong.fields)
    checked = cited_by_check(client, exchange_of(client))
    shown = cited_by_run(client, exchange_of(client))
    assert set(checked) <= shown
    refused = client.entry.verdict not in ("ok", "not-found")
    assert refused == bool(checked)
    if refused:
        assert client.entry.detail.split("; ")[0] in {each[0].split("; ")[0] for each in checked}
        assert set(client.entry.detail.split("; ")) <= {
            part for each in checked for part in each[0].split("; ")
        }


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_the_journal_notes_is_what_run_cites(wrong: Wrong) -> None:
    """The journal of a lenient mock, with the same message, grade and source."""
    client = taped(wrong.api, "lenient", **wrong.client)
    client.ask(**wrong.fields)
    if client.entry.verdict != "ok":
        return  # what even this profile refuses, the other test looks at
    noted = {(each.message, each.grade, each.source) for each in client.entry.findings}
    shown = cited_by_run(client, exchange_of(client))
    assert len(noted) == len(shown)
    for message, grade, source in shown:
        assert any(message.endswith(each[0]) and each[1:] == (grade, source) for each in noted), (
            message
        )


def test_a_missing_width_is_cited_from_the_line_that_requires_it() -> None:
    """It was line 20 in the journal and lines 14-28 in `run`."""
    client = taped(AITHRIVING, "documented")
    client.ask(width=ABSENT)
    (cited,) = cited_by_check(client, exchange_of(client))
    assert cited in cited_by_run(client, exchange_of(client))
    forgiving = taped(AITHRIVING, "lenient")
    forgiving.ask(width=ABSENT)
    (noted,) = forgiving.entry.findings
    assert cited == (noted.message, noted.grade, noted.source)


def test_calls_elsewhere_are_told_in_the_same_words() -> None:
    client = taped(IMG2IMG, "documented")
    client.send(b"{}", path="/nothing/here")
    detail = client.entry.detail
    assert [each[0] for each in cited_by_check(client, exchange_of(client))] == [
        detail.replace(f"/{IMG2IMG.provider}", "")
    ]
    forgiving = taped(IMG2IMG, "lenient")
    forgiving.send(json.dumps(dict(IMG2IMG.smallest)).encode(), path="/img2img/getImage")
    (noted,) = [each for each in forgiving.entry.findings if each.where == "path"]
    cited = cited_by_check(forgiving, exchange_of(forgiving))
    assert (noted.message, noted.grade, noted.source) in cited


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.path.rpartition("/")[2])
def test_every_flaw_leads_to_a_line_of_the_spec(api: Api) -> None:
    """And rulings of `check` and `run` on one flaw lead to the same one."""
    documented = client_of(api).mock.dialects[api.provider].documented
    source = documented.spec.path.read_text(encoding="utf-8")
    for wrong in (each for each in WRONG if each.api is api):
        client = taped(api, "lenient", **wrong.client)
        client.ask(**wrong.fields)
        (seen,) = read_trace(documented, (exchange_of(client),))
        trace = (exchange_of(client),)
        by_run = {
            ruling.seen: ruling.place
            for verdict in judge(documented, trace, "mock", CLIENT_CLAUSES)
            for ruling in verdict.rulings
        }
        by_check = {
            ruling.expected.partition(": ")[2]: ruling.place
            for verdict in judge(documented, trace, "mock", REFUSALS)
            for ruling in verdict.rulings
            if ruling.expected.startswith("a refusal: ")
        }
        for flaw in flaws(seen):
            place = flaw_pointer(documented, seen.operation, flaw)
            assert line_of(source, place) > 1
            assert by_run[flaw.told] == place
            assert by_check.get(flaw.told, place) == place


def test_what_is_wrong_twice_is_told_twice() -> None:
    """A number in a string that is out of range as well is both, for all that judge it."""
    client = taped(SEGMIND, "documented")
    client.ask(steps="5000", strength=7)
    first = client.entry.detail
    assert set(first.split("; ")) == {
        told for told, _, _ in cited_by_check(client, exchange_of(client))
    }


def test_a_call_that_the_page_allows_is_cited_by_nobody() -> None:
    for api in APIS:
        client = taped(api)
        client.ask()
        assert client.entry.findings == ()
        assert cited_by_check(client, exchange_of(client)) == []
        assert cited_by_run(client, exchange_of(client)) == set()


def test_host_is_of_no_account() -> None:
    """The prefix of the mock is none of the page's path."""
    client = taped(SEGMIND)
    client.mock.answer(Call("GET", f"{HOST}/segmind{SEGMIND.path}"))
    (cited,) = cited_by_check(client, exchange_of(client))
    assert cited[0] == "GET is not allowed here; POST is"
