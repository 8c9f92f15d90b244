"""What one call costs inside the mock, without a socket, beside other checkouts.

Two calls, each of about 100 KB of JSON: `job` orders one of ImagePipeline, as throughput.py does;
`picture` asks Segmind for one that is painted already. The lenient profile, the journal on. Each is
made so often first that the memory of the mock is full, as it is in a server that has run a while.
Told is the thread's CPU time, the least of the rounds, in µs a call.

Checkouts are measured in turns, round after round, each in a process of its own.

    python benchmarks/call_cost.py [--against FOLDER ...] [--rounds 5] [--calls 2000]
    python benchmarks/call_cost.py --profile job
"""

from __future__ import annotations

import argparse
import base64
import cProfile
import json
import os
import pstats
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from testcard.assembly import Options, build
from testcard.common import message
from testcard.common.message import Call, Reply

ROOT = Path(__file__).parents[1]
PATHS = {"job": "/imagepipeline/sdxl/image2image/v1", "picture": "/segmind/v1/sd1.5-img2img"}
FULL = 2_600  # calls, which are more than the memory holds
AT_ONCE = 1  # calls made ready ahead: their bytes were just written, as those that a door read


def picture() -> str:
    """Return a photo-like JPEG of about 75 KB in base64."""
    noise = np.random.default_rng(0).integers(0, 255, (88, 88, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(noise).resize((512, 512), Image.Resampling.BICUBIC).save(
        out, "JPEG", quality=88
    )
    return base64.b64encode(out.getvalue()).decode()


def payload(name: str) -> bytes:
    """Return the body of a call."""
    said = {
        "job": {"prompt": "x", "init_image": "https://p.example/a.png", "model_id": picture()},
        "picture": {"prompt": "x", "image": picture(), "seed": 7, "base64": False},
    }
    return json.dumps(said[name]).encode()


def calls(name: str, count: int) -> Iterator[list[Call]]:
    """Yield calls as a door makes them, each of its own bytes, so many at once."""
    body = payload(name)
    head = {
        "host": "127.0.0.1", "user-agent": "benchmark", "accept": "*/*",
        "content-type": "application/json", "api-key": "benchmark", "x-api-key": "benchmark",
        "content-length": str(len(body)),
    }  # fmt: skip
    url = f"http://127.0.0.1{PATHS[name]}"
    for _ in range(count // AT_ONCE):
        yield [
            Call("POST", url, tuple(head.items()), bytes(bytearray(body))) for _ in range(AT_ONCE)
        ]


class Bench:
    """One mock and one kind of call."""

    def __init__(self, name: str) -> None:
        """Fill the mock's memory."""
        self._name = name
        self._mock = build(Options(balance=Decimal(10**9)))
        self._make(self._mock.answer, FULL)

    def measure(self, count: int) -> float:
        """Return the CPU seconds of a call."""
        return self._make(self._mock.begin, count) / count

    def _make(self, made: object, count: int) -> float:
        spent = 0.0
        for ready in calls(self._name, count):
            began = time.thread_time()
            for call in ready:
                answer = made(call)  # type: ignore[operator]
            spent += time.thread_time() - began
            if not isinstance(answer, Reply) or answer.status >= 300:
                sys.exit(f"{self._name}: {answer!r:.300}")
        return spent


def serve(folder: Path, count: int) -> None:
    """Measure a round for each line read, until there are no more."""
    if folder not in Path(message.__file__).parents:
        sys.exit(f"{folder} has no {message.__name__}; a checkout that has it was expected")
    benches = {name: Bench(name) for name in PATHS}
    for _ in sys.stdin:
        costs = {name: bench.measure(count) for name, bench in benches.items()}
        print(json.dumps(costs), flush=True)


def compare(folders: list[Path], rounds: int, count: int) -> None:
    """Print a table of checkouts, this one first."""
    running = [
        subprocess.Popen(
            [sys.executable, __file__, "--serve", str(each), "--calls", str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": f"{each}/contracts{os.pathsep}{each}/mockserver"},
        )
        for each in folders
    ]  # fmt: skip
    seen: list[list[dict[str, float]]] = [[] for _ in folders]
    for _ in range(rounds):
        for process, costs in zip(running, seen, strict=True):  # one after the other
            costs.append(_round(process))
    for process in running:
        process.communicate()
    least = [{name: min(each[name] for each in costs) for name in PATHS} for costs in seen]
    table = Table("checkout", *(f"{name}, µs" for name in PATHS), "to this one")
    for folder, cost in zip(folders, least, strict=True):
        ratios = " ".join(f"{cost[name] / least[0][name]:.2f}" for name in PATHS)
        table.add_row(folder.name, *(f"{cost[name] * 1e6:.1f}" for name in PATHS), ratios)
    Console().print(table)


def _round(process: subprocess.Popen[str]) -> dict[str, float]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process has no pipes")
    process.stdin.write("go\n")
    process.stdin.flush()
    costs: dict[str, float] = json.loads(process.stdout.readline())
    return costs


def profile(name: str, count: int) -> None:
    """Print where the time of one kind of call goes; functions look dearer than they are."""
    bench, profiler = Bench(name), cProfile.Profile()
    profiler.runcall(bench.measure, count)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


def main() -> None:
    """Measure this checkout, and others in turn with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, action="append", default=[], metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--profile", choices=PATHS)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve, chosen.calls)
    elif chosen.profile:
        profile(chosen.profile, chosen.calls)
    else:
        folders = [ROOT, *(each.resolve() for each in chosen.against)]
        compare(folders, chosen.rounds, chosen.calls)


if __name__ == "__main__":
    main()
