"""`testcard run` for APIs of many servers: whose hosts are answered, where it listens itself."""

from __future__ import annotations

import socket
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.runs import program, run
from tests.spec_clients import SPECS, changed_spec, mock_of_spec

from testcard.assembly import Options, build
from testcard.common.message import Call, Reply
from testcard.common.spec import SpecError
from testcard.doors.http import application
from testcard.intercept.authority import fresh
from testcard.intercept.contexts import HostContexts
from testcard.intercept.guard import Guard
from testcard.intercept.hosts import Sources, VirtualHosts
from testcard.intercept.options import RunOptions, require_possible
from testcard.intercept.own_hosts import OwnHosts, own_hosts
from testcard.intercept.proxy import Gates, proxying
from testcard.mock.core import Mock

CLIENT = """
import sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    method = "GET" if url.endswith("/j1") else "POST"
    said = {"X-Key": "k", "Content-Type": "application/json"}
    call = urllib.request.Request(url, b'{"prompt": "a fox"}', said, method=method)
    try:
        print(urllib.request.urlopen(call, timeout=20).status)
    except urllib.error.HTTPError as error:
        print(error.code)
    except OSError as error:
        print("refused" if "403" in str(error) else error)
"""


def local(folder: Path, port: int) -> Path:
    """Write a spec whose server is this machine, at a port that is nobody's yet."""

    def change(document: dict[str, Any]) -> None:
        document["servers"] = [{"url": f"http://localhost:{port}/sdapi"}]
        document["paths"] = {"/edits": document["paths"]["/edits"]}

    path = changed_spec("servers", folder, change)
    return path.rename(folder / "local.yaml")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@cache
def own() -> OwnHosts:
    return own_hosts(mock_of_spec("servers"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Mock:
    """A mock of an API that is documented at port 7860 of this machine."""
    spec = local(tmp_path_factory.mktemp("home"), 7860)
    return build(Options(providers=(str(spec),)))


def test_a_client_reaches_every_server_and_no_other_host(tmp_path: Path) -> None:
    """By TLS with certificates for any customer's name, by plain HTTP, and past the proxy."""
    port = free_port()
    specs = ("--spec", str(SPECS / "servers.yaml"), "--spec", str(local(tmp_path, port)))
    asked = {
        "https://eu.acme.example/v2/edits": "200",
        "https://queue.acme.example:8443/async/jobs": "200",
        "https://mine.jobs.acme.example/v4/jobs/j1": "404",
        "http://studio.local:7860/sdapi/txt2img": "200",
        f"http://localhost:{port}/sdapi/edits": "200",
        f"http://127.0.0.1:{port}/local/sdapi/edits": "200",
        "https://queue.acme.example:8443/v2/edits": "404",
        "https://us.acme.example/v2/edits": "refused",
        "https://a.mine.jobs.acme.example/v4/jobs/j1": "refused",
    }
    done = run(
        tmp_path, sys.executable, program(tmp_path, "client.py", CLIENT), *asked, options=specs
    )
    assert dict(zip(asked, done.stdout.splitlines(), strict=True)) == asked, done.stderr
    assert "us.acme.example was refused" in done.stderr


def test_hosts_follow_from_all_servers(home: Mock) -> None:
    names = {"api.acme.example", "eu.acme.example", "queue.acme.example", "studio.local"}
    assert own().names == names
    assert own().domains == {*names, "jobs.acme.example"}
    assert own().listened == {}
    for host, ours in [("mine.jobs.acme.example", True), ("jobs.acme.example", False),
                       ("a.b.jobs.acme.example", False), ("acme.example", False)]:  # fmt: skip
        assert (host in own()) == ours, host
    here = own_hosts(home)
    assert (here.names, here.domains) == (frozenset(), frozenset())
    assert here.listened == {("127.0.0.1", 7860): ["local"]}


def test_a_certificate_is_made_for_whatever_a_variable_is_and_for_nobody_else() -> None:
    contexts = HostContexts([fresh(own().domains)], own())
    mine = contexts.get("mine.jobs.acme.example")
    assert mine is not None
    assert contexts.get("mine.jobs.acme.example") is mine
    assert contexts.get("eu.acme.example") not in (None, mine)
    assert contexts.get("jobs.acme.example") is None  # under it names are ours, itself is not
    assert HostContexts([fresh(["other.example"])], own()).get("eu.acme.example") is None


def test_what_is_ours_cannot_be_allowed_too() -> None:
    for host in ("eu.acme.example", "mine.jobs.acme.example"):
        asked = RunOptions(("true",), allow=frozenset({(host, 443)}))
        with pytest.raises(SpecError, match=f"{host} is a provider's own host"):
            require_possible(mock_of_spec("servers"), asked)
    other = RunOptions(("true",), allow=frozenset({("a.mine.jobs.acme.example", 443)}))
    require_possible(mock_of_spec("servers"), other)


def test_of_this_machine_the_servers_port_alone_is_the_providers(home: Mock) -> None:
    """Other ports are other programs'; the proxy's own has the mock and its pages."""

    def real(_: Call) -> Reply:
        return Reply(204)

    hosts = VirtualHosts(home, Sources({}, real), authority=b"")
    for url, status in [("http://localhost:7860/sdapi/edits", 204), ("http://[::1]:7860/x", 204),
                        ("http://127.0.0.1:1/_testcard/health", 200),
                        ("http://localhost:7861/sdapi/edits", 404)]:  # fmt: skip
        step = hosts.begin(Call("GET", url))
        assert (step if isinstance(step, Reply) else step()).status == status, url


def test_a_recording_of_this_machines_api_needs_to_know_where_that_is(
    tmp_path: Path, home: Mock
) -> None:
    file = tmp_path / "a.har"
    with pytest.raises(SpecError, match=r"127\.0\.0\.1:7860.*--against local=http"):
        require_possible(home, RunOptions(("true",), record=file))
    told = {"local": "http://127.0.0.1:7861"}
    require_possible(home, RunOptions(("true",), record=file, against=told))


def test_a_port_that_another_program_has_is_named_with_its_provider() -> None:
    gates = Gates({}, (), lambda *_: "", lambda _: None, Guard())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        there = taken.getsockname()[:2]
        with (
            pytest.raises(OSError, match=rf"local is served at 127\.0\.0\.1:{there[1]}.*end what"),
            proxying(application(mock_of_spec("servers")), gates, {there: ["local"]}),
        ):
            raise AssertionError("it listens where another does")
