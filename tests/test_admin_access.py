"""Who may look after a mock: programs of this machine and whoever has the token, no page of a site.

Calls of tests in process come through no socket and are let in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.servers import door, raw, serving
from tests.support import SEGMIND, json_of, mock_of

from testcard.assembly import Options, build
from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.hosts import is_loopback
from testcard.common.message import Call, Reply
from testcard.mock.access import Access
from testcard.mock.admin_spec import admin_spec
from testcard.mock.core import Mock

LOCAL, ELSEWHERE = "127.0.0.1", "192.0.2.7"
OPEN = {"", "health", "openapi.yaml", "openapi.json", "docs", "jwks.json"}
GUARDED = [each for each in admin_spec().operations if each.path not in OPEN]
TOKEN = "a-token-of-this-run"


def mock_with(access: Access) -> Mock:
    return build(Options(providers=("segmind",), access=access))


def ask(
    mock: Mock,
    peer: str | None = LOCAL,
    host: str = "127.0.0.1:4242",
    method: str = "POST",
    path: str = "reset",
    **headers: str,
) -> Reply:
    sent = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return mock.answer(Call(method, f"http://{host}{ADMIN_PREFIX}{path}", sent, b"", peer))


# Pages of other sites


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:8000", "null", "http://[", ""]
)
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    mock = mock_with(Access())
    refused = ask(mock, Origin=origin)
    assert refused.status == 403
    assert "a page of this server's own was expected" in json_of(refused)["error"]
    assert refused.header("access-control-allow-origin") is None


@pytest.mark.parametrize("host", ["127.0.0.1:4242", "localhost:4242", "LOCALHOST:4242"])
def test_the_server_s_own_page_may(host: str) -> None:
    """Its documentation has buttons that send."""
    assert ask(mock_with(Access()), host=host, Origin=f"http://{host}".lower()).status == 200


# Names that lead here


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:4242", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.1"],
)
def test_a_name_that_was_made_to_lead_here_is_refused(host: str) -> None:
    refused = ask(mock_with(Access()), host=host, method="GET", path="journal")
    assert refused.status == 421
    said = json_of(refused)["error"]
    assert f"Host is {host.partition(':')[0]!r}, which is no name of this server" in said
    assert "--admin-host" in said


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost.",
        "a.localhost:80",
        "127.0.0.1",
        "127.8.9.1:1",
        "[::1]:4242",
        "Api.Segmind.com",
    ],
)
def test_local_names_and_served_hosts_are_its_own(host: str) -> None:
    assert ask(mock_with(Access()), host=host).status == 200


def test_further_names_come_from_the_option_and_the_address_listened_on() -> None:
    named = mock_with(Access(hosts=frozenset({"testcard.internal"})))
    assert ask(named, host="testcard.internal:4242").status == 200
    bound = mock_with(Access("10.0.0.1"))
    assert (ask(bound, host="10.0.0.1").status, ask(bound, host="10.0.0.2").status) == (200, 421)
    everywhere = mock_with(Access("0.0.0.0"))  # noqa: S104
    assert ask(everywhere, host="10.0.0.2").status == 200, "only a name can be made to lead here"
    assert ask(everywhere, host="evil.example").status == 421


# Other machines


@pytest.mark.parametrize("operation", GUARDED, ids=lambda each: each.id)
def test_another_machine_is_refused_without_a_token(operation: Any) -> None:
    mock = mock_with(Access("0.0.0.0"))  # noqa: S104
    refused = ask(mock, ELSEWHERE, method=operation.method, path=operation.path)
    assert refused.status == 403
    said = json_of(refused)["error"]
    assert f"came from {ELSEWHERE}" in said
    assert "--admin-token TOKEN and send Authorization: Bearer TOKEN" in said


@pytest.mark.parametrize("path", sorted(OPEN))
def test_what_tells_nothing_is_open(path: str) -> None:
    """A container's health check comes from anywhere."""
    mock = mock_with(Access("0.0.0.0", TOKEN))  # noqa: S104
    assert ask(mock, ELSEWHERE, host="evil.example", method="GET", path=path).status == 200


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer é{TOKEN}"]
)
def test_a_wrong_token_is_refused(sent: str) -> None:
    mock = mock_with(Access("0.0.0.0", TOKEN))  # noqa: S104
    refused = ask(mock, ELSEWHERE, Authorization=sent)
    assert refused.status == 401
    assert refused.header("www-authenticate") == 'Bearer realm="testcard"'
    assert TOKEN not in refused.body.decode()


@pytest.mark.parametrize("host", ["testcard:4242", "10.0.0.1"])
@pytest.mark.parametrize("word", ["Bearer", "bearer"])
def test_the_token_opens_it_by_whatever_name(host: str, word: str) -> None:
    mock = mock_with(Access("0.0.0.0", TOKEN))  # noqa: S104
    assert ask(mock, ELSEWHERE, host=host, Authorization=f"{word} {TOKEN}").status == 200


