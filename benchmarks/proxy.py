"""What a call through `testcard run` costs, beside the same call to `testcard serve`.

A small call and a small answer (the state of a job that nobody knows), and a small POST, each on
one connection that is kept: by HTTPS through the proxy, and by HTTP to the plain server. Both
are asked in turn, in batches, from one child process, so that a busy machine is busy for both.
What is claimed is the ratio of the lower quartiles, which neighbours disturb least. Loopback
only.

    python benchmarks/proxy.py [--calls 2000] [--most 2.0]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HOST = "api.imagepipeline.io"
PATH = "/sdxl/image2image/v1"
BATCH = 50
HEADERS = {"API-Key": "benchmark", "Content-Type": "application/json"}
ORDER = json.dumps({"model_id": "sdxl", "init_image": "https://a.example/b.png", "prompt": "x"})
CALLS = {
    "a job's state": ("GET", "/status/unknown-job", None),
    "an order refused": ("POST", "", '{"prompt": 7}'),
    "an order": ("POST", "", ORDER),
}


def through_proxy() -> http.client.HTTPConnection:
    """Return a connection to the provider's own host, by the proxy of the environment."""
    proxy = os.environ["HTTPS_PROXY"].removeprefix("http://").partition(":")
    trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    connection = http.client.HTTPSConnection(proxy[0], int(proxy[2]), context=trust)
    connection.set_tunnel(HOST)
    return connection


def seconds(connection: http.client.HTTPConnection, call: Callable[[], None]) -> list[float]:
    """Return how long each call of a batch took."""
    taken = []
    for _ in range(BATCH):
        began = time.perf_counter()
        call()
        connection.getresponse().read()
        taken.append(time.perf_counter() - began)
    return taken


def measure(port: int, calls: int) -> dict[str, dict[str, float]]:
    """Return call -> lower quartiles in microseconds, `proxy` and `plain`."""
    ways = {
        "proxy": (through_proxy(), PATH),
        "plain": (http.client.HTTPConnection("127.0.0.1", port), f"/imagepipeline{PATH}"),
    }
    found = {}
    for title, (method, rest, body) in CALLS.items():
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for batch in range(1 + calls // BATCH):
            for name, (connection, path) in ways.items():

                def call(
                    at: str = path + rest,
                    over: http.client.HTTPConnection = connection,
                    how: str = method,
                    what: str | None = body,
                ) -> None:
                    over.request(how, at, what, HEADERS)  # fmt: skip

                batch_taken = seconds(connection, call)
                taken[name] += batch_taken if batch else []  # the first one warms up
        found[title] = {
            name: statistics.quantiles(each, n=4)[0] * 1e6 for name, each in taken.items()
        }
    return found


def plain_server() -> tuple[subprocess.Popen[str], int]:
    """Start `testcard serve`; return it with its port."""
    server = subprocess.Popen(
        [sys.executable, "-m", "testcard.cli.main", "serve", "--port", "0", "--quiet"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None  # noqa: S101 (it was asked for)
    for line in server.stdout:
        found = re.search(r"Journal: http://127\.0\.0\.1:(\d+)", line)
        if found:
            return server, int(found[1])
    raise SystemExit("testcard serve did not start")


def main() -> None:
    """Measure, print, and fail where a ratio is beyond the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--most", type=float, default=2.0, help="ratio that is not to be exceeded")
    parser.add_argument("--plain", type=int, help="port of the plain server: in the child alone")
    chosen = parser.parse_args()
    if chosen.plain:
        print(json.dumps(measure(chosen.plain, chosen.calls)))
        return
    server, port = plain_server()
    try:
        own = [sys.executable, str(Path(__file__)), "--plain", str(port)]
        own += ["--calls", str(chosen.calls)]
        run = [sys.executable, "-m", "testcard.cli.main", "run", "--", *own]
        done = subprocess.run(run, capture_output=True, text=True, check=True)
    finally:
        server.terminate()
        server.wait(10)
    worst = 0.0
    for title, quartiles in json.loads(done.stdout).items():
        ratio = quartiles["proxy"] / quartiles["plain"]
        worst = max(worst, ratio)
        plain, proxy = quartiles["plain"], quartiles["proxy"]
        print(f"{title:18} plain {plain:6.0f} µs   proxy {proxy:6.0f} µs   ratio {ratio:.2f}")
    sys.exit(f"the proxy costs more than {chosen.most} times" if worst > chosen.most else 0)


if __name__ == "__main__":
    main()
