"""HTTP libraries of Python, and ways to call, under `testcard run`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.runs import program, run, runtime

HEAD = """
import json
URL = "https://gateway.appypie.com/img2img/getImage/v1/getSDXLImage"
HEADERS = {"Content-Type": "application/json", "Ocp-Apim-Subscription-Key": "a-key"}
BODY = json.dumps({"prompt": "x", "inputImage": "https://a.example/a.png", "size": "64x64"})
"""
PROGRAMS = {
    "requests": "import requests as r; print(r.post(URL, data=BODY, headers=HEADERS).status_code)",
    "requests-session": """
import requests
with requests.Session() as session:
    print({session.post(URL, data=BODY, headers=HEADERS).status_code for _ in range(3)}.pop())
""",
    "urllib": """
import urllib.request
call = urllib.request.Request(URL, BODY.encode(), HEADERS)
with urllib.request.urlopen(call) as answer:
    print(answer.status)
""",
    "httpx": "import httpx; print(httpx.post(URL, content=BODY, headers=HEADERS).status_code)",
    "httpx-async": """
import asyncio, httpx
async def main():
    async with httpx.AsyncClient() as client:
        print((await client.post(URL, content=BODY, headers=HEADERS)).status_code)
asyncio.run(main())
""",
    "httpx2": "import httpx2; print(httpx2.post(URL, content=BODY, headers=HEADERS).status_code)",
    "aiohttp": """
import aiohttp, asyncio
async def main():
    async with aiohttp.ClientSession() as session:
        async with session.post(URL, data=BODY, headers=HEADERS) as answer:
            print(answer.status)
asyncio.run(main())
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_python_client_with_the_real_url_is_answered(tmp_path: Path, name: str) -> None:
    pytest.importorskip(name.partition("-")[0])
    path = program(tmp_path, "client.py", HEAD + PROGRAMS[name])
    done = run(tmp_path, sys.executable, path)
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr


def test_a_suite_of_tests_is_a_client_too(tmp_path: Path) -> None:
    """Its aiohttp calls are answered, which the pytest fixture does not reach; strict judges it."""
    pytest.importorskip("aiohttp")
    text = (
        HEAD
        + """
import aiohttp, asyncio
async def status(**more):
    async with aiohttp.ClientSession() as session:
        body = json.dumps({**json.loads(BODY), **more})
        async with session.post(URL, data=body, headers=HEADERS) as answer:
            return answer.status
def test_it():
    assert asyncio.run(status(MORE)) == 200
"""
    )
    for more, code in (("", 0), ("colour='red'", 1)):
        path = program(tmp_path, "test_a.py", text.replace("MORE", more))
        command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path)
        done = run(tmp_path, *command, options=("--strict",))
        assert "1 passed" in done.stdout, done.stdout + done.stderr
        assert done.returncode == code, done.stderr


def test_a_sitecustomize_of_the_users_own_runs_too(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    program(own, "sitecustomize.py", "import builtins; builtins.seen = 'mine'")
    done = run(tmp_path, sys.executable, "-c", "print(seen)", environment={"PYTHONPATH": str(own)})
    assert done.stdout == "mine\n", done.stderr


def test_node_http_and_https_modules_use_the_proxy(tmp_path: Path) -> None:
    node = runtime("node")
    path = program(
        tmp_path,
        "client.cjs",
        """
for (const scheme of ['http', 'https'])
  require(scheme).get(`${scheme}://api.segmind.com/v1/nothing`, (answer) => {
    answer.resume();
    console.log(answer.statusCode);
  });
""",
    )
    done = run(tmp_path, node, path)
    assert done.stdout == "404\n404\n", done.stderr


def test_other_hosts_are_refused_with_what_to_do(tmp_path: Path) -> None:
    """By HTTPS and by HTTP alike; the host is named in the verdict too."""
    code = """
import urllib.request, urllib.error
for scheme in ("https", "http"):
    try:
        urllib.request.urlopen(f"{scheme}://elsewhere.example/x")
    except urllib.error.HTTPError as error:
        print(error.read().decode())
    except OSError as error:
        print(error)
"""
    done = run(tmp_path, sys.executable, "-c", code)
    assert done.stdout.count("testcard does not answer for elsewhere.example") == 2
    assert done.stdout.count("--allow elsewhere.example") == 2
    assert "elsewhere.example was refused, 2 ×" in done.stderr


def test_pictures_are_painted_for_hosts_that_are_named(tmp_path: Path) -> None:
    code = """
import urllib.request
with urllib.request.urlopen("https://pictures.example/a/harbour.jpeg") as answer:
    print(answer.headers["content-type"], answer.read()[:2])
"""
    done = run(
        tmp_path, sys.executable, "-c", code, options=("--pictures-from", "pictures.example")
    )
    assert done.stdout == r"image/jpeg b'\xff\xd8'" + "\n", done.stderr


def test_a_damaged_picture_is_named_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"no picture")
    code = """
import urllib.request, urllib.error
try:
    urllib.request.urlopen("https://pictures.example/a.png")
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""
    options = ("--pictures-from", "pictures.example", "--pictures", str(folder))
    done = run(tmp_path, sys.executable, "-c", code, options=options)
    assert done.stdout.startswith("500 "), done.stderr
    for said in ("https://pictures.example/a.png", "cannot be read", "PNG, JPEG or WebP"):
        assert said in done.stdout
    assert "Traceback" not in done.stderr


def test_the_authority_is_served_and_named_for_provider_hosts_alone(tmp_path: Path) -> None:
    code = """
import os, urllib.request
for base in (os.environ["TESTCARD_URL"], "https://api.segmind.com"):
    print(urllib.request.urlopen(base + "/_testcard/ca.pem").read().decode())
"""
    done = run(tmp_path, sys.executable, "-c", code)
    first, _, second = done.stdout.partition("-----END CERTIFICATE-----\n")
    assert first.startswith("-----BEGIN CERTIFICATE-----")
    assert second.strip().startswith(first.strip())
    assert "PRIVATE" not in done.stdout


def test_curl_keeps_its_connection(tmp_path: Path) -> None:
    curl = runtime("curl")
    url = "https://api.segmind.com/v1/nothing"
    done = run(tmp_path, curl, "-sS", "-o", "a", "-o", "b", "-w", "%{num_connects} ", url, url)
    assert done.stdout == "1 0 ", done.stderr
