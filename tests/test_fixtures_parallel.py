"""Several workers, any order: every test meets the same world, and none meets another's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("xdist", reason="pytest-xdist is not installed")
pytest.importorskip("pytest_randomly", reason="pytest-randomly is not installed")

PYTEST = (sys.executable, "-m", "pytest", "-p", "testcard.fixtures.plugin")
PARALLEL = ("-p", "xdist", "-p", "randomly")
TESTS = """
import hashlib
import os
import random
import urllib.request

import httpx
import pytest

PATH = "/inpainting/v1/getImage"
HEADERS = {"Ocp-Apim-Subscription-Key": "a-key", "Content-Type": "application/json"}
BODY = b'{"prompt": "a fox", "size": "64x48"}'

def note(number, base, body):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "one")
    with open(f"seen-{worker}", "a") as seen:
        seen.write(f"{number} {base} {hashlib.sha256(body).hexdigest()}\\n")

@pytest.mark.parametrize("number", range(12))
@pytest.mark.testcard(strict=True)
def test_in_process(testcard, number):
    random.random()
    testcard.begin(seed=number)
    testcard.expect("appypie-inpainting", times=2)
    url = testcard.url("appypie-inpainting") + PATH
    bodies = [httpx.post(url, content=BODY, headers=HEADERS).content for _ in range(2)]
    assert testcard.balance("appypie-inpainting", "a-key") == 998
    testcard.fail_next("appypie-inpainting", "failed")
    note(number, "inside", b"".join(bodies))

@pytest.mark.parametrize("number", range(12))
@pytest.mark.testcard(strict=True)
def test_on_a_port(testcard_server, number):
    testcard_server.begin(seed=number)
    testcard_server.expect("appypie-inpainting", times=2)
    asked = urllib.request.Request(testcard_server.url("appypie-inpainting") + PATH, BODY, HEADERS)
    bodies = [urllib.request.urlopen(asked).read() for _ in range(2)]
    assert testcard_server.balance("appypie-inpainting", "a-key") == 998
    testcard_server.fail_next("appypie-inpainting", "failed")
    note(number, testcard_server.base, b"".join(bodies))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_many.py").write_text(TESTS)
    return tmp_path


def run(folder: Path, *options: str) -> tuple[dict[str, set[str]], set[tuple[str, str]]]:
    """Run the tests; return number -> digests of what was seen, and the pairs of worker and port.

    Each number is seen in process and on a port, with the same seed.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment = {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # the start of five is slow
    done = subprocess.run(  # noqa: S603 (our own command)
        [*PYTEST, "-q", "-p", "no:cacheprovider", "-W", "error", *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b24 passed\b", done.stdout), done.stdout
    digests: dict[str, set[str]] = {}
    servers: set[tuple[str, str]] = set()
    for file in folder.glob("seen-*"):
        for line in file.read_text().splitlines():
            number, base, digest = line.split()
            digests.setdefault(number, set()).add(digest)
            if base != "inside":
                servers.add((file.name, base))
        file.unlink()
    return digests, servers


def test_workers_are_isolated_and_any_order_gives_the_same(folder: Path) -> None:
    alone, one_server = run(folder)
    assert all(len(seen) == 1 for seen in alone.values()), "in process as on the port"
    assert len(alone) == len(set().union(*alone.values())) == 12, "each seed has its own pictures"
    assert len(one_server) == 1
    for workers_wanted, seed in (("3", "1"), ("2", "2")):
        together, servers = run(folder, *PARALLEL, "-n", workers_wanted, f"--randomly-seed={seed}")
        assert together == alone
        workers, bases = zip(*servers, strict=True)
        assert len(set(workers)) == len(set(bases)) == len(servers), "a port for each worker"
