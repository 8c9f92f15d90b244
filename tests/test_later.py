"""What happens to pictures and jobs later: URLs expire, and jobs end as moderated."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from tests.support import KEY

from testcard.assembly import Options, build
from testcard.common.document import resolved
from testcard.common.message import Call, Reply
from testcard.common.moderation import MAGIC_PROMPTS
from testcard.common.refusals import of_document, of_source
from testcard.mock.core import Mock
from testcard.mock.world import AccountId

SPEC = Path(__file__).parent / "specs" / "later.yaml"
INPUT, OUTPUT = MAGIC_PROMPTS


@pytest.fixture
def mock() -> Mock:
    return build(Options(providers=(str(SPEC),), profile="documented"))


def ask(mock: Mock, path: str, prompt: str | None = None) -> Any:
    headers = (("X-Key", KEY), ("Content-Type", "application/json"))
    method, body = ("GET", b"") if prompt is None else ("POST", orjson.dumps({"prompt": prompt}))
    reply = mock.answer(Call(method, f"https://api.later.example{path}", headers, body))
    assert reply.status == 200, reply.body
    return orjson.loads(reply.body)


def ended(mock: Mock, prompt: str) -> Any:
    job = ask(mock, "/flux", prompt)
    assert (job["status"], "reason" in job) == ("Pending", False)
    ask(mock, f"/flux/{job['id']}")
    return ask(mock, f"/flux/{job['id']}")


def fetched(mock: Mock, url: str) -> Reply:
    return mock.answer(Call("GET", url))


def test_the_url_of_a_job_is_good_for_as_long_as_the_page_says(mock: Mock) -> None:
    job = ask(mock, "/flux", "a fox")
    assert "good_until" not in job
    mock.world.advance(1000)  # at work, it has no URL yet that could expire
    ask(mock, f"/flux/{job['id']}")
    job = ask(mock, f"/flux/{job['id']}")
    assert job["good_until"] == pytest.approx(mock.world.now() + 600, abs=5)
    mock.world.advance(590)
    assert fetched(mock, job["sample"]).status == 200
    mock.world.advance(20)
    refused = fetched(mock, job["sample"])
    assert (refused.status, mock.journal.entries()[-1].verdict) == (410, "expired")
    assert orjson.loads(refused.body)["detail"] == (
        "the URL has expired: it was good for 600 seconds"
    )


def test_a_url_may_be_refused_by_a_status_of_its_own(mock: Mock) -> None:
    (image,) = ask(mock, "/paint", "a fox")["images"]
    until = datetime.fromisoformat(image["expires"]).timestamp()
    assert until == pytest.approx(mock.world.now() + 30, abs=5)
    assert fetched(mock, image["url"]).status == 200
    advanced = Call(
        "POST",
        "http://localhost/_testcard/clock",
        (("Content-Type", "application/json"),),
        b'{"advance": 31}',
    )
    assert orjson.loads(mock.answer(advanced).body)["ahead"] == 31
    assert fetched(mock, image["url"]).status == 403
    mock.reset()
    assert mock.world.ahead() == 0


@pytest.mark.parametrize(
    ("magic", "word"), [(INPUT, "Request Moderated"), (OUTPUT, "Content Moderated")]
)
def test_a_job_ends_as_moderated_and_costs_nothing(mock: Mock, magic: str, word: str) -> None:
    job = ended(mock, f"a fox {magic}")
    assert (job["status"], job["reason"], "sample" in job) == (word, "unsafe", False)
    assert mock.world.account(AccountId.of("later", KEY)).balance == Decimal(1000)
    told = mock.journal.entries()[0].notes
    assert any("its job ends as moderated" in why for _, why in told)
    assert ended(mock, "a fox")["status"] == "Ready"


def refusals(change: Any) -> list[str]:
    document = yaml.safe_load(SPEC.read_text(encoding="utf-8"))
    change(document)
    found = list(of_source(document)) or list(of_document(resolved(document, document)))
    return [each.sentence for each in found]


def flux(document: Any) -> Any:
    return document["paths"]["/flux"]["post"]


def schema(document: Any) -> Any:
    return flux(document)["responses"]["200"]["content"]["application/json"]["schema"]["properties"]


@pytest.mark.parametrize(
    ("change", "place", "told"),
    [
        (lambda d: d["x-testcard"].update(moderation={
            "output": "state", "grade": "assumed", "source": "a test"}),
         "at x-testcard/moderation/output", "pictures that are answered at once have no state"),
        (lambda d: flux(d)["x-testcard"]["moderation"].update(output={"state": "Moderated"}),
         "paths//flux/post/x-testcard/moderation/output", "'Moderated' is no word for a job that"),
        (lambda d: flux(d)["x-testcard"].update(states={
            "Pending": "running", "Ready": "succeeded", "Error": "failed"}),
         "moderation/input", "no word means moderated; write `WORD: moderated`"),
        (lambda d: schema(d)["id"]["x-testcard"].update({"expires-in": 5}),
         "id/x-testcard/expires-in", "this is no URL of a picture"),
        (lambda d: schema(d)["sample"]["x-testcard"].update({"expires-in": 0}),
         "sample/x-testcard/expires-in", "0"),
        (lambda d: flux(d)["requestBody"]["content"]["application/json"]["schema"]["properties"]
         ["prompt"]["x-testcard"].update({"expires-in": 5}),
         "prompt/x-testcard/expires-in", "what a call says does not expire"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(change: Any, place: str, told: str) -> None:
    lines = refusals(change)
    assert any(place in line and told in line for line in lines), lines


def test_what_is_not_changed_is_not_refused() -> None:
    assert refusals(lambda _: None) == []
