"""HTTP clients of several kinds, each as one function: what is asked -> what came back.

Each builds its own request by its own means: JSON encoding, multipart boundary, headers.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx
import requests

_SECONDS = 60


@dataclass(frozen=True)
class Asked:
    """One request, in words that every client has: JSON, or a form of texts and files."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Got:
    """One answer."""

    status: int
    media_type: str
    body: bytes


Client = Callable[[Asked], Got]


def by_requests(asked: Asked) -> Got:
    """Use requests."""
    with requests.Session() as session:
        session.trust_env = False
        reply = session.request(
            asked.method,
            asked.url,
            headers=dict(asked.headers),
            json=asked.json,
            data=asked.form or None,
            files={name: ("in.png", data) for name, data in asked.files.items()} or None,
            timeout=_SECONDS,
        )
    return Got(reply.status_code, reply.headers["content-type"], reply.content)


def by_httpx(asked: Asked) -> Got:
    """Use httpx."""
    with httpx.Client(trust_env=False, timeout=_SECONDS) as client:
        reply = client.request(
            asked.method,
            asked.url,
            headers=dict(asked.headers),
            json=asked.json,
            data=dict(asked.form) or None,
            files={name: ("in.png", data) for name, data in asked.files.items()} or None,
        )
    return Got(reply.status_code, reply.headers["content-type"], reply.content)


def by_urllib(asked: Asked) -> Got:
    """Use the standard library, which leaves forms to its users."""
    headers, body = dict(asked.headers), None
    if asked.json is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(asked.json).encode()
    elif asked.files:
        boundary = uuid4().hex
        headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
        body = _multipart(asked, boundary)
    request = urllib.request.Request(  # noqa: S310 (http, to ourselves)
        asked.url, body, headers, method=asked.method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_SECONDS) as reply:
            return Got(reply.status, reply.headers["content-type"], reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, error.headers["content-type"], error.read())


def _multipart(asked: Asked, boundary: str) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in asked.form.items()
    ]
    for name, data in asked.files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="in.png"'
        parts.append(f"--{boundary}\r\n{head}\r\nContent-Type: image/png\r\n\r\n".encode() + data)
        parts.append(b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def by_curl(asked: Asked) -> Got:
    """Use the curl command."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        told = ["--silent", "--show-error", "--noproxy", "*", "--max-time", str(_SECONDS)]
        told += ["--request", asked.method, "--output", str(out)]
        told += ["--write-out", "%{http_code} %{content_type}"]
        for name, value in asked.headers.items():
            told += ["--header", f"{name}: {value}"]
        if asked.json is not None:
            told += ["--header", "Content-Type: application/json", "--data-binary", "@-"]
        for name, text in asked.form.items():
            told += ["--form-string", f"{name}={text}"]
        for name, data in asked.files.items():
            (Path(folder) / name).write_bytes(data)
            told += ["--form", f"{name}=@{folder}/{name};filename=in.png"]
        body = json.dumps(asked.json).encode() if asked.json is not None else b""
        said = _run(["curl", *told, asked.url], body).decode().split(" ", 1)
        return Got(int(said[0]), said[1], out.read_bytes())


_NODE = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const headers = {...asked.headers};
let body;
if (asked.json !== null) {
  headers["Content-Type"] = "application/json";
  body = JSON.stringify(asked.json);
} else if (Object.keys(asked.files).length) {
  body = new FormData();
  for (const [name, text] of Object.entries(asked.form)) body.append(name, text);
  for (const [name, data] of Object.entries(asked.files))
    body.append(name, new Blob([Buffer.from(data, "base64")], {type: "image/png"}), "in.png");
}
fetch(asked.url, {method: asked.method, headers, body}).then(async (reply) => {
  const content = Buffer.from(await reply.arrayBuffer()).toString("base64");
  console.log(JSON.stringify([reply.status, reply.headers.get("content-type"), content]));
});
"""


def by_node(asked: Asked) -> Got:
    """Use the fetch that Node brings along."""
    told = {
        "method": asked.method,
        "url": asked.url,
        "headers": dict(asked.headers),
        "json": asked.json,
        "form": dict(asked.form),
        "files": {name: b64encode(data).decode() for name, data in asked.files.items()},
    }
    status, media_type, content = json.loads(_run(["node", "-e", _NODE], json.dumps(told).encode()))
    return Got(status, media_type, b64decode(content))


def _run(command: list[str], given: bytes) -> bytes:
    done = subprocess.run(  # noqa: S603 (our own words)
        command, input=given, capture_output=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


CLIENTS: Mapping[str, Client] = {
    "curl": by_curl,
    "requests": by_requests,
    "urllib": by_urllib,
    "httpx": by_httpx,
    "node": by_node,
}


def why_missing(name: str) -> str:
    """Return why a client cannot be used here; empty where it can."""
    if name in ("curl", "node") and shutil.which(name) is None:
        return f"{name} is not installed"
    if name == "node" and _run(["node", "-p", "typeof fetch"], b"").strip() != b"function":
        return "this Node has no fetch: 18 or newer is needed"
    return ""
