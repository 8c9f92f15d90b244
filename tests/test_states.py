"""Jobs in a vendor's own words: states, places of the id, results, canceling, lists, waiting.

tests/specs/jobs-*.yaml have one way each: URLs for everything, a queue with the result apart, and a
URL to poll with the id in a query. Calls are made as clients make them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.servers import door
from tests.support import KEY

from testcard.assembly import Options, build, dialects_of
from testcard.card.engine import CardEngine
from testcard.common.keys import UNKNOWN_JOB
from testcard.common.message import Call
from testcard.common.states import PHASES, States
from testcard.mock.core import Mock
from testcard.mock.inputs import Inputs
from testcard.mock.memory_world import MemoryWorld
from testcard.mock.world import AccountId, JobPolicy

SPECS = Path(__file__).parent / "specs"
PREDICTIONS, QUEUE, POLLING = "jobs-predictions", "jobs-queue", "jobs-polling"
ORDER = {
    PREDICTIONS: ("/v1/predictions", {"input": {"prompt": "a fox", "num_outputs": 2}}),
    QUEUE: ("/paint/fine", {"prompt": "a fox", "num_images": 2}),
    POLLING: ("/v1/paint", {"prompt": "a fox"}),
}
PRICE = 2


class Vendor:
    """One API over HTTP, spoken to as a client does."""

    def __init__(self, name: str, mock: Mock, client: httpx.Client) -> None:
        self.name, self.mock, self.client = name, mock, client

    def order(self, **headers: str) -> httpx.Response:
        """Begin a job."""
        path, body = ORDER[self.name]
        answer = self.client.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer

    @property
    def account(self) -> tuple[float, float]:
        """Balance, and what of it is held."""
        found = self.mock.world.account(AccountId.of(self.name, KEY))
        return float(found.balance), float(found.held)

    def policy(self, text: str) -> None:
        """Say when jobs to come end."""
        self.mock.world.set_policy(JobPolicy.parse(text))


class Clock:
    """Stands until it is told."""

    now = 1_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def vendor(name: str, stack: ExitStack, clock: Clock | None = None) -> Vendor:
    options = Options(providers=(str(SPECS / f"{name}.yaml"),), profile="documented")
    world = MemoryWorld(clock=clock or Clock())
    mock = Mock(dialects_of(options), world, CardEngine(), Inputs())
    base = f"{stack.enter_context(door(mock))}/{name}"
    client = httpx.Client(base_url=base, headers={"X-Key": KEY}, timeout=60, trust_env=False)
    return Vendor(name, mock, stack.enter_context(client))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def polled(client: httpx.Client, url: str, times: int) -> list[Any]:
    return [client.get(url).json()["status"] for _ in range(times)]


def test_the_words_of_a_page_stand_for_phases() -> None:
    states = States({"a": "running", "b": "succeeded", "c": "failed", "d": "failed"})
    assert [states.word(each) for each in PHASES] == ["a", "a", "b", "c", "c", "c", "c"]
    assert (states.phase("d"), states.phase("e"), states.phase(7)) == ("failed", None, None)
    assert states.endings == ("b", "c", "d")


def test_a_prediction_is_followed_by_its_urls_to_its_pictures(stack: ExitStack) -> None:
    here = vendor(PREDICTIONS, stack)
    here.policy("polls:2")
    answer = here.order()
    begun = answer.json()
    assert (answer.status_code, begun["status"], begun["output"]) == (201, "starting", None)
    assert begun["urls"]["get"] == f"{here.client.base_url}v1/predictions/{begun['id']}"
    assert polled(here.client, begun["urls"]["get"], 2) == ["starting", "processing"]
    ended = here.client.get(begun["urls"]["get"]).json()
    assert (ended["status"], len(ended["output"]), ended["error"]) == ("succeeded", 2, None)
    assert "succeeded" in ended["logs"]
    for url in ended["output"]:
        assert here.client.get(url).headers["content-type"] == "image/png"
    assert here.account == (1000 - PRICE, 0)


def test_a_queue_says_how_far_it_is_and_has_its_result_apart(stack: ExitStack) -> None:
    here = vendor(QUEUE, stack)
    here.policy("polls:4")
    first, second = here.order().json(), here.order().json()
    assert (first["queue_position"], second["queue_position"]) == (0, 1)
    assert second["response_url"].endswith(f"/paint/fine/requests/{second['request_id']}")
    asked = here.client.get(second["status_url"])
    assert (asked.status_code, asked.json()["status"]) == (202, "IN_QUEUE")
    early = here.client.get(second["response_url"])
    assert (early.status_code, "no result yet" in early.json()["detail"]) == (400, True)
    running = here.client.get(second["status_url"])
    assert (running.json()["status"], running.json()["percent"]) == ("IN_PROGRESS", 75)
    assert "queue_position" not in running.json()
    assert polled(here.client, second["status_url"], 2) == ["IN_PROGRESS", "COMPLETED"]
    ended = here.client.get(second["status_url"])
    assert (ended.status_code, ended.json()["percent"]) == (200, 100)
    assert [each["message"] for each in ended.json()["logs"]][-1] == "COMPLETED"
    images = here.client.get(second["response_url"]).json()["images"]
    assert [here.client.get(url).status_code for url in images] == [200, 200]


def test_a_polling_url_has_the_id_in_its_query(stack: ExitStack) -> None:
    here = vendor(POLLING, stack)
    begun = here.order().json()
    assert begun["polling_url"].endswith(f"/v1/get_result?id={begun['id']}")
    assert here.client.get(begun["polling_url"]).json()["result"] is None
    ready = here.client.get(begun["polling_url"]).json()
    assert (ready["status"], ready["progress"]) == ("Ready", 1.0)
    assert here.client.get(ready["result"]["sample"]).headers["content-type"] == "image/png"
    assert here.client.get("/v1/get_result").status_code == 422
    assert here.client.get("/v1/get_result", params={"id": UNKNOWN_JOB}).status_code == 404


@pytest.mark.parametrize("name", [PREDICTIONS, QUEUE])
@pytest.mark.parametrize("polls", [0, 1, 2])
def test_a_job_at_work_is_canceled_once_and_costs_nothing(
    stack: ExitStack, name: str, polls: int
) -> None:
    here = vendor(name, stack)
    here.policy("polls:5")
    begun = here.order().json()
    follow, cancel, method = (
        (begun["urls"]["get"], begun["urls"]["cancel"], "POST")
        if name == PREDICTIONS
        else (begun["status_url"], begun["cancel_url"], "PUT")
    )
    polled(here.client, follow, polls)
    assert here.account == (1000, PRICE)
    answer = here.client.request(method, cancel)
    assert answer.is_success, answer.text
    assert here.account == (1000, 0)
    word = "canceled" if name == PREDICTIONS else "FAILED"
    assert polled(here.client, follow, 3) == [word] * 3
    again = here.client.request(method, cancel)
    assert again.status_code == (409 if name == PREDICTIONS else 400)
    assert "ended" in again.json()["detail"]
    job = here.mock.world.jobs()[0].id
    assert here.client.request(method, cancel.replace(job, UNKNOWN_JOB)).status_code == 404
    assert here.account == (1000, 0)
    assert here.mock.world.jobs()[0].state == "FAILURE"


def test_a_job_that_has_ended_cannot_be_canceled_and_stays_paid(stack: ExitStack) -> None:
    clock = Clock()
    here = vendor(PREDICTIONS, stack, clock)
    here.policy("seconds:10")
    late, early = here.order().json(), here.order().json()
    clock.now += 3
    assert here.client.post(early["urls"]["cancel"]).json()["status"] == "canceled"
    clock.now += 7  # nobody asked meanwhile
    assert here.client.post(late["urls"]["cancel"]).status_code == 409
    assert here.account == (1000 - PRICE, 0)
    assert polled(here.client, late["urls"]["get"], 1) == ["succeeded"]


@pytest.mark.parametrize(
    ("policy", "phase", "word", "status"),
    [
        ("fail", "failed", "FAILED", 400),
        ("cancel", "canceled", "FAILED", 400),
        ("moderate", "moderated", "FAILED", 451),
        ("expire", "expired", "FAILED", 410),
    ],
)
def test_however_a_job_ends_its_price_is_given_back(
    stack: ExitStack, policy: str, phase: str, word: str, status: int
) -> None:
    here = vendor(QUEUE, stack)
    here.policy(policy)
    begun = here.order().json()
    assert here.account == (1000, PRICE)
    assert polled(here.client, begun["status_url"], 2) == [word, word]
    assert here.client.get(begun["response_url"]).status_code == status
    (job,) = here.mock.world.jobs()
    assert (str(job.phase), job.state) == (phase, "FAILURE")
    assert here.account == (1000, 0)


@pytest.mark.parametrize(("policy", "word"), [("moderate", "Request Moderated"),
                                              ("expire", "Task not found")])  # fmt: skip
def test_a_page_may_have_a_word_for_every_end(stack: ExitStack, policy: str, word: str) -> None:
    here = vendor(POLLING, stack)
    here.policy(policy)
    ended = here.client.get(here.order().json()["polling_url"]).json()
    assert (ended["status"], ended["result"]) == (word, None)


def test_an_account_lists_its_own_jobs_youngest_first(stack: ExitStack) -> None:
    here = vendor(PREDICTIONS, stack)
    ids = [here.order().json()["id"] for _ in range(3)]
    here.order(**{"X-Key": "another"})
    listed = here.client.get("/v1/predictions").json()["results"]
    assert [each["id"] for each in listed] == ids[::-1]
    assert {each["status"] for each in listed} == {"starting"}
    assert listed[0]["urls"]["get"].endswith(f"/v1/predictions/{ids[2]}")
    page = here.client.get("/v1/predictions", params={"limit": 1, "cursor": ids[2]}).json()
    assert [each["id"] for each in page["results"]] == [ids[1]]


@pytest.mark.parametrize(
    ("policy", "prefer", "status"),
    [
        ("polls:3", "wait", "succeeded"),
        ("polls:3", "wait=5", "succeeded"),
        ("polls:3", "respond-async", "starting"),
        ("seconds:10", "wait=9", "starting"),
        ("seconds:10", "wait=10", "succeeded"),
        ("never", "wait=60", "starting"),
        ("fail", "wait=1", "failed"),
    ],
)
def test_a_client_may_wait_for_a_job(
    stack: ExitStack, policy: str, prefer: str, status: str
) -> None:
    here = vendor(PREDICTIONS, stack)
    here.policy(policy)
    answer = here.order(Prefer=prefer).json()
    assert (answer["status"], len(answer["output"] or ())) == (
        status,
        2 if status == "succeeded" else 0,
    )
    paid = {"succeeded": (1000 - PRICE, 0), "failed": (1000, 0)}
    assert here.account == paid.get(status, (1000, PRICE))


def test_testcards_own_prefer_stands_beside_it(stack: ExitStack) -> None:
    here = vendor(PREDICTIONS, stack)
    path, body = ORDER[PREDICTIONS]
    answer = here.client.post(path, json=body, headers={"Prefer": "wait=5, code=422"})
    assert answer.status_code == 422
    assert here.mock.world.jobs() == ()


def test_in_process_urls_are_the_vendors_own() -> None:
    mock = build(Options(providers=(str(SPECS / f"{POLLING}.yaml"),)))
    headers = (("X-Key", KEY), ("Content-Type", "application/json"))
    host = f"https://api.{POLLING}.example"
    reply = mock.answer(Call("POST", f"{host}/v1/paint", headers, b'{"prompt": "a fox"}'))
    job = mock.world.jobs()[0].id
    assert f"{host}/v1/get_result?id={job}".encode() in reply.body
