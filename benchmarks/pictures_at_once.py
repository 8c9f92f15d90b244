"""Pictures an hour: eight calls at once beside one after another, by how many processes paint.

One call: a photo-like JPEG of 512 x 512 in base64, answered with a PNG of 1024 x 1024 in base64,
no two alike, so that each is painted. The client's own work is small (no picture is decoded), and
its processor time is told apart from the server's. Loopback only; every server is ended by its
process id.

    python -m benchmarks.pictures_at_once [--calls 96] [--rounds 3]
"""

from __future__ import annotations

import argparse
import base64
import http.client
import itertools
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from threading import local

from benchmarks.card import upload
from rich.console import Console
from rich.table import Table

PATH = "/appypie-img2img/img2img/getImage/v1/getSDXLImage"
HEADERS = {"Content-Type": "application/json", "Ocp-Apim-Subscription-Key": "any"}
AT_ONCE = 8


@contextmanager
def serving(painters: int) -> Iterator[int]:
    """Serve until the block ends; yield the port."""
    command = [sys.executable, "-m", "testcard.cli.start", "serve", "appypie-img2img"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--painters", str(painters), "--credits", "1000000"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout or ():
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                port = int(found[1])
            if "Ctrl-C" in line:
                break
        yield port
    finally:
        process.terminate()
        process.communicate()


class Client:
    """Sends calls, no two alike, each thread on a connection of its own."""

    def __init__(self, port: int) -> None:
        """Send to a port of this machine."""
        self._port = port
        self._picture = "data:image/jpeg;base64," + base64.b64encode(upload()).decode()
        self._numbers = itertools.count()
        self._own = local()

    def call(self, _: object = None) -> None:
        """Ask for one picture."""
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        asked = {
            "prompt": f"a barn, {next(self._numbers)}",
            "inputImage": self._picture,
            "height": 1024,
            "width": 1024,
        }
        self._own.connection.request("POST", PATH, json.dumps(asked), HEADERS)
        answer = self._own.connection.getresponse()
        body = answer.read()
        if answer.status != 200 or len(body) < 100_000:
            raise SystemExit(f"no picture came: {answer.status} {body[:200]!r}")


def measured(painters: int, calls: int, rounds: int) -> tuple[float, float]:
    """Return milliseconds a picture: one after another, and eight at once (medians of rounds)."""
    alone, at_once = [], []
    with serving(painters) as port:
        client = Client(port)
        milliseconds(client, AT_ONCE, 2 * AT_ONCE)  # processes start, caches warm
        for _ in range(rounds):
            alone.append(milliseconds(client, 1, calls // 2))
            at_once.append(milliseconds(client, AT_ONCE, calls))
    return median(alone), median(at_once)


def milliseconds(client: Client, threads: int, calls: int) -> float:
    """Return what a picture takes, `threads` of them at once, on connections of their own."""
    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        list(pool.map(client.call, range(calls)))
        return (time.perf_counter() - began) * 1000 / calls


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=96, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    table = Table("painters", "one after another", "eight at once", "times as many")
    for painters in (0, 2):
        alone, at_once = measured(painters, words.calls, words.rounds)
        table.add_row(
            str(painters), f"{alone:.1f} ms", f"{at_once:.1f} ms", f"{alone / at_once:.2f}"
        )
    Console().print(table)


if __name__ == "__main__":
    main()
