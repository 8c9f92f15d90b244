"""Who may use the proxy of a run: by its credential, or as the same user."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from tests.runs import program, run, runtime
from tests.test_run_clients import HEAD, PROGRAMS
from tests.test_run_proxy import proxy

from testcard.assembly import build
from testcard.doors.http import application
from testcard.intercept import authority, trust
from testcard.intercept.child import Setting, environment
from testcard.intercept.guard import Guard, uid_of
from testcard.intercept.proxy import Gates, proxying

HOST = "gateway.appypie.com"
NODE = """
const url = 'https://gateway.appypie.com/img2img/getImage/v1/getSDXLImage';
const headers = { 'Content-Type': 'application/json', 'Ocp-Apim-Subscription-Key': 'a-key' };
const body = JSON.stringify({ prompt: 'x', inputImage: 'https://a.example/a.png', size: '64x64' });
HOW
"""
FETCH = "fetch(url, { method: 'POST', headers, body }).then((got) => console.log(got.status));"
HTTPS = """
const call = require('https').request(url, { method: 'POST', headers }, (got) => {
  got.resume();
  console.log(got.statusCode);
});
call.end(body);
"""
HTTP = """
require('http').get('http://gateway.appypie.com/nothing', (got) => {
  got.resume();
  console.log(got.statusCode === 404 ? 200 : got.statusCode);
});
"""
CURL = (
    "curl -sS -o /dev/null -w '%{http_code}\\n' -H 'Content-Type: application/json' "
    '-H \'Ocp-Apim-Subscription-Key: a-key\' -d \'{"prompt": "x", "size": "64x64", '
    '"inputImage": "https://a.example/a.png"}\' '
    "https://gateway.appypie.com/img2img/getImage/v1/getSDXLImage"
)


def stranger(*_: object) -> int:
    """Nobody's uid: as if every connection were another user's."""
    return os.getuid() + 1


def unknown(*_: object) -> None:
    """As a system that does not tell whose a connection is."""


def said(guard: Guard, *headers: str, target: str = f"CONNECT {HOST}:443") -> bytes:
    """Return the status line that a call with these headers gets."""
    with proxy(HOST, guard=guard) as (port, _), socket.create_connection(("127.0.0.1", port)) as at:
        at.settimeout(20)
        at.sendall("\r\n".join([f"{target} HTTP/1.1", *headers, "", ""]).encode())
        return at.recv(1000)


def basic(password: str, user: str = "testcard") -> str:
    """Return the header that carries a credential."""
    return f"Proxy-Authorization: Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.mark.parametrize("target", [f"CONNECT {HOST}:443", f"GET http://{HOST}/nothing"])
def test_another_user_without_the_credential_is_refused(target: str) -> None:
    """With a tunnel and with a call by plain HTTP; the answer says where the credential is."""
    guard = Guard(uid_of=stranger)
    for headers in ((), (basic("a-guess"),), (basic(guard.token, user="root"),)):
        answer = said(guard, f"Host: {HOST}", *headers, target=target)
        assert answer.startswith(b"HTTP/1.1 407 ")
        assert b"HTTPS_PROXY" in answer
        assert b"proxy-authenticate: Basic" in answer


def test_another_user_with_the_credential_is_let_in() -> None:
    guard = Guard(uid_of=stranger)
    assert said(guard, basic(guard.token)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(("demanding", "status"), [(True, b"407"), (False, b"200")])
def test_where_the_user_cannot_be_known_money_decides(demanding: bool, status: bytes) -> None:
    guard = Guard(demanding=demanding, uid_of=unknown)
    assert said(guard).startswith(b"HTTP/1.1 " + status)


def test_two_runs_have_two_credentials() -> None:
    first, second = Guard(), Guard()
    assert len(first.token) >= 32
    assert first.token != second.token
    assert first.token not in repr(first)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="there is no /proc to look in")
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_linux_tells_whose_a_connection_is(family: socket.AddressFamily) -> None:
    """By either protocol: Java calls 127.0.0.1 by an IPv6 socket."""
    host = "127.0.0.1" if family == socket.AF_INET else "::ffff:127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(family) as client:
        client.connect((host, server.getsockname()[1]))
        there, peer = server.accept()
        with there:
            assert uid_of(peer, server.getsockname()) == os.getuid()
            assert uid_of((peer[0], 1), server.getsockname()) == -1


CLIENTS = {
    **{name: ("python", "a.py", HEAD + text) for name, text in PROGRAMS.items()},
    "curl": ("sh", "a.sh", CURL),
    "node-fetch": ("node", "a.cjs", NODE.replace("HOW", FETCH)),
    "node-https": ("node", "a.cjs", NODE.replace("HOW", HTTPS)),
    "node-http": ("node", "a.cjs", NODE.replace("HOW", HTTP)),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_sends_the_credential_that_it_was_given(tmp_path: Path, name: str) -> None:
    """None of these needs its user to be known."""
    runs, file, text = CLIENTS[name]
    if runs == "python":
        pytest.importorskip(name.partition("-")[0])
    command = [sys.executable if runs == "python" else runtime(runs), program(tmp_path, file, text)]
    own, guard = authority.fresh([HOST]), Guard(uid_of=stranger)
    gates = Gates(own.contexts(), (), lambda *_: "no", lambda _: None, guard)
    with proxying(application(build()), gates) as port:
        files = trust.write(tmp_path, [own.pem])
        child = environment(Setting(port, guard.token, files, tmp_path), os.environ)
        done = subprocess.run(  # noqa: S603 (our own command)
            command, capture_output=True, text=True, check=False, env=child, timeout=60
        )
    assert done.stdout == "200\n", done.stderr


def test_the_credential_reaches_no_record_of_what_was_said(tmp_path: Path) -> None:
    """A call by plain HTTP carries it beside the client's own headers."""
    code = """
import os, urllib.request, urllib.error
try:
    urllib.request.urlopen("http://api.segmind.com/v1/nothing")
except urllib.error.HTTPError as error:
    print(error.code)
print(os.environ["HTTPS_PROXY"])
"""
    done = run(tmp_path, sys.executable, "-c", code, options=("--report", "har=out.har"))
    status, proxy_url = done.stdout.split()
    assert status == "404"
    har = (tmp_path / "out.har").read_text(encoding="utf-8")
    assert "/v1/nothing" in har
    assert "proxy-authorization" not in har.lower()
    token = proxy_url.partition("testcard:")[2].partition("@")[0]
    assert token
    assert token not in har + done.stderr
