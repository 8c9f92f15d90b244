"""Who answers a call that came through the proxy of a run, by its host."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest
from tests.runs import run

from testcard.assembly import build
from testcard.common.message import Call, Exchange, Reply
from testcard.intercept.hosts import Sources, VirtualHosts
from testcard.record import har

PEM = b"-----BEGIN CERTIFICATE-----"


def hosts(**more: object) -> VirtualHosts:
    """Return hosts of which one answers with its own name."""

    def named(call: Call) -> Reply:
        return Reply(200, (), (call.parts.hostname or "").encode())

    return VirtualHosts(
        build(),
        Sources({"named.example": named}, named),
        authority=PEM,
        **more,  # type: ignore[arg-type]
    )


def answer(found: VirtualHosts, url: str, *headers: tuple[str, str]) -> Reply:
    """Return the answer to a GET."""
    step = found.begin(Call("GET", url, headers))
    return step if isinstance(step, Reply) else step()


def test_each_host_has_a_source_of_its_own_and_this_server_is_the_mock() -> None:
    found = hosts()
    assert answer(found, "https://named.example/a").body == b"named.example"
    assert answer(found, "http://127.0.0.1:1/_testcard/health").status == 200
    assert answer(found, "http://127.0.0.1:1/_testcard/ca.pem").body == PEM


def test_a_host_without_a_source_is_refused_and_counted() -> None:
    found = hosts()
    reply = answer(found, "http://other.example/a")
    assert reply.status == 403
    assert "--allow other.example" in orjson.loads(reply.body)["error"]
    assert found.refused == {"other.example": 1}
    assert "--allow other.example:8443" in found.refuse("other.example", 8443)


def test_plain_http_to_a_host_that_is_let_through_is_not_told_to_let_it_through() -> None:
    found = hosts(allowed={("other.example", 443)})
    said = orjson.loads(answer(found, "http://other.example/a").body)["error"]
    assert "by https alone" in said
    assert "--allow" not in said


def test_what_is_kept_holds_nothing_that_was_meant_for_the_proxy() -> None:
    found = hosts()
    answer(found, "http://named.example/a", ("Proxy-Authorization", "Basic x"), ("Accept", "*/*"))
    (kept,) = found.tape.trace()
    assert kept.call.headers == (("Accept", "*/*"),)


@pytest.mark.parametrize("recorded", [True, False])
def test_a_recordings_answers_stay_as_they_are(tmp_path: Path, recorded: bool) -> None:
    """The mock shares its answers with pages of other origins; a real host does as it does."""
    url = "https://api.segmind.com/v1/nothing"
    har.write(
        [Exchange(Call("GET", url), Reply(404, (("x-own", "1"),), b"{}"))], tmp_path / "a.har"
    )
    code = f"""
import urllib.request, urllib.error
call = urllib.request.Request({url!r}, headers={{"Origin": "https://page.example"}})
try:
    urllib.request.urlopen(call)
except urllib.error.HTTPError as error:
    print(sorted(name for name in error.headers if name.lower().startswith(("access", "x-own"))))
"""
    options = ("--replay", "a.har") if recorded else ()
    done = run(tmp_path, sys.executable, "-c", code, options=options)
    assert ("x-own" in done.stdout) == recorded, done.stderr
    assert ("access-control-allow-origin" in done.stdout) != recorded
