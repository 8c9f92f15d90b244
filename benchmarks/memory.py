"""What a server's memory does under a mixed load, and after a reset.

Clients post pictures of their own as base64 and as file parts, have 512 x 512 cards painted, order
jobs, follow them and download what came of them. Resident memory is read from /proc (Linux).
Loopback only; ends by itself after so many seconds or calls, whichever comes first; the server is
ended by its process id.

    python benchmarks/memory.py [--seconds 300] [--clients 8] [--calls 60000] [--memory 256MiB]
"""

from __future__ import annotations

import argparse
import base64
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import httpx2 as httpx
import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
STATUS = re.compile(r"VmRSS:\s+(\d+) kB")
BASE = re.compile(r"http://127\.0\.0\.1:\d+")
EVERY = 10  # seconds between two readings


def picture(number: int) -> bytes:
    """Return a photo-like JPEG of 512 x 512 pixels and about 75 KB, like no other number's."""
    noise = np.random.default_rng(number).integers(0, 255, (88, 88, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(noise).resize((512, 512), Image.Resampling.BICUBIC).save(
        out, "JPEG", quality=88
    )
    return out.getvalue()


class Client:
    """One client: its calls in turn, each with a prompt, a seed and a picture of its own."""

    def __init__(self, base: str, name: int) -> None:
        """Call the server at `base`."""
        self.http = httpx.Client(base_url=base, timeout=60, trust_env=False)
        self.name = name
        self.statuses: Counter[int] = Counter()
        self._count = 0

    def turn(self) -> None:
        """Send one round: six calls, or seven."""
        self._count += 1
        number = self.name * 1_000_000 + self._count
        data = picture(number)
        text, prompt = base64.b64encode(data).decode(), f"a harbour, number {number}"
        self._post(
            "/segmind/v1/sd1.5-img2img",
            "x-api-key",
            json={"image": text, "prompt": prompt, "seed": number, "base64": bool(number % 2)},
        )
        self._post(
            "/appypie-img2img/img2img/getImage/v1/getSDXLImage",
            "Ocp-Apim-Subscription-Key",
            json={
                "inputImage": f"data:image/jpeg;base64,{text}",
                "prompt": prompt,
                "size": "512x512",
            },
        )
        self._post(
            "/aithriving/api/generate/basic/imageToImage",
            "Authentication",
            files={"init_image": ("photo.jpg", data, "image/jpeg")},
            data={"prompt": prompt, "width": "512", "height": "512"},
        )
        self._job(text, prompt, number)

    def _job(self, text: str, prompt: str, number: int) -> None:
        path = "/imagepipeline/sdxl/image2image/v1"
        asked = {"model_id": "sdxl", "prompt": prompt, "init_image": text, "seed": number}
        job = self._post(path, "API-Key", json=asked).json()
        for _ in range(3):
            job = self._get(f"{path}/status/{job['id']}").json()
            if job["status"] != "PENDING":
                break
        for url in job.get("download_urls", ()) if number % 3 else ():
            self._get(url)

    def _post(self, path: str, header: str, **body: Any) -> httpx.Response:
        return self._seen(self.http.post(path, headers={header: f"key-{self.name}"}, **body))

    def _get(self, url: str) -> httpx.Response:
        return self._seen(self.http.get(url, headers={"API-Key": f"key-{self.name}"}))

    def _seen(self, response: httpx.Response) -> httpx.Response:
        self.statuses[response.status_code] += 1
        return response


@contextmanager
def serving(memory: str | None) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run `testcard serve` until the block ends; yield its process and base URL."""
    words = ["serve", "--port", "0", "--quiet", "--credits", "1000000"]
    words += ["--memory", memory] if memory else []
    command = [sys.executable, "-m", "testcard.cli.main", *words]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        try:
            yield process, _base(process, log)
        finally:
            process.terminate()
            process.wait(20)


def _base(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        log.seek(0)
        found = BASE.search(log.read().decode())
        if found:
            return found[0]
        time.sleep(0.05)
    sys.exit("testcard serve did not start")


def resident(process: subprocess.Popen[bytes]) -> float:
    """Return the resident memory of a process, in MiB."""
    found = STATUS.search(Path(f"/proc/{process.pid}/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else 0.0


def load(base: str, clients: int, seconds: float, calls: int) -> list[Client]:
    """Start `clients` threads that call until the time is over, or the calls are."""
    until = time.monotonic() + seconds
    crowd = [Client(base, name) for name in range(1, clients + 1)]

    def work(client: Client) -> None:
        most = calls // clients
        while time.monotonic() < until and client.statuses.total() < most:
            client.turn()

    for client in crowd:
        name = f"client-{client.name}"
        threading.Thread(target=work, args=(client,), daemon=True, name=name).start()
    return crowd


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--calls", type=int, default=60_000)
    parser.add_argument("--memory", help="as `serve` takes it; its default where not given")
    chosen = parser.parse_args()
    with serving(chosen.memory) as (process, base):
        measure(process, base, chosen)


def measure(process: subprocess.Popen[bytes], base: str, chosen: argparse.Namespace) -> None:
    """Load the server and print its memory every ten seconds, at the end, and after a reset."""
    idle = resident(process)
    print(f"idle: {idle:.0f} MiB", flush=True)
    crowd = load(base, chosen.clients, chosen.seconds, chosen.calls)
    began, seen = time.monotonic(), []
    while any(thread.name.startswith("client-") for thread in threading.enumerate()):
        time.sleep(min(EVERY, chosen.seconds / 5))
        seen.append(resident(process))
        calls = sum(client.statuses.total() for client in crowd)
        print(f"{time.monotonic() - began:4.0f} s: {seen[-1]:.0f} MiB, {calls} calls", flush=True)
    for client in crowd:
        client.http.close()
    httpx.post(f"{base}/_testcard/reset", json={}, trust_env=False).raise_for_status()
    after = resident(process)
    answered: Counter[int] = sum((client.statuses for client in crowd), Counter())
    late = seen[len(seen) // 2 :]
    print(f"answers: {dict(sorted(answered.items()))}")
    print(f"most: {max(seen):.0f} MiB; second half: {min(late):.0f} to {max(late):.0f} MiB")
    print(f"after a reset: {after:.0f} MiB, {after / seen[-1]:.2f} of what it was before")


if __name__ == "__main__":
    main()
