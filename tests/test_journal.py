"""The journal and the rest of /_testcard/: what was seen, with no key in it and no end of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support import (
    ABSENT,
    AITHRIVING,
    APIS,
    BOTH,
    EVERY_API,
    HOST,
    IMAGEPIPELINE,
    IMG2IMG,
    SEGMIND,
    Api,
    Client,
    client_of,
    json_of,
    mock_of,
    photo,
)

from testcard.assembly import Options, build
from testcard.common.body import FilePart
from testcard.common.message import Call, Reply
from testcard.common.reading import Profile
from testcard.common.trouble import KINDS
from testcard.mock import journal as journal_module
from testcard.mock.core import Mock
from testcard.mock.fault import Fault
from testcard.mock.journal import Entry
from testcard.mock.memory_limit import LEAST_MEMORY, MemoryLimit
from testcard.mock.summary import brief

SECRET = "kept-very-secret-1234"
KEY_HEADERS = ["x-api-key", "API-Key", "X-API-Key", "Ocp-Apim-Subscription-Key", "Authentication"]
KEY_HEADERS += ["Authorization", "Proxy-Authorization", "Cookie"]


def admin(mock: Mock, method: str, path: str, body: Any = None) -> Reply:
    data = b"" if body is None else json.dumps(body).encode()
    kind = () if body is None else (("Content-Type", "application/json"),)
    return mock.answer(Call(method, f"{HOST}/_testcard/{path}", kind, data))


def journal(mock: Mock, query: str = "") -> list[dict[str, Any]]:
    return list(json_of(admin(mock, "GET", f"journal{query}"))["entries"])


@BOTH
@EVERY_API
def test_a_call_is_told_with_all_that_is_known_of_it(profile: Profile, api: Api) -> None:
    client = client_of(api, profile, clock=lambda: 1_700_000_000.0)
    reply = client.ask(colour="red")
    (entry,) = journal(client.mock)
    assert entry["number"] == 1
    assert entry["started"] == 1_700_000_000.0
    assert entry["milliseconds"] > 0
    assert entry["provider"] == api.provider
    assert (entry["verdict"], entry["detail"]) == ("ok", "")
    assert entry["fields"]["prompt"] == "a red fox"
    assert entry["call"]["method"] == "POST"
    assert entry["call"]["url"] == f"{HOST}/{api.provider}{api.path}"
    assert entry["reply"]["status"] == reply.status
    (finding,) = entry["findings"]
    assert finding["where"] == "colour"
    assert finding.keys() == {"where", "message", "grade", "source"}


def test_a_finding_has_the_grade_and_source_of_what_was_passed_over() -> None:
    client = client_of(SEGMIND)
    client.ask(scheduler="UniPC", num_inference_steps=5)
    scheduler, steps = sorted(client.entry.findings, key=lambda finding: finding.where)[::-1]
    assert (scheduler.grade, steps.grade) == ("observed", "documented")
    assert "segmind-py" in scheduler.source
    assert "lines 47-53" in steps.source


@pytest.mark.parametrize(
    ("verdict", "change"),
    [
        ("invalid", {"prompt": ABSENT}),
        ("unauthorized", {"key": "invalid"}),
        ("no-credits", {"key": "nocredits"}),
    ],
)
def test_a_verdict_says_what_went_wrong(verdict: str, change: dict[str, Any]) -> None:
    client = client_of(SEGMIND)
    (client.but(**change).ask() if "key" in change else client.ask(**change))
    assert client.entry.verdict == verdict
    assert client.entry.detail


def test_calls_to_nobody_are_told_as_well() -> None:
    client = client_of(SEGMIND)
    reply = client.mock.answer(Call("GET", f"{HOST}/nobody"))
    assert reply.status == 404
    assert json_of(reply)["providers"] == {"segmind": "/segmind"}
    assert client.entry.verdict == "not-found"
    assert client.entry.provider is client.entry.operation is None


@BOTH
@pytest.mark.parametrize("name", KEY_HEADERS)
def test_no_key_is_ever_told(profile: Profile, name: str) -> None:
    """Whoever was asked, and in whichever header: keys do go astray."""
    mock = mock_of(*APIS, profile=profile)
    for value in (SECRET, f"Bearer {SECRET}", f"invalid-{SECRET}"):
        mock.answer(Call("POST", f"{HOST}/nobody", ((name, value),)))
        for api in APIS:
            client = Client(api, mock, key=None, headers={name: value})
            client.ask(prompt=ABSENT)
            client.ask(colour="red", prompt=7)
            client.but(headers={name.upper(): value}).send(b"")
    assert SECRET not in repr(mock.journal.entries())
    assert SECRET not in admin(mock, "GET", "journal").body.decode()
    assert SECRET not in admin(mock, "GET", "accounts").body.decode()


def test_bodies_are_told_in_brief() -> None:
    """Pictures and long texts by their size: a journal is to be read."""
    mock = mock_of(SEGMIND, AITHRIVING)
    large = photo(320, 320, "jpeg")
    Client(AITHRIVING, mock).ask(init_image=FilePart(large, "a.jpg"), prompt="x" * 5_000)
    Client(SEGMIND, mock).ask(base64=True, img_width=64, img_height=64)
    form, image = journal(mock)
    assert form["fields"]["init_image"] == f"<file a.jpg, {len(large)} bytes>"
    assert form["fields"]["prompt"].startswith("<5000 characters")
    assert form["call"]["body"].startswith("<multipart/form-data, ")
    assert image["fields"]["image"].startswith("<")
    assert image["reply"]["body"]["image"].startswith("<")
    assert len(admin(mock, "GET", "journal").body) < 8_000


def test_a_body_as_deep_as_json_goes_can_be_told() -> None:
    client = client_of(IMG2IMG)
    client.send(b'{"prompt": ' + b"[" * 1_000 + b"]" * 1_000 + b"}")
    client.send(b'{"prompt": "x", "size": "64x64", "response_format": ' + b"[" * 700 + b"]" * 701)
    assert "too deep to show" in json.dumps(journal(client.mock))


def test_wide_places_are_cut_to_their_size() -> None:
    """A list of a million numbers is not kept item by item."""
    assert brief(list(range(1_000_000)))[98:] == [98, 99, "<999900 more>"]
    assert brief(list(range(100))) == list(range(100))
    wide = brief({str(number): number for number in range(1_000)})
    assert list(wide.items())[99:] == [("99", 99), ("…", "<900 more>")]


def test_the_latest_calls_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_MOST_ENTRIES", 5)
    client = client_of(SEGMIND)
    for _ in range(12):
        client.send(b"")
    said = json_of(admin(client.mock, "GET", "journal"))
    assert [entry["number"] for entry in said["entries"]] == [8, 9, 10, 11, 12]
    assert said["forgotten"] == 7


def test_large_bodies_are_not_kept_for_long() -> None:
    client = client_of(SEGMIND, memory=MemoryLimit(LEAST_MEMORY))
    for size in (100, 600_000, 600_000, 5_000_000, 10):
        client.send(b"x" * size)
    assert [entry.number for entry in client.mock.journal.entries()] == [5]


def test_the_journal_can_be_asked_for_one_provider_and_for_less() -> None:
    mock = mock_of(SEGMIND, IMG2IMG)
    for api in (SEGMIND, IMG2IMG, SEGMIND, SEGMIND):
        Client(api, mock).send(b"")
    assert [each["number"] for each in journal(mock, "?provider=segmind")] == [1, 3, 4]
    assert [each["number"] for each in journal(mock, "?provider=segmind&limit=2")] == [3, 4]
    assert [each["number"] for each in journal(mock, "?limit=0")] == []
    for wrong in ("-1", "x", "1.5", "²", "9" * 5_000):
        refused = admin(mock, "GET", f"journal?limit={wrong}")
        assert refused.status == 400
        assert "limit" in json_of(refused)["error"]


@pytest.mark.parametrize("path", ["journal", "jobs", "accounts", "faults"])
def test_what_goes_through_all_that_is_kept_holds_nobody_up(path: str) -> None:
    """Three hundred calls of 9,000 fields held the event loop half a second; health never waits."""
    mock = mock_of(SEGMIND)
    work = mock.begin(Call("GET", f"{HOST}/_testcard/{path}"))
    assert not isinstance(work, Reply)
    assert work().status == 200
    assert isinstance(mock.begin(Call("GET", f"{HOST}/_testcard/health")), Reply)


def test_a_watcher_sees_each_call() -> None:
    seen: list[Entry] = []
    mock = build(Options(providers=("segmind",), watch=seen.append))
    Client(SEGMIND, mock).send(b"")
    assert [entry.verdict for entry in seen] == ["malformed"]


def test_health_says_that_the_mock_is_up() -> None:
    said = json_of(admin(mock_of(SEGMIND, IMG2IMG), "GET", "health"))
    providers = ["segmind", "appypie-img2img"]
    assert said == {"status": "ok", "providers": providers, "engine": {"name": "card"}}


@BOTH
def test_providers_say_where_they_answer(profile: Profile) -> None:
    (said,) = json_of(admin(mock_of(IMAGEPIPELINE, profile=profile), "GET", "providers"))
    assert said["base_url"] == f"{HOST}/imagepipeline"
    assert said["stands_for"] == "https://api.imagepipeline.io"
    assert said["profile"] == profile
    assert said["settings"] == {"always_200": False, "model_family": "sdxl", "price": 1}
    assert [(each["method"], each["path"]) for each in said["operations"]] == [
        ("POST", IMAGEPIPELINE.path),
        ("GET", f"{IMAGEPIPELINE.path}/status/{{id}}"),
    ]


def test_a_reset_begins_again() -> None:
    client = client_of(IMAGEPIPELINE)
    first = json_of(client.ask())["id"]
    client.mock.world.fail_next("imagepipeline", Fault("failed"))
    assert json_of(admin(client.mock, "POST", "reset")) == {"status": "reset"}
    assert client.follow(first).status == 404
    assert client.entry.number == 1
    assert json_of(client.ask())["id"]
    assert client.account.held == 1


def test_an_account_can_be_given_credits() -> None:
    client = client_of(SEGMIND).but(key="nocredits")
    said = {"provider": "segmind", "key": "nocredits", "balance": 1.5}
    assert json_of(admin(client.mock, "PUT", "accounts", said)) == {
        "status": "set",
        "balance": 1.5,
        "held": 0,
    }
    assert client.ask().header("x-remaining-credits") == "0.5"
    (account,) = json_of(admin(client.mock, "GET", "accounts"))
    assert (account["provider"], account["balance"], account["held"]) == ("segmind", 0.5, 0)


def test_jobs_are_listed_and_their_policy_can_be_changed() -> None:
    client = client_of(IMAGEPIPELINE)
    job = json_of(client.ask())["id"]
    client.follow(job)
    (told,) = json_of(admin(client.mock, "GET", "jobs"))
    assert told == {"id": job, "provider": "imagepipeline", "polls": 1} | {
        "state": "PENDING", "phase": "running"}  # fmt: skip
    assert admin(client.mock, "PUT", "jobs", {"policy": "at-once"}).status == 200
    assert json_of(client.ask())["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("POST", "faults", "text", "object"),
        ("POST", "faults", [], "object"),
        ("POST", "faults", {}, "provider"),
        ("POST", "faults", {"provider": "nobody"}, "served: segmind"),
        ("POST", "faults", {"provider": "segmind", "kind": "bad-luck"}, "rate-limited"),
        ("POST", "faults", {"provider": "segmind", "delay": -1}, "-1"),
        ("POST", "faults", {"provider": "segmind", "times": 0}, "0"),
        ("POST", "faults", {"provider": "segmind", "after": 3}, "after"),
        ("PUT", "accounts", {"provider": "segmind", "key": "k", "balance": -1}, "-1"),
        ("PUT", "accounts", {"provider": "segmind", "key": "", "balance": 1}, "''"),
        ("PUT", "accounts", {"provider": "nobody", "key": "k", "balance": 1}, "nobody"),
        ("PUT", "jobs", {"policy": "sometimes"}, "at-once"),
        ("PUT", "jobs", {"policy": 7}, "7"),
    ],
)
def test_wrong_orders_are_refused_and_say_why(method: str, path: str, body: Any, said: str) -> None:
    refused = admin(mock_of(SEGMIND), method, path, body)
    assert refused.status == 400
    assert said in json_of(refused)["error"]


def test_wrong_places_and_methods_are_told_of_the_right_ones() -> None:
    mock = mock_of(SEGMIND)
    nowhere = admin(mock, "GET", "nowhere")
    assert nowhere.status == 404
    assert "/_testcard/journal" in json_of(nowhere)["there_are"]
    assert admin(mock, "HEAD", "health").status == 200
    wrong = admin(mock, "DELETE", "journal")
    assert wrong.status == 405
    assert "GET" in json_of(wrong)["error"]


def test_every_kind_of_trouble_can_be_ordered() -> None:
    client = client_of(SEGMIND)
    for kind in KINDS:
        order = {"provider": "segmind", "kind": kind}
        assert admin(client.mock, "POST", "faults", order).status == 200
        client.ask()
        assert client.entry.verdict == kind
