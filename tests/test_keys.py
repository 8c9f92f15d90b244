"""A key is sent in each way that OpenAPI and vendors have; tests/specs/keys.yaml has all of them.

Each is tried right, wrong, missing and written as only lenient readings take it; none is kept.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.servers import door, serving, until
from typer.testing import CliRunner

from testcard.assembly import Options, build
from testcard.clauses.base import many_seeds
from testcard.cli.main import app
from testcard.common.keyed import read_key
from testcard.common.keyways import user_of
from testcard.common.message import Call, Exchange, Reply
from testcard.common.reading import read
from testcard.common.redaction import blanked, cookies_blanked, redacted_url
from testcard.common.spec import SpecError, bundled, load
from testcard.contract.calls import call_of
from testcard.contract.flaw import flaws
from testcard.contract.rekeying import rekeyed
from testcard.contract.trace import read_trace
from testcard.mock.core import Mock
from testcard.mock.world import AccountId

SPEC = Path(__file__).parent / "specs" / "keys.yaml"
SECRET = "p3arl-0f-gr3at-pr1ce"
ASKED = {"prompt": "a fox"}


def pair(key: str) -> str:
    return base64.b64encode(f"{key}:pass-{SECRET}".encode()).decode()


def sent(way: str, key: str) -> dict[str, Any]:
    """What httpx is to send so that a key goes this way."""
    if way in ("body", "form"):
        said = {"auth": {"licence": key}} if way == "body" else {"licence": key}
        document = {**said, **ASKED}
        if way == "body":
            return {"json": document}
        return {"files": {name: (None, value) for name, value in document.items()}}
    headers = {
        "bearer": {"Authorization": f"Bearer {key}"},
        "basic": {"Authorization": f"Basic {pair(key)}"},
        "header": {"X-Api-Key": key},
        "prefixed": {"Authorization": f"Pass {key}"},
        "cookie": {"Cookie": f"theme=dark; visitor={key}"},
    }
    beside = {"params": {"k": key}} if way == "query" else {"headers": headers[way]}
    return {"json": ASKED, **beside}


FORGIVEN: dict[str, dict[str, Any]] = {
    "bearer": {"headers": {"Authorization": SECRET}},
    "header": {"headers": {"X-Api-Key": f"Bearer {SECRET}"}},
    "query": {"params": {"api_key": SECRET}},
    "cookie": {"headers": {"Cookie": f"guest={SECRET}"}},
    "prefixed": {"headers": {"Authorization": f"Bearer {SECRET}"}},
}
WAYS = ("bearer", "basic", "header", "query", "cookie", "prefixed", "body", "form")


@pytest.fixture(params=["documented", "lenient"])
def mock(request: pytest.FixtureRequest) -> Mock:
    return build(Options(providers=(str(SPEC),), profile=request.param))


@pytest.fixture
def client(mock: Mock) -> Iterator[httpx.Client]:
    with door(mock) as base, httpx.Client(base_url=f"{base}/keys", trust_env=False) as client:
        yield client


@pytest.mark.parametrize("way", WAYS)
def test_a_right_key_opens_and_a_wrong_one_or_none_does_not(
    way: str, client: httpx.Client, mock: Mock
) -> None:
    assert client.post(f"/{way}", **sent(way, SECRET)).status_code == 200
    assert client.post(f"/{way}", **sent(way, f"invalid-{SECRET}")).status_code == 401
    assert client.post(f"/{way}", **sent(way, f"nocredits-{SECRET}")).status_code == 402
    without = {"files": {"prompt": (None, "a fox")}} if way == "form" else {"json": ASKED}
    missing = client.post(f"/{way}", **without)
    assert (missing.status_code, "no key was sent" in missing.text) == (401, True)
    first, *_ = mock.journal.entries()
    assert first.findings == ()
    assert SECRET not in repr(list(mock.journal.entries()))


@pytest.mark.parametrize("way", FORGIVEN)
def test_lenient_readings_forgive_how_a_key_is_written(
    way: str, client: httpx.Client, mock: Mock
) -> None:
    answer = client.post(f"/{way}", json=ASKED, **FORGIVEN[way])
    lenient = mock.dialects["keys"].reading.profile == "lenient"
    assert answer.status_code == (200 if lenient else 401)
    (entry,) = mock.journal.entries()
    if lenient:
        (finding,) = entry.findings
        assert finding.source.startswith("Keys, line")


def test_aliases_are_at_the_place_of_their_scheme(client: httpx.Client, mock: Mock) -> None:
    lenient = mock.dialects["keys"].reading.profile == "lenient"
    answer = client.post("/bearer", json=ASKED, headers={"X-Key": SECRET})
    assert answer.status_code == (200 if lenient else 401)
    licensed = client.post(
        "/body", json={**ASKED, "auth": {"licence": ""}}, headers={"X-Licence": SECRET}
    )
    assert licensed.status_code == (200 if lenient else 401)


def test_of_several_ways_each_opens(client: httpx.Client, mock: Mock) -> None:
    for way in ("bearer", "basic", "query"):
        assert client.post("/either", **sent(way, SECRET)).status_code == 200, way
    assert client.post("/either", json=ASKED).status_code == 401
    *opened, _ = mock.journal.entries()
    assert [entry.findings for entry in opened] == [(), (), ()]


def test_a_key_may_be_optional_or_none_at_all(client: httpx.Client, mock: Mock) -> None:
    for way in ("optional", "open"):
        assert client.post(f"/{way}", json=ASKED).status_code == 200
    wrong = {"Authorization": "Bearer invalid-key"}
    assert client.post("/optional", json=ASKED, headers=wrong).status_code == 401
    assert client.post("/open", json=ASKED, headers=wrong).status_code == 200
    assert [len(entry.findings) for entry in mock.journal.entries()] == [1, 0, 0, 0]


@pytest.mark.parametrize(
    "value", ["Basic nonsense", f"Bearer {SECRET}", SECRET, "Basic", "Basic bm8tY29sb24="]
)
def test_what_is_no_basic_is_refused_by_all(value: str, client: httpx.Client) -> None:
    answer = client.post("/basic", json=ASKED, headers={"Authorization": value})
    assert answer.status_code == 401


def test_a_body_that_cannot_be_read_is_wrong_before_its_key(client: httpx.Client) -> None:
    answer = client.post(
        "/body", content=b'{"auth": {"lic', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400


def test_the_account_is_the_users_name(client: httpx.Client, mock: Mock) -> None:
    client.post("/basic", **sent("basic", "ada"))
    client.post("/basic", headers={"Authorization": "Basic YWRhOm90aGVy"}, json=ASKED)
    asked = mock.world.account(AccountId.of("keys", "ada"))
    assert asked.balance == mock.world.account(AccountId.of("keys", "bob")).balance - 2


def test_a_large_body_with_its_key_is_read_aside(client: httpx.Client) -> None:
    said = {"auth": {"licence": SECRET}, "prompt": "a fox " * 60_000}
    assert client.post("/body", json=said).status_code == 200


def test_a_key_meets_its_own_failure(client: httpx.Client) -> None:
    admin = str(client.base_url).removesuffix("/keys/") + "/_testcard"
    fault = {"provider": "keys", "kind": "overloaded", "key": SECRET}
    assert client.post(f"{admin}/faults", json=fault).status_code < 300
    assert client.post("/query", **sent("query", "another")).status_code == 200
    assert client.post("/query", **sent("query", SECRET)).status_code == 503


def test_no_key_is_in_the_log() -> None:
    with serving("--port", "0", str(SPEC)) as served:
        for way in WAYS:
            httpx.post(f"{served.base}/keys/{way}", trust_env=False, **sent(way, SECRET))
            httpx.post(
                f"{served.base}/keys/{way}", trust_env=False, **sent(way, "invalid-" + SECRET)
            )
        journal = httpx.get(f"{served.base}/_testcard/journal", trust_env=False).text
        log = until(lambda: served.log if served.log.count(" 401 ") >= len(WAYS) else "")
    assert SECRET not in log
    assert SECRET not in journal
    assert pair(SECRET) not in journal


@pytest.mark.parametrize("profile", ["documented", "lenient"])
@pytest.mark.long
def test_check_breaks_nothing_and_an_audit_agrees(profile: str, tmp_path: Path) -> None:
    har = tmp_path / "run.har"
    options = ["--profile", profile, "--report", f"har={har}"]
    checked = CliRunner().invoke(app, ["check", str(SPEC), *options])
    assert checked.exit_code == 0, checked.output
    entries = json.loads(har.read_text())["log"]["entries"]
    urls = {entry["request"]["url"] for entry in entries}
    assert any("k=invalid[blanked]" in url for url in urls)


@pytest.mark.parametrize(
    ("prompt", "wrong"), [({"[blanked]": 1}, ["prompt"]), ("[blanked]", []), (7, ["prompt"])]
)
def test_what_is_blanked_is_of_its_type_all_the_same(prompt: Any, wrong: list[str]) -> None:
    reading = read(load(SPEC))
    call = call_of(reading, reading.operation("bearer"), {"prompt": prompt}, key=SECRET)
    (seen,) = read_trace(reading, (Exchange(call, Reply(422)),))
    assert [each.field for each in flaws(seen)] == wrong


def test_of_a_hundred_seeds_chance_may_draw_one_twice() -> None:
    assert not many_seeds(read(load(SPEC)).operation("bearer").takes.fields["seed"])
    (segmind,) = (path for path in bundled() if path.stem == "segmind")
    assert many_seeds(read(load(segmind)).operations[0].takes.fields["seed"])


def test_what_is_blanked_still_tells_its_kind() -> None:
    assert blanked(f"Pass invalid-{SECRET}") == "Pass invalid[blanked]"
    assert blanked(f"Key {SECRET}") == "Key [blanked]"
    assert blanked(f"correct horse {SECRET}") == "[blanked]"
    assert blanked(f"Basic {pair('invalid-x')}") == "Basic invalid[blanked]"
    assert blanked(f"Basic {pair('ada')}") == "Basic [blanked]"
    assert redacted_url("https://a.example/?k=v&n=1", ["k"]) == "https://a.example/?k=[blanked]&n=1"
    assert cookies_blanked("a=1; visitor=invalid-2; b=3", ["visitor"]) == (
        "[blanked]; visitor=invalid[blanked]"
    )
    assert cookies_blanked("a=1; b=3", ["visitor"]) == "[blanked]"
    assert (user_of("[blanked]"), user_of("YQ=="), user_of("YTpi")) == ("[blanked]", None, "a")


@pytest.mark.parametrize("way", [*WAYS, "either", "open"])
def test_calls_of_testcards_own_carry_a_key_as_it_is_documented(way: str) -> None:
    reading = read(load(SPEC))
    operation = reading.operation(way)
    call = call_of(reading, operation, ASKED, key=SECRET)
    key, flaws = read_key(call, operation)
    assert (key, flaws) == ("" if way == "open" else SECRET, [])


@pytest.mark.parametrize("way", ["bearer", "basic", "header", "query", "cookie", "prefixed"])
def test_a_key_takes_the_place_of_the_clients_own(way: str) -> None:
    reading = read(load(SPEC))
    operation = reading.operation(way)
    call = call_of(reading, operation, ASKED, key="the-clients-own")
    other = Call(call.method, f"{call.url}{'&' if '?' in call.url else '?'}a=b", call.headers, b"")
    changed = rekeyed(other, operation, SECRET)
    assert read_key(changed, operation) == (SECRET, [])
    assert "own" not in repr(changed)
    assert "a=b" in changed.url


@pytest.mark.parametrize("key", [SECRET, 'wi"th\\quotes & signs'])
@pytest.mark.parametrize("way", ["body", "form"])
def test_a_key_in_a_body_gives_way_too(way: str, key: str) -> None:
    reading = read(load(SPEC))
    operation = reading.operation(way)
    call = call_of(reading, operation, ASKED, key="the-clients-own")
    changed = rekeyed(call, operation, key)
    assert read_key(changed, operation) == (key, [])
    assert "own" not in repr(changed)
    assert b"fox" in changed.body
    bare = Call(call.method, call.url, call.headers, b"{")
    assert rekeyed(bare, operation, key).body == b"{", "nobody knows where a key would stand"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("[{basic: []}]", "[{basic: [], query: []}]", "would be needed at once"),
        ("security: [{body: []}]", "security: [{bearer: []}]", "no scheme has one in the body"),
        ("security: [{query: []}]", "security: [{body: []}]", "no field takes one"),
        ("scheme: basic,", "scheme: basic, in: query,", ""),
        ("in: query, name: k, x-testcard: {", "in: query, name: k, x-testcard: {prefix: Key, ",
         "a prefix stands before a key in a header"),
        ("scheme: bearer", "scheme: digest", "digest"),
        ("type: http, scheme: basic", "type: oauth2", "oauth2"),
    ],
)  # fmt: skip
def test_security_that_would_be_passed_over_is_refused(
    before: str, after: str, told: str, tmp_path: Path
) -> None:
    text = SPEC.read_text()
    assert before in text
    changed = tmp_path / "keys.yaml"
    changed.write_text(text.replace(before, after, 1))
    if told:
        with pytest.raises(SpecError, match=told):
            load(changed)
    else:
        assert load(changed).id == "keys"