def test_this_machine_needs_no_token() -> None:
    mock = mock_with(Access("0.0.0.0", TOKEN))  # noqa: S104
    assert ask(mock).status == 200
    assert ask(mock, "::ffff:127.0.0.1").status == 200
    assert ask(mock, "::1").status == 200


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X_Forwarded_For", "192.0.2.7"),
        ("X_Forwarded_For", "127.0.0.1, 192.0.2.7"),
        ("X_Forwarded_For", "nonsense"),
        ("Forwarded", "for=192.0.2.7"),
        ("X_Real_IP", "192.0.2.7"),
    ],
)
def test_what_a_gateway_of_this_machine_passes_on_is_from_elsewhere(
    header: str, value: str
) -> None:
    """Its own address is local and it may write the Host anew: what it says of others counts."""
    refused = ask(mock_with(Access()), **{header: value})
    assert refused.status == 403
    assert "passed on" in json_of(refused)["error"]
    with_token = mock_with(Access(token=TOKEN))
    assert ask(with_token, **{header: value}).status == 401
    assert ask(with_token, **{header: value}, Authorization=f"Bearer {TOKEN}").status == 200


def test_every_gateway_on_the_way_counts() -> None:
    sent = (("X-Forwarded-For", "127.0.0.1"), ("x-forwarded-for", "192.0.2.7"))
    call = Call("POST", f"http://localhost{ADMIN_PREFIX}reset", sent, b"", LOCAL)
    assert mock_with(Access()).answer(call).status == 403


def test_a_gateway_for_programs_of_this_machine_is_local() -> None:
    assert ask(mock_with(Access()), X_Forwarded_For="127.0.0.1, ::1").status == 200


def test_an_empty_token_opens_nothing() -> None:
    mock = mock_with(Access("0.0.0.0", ""))  # noqa: S104
    assert ask(mock, ELSEWHERE, Authorization="Bearer ").status == 403


def test_calls_within_the_process_are_let_in() -> None:
    """Fixtures, Starlette's TestClient, `mock.answer`: whoever can do that needs no permission."""
    for peer in (None, "testclient"):
        assert ask(mock_with(Access()), peer, host="testcard.test", Origin="http://x").status == 200


@pytest.mark.parametrize("name", ["", "x", "localhos", "0.0.0.0", "192.168.0.1", "::", "127.1"])  # noqa: S104
def test_what_is_not_this_machine(name: str) -> None:
    assert not is_loopback(name)


@pytest.mark.parametrize("token", ["", "two words", "é", "line\n"])
def test_a_token_that_no_header_can_carry_is_refused_at_the_start(token: str) -> None:
    with pytest.raises(ValueError, match=r"the admin token has \d+ characters; letters"):
        Access.of("0.0.0.0", token, ())  # noqa: S104


def test_the_command_line_has_both_options() -> None:
    """As a process: let in are local names, the one given, and whoever has the token."""
    options = ("--admin-token", TOKEN, "--admin-host", "Testcard.Internal")
    calls: list[dict[str, str]] = [
        {"Host": "localhost"},
        {"Host": "testcard.internal"},
        {"Host": "evil.example"},
        {"Host": "evil.example", "Authorization": f"Bearer {TOKEN}"},
    ]
    with serving("segmind", *options) as running:
        with httpx.Client(base_url=running.base, trust_env=False) as client:
            seen = [client.get("/_testcard/jobs", headers=each).status_code for each in calls]
        assert TOKEN not in running.log
    assert seen == [200, 200, 421, 200]


# Writes are JSON


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_what_a_form_can_send_is_no_write(kind: str) -> None:
    body = b'{"provider": "segmind", "kind": "failed"}'
    sent = (("Content-Type", kind),) if kind else ()
    mock = mock_of(SEGMIND)
    refused = mock.answer(Call("POST", f"http://localhost{ADMIN_PREFIX}faults", sent, body))
    assert refused.status == 415
    assert "application/json was expected" in json_of(refused)["error"]
    assert mock.world.faults() == {}


# Through the door


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with door(build(Options(providers=("segmind",)))) as base:
        yield base


def test_the_door_tells_who_calls(base: str) -> None:
    with httpx.Client(base_url=base, trust_env=False) as client:
        assert client.post("/_testcard/reset").status_code == 200
        foreign = client.post("/_testcard/reset", headers={"Origin": "https://x.example"})
        rebound = client.get("/_testcard/journal", headers={"Host": "evil.example"})
        text = {"Content-Type": "text/plain"}
        form = client.post("/_testcard/faults", content=b"{}", headers=text)
        assert [each.status_code for each in (foreign, rebound, form)] == [403, 421, 415]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_no_preflight_is_answered_for_admin(base: str, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    with httpx.Client(base_url=base, trust_env=False) as client:
        for path in ("accounts", "journal", "nowhere"):
            seen = client.options(f"/_testcard/{path}", headers=asked)
            assert seen.status_code in (404, 405)
            assert "access-control-allow-origin" not in seen.headers
            assert "access-control-allow-methods" not in seen.headers
        read = client.get("/_testcard/health", headers={"Origin": origin})
        assert "access-control-allow-origin" not in read.headers


def test_the_path_alone_leads_to_admin(base: str) -> None:
    """A Host that carries a path made a call to a provider one to admin."""
    answer = raw(
        base,
        b"GET /segmind/v1/sd1.5-img2img HTTP/1.1\r\n"
        b"Host: x/_testcard/health?\r\nConnection: close\r\n\r\n",
    )
    assert answer.split(b" ", 2)[1] in (b"400", b"405", b"421")
    assert b"/_testcard/" not in answer.replace(b"x/_testcard/health?", b"")
    assert b"is no parameter" not in answer, "which is what admin says of the rest of the path"
