"""Every small spec of the tests, called over HTTP, in process and under `run`.

What each is about has tests of its own; here is that no way in passes it by.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from tests.runs import program, run
from tests.servers import ROOT, SECONDS, door

from testcard.assembly import Options, build
from testcard.common.message import Call
from testcard.common.reading import read
from testcard.common.spec import load
from testcard.contract.calls import Links, call_of
from testcard.contract.flaw import flaws
from testcard.contract.session import GOOD_KEY, Session
from testcard.contract.targets import InProcess
from testcard.drivers.values import Values
from testcard.mock.core import Mock

SPECS = sorted((ROOT / "tests" / "specs").glob("*.yaml"))
CLIENT = """
import base64, json, sys, urllib.error, urllib.request
said = []
for method, url, headers, body in json.load(open(sys.argv[1])):
    asked = urllib.request.Request(url, base64.b64decode(body), dict(headers), method=method)
    try:
        with urllib.request.urlopen(asked) as answer:
            said.append(answer.status)
    except urllib.error.HTTPError as error:
        said.append(error.code)
print(json.dumps(said))
"""


class Asked(NamedTuple):
    """The smallest valid call of an operation, and the status of its success."""

    name: str
    call: Call
    status: int


def asked() -> Iterator[Asked]:
    """Yield one for each operation that makes pictures, takes them, or tells of an account."""
    target = InProcess(mock_of_all().answer)
    for path in SPECS:
        reading = read(load(path))
        session = Session(reading, target)
        for operation in reading.operations:
            if operation.does not in ("pictures", "job", "file", "account"):
                continue
            fields = Values(operation, operation.takes, True, Links()).required()
            told = fields if operation.takes.fields else None
            call = call_of(reading, operation, told, key=GOOD_KEY)
            seen = session.read(target.send(call, SECONDS))
            assert flaws(seen) == (), (operation.id, flaws(seen))
            yield Asked(f"{path.stem}: {operation.id}", call, seen.reply.status)


def mock_of_all() -> Mock:
    return build(Options(providers=tuple(map(str, SPECS))))


@pytest.fixture(scope="module")
def every() -> list[Asked]:
    return list(asked())


def test_each_is_served_in_process(every: list[Asked]) -> None:
    assert {each.name.partition(":")[0] for each in every} == {path.stem for path in SPECS}
    assert [each.name for each in every if not 200 <= each.status < 300] == []


def test_each_is_served_over_http(every: list[Asked]) -> None:
    with door(mock_of_all()) as base, httpx.Client(trust_env=False) as client:
        for name, call, status in every:
            parts = urlsplit(call.url)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
            url = f"{base}/{name.partition(':')[0]}{path}"
            answer = client.request(call.method, url, headers=list(call.headers), content=call.body)
            assert answer.status_code == status, (name, answer.text)


def test_each_is_served_to_a_client_under_run(every: list[Asked], tmp_path: Path) -> None:
    calls = [
        (call.method, call.url, call.headers, base64.b64encode(call.body).decode())
        for _, call, _ in every
    ]
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    specs = tuple(word for path in SPECS for word in ("--spec", str(path)))
    command = (sys.executable, program(tmp_path, "client.py", CLIENT), "calls.json")
    done = run(tmp_path, *command, options=specs)
    assert done.returncode == 0, done.stderr
    seen = zip(every, json.loads(done.stdout.splitlines()[0]), strict=True)
    assert [(each.name, status) for each, status in seen if status != each.status] == []
