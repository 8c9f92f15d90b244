"""The page that teaches the language works as typed: file, changes and commands, in order."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.runs import runtime
from tests.servers import ROOT, SECONDS, door
from typer.testing import CliRunner

from testcard.assembly import Options, build
from testcard.cli.main import app
from testcard.cli.words import credits_from
from testcard.mock.world import JobPolicy

GUIDE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(yaml|diff|shell-session)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ADDRESS = "http://127.0.0.1:4242"
SPEC = "flux.yaml"


def typed(block: str) -> Iterator[tuple[str, str]]:
    """Yield what a block says to type, and what it then shows; testcard's own commands apart."""
    scripts: list[tuple[list[str], list[str]]] = []
    for line in block.splitlines():
        command = line.removeprefix("$ ")
        if command == line:
            scripts[-1][1].append(line)
        elif scripts and not {command.split()[0], scripts[-1][0][-1].split()[0]} & {"testcard"}:
            scripts[-1][0].append(command)
        else:
            scripts.append(([command], []))
    for commands, shown in scripts:
        yield "\n".join(commands), "\n".join(shown)


def changed(text: str, diff: str) -> str:
    """Return a text with the changes of a diff, whose hunks say where by what is around."""
    for hunk in diff.removeprefix("@@\n").split("\n@@\n"):
        lines = hunk.rstrip("\n").split("\n")
        before = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "+")
        after = "".join(f"{line[1:]}\n" for line in lines if line[:1] != "-")
        assert text.count(before) == 1, f"it is there once, to be found by a reader:\n{before}"
        text = text.replace(before, after)
    return text


def served(command: str) -> Options:
    """Return what a `testcard serve` of the page asks for."""
    _, _, spec, *more = shlex.split(command)
    told = dict(zip(more[::2], more[1::2], strict=True))
    balance = credits_from("--credits", told.pop("--credits", "1000"))
    policy = JobPolicy.parse(told.pop("--jobs", "polls:1"))
    assert (spec, told) == (SPEC, {})
    return Options(providers=(spec,), balance=balance, policy=policy)


def told(command: str, base: str) -> str:
    """Return what a command prints, with the address that the page has."""
    if command.startswith("testcard "):
        return CliRunner().invoke(app, shlex.split(command)[1:], env={"COLUMNS": "200"}).output
    done = subprocess.run(  # noqa: S603 (our own page)
        ["/bin/sh", "-ec", command.replace(ADDRESS, base)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    return done.stdout.replace(base, ADDRESS)


def looks_like(shown: str, seen: str) -> bool:
    """Whether an output is what a page shows; … stands for anything, white space for nothing."""
    parts = ("".join(part.split()) for part in shown.split("…"))
    pattern = ".*".join(map(re.escape, parts))
    return re.fullmatch(pattern, "".join(seen.split()), re.DOTALL) is not None


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_page_works_as_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime("curl")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "*")
    spec, base = tmp_path / SPEC, ""
    with ExitStack() as servers:
        for kind, block in BLOCK.findall(GUIDE):
            if kind == "yaml":
                spec.write_text(block, encoding="utf-8")
            elif kind == "diff":
                spec.write_text(changed(spec.read_text(encoding="utf-8"), block), encoding="utf-8")
            else:
                for command, shown in typed(block):
                    if command.startswith("testcard serve"):
                        servers.close()
                        base = servers.enter_context(door(build(served(command))))
                        continue
                    seen = told(command, base)
                    assert looks_like(shown, seen), f"{command}\n{seen}\n{shown}"
    assert (tmp_path / "fox.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_not_as_shown_is_seen() -> None:
    assert looks_like('{"id":"…","a":1}', '{"id":"x-1", "a":1}\n')
    assert not looks_like('{"id":"…","a":1}', '{"id":"x-1","a":2}')
    assert not looks_like("0 complaints", "10 complaints")
    assert changed("a\nb\nc\n", "@@\n a\n-b\n+d\n") == "a\nd\nc\n"
    with pytest.raises(AssertionError, match="there once"):
        changed("a\na\n", "@@\n a\n+b\n")
    block = "$ x=$(curl a)\n$ curl b\n{}\n$ testcard show c\nd\n$ testcard show e\n"
    assert [*typed(block)] == [
        ("x=$(curl a)\ncurl b", "{}"),
        ("testcard show c", "d"),
        ("testcard show e", ""),
    ]
