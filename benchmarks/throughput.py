"""How many calls a second, beside peers on the same machine in the same minutes.

One call, the same for all: a POST of about 100 KB of base64 in JSON to ImagePipeline's spec,
answered with less than 1 KB of JSON. Peers: a bare FastAPI route that parses with orjson,
checks with jsonschema-rs and answers with a constant (the floor of what testcard stands on),
and Prism where `prism` is on the PATH or named with --prism. Needs `wrk` (Debian: wrk).
Loopback only; every server is ended by its process id.

    python benchmarks/throughput.py [--seconds 8] [--prism PATH]
"""

from __future__ import annotations

import argparse
import base64
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
SPEC = ROOT / "openapi" / "imagepipeline.yaml"
PATH = "/sdxl/image2image/v1"
BASELINE = """
import orjson
from fastapi import FastAPI, Request, Response
from testcard.common.reading import read
from testcard.common.spec import load
from pathlib import Path
body = read(load(Path({spec!r}))).operations[0].body
app = FastAPI()
answer = orjson.dumps({{"status": "PENDING", "id": "f9b5"}})
@app.post({path!r})
async def create(request: Request) -> Response:
    if not body.validator.accepts(orjson.loads(await request.body())):
        return Response(status_code=422)
    return Response(answer, 202, media_type="application/json")
"""


def payload() -> str:
    """Return the call's body: a photo-like JPEG of about 75 KB, base64 in a data URI."""
    noise = np.random.default_rng(0).integers(0, 255, (88, 88, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(noise).resize((512, 512), Image.Resampling.BICUBIC).save(
        out, "JPEG", quality=88
    )
    picture = base64.b64encode(out.getvalue()).decode()
    # A URL keeps the page's own pattern; the picture rides in a field of text.
    return f'{{"prompt":"x","init_image":"https://pictures.example/a.png","model_id":"{picture}"}}'


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(command: list[str], url: str) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Run a server until the block ends; yield it with the seconds it took to answer at all."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        try:
            while not answers(url):
                if process.poll() is not None or time.perf_counter() - began > 60:
                    log.seek(0)
                    sys.exit(f"{command[0]} did not start: {log.read().decode()[-400:]}")
                time.sleep(0.005)
            yield process, time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(10)


def answers(url: str) -> bool:
    """Whether anything speaks HTTP at `url`."""
    try:
        urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 (loopback)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def rate(url: str, script: Path, seconds: int) -> float:
    """Return the successful calls a second that wrk counted, with 8 connections."""
    done = subprocess.run(
        ["wrk", "-t1", "-c8", f"-d{seconds}", "-s", str(script), url],
        capture_output=True,
        text=True,
        check=True,
    )
    if "Non-2xx" in done.stdout:
        sys.exit(f"{url} refused calls:\n{done.stdout}")
    line = next(line for line in done.stdout.splitlines() if line.startswith("Requests/sec"))
    return float(line.split()[1])


def memory(process: subprocess.Popen[bytes]) -> float:
    """Return a process's resident memory, in MiB."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def peers(folder: Path, prism: str | None) -> Iterator[tuple[str, list[str], str]]:
    """Yield name, command and base URL of each server to measure."""
    port = free_port()
    yield (
        "testcard, journal on",
        [sys.executable, "-m", "testcard.cli.main", "serve", "--port", str(port), "--quiet"],
        f"http://127.0.0.1:{port}/imagepipeline",
    )
    app = folder / "baseline.py"
    app.write_text(BASELINE.format(spec=str(SPEC), path=PATH), encoding="utf-8")
    port = free_port()
    yield (
        "bare FastAPI route",
        [sys.executable, "-m", "uvicorn", "baseline:app", "--app-dir", str(folder),
         "--port", str(port), "--log-level", "warning"],
        f"http://127.0.0.1:{port}",
    )  # fmt: skip
    if prism:
        port = free_port()
        yield (
            "Prism",
            [prism, "mock", "-p", str(port), "-v", "error", str(SPEC)],
            f"http://127.0.0.1:{port}",
        )


def main() -> None:
    """Measure every peer in turn, twice, and print the better of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--prism", default=shutil.which("prism"))
    chosen = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed (Debian: apt-get install wrk)")
    table = Table(
        "server", "calls a second", "ratio to testcard", "ready after", "memory before", "after"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "post.lua"
        script.write_text(
            'wrk.method="POST"\nwrk.headers["content-type"]="application/json"\n'
            f'wrk.headers["API-Key"]="benchmark"\nwrk.body=[[{payload()}]]\n',
            encoding="utf-8",
        )
        ours = 0.0
        for title, command, base in peers(folder, chosen.prism):
            with server(command, f"{base}/nothing") as (process, ready):
                before = memory(process)
                best = max(rate(f"{base}{PATH}", script, chosen.seconds) for _ in range(2))
                ours = ours or best
                table.add_row(
                    title, f"{best:,.0f}", f"{best / ours:.2f}", f"{ready:.2f} s",
                    f"{before:.0f} MiB", f"{memory(process):.0f} MiB",
                )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
