"""What a call costs, beside peers on the same machine in the same minutes.

One call, the same for all: a POST of about 100 KB of base64 in JSON to ImagePipeline's spec,
answered with less than 1 KB of JSON. Peers: a bare ASGI application on uvicorn that reads the
body and answers with a constant (what any server pays); a FastAPI route that parses with orjson
and checks with jsonschema-rs as well; Prism with the same spec; WireMock with a stub for the path.
`npm install @stoplight/prism-cli wiremock` gives the last two; name its folder with --npm. What is
not installed stands in the table as such.

All servers run at once and are called in turns, round after round, so that a busy minute of the
machine is everybody's. CPU a call is that of the server's own processes, and hardly depends on what
else runs; calls a second do. Loopback only; every server is ended by its process id.

    python benchmarks/throughput.py [--rounds 7] [--calls 1500] [--npm FOLDER]
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
SPEC = ROOT / "openapi" / "imagepipeline.yaml"
PATH = "/sdxl/image2image/v1"
CONNECTIONS = 8
START_SECONDS = 60
TICKS = os.sysconf("SC_CLK_TCK")
BARE = """
ANSWER = b'{"status":"PENDING","id":"f9b5"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
async def app(scope, receive, send):
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 202, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})
"""
ROUTE = f"""
import orjson
from fastapi import FastAPI, Request, Response
from testcard.common.reading import read
from testcard.common.spec import load
from pathlib import Path
body = read(load(Path({str(SPEC)!r}))).operations[0].body
app = FastAPI()
answer = orjson.dumps({{"status": "PENDING", "id": "f9b5"}})
@app.post({PATH!r})
async def create(request: Request) -> Response:
    if not body.validator.accepts(orjson.loads(await request.body())):
        return Response(status_code=422)
    return Response(answer, 202, media_type="application/json")
