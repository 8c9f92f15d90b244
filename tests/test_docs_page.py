"""The documentation page of each provider: whole, and with nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from tests.servers import door

from testcard.assembly import build
from testcard.common.spec import bundled, load

EACH = pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=20000",
)


class Links(HTMLParser):
    """Collects what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note every `src`, and every `href` that is not one to be clicked."""
        del tag
        self.found += [value for name, value in attrs if name in ("src", "href") and value]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with door(build()) as base, httpx.Client(base_url=base, trust_env=False) as client:
        yield client


@EACH
def test_the_page_names_no_other_host(client: httpx.Client, path: Path) -> None:
    """What it loads is there, from this server, and its styles load nothing further."""
    page = client.get(f"/{path.stem}/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert re.findall(r"(?:https?:)?//[\w.]+\.\w+", page.text) == []
    links = Links()
    links.feed(page.text)
    assert len(links.found) >= 2
    for link in links.found:
        part = client.get(urljoin(str(page.url), link))
        assert part.status_code == 200, link
        assert part.content
        if link.endswith(".css"):
            assert re.findall(r"url\(\s*['\"]?(?:https?:)?//", part.text) == []


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@EACH
def test_a_browser_shows_every_operation_and_asks_nobody_else(
    client: httpx.Client, path: Path, tmp_path: Path
) -> None:
    """The browser's log tells what the page asked for; other hosts would resolve to nothing."""
    assert CHROMIUM is not None
    page = str(client.base_url.join(f"/{path.stem}/docs"))
    log = tmp_path / "net.json"
    done = subprocess.run(  # noqa: S603 (our own words)
        [
            CHROMIUM,
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            f"--log-net-log={log}",
            "--dump-dom",
            page,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    spec = load(path)
    for route, item in spec.document["paths"].items():
        for node in item.values():
            tag = node.get("tags", ["default"])[0]
            assert f"operations-{tag}-{node['operationId']}" in done.stdout
            assert node["summary"] in done.stdout
        assert route in re.sub(r"<[^>]*>|\u200b", "", done.stdout)
    assert spec.title in done.stdout
    assert "Failed to load" not in done.stdout
    asked = asked_by_pages(log)
    assert f"{page}/openapi.json" in asked
    assert {urlsplit(url).netloc for url in asked} == {client.base_url.netloc.decode()}


@EACH
def test_it_is_said_how_to_try_a_call(client: httpx.Client, path: Path) -> None:
    """Any key is good, and which ones are answered otherwise; what the spec says stands below."""
    said = client.get(f"/{path.stem}/docs/openapi.json").json()["info"]["description"]
    spec = load(path)
    own = spec.source["x-testcard"]
    page = f"[{own['page']}]({own['page-url']}), read on {own['read']}."
    for word in (spec.server, "any key", "`invalid…`", "`nocredits…`", page):
        assert word in said
    assert said.endswith(spec.source["info"].get("description", ""))


@EACH
def test_the_evidence_of_answers_stands_in_words(client: httpx.Client, path: Path) -> None:
    """The page shows an extension of theirs as the inside of its own code."""
    document = client.get(f"/{path.stem}/docs/openapi.json").json()
    answers = [*document["components"].get("responses", {}).values()]
    answers += [
        each
        for item in document["paths"].values()
        for node in item.values()
        for each in (*node["responses"].values(), *node.get("parameters", ()))
        if "$ref" not in each
    ]
    for each in answers:
        assert "x-testcard" not in each
        assert re.search(r"\*(documented|sample|observed|assumed): .+\*$", each["description"])


@EACH
def test_what_a_browser_cannot_fetch_is_described(client: httpx.Client, path: Path) -> None:
    """The spec itself keeps its pictures."""
    shown = client.get(f"/{path.stem}/docs/openapi.json").text
    assert "data:image" not in re.findall(r'"externalValue":"(.{10})', shown)
    assert shown.count("bytes of image/") == path.read_text("utf-8").count("externalValue")


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize(
    ("provider", "operation"),
    [("segmind", "sd15Img2Img"), ("appypie-inpainting", "getImageStream")],
)
def test_an_operation_unfolds_without_an_error(
    client: httpx.Client, provider: str, operation: str, tmp_path: Path
) -> None:
    """The page says so itself where it cannot resolve what it reads."""
    assert CHROMIUM is not None
    tag = "img2img" if provider == "segmind" else "inpainting"
    page = f"{client.base_url.join(f'/{provider}/docs')}#/{tag}/{operation}"
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(  # noqa: S603 (our own words)
        [CHROMIUM, *FLAGS, profile, "--dump-dom", page],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "opblock-body" in done.stdout
    assert "Resolver error" not in done.stdout
    assert "errors-wrapper" not in done.stdout


def asked_by_pages(log: Path) -> list[str]:
    """Return the URLs that pages asked for; what the browser asks for itself is not theirs."""
    lines = log.read_text(encoding="utf-8").splitlines()
    events = [json.loads(line.rstrip(",")) for line in lines if '"initiator":"http' in line]
    return [event["params"]["url"] for event in events]
