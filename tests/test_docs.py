"""What the documents tell a reader to type works: every command of every block is run."""

from __future__ import annotations

import re
import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from tests.heavy import NO_ENGINE
from tests.servers import ROOT, SECONDS, serving
from typer.testing import CliRunner, Result

from testcard.cli.main import app

PAGES = [
    page
    for page in (
        ROOT / "README.md",
        ROOT / "ARCHITECTURE.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
        ROOT / "reference_impl" / "README.md",
    )
    if page.exists()
]
_BLOCK = re.compile(r"^( *)```(?:console|sh|bash|shell)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
_ANCHOR = re.compile(r"\]\((?!https?://)([^)#\s]*)#([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_SERVERS = ("serve",)
COMMANDS = ("serve", "show", "selfcheck", "check", "audit", "drift", "import", "schema", "run")
MOST_SHOWN = 20_000
_OURS = ("testcard", "make", "curl")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


class Told(NamedTuple):
    """One command of one page."""

    page: Path
    command: str


def commands() -> list[Told]:
    """Return the commands of all blocks, prompts taken off and continued lines joined."""
    found = []
    for page in PAGES:
        for _, block in _BLOCK.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                command = line.strip().removeprefix("$ ").partition(" # ")[0].strip()
                if command.partition(" ")[0] in _OURS:
                    found.append(Told(page, command))
    return found


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


TOLD = commands()


def told(word: str, *, server: bool | None = None) -> pytest.MarkDecorator:
    """Parametrize over the commands that begin with `word`."""
    pages: dict[str, list[str]] = {}
    for each in TOLD:
        words = shlex.split(each.command)
        if words[0] == word and (server is None or server == (words[1] in _SERVERS)):
            pages.setdefault(each.command, []).append(_name(each.page))
    ids = [f"{', '.join(names)}: {command}" for command, names in pages.items()]
    return pytest.mark.parametrize("command", pages, ids=ids)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what a reader is told to have: a spec and pictures of their own."""
    (tmp_path / "my-api.yaml").symlink_to(ROOT / "openapi" / "segmind.yaml")
    (tmp_path / "openapi").symlink_to(ROOT / "openapi")
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_has_its_two_commands() -> None:
    readme = [each.command for each in TOLD if _name(each.page) == "README.md"]
    assert readme[:2] == ["make serve", "make test"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints of a reader's own."""
    made = pytest.importorskip("tests.checkpoints", reason=NO_ENGINE, exc_type=ImportError)
    folder = tmp_path_factory.mktemp("models")
    made.small(4, "StableDiffusionPipeline").save_pretrained(folder / "my-sd15")
    made.large(base=True).save_pretrained(folder / "my-sdxl")
    return folder


@pytest.fixture
def engine(
    command: str,
    here: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a command takes that names the reference engine, or a model for it."""
    if "reference" in command:
        pytest.importorskip("testcard.reference.opening", reason=NO_ENGINE, exc_type=ImportError)
        monkeypatch.setenv("TESTCARD_CHECK_MAX_REQUESTS", "20")  # painting takes its time
    for name in re.findall(r"--model \./(\S+)", command):
        (here / name).symlink_to(request.getfixturevalue("models") / name)


@told("testcard", server=False)
@pytest.mark.usefixtures("here", "engine")
def test_a_command_runs(command: str) -> None:
    done = run(shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    assert done.stdout


@told("testcard", server=True)
@pytest.mark.usefixtures("engine")
def test_a_server_starts_answers_and_ends(here: Path, command: str) -> None:
    """On a free port, whatever port the page names."""
    words = re.sub(r"--port[ =]\d+", "", command.partition("serve")[2])
    with serving(*shlex.split(words), folder=here) as served:
        seen = httpx.get(f"{served.base}/_testcard/health", trust_env=False)
        assert seen.json()["status"] == "ok"


@told("curl")
def test_a_call_by_curl_succeeds(command: str, here: Path) -> None:
    """It is sent to a server that is as the page says, but for its port."""
    before = {path.name for path in here.iterdir()}
    with serving("--quiet") as served:
        moved = re.sub(r"http://(127\.0\.0\.1|localhost):4242", served.base, command)
        assert moved != command, "it calls the port that serve takes"
        done = subprocess.run(  # noqa: S603 (our own documents)
            [*shlex.split(moved), "--fail-with-body", "--silent", "--noproxy", "*"],
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr + done.stdout
    written = {path.name for path in here.iterdir()} - before
    assert done.stdout if "-o " not in command else written == {command.split()[2]}
    assert len(done.stdout) < MOST_SHOWN, "a terminal is no place for a picture"


@told("make")
def test_a_make_target_is_there(command: str) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    for target in shlex.split(command)[1:]:
        assert "=" in target or target in targets


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_link_leads_to_a_file_that_is_there(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_link_into_a_page_leads_to_a_heading(page: Path) -> None:
    for link, anchor in _ANCHOR.findall(page.read_text(encoding="utf-8")):
        there = page.parent / link if link else page
        headings = _HEADING.findall(there.read_text(encoding="utf-8"))
        anchors = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
        assert anchor in anchors, f"{link}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_an_option_that_is_named_is_there(page: Path) -> None:
    """Each `--option` in the prose is one of a command of testcard's."""
    names = set(re.findall(r"`(--[a-z][a-z-]*)", page.read_text(encoding="utf-8")))
    assert {name for name in names if name not in _helps()} == set()


@cache
def _helps() -> str:
    return "".join(run([command, "--help"]).stdout for command in COMMANDS)


def run(words: list[str]) -> Result:
    """Run testcard in this process."""
    return CliRunner().invoke(app, words, env={"COLUMNS": "200", "NO_COLOR": "1"})
