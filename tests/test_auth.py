"""Every way in which APIs take keys: right, wrong, missing, in another way; and blanked."""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.servers import door
from typer.testing import CliRunner

from testcard.assembly import Options, build
from testcard.cli.main import app
from testcard.common.reading import Profile
from testcard.mock.core import Mock
from testcard.mock.summary import entry_summary
from testcard.record.har import dumps

PLAIN = Path(__file__).parent / "specs" / "prices.yaml"
SAID = {"grade": "documented", "source": "Keys, line 1"}
KEY = "s3cret-value-of-mine"
BODY: dict[str, Any] = {"prompt": "a fox"}


def basic(user: str) -> str:
    return f"Basic {b64encode(f'{user}:pass'.encode()).decode()}"


SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "prefix": {
        "type": "apiKey", "in": "header", "name": "Authorization", "x-testcard": {"prefix": "Key"}
    },
    "query": {"type": "apiKey", "in": "query", "name": "api_key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session_key"},
    "body": {"type": "apiKey", "in": "query", "name": "key", "x-testcard": {"in": "body"}},
}  # fmt: skip


def sent(scheme: str, key: str) -> dict[str, Any]:
    """How a client sends a key."""
    return {
        "bearer": {"headers": {"Authorization": f"Bearer {key}"}},
        "basic": {"headers": {"Authorization": basic(key)}},
        "header": {"headers": {"X-Key": key}},
        "prefix": {"headers": {"Authorization": f"Key {key}"}},
        "query": {"params": {"api_key": key}},
        "cookie": {"headers": {"Cookie": f"a=b; session_key={key}"}},
        "body": {"json": {**BODY, "key": key}},
    }[scheme]


def spec(folder: Path, scheme: str, security: list[Any] | None = None) -> Path:
    document = copy.deepcopy(yaml.safe_load(PLAIN.read_text(encoding="utf-8")))
    said = SCHEMES[scheme]
    written = {**said, "x-testcard": {**SAID, **said.get("x-testcard", {})}}
    document["components"]["securitySchemes"] = {"key": written}
    document["security"] = [{"key": []}] if security is None else security
    if scheme == "body":
        del document["paths"]["/balance"]  # it has no body to hold one
        for path in ("/paint", "/sketch"):
            content = document["paths"][path]["post"]["requestBody"]["content"]
            content["application/json"]["schema"]["properties"]["key"] = {
                "type": "string", "x-testcard": {"role": "key", **SAID},
            }  # fmt: skip
    file = folder / f"{scheme}.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return file


class Client:
    """A client of one spec's mock."""

    def __init__(self, mock: Mock, base: str) -> None:
        """Send to `base`."""
        self.mock, self._base = mock, base

    def post(self, path: str = "/paint", **how: Any) -> httpx.Response:
        """Send a call."""
        return httpx.post(self._base + path, **{"json": BODY, **how}, timeout=60, trust_env=False)


@pytest.fixture(params=["lenient", "documented"])
def profile(request: pytest.FixtureRequest) -> Profile:
    found: Profile = request.param
    return found


@pytest.fixture
def client(scheme: str, profile: Profile, tmp_path: Path) -> Iterator[Client]:
    mock = build(Options(providers=(str(spec(tmp_path, scheme)),), profile=profile))
    with door(mock) as base:
        yield Client(mock, f"{base}/{scheme}")


EVERY = pytest.mark.parametrize("scheme", SCHEMES)


@EVERY
def test_a_right_key_is_served_a_wrong_one_and_none_are_not(scheme: str, client: Client) -> None:
    assert client.post(**sent(scheme, KEY)).status_code == 200
    assert client.post(**sent(scheme, "invalid-key")).status_code == 401
    assert client.post().status_code == 401
    assert client.post(**sent(scheme, "nocredits-key")).status_code == 402
    good, *_ = client.mock.journal.entries()
    assert good.findings == ()


@EVERY
def test_accounts_are_those_of_keys(scheme: str, client: Client) -> None:
    for _ in range(2):
        client.post(**sent(scheme, KEY))
    left = client.post(**sent(scheme, f"{KEY}-other")).headers["x-left"]
    assert float(left) == 999.99
    assert float(client.post(**sent(scheme, KEY)).headers["x-left"]) == 999.97


@EVERY
def test_the_key_is_in_no_journal_and_no_recording(scheme: str, client: Client) -> None:
    client.post(**sent(scheme, KEY))
    client.post(**sent(scheme, KEY) | ({} if scheme == "body" else {"json": {"prompt": 5}}))
    entries = client.mock.journal.entries()
    kept = json.dumps([entry_summary(each) for each in entries], default=str)
    recorded = dumps(each.exchange for each in entries).decode()
    for secret in (KEY, b64encode(f"{KEY}:pass".encode()).decode()):
        assert secret not in kept
        assert secret not in recorded


@pytest.mark.parametrize("scheme", ["bearer", "prefix"])
def test_a_key_without_its_word_is_forgiven_by_the_lenient_profile_alone(
    client: Client, profile: Profile
) -> None:
    answer = client.post(headers={"Authorization": KEY})
    assert answer.status_code == (200 if profile == "lenient" else 401)
    if profile == "lenient":
        (entry,) = client.mock.journal.entries()
        assert "without" in entry.findings[0].message


@pytest.mark.parametrize(
    ("security", "status", "findings"), [([], 200, 0), ([{}], 200, 0), ([{"key": []}, {}], 200, 1)]
)
def test_where_no_key_is_needed_none_is_asked_for(
    tmp_path: Path, security: list[Any], status: int, findings: int
) -> None:
    """That an optional key is missing is noted; where there is no key at all nothing is."""
    file = spec(tmp_path, "header", security)
    mock = build(Options(providers=(str(file),), profile="documented"))
    with door(mock) as base:
        assert Client(mock, f"{base}/header").post().status_code == status
    assert len(mock.journal.entries()[0].findings) == findings


def test_an_operation_may_need_none_where_others_do(tmp_path: Path) -> None:
    file = spec(tmp_path, "bearer")
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["paths"]["/sketch"]["post"]["security"] = []
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    mock = build(Options(providers=(str(file),), profile="documented"))
    with door(mock) as base:
        client = Client(mock, f"{base}/bearer")
        assert client.post("/sketch").status_code == 200
        assert client.post("/paint").status_code == 401


@EVERY
@pytest.mark.long
def test_check_breaks_nothing(scheme: str, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["check", str(spec(tmp_path, scheme))])
    assert (run.exit_code, "No promise broken" in run.output) == (0, True), run.output


@EVERY
def test_show_says_how_the_key_is_sent(scheme: str, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["show", str(spec(tmp_path, scheme))])
    told = {"bearer": "Authorization: Bearer", "basic": "Authorization: Basic", "header": "X-Key",
            "prefix": "Authorization: Key", "query": "query.api_key",
            "cookie": "cookie.session_key", "body": "body.key"}  # fmt: skip
    assert told[scheme] in run.output
