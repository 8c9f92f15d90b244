"""A page of another origin may call the providers, as with Prism; never testcard itself."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.servers import door, serving
from tests.support import EVERY_API, KEY, SEGMIND, Api, Client

from testcard.assembly import build
from testcard.mock.core import Mock

ORIGIN = "https://shop.example"
SEGMIND_PATH = f"/segmind{SEGMIND.path}"
ASKED = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type, x-api-key",
}


@pytest.fixture(scope="module")
def mock() -> Mock:
    return build()


@pytest.fixture(scope="module")
def client(mock: Mock) -> Iterator[httpx.Client]:
    with door(mock) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def closed(mock: Mock) -> Iterator[httpx.Client]:
    """A client of a server without CORS."""
    with door(mock, cors=False) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield client


@EVERY_API
def test_a_browser_that_asks_beforehand_is_let_in_and_nobody_is_blamed(
    client: httpx.Client, mock: Mock, api: Api
) -> None:
    """The journal keeps the client's own calls alone."""
    before = len(mock.journal.entries())
    seen = client.options(f"/{api.provider}{api.path}", headers=ASKED)
    assert seen.status_code == 200
    assert seen.headers["access-control-allow-origin"] == ORIGIN
    assert "POST" in seen.headers["access-control-allow-methods"]
    allowed = seen.headers["access-control-allow-headers"].lower()
    assert "x-api-key" in allowed
    assert "content-type" in allowed
    assert "origin" in seen.headers["vary"].lower()
    assert len(mock.journal.entries()) == before


def test_a_page_of_the_open_web_may_call_this_machine(client: httpx.Client) -> None:
    """Browsers ask for that by a header of its own."""
    asked = {**ASKED, "Access-Control-Request-Private-Network": "true"}
    seen = client.options(SEGMIND_PATH, headers=asked)
    assert seen.headers["access-control-allow-private-network"] == "true"


@pytest.mark.parametrize("key", [KEY, "invalid-key"])
def test_an_answer_can_be_read_whatever_it_says(client: httpx.Client, key: str) -> None:
    headers = {"Origin": ORIGIN, "x-api-key": key}
    seen = client.post(SEGMIND_PATH, json=dict(SEGMIND.smallest), headers=headers)
    assert seen.status_code == (200 if key == KEY else 401)
    assert seen.headers["access-control-allow-origin"] == ORIGIN
    assert seen.headers["access-control-expose-headers"] == "*"


def test_without_an_origin_an_answer_is_the_mocks_own(client: httpx.Client, mock: Mock) -> None:
    seen = client.post(SEGMIND_PATH, json=dict(SEGMIND.smallest), headers={"x-api-key": KEY})
    own = Client(SEGMIND, mock).ask()
    added = {"content-length", "date"}
    assert set(seen.headers) - added == {name.lower() for name, _ in own.headers}


def test_options_that_asks_for_nothing_is_a_call_like_any_other(client: httpx.Client) -> None:
    seen = client.options(SEGMIND_PATH, headers={"Origin": ORIGIN})
    assert (seen.status_code, seen.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/_testcard/reset", "/_testcard/journal", "/%5ftestcard/reset"])
def test_testcard_itself_is_not_for_other_origins(client: httpx.Client, path: str) -> None:
    asked = client.options(path, headers=ASKED)
    read = client.get(path, headers={"Origin": ORIGIN})
    for seen in (asked, read):
        assert not [name for name in seen.headers if name.startswith("access-control-")]
    assert not asked.is_success


def test_it_can_be_turned_off(closed: httpx.Client) -> None:
    asked = closed.options(SEGMIND_PATH, headers=ASKED)
    read = closed.post(SEGMIND_PATH, headers={"Origin": ORIGIN, "x-api-key": KEY})
    assert asked.status_code == 405
    for seen in (asked, read):
        assert not [name for name in seen.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(("words", "status"), [((), 200), (("--no-cors",), 405)])
def test_the_command_line_turns_it_off(words: tuple[str, ...], status: int) -> None:
    with serving("segmind", *words) as served:
        seen = httpx.options(f"{served.base}{SEGMIND_PATH}", headers=ASKED, trust_env=False)
        assert seen.status_code == status