"""


@dataclass
class Server:
    """One of those measured.

    Attributes:
        name: as the table has it.
        command: what starts it; None where it is not installed.
        port: of 127.0.0.1.
        path: what is called.
        cpu: seconds of its own a call, one number a round.
        rate: calls a second, one number a round.
        ready: seconds from its start to its first answer.
        memory: MiB held at the end.
        pid: its process.
    """

    name: str
    command: list[str] | None
    port: int
    path: str = PATH
    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    ready: float = 0.0
    memory: float = 0.0
    pid: int = 0


def payload() -> bytes:
    """Return the call's body: a photo-like JPEG of about 75 KB in base64, and what goes with it."""
    noise = np.random.default_rng(0).integers(0, 255, (88, 88, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(noise).resize((512, 512), Image.Resampling.BICUBIC).save(
        out, "JPEG", quality=88
    )
    picture = base64.b64encode(out.getvalue()).decode()
    # A URL keeps the page's own pattern; the picture rides in a field of text.
    url = "https://pictures.example/a.png"
    return json.dumps({"prompt": "x", "init_image": url, "model_id": picture}).encode()


def request(path: str, body: bytes) -> bytes:
    """Return the bytes of the call."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: benchmark\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\nAPI-Key: benchmark\r\nContent-Length: {len(body)}\r\n"
    )
    return head.encode() + b"\r\n" + body


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def servers(folder: Path, npm: Path) -> Iterator[Server]:
    """Yield those to be measured; the first is what the others are compared with."""
    for name, text in (("bare", BARE), ("route", ROUTE)):
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    port = free_port()
    uvicorn = [sys.executable, "-m", "uvicorn", "--app-dir", str(folder), "--no-access-log"]
    uvicorn += ["--log-level", "warning", "--port"]
    yield Server("bare ASGI", [*uvicorn, str(port), "bare:app"], port)
    port = free_port()
    yield Server("raw FastAPI route", [*uvicorn, str(port), "route:app"], port)
    port = free_port()
    serve = [sys.executable, "-m", "testcard.cli.start", "serve", "--port", str(port), "--quiet"]
    serve += ["--credits", "1000000000"]
    yield Server("testcard, journal on", serve, port, f"/imagepipeline{PATH}")
    port = free_port()
    prism = npm / "node_modules/.bin/prism"
    mocking = [str(prism), "mock", "-p", str(port), "-v", "error", str(SPEC)]
    yield Server("Prism", mocking if prism.exists() else None, port)
    port = free_port()
    jar = next(npm.glob("node_modules/wiremock*/**/*.jar"), None)
    java = shutil.which("java")
    stubs = folder / "mappings"
    stubs.mkdir()
    answer = {"status": 202, "jsonBody": {"status": "PENDING", "id": "f9b5"}}
    stub = {"request": {"method": "POST", "urlPath": PATH}, "response": answer}
    (stubs / "stub.json").write_text(json.dumps(stub), encoding="utf-8")
    stubbing = [java or "", "-jar", str(jar), "--port", str(port), "--root-dir", str(folder)]
    stubbing += ["--bind-address", "127.0.0.1", "--max-request-journal-entries", "1000"]
    yield Server("WireMock", stubbing if jar and java else None, port)


@contextmanager
def running(server: Server, call: bytes) -> Iterator[None]:
    """Run a server until the block ends; note the seconds until its first answer."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(server.command or [], stdout=log, stderr=log, cwd=ROOT)
        server.pid = process.pid
        try:
            while not answers(server.port, call):
                if process.poll() is not None or time.perf_counter() > began + START_SECONDS:
                    log.seek(0)
                    sys.exit(f"{server.name} did not start: {log.read().decode()[-400:]}")
                time.sleep(0.005)
            server.ready = time.perf_counter() - began
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def answers(port: int, call: bytes) -> bool:
    """Whether a call is answered well at `port`."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(call)
            return answer(client).startswith(b"HTTP/1.1 2")
    except OSError:
        return False


def answer(client: socket.socket) -> bytes:
    """Read one answer whole."""
    seen = client.recv(1 << 16)
    while seen:
        head, end, body = seen.partition(b"\r\n\r\n")
        low = head.lower()
        if end and b"content-length:" in low:
            length = int(low.partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(body) >= length:
                return seen
        elif end and body.endswith(b"0\r\n\r\n"):
            return seen
        more = client.recv(1 << 16)
        if not more:
            break
        seen += more
    return seen


def measure(server: Server, call: bytes, calls: int) -> None:
    """Make `calls` calls, so many at once as there are connections; note CPU and rate."""
    clients = [socket.create_connection(("127.0.0.1", server.port), 30) for _ in range(CONNECTIONS)]
    before, began = cpu(server), time.perf_counter()
    for _ in range(calls // CONNECTIONS):
        for client in clients:
            client.sendall(call)
        for client in clients:
            if not answer(client).startswith(b"HTTP/1.1 2"):
                sys.exit(f"{server.name} refused a call")
    took = time.perf_counter() - began
    made = calls // CONNECTIONS * CONNECTIONS
    server.cpu.append((cpu(server) - before) / made)
    server.rate.append(made / took)
    for client in clients:
        client.close()


def cpu(server: Server) -> float:
    """Return the CPU seconds that a server's process and its threads have had."""
    line = Path(f"/proc/{server.pid}/stat").read_text(encoding="ascii")
    fields = line.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(server: Server) -> float:
    """Return a server's resident memory, in MiB."""
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def shown(all_: list[Server]) -> Table:
    """Return the table: medians over the rounds, ratios to the first and to testcard."""
    table = Table("server", "CPU a call", "to bare ASGI", "calls a second", "to testcard",
                  "ready after", "memory")  # fmt: skip
    bare = statistics.median(all_[0].cpu)
    ours = statistics.median(next(each for each in all_ if "testcard" in each.name).rate)
    for each in all_:
        if not each.cpu:
            table.add_row(each.name, "not installed", *["–"] * 5)
            continue
        spent, rate = statistics.median(each.cpu), statistics.median(each.rate)
        table.add_row(
            each.name, f"{spent * 1e6:,.0f} µs", f"{spent / bare:.2f}", f"{rate:,.0f}",
            f"{rate / ours:.2f}", f"{each.ready:.2f} s", f"{each.memory:.0f} MiB",
        )  # fmt: skip
    return table


def main() -> None:
    """Measure every server in turn, round after round, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=1500)
    parser.add_argument("--npm", type=Path, default=ROOT, help="where npm installed the peers")
    chosen = parser.parse_args()
    body = payload()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        all_ = list(servers(Path(name), chosen.npm))
        installed = [each for each in all_ if each.command is not None]
        for each in installed:
            stack.enter_context(running(each, request(each.path, body)))
            measure(each, request(each.path, body), chosen.calls)  # to warm it up
            each.cpu.clear()
            each.rate.clear()
        for _ in range(chosen.rounds):
            for each in installed:
                measure(each, request(each.path, body), chosen.calls)
        for each in installed:
            each.memory = memory(each)
        Console().print(shown(all_))


if __name__ == "__main__":
    main()
